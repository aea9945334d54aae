//! Who may reach an earning: its vendor, the partner that has it, and the person where a person is paid.

use axum::{extract::FromRequestParts, http::request::Parts};
use guildhall_kernel::EarningId;
use guildhall_spine::{
    App,
    access::{OrgKind, Permission},
    http::{Problem, record::address},
    identity::{ActingFor, Actor},
};

use super::Earning;
use super::ids::{Reader, Wanted};
use super::rows;

/// An earning that the actor may read.
#[derive(Debug)]
pub(super) struct VisibleEarning {
    pub(super) earning: Earning,
    pub(super) reader: Reader,
}

impl FromRequestParts<App> for VisibleEarning {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (actor, org, id): (_, _, EarningId) = address(parts, app).await?;
        // Who has no right to any sees no difference to what isn't there.
        let reader = reader(&actor, org).map_err(|_| Problem::not_found())?;
        let wanted = Wanted {
            one: Some(id),
            limit: 1,
            ..Wanted::default()
        };
        let mut conn = app.db.pool().acquire().await?;
        let earning = rows::read(&mut conn, reader, &wanted).await?.pop();
        let earning = earning.ok_or_else(Problem::not_found)?;
        Ok(Self { earning, reader })
    }
}

/// What the actor reads: all of its organisation, or as a person its own.
///
/// # Errors
/// 403 without either right.
pub(super) fn reader(actor: &Actor, org: ActingFor) -> Result<Reader, Problem> {
    let own = actor.permissions.contains(Permission::RewardRead);
    if let (true, false, Some(user)) = (own, actor.permissions.contains(Permission::EarningRead), actor.user) {
        return Ok(Reader::Person(user));
    }
    actor.require(Permission::EarningRead)?;
    Ok(match org.kind {
        OrgKind::Vendor => Reader::Vendor(org.id),
        OrgKind::Partner => Reader::Partner(org.id),
    })
}
