//! What the two sides of a deal say to each other about it, and each among its own people.

mod change;
mod delete;
pub mod events;
mod list;
mod mentions;
mod people;
mod post;
mod rows;

use guildhall_spine::{
    App,
    http::{Checks, Code},
};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use events::EVENTS;

/// For how long its author may change or delete a comment, in minutes.
const MINUTES_OPEN: i64 = 15;
const MOST_MENTIONS: usize = 20;

/// The feature's own error codes.
pub mod code {
    use guildhall_spine::http::Code;

    /// A comment can be changed for a short time only.
    pub const COMMENT_FIXED: Code = Code {
        name: "comment_fixed",
        status: 409,
        title: "The comment can't be changed any more",
    };
}

/// The feature's own error codes, for the documentation.
pub const CODES: &[Code] = &[code::COMMENT_FIXED];

/// The feature's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_deal_comments, post::post_deal_comment))
        .routes(routes!(people::list_deal_people))
        .routes(routes!(change::change_deal_comment, delete::delete_deal_comment))
}

fn check_text(checks: &mut Checks, body: &str, mentions: usize) {
    checks.text("/body", body, 1, 5000, true);
    checks.check(
        mentions <= MOST_MENTIONS,
        "/mentions",
        "length",
        "must be at most 20 people",
    );
}
