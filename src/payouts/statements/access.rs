//! Who may read statements: the vendor all of its own, a partner its company's and its people's, a person its own.

use axum::{extract::FromRequestParts, http::request::Parts};
use guildhall_kernel::{OrgId, UserId};
use guildhall_spine::{
    App,
    access::{OrgKind, Permission},
    http::{Problem, code},
    identity::Actor,
};

/// Whose statements are read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reader {
    Vendor(OrgId),
    Partner(OrgId),
    Person(UserId),
}

impl FromRequestParts<App> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let actor = Actor::from_request_parts(parts, app).await?;
        let org = actor
            .org
            .ok_or_else(|| Problem::new(code::NO_ORGANISATION, "Choose one with POST /api/v1/auth/switch-org."))?;
        let may = |permission| actor.permissions.contains(permission);
        if let (false, true, Some(user)) = (may(Permission::EarningRead), may(Permission::RewardRead), actor.user) {
            return Ok(Self::Person(user));
        }
        actor.require(Permission::EarningRead)?;
        Ok(match org.kind {
            OrgKind::Vendor => Self::Vendor(org.id),
            OrgKind::Partner => Self::Partner(org.id),
        })
    }
}
