//! Files that people send: checked by their content on the way in, seen by those who may see what they are attached to.
//!
//! A file is uploaded first and attached to something by a command of its own. Until then it is its organisation's alone
//! and expires. Its bytes lie in the object store before its row is written, so that no row is without bytes.

mod attach;
mod download;
mod expire;
mod kind;
mod upload;

use utoipa_axum::{router::OpenApiRouter, routes};

pub use attach::{Attached, Attaching, Refused, attach, let_read, remove};
pub use expire::ExpireFiles;

use crate::{
    App,
    access::Permission,
    http::{Problem, code},
    identity::{ActingFor, Actor},
};

/// The most bytes of one file: 25 MiB.
pub const LARGEST: u64 = 25 * 1024 * 1024;
/// How many files of an organisation may wait to be attached.
pub const MOST_WAITING: i64 = 100;
/// How long an unattached file is kept, in hours.
pub const HOURS_UNATTACHED: i64 = 24;

/// The addresses of files.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(upload::upload_file))
        .routes(routes!(download::get_file, expire::delete_file))
}

/// The organisation of an actor who may attach files to something, and so may send them.
fn sender(actor: &Actor) -> Result<ActingFor, Problem> {
    let org = actor.org.ok_or_else(crate::access::stands_nowhere)?;
    let able = [
        Permission::DealSubmit,
        Permission::DealDecide,
        Permission::CoSellWork,
        Permission::RewardRead,
    ];
    if able.iter().any(|one| actor.permissions.contains(*one)) {
        return Ok(org);
    }
    let detail = "Files are for people who work on deals or claim rewards: ask a member whose role includes deals:submit, \
                  deals:decide, cosell:work or rewards:read.";
    Err(Problem::new(code::FORBIDDEN, detail))
}
