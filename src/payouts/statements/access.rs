//! Who may read statements: the vendor all of its own, a partner its company's and its people's, a person its own. Invoices
//! show tax numbers: those of people are for the vendor and themselves.

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

/// Whose invoices are read: all of a vendor's, those of a partner company, and those of a person.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct InvoiceReader {
    pub(super) vendor: Option<OrgId>,
    pub(super) partner: Option<OrgId>,
    pub(super) person: Option<UserId>,
}

impl FromRequestParts<App> for InvoiceReader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let actor = Actor::from_request_parts(parts, app).await?;
        let org = actor
            .org
            .ok_or_else(|| Problem::new(code::NO_ORGANISATION, "Choose one with POST /api/v1/auth/switch-org."))?;
        let may = |permission| actor.permissions.contains(permission);
        let mut reader = Self {
            person: actor.user.filter(|_| may(Permission::RewardRead)),
            ..Self::default()
        };
        match org.kind {
            _ if reader.person.is_some() && !may(Permission::PayoutRead) => return Ok(reader),
            OrgKind::Vendor => reader.vendor = Some(org.id),
            OrgKind::Partner => reader.partner = Some(org.id),
        }
        actor.require(Permission::PayoutRead)?;
        Ok(reader)
    }
}
