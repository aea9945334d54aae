//! How much of an organisation's disputes and claims somebody sees.

use guildhall_kernel::{OrgId, UserId};
use guildhall_spine::{
    access::{OrgKind, Permission},
    http::{Problem, code},
    identity::Actor,
};

/// Whose disputes and claims somebody sees.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight {
    /// The organisation: the vendor or the partner.
    pub(crate) org: OrgId,
    /// The person, where only its own lines are seen.
    pub(crate) only: Option<UserId>,
}

/// What somebody with `whole` sees of an organisation's disputes and claims; without it, those of the person's own.
///
/// # Errors
/// 403 for somebody without `whole` and without own ones.
pub(crate) fn sight(actor: &Actor, whole: Permission) -> Result<Sight, Problem> {
    let no_org = || Problem::new(code::NO_ORGANISATION, "Choose one with POST /api/v1/auth/switch-org.");
    let org = actor.org.ok_or_else(no_org)?;
    if actor.permissions.contains(whole) {
        return Ok(Sight {
            org: org.id,
            only: None,
        });
    }
    // A vendor's people have nothing of their own here: what they lack is the whole.
    let own = match org.kind {
        OrgKind::Partner => Permission::RewardRead,
        OrgKind::Vendor => whole,
    };
    actor.require(own)?;
    Ok(Sight {
        org: org.id,
        only: Some(actor.require_user()?),
    })
}
