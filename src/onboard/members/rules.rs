//! Who may give and take which role.

use guildhall_spine::{
    access::{OrgKind, Role},
    http::{Code, Problem, code},
};

/// The last leader of an organisation stays.
pub(crate) const LAST_LEADER: Code = Code {
    name: "last_leader",
    status: 409,
    title: "A vendor needs an owner, a partner an admin",
};

/// The role that an organisation of this kind can't be without.
pub(super) const fn leader(kind: OrgKind) -> Role {
    match kind {
        OrgKind::Vendor => Role::VendorOwner,
        OrgKind::Partner => Role::PartnerAdmin,
    }
}

/// The role that `name` means in an organisation of this kind.
///
/// # Errors
/// 422 with the names that there are.
pub(crate) fn parse_role(kind: OrgKind, name: &str) -> Result<Role, Problem> {
    Role::parse(kind, name).ok_or_else(|| {
        Problem::field(
            "/role",
            "unknown",
            format!("must be one of {}", Role::names(kind).join(", ")),
        )
    })
}

/// Whether someone with the role `actor` (an API key has none) may give `role`: only an owner makes an owner.
///
/// # Errors
/// 403.
pub(crate) fn may_grant(actor: Option<Role>, role: Role) -> Result<(), Problem> {
    if role == Role::VendorOwner && actor != Some(Role::VendorOwner) {
        return Err(Problem::new(
            code::FORBIDDEN,
            "Only an owner can make or invite an owner.",
        ));
    }
    Ok(())
}

/// Whether someone with the role `actor` may take `current` from a member who then has `next`, or is none any more;
/// `other_leaders` are the members with the leading role besides this one.
///
/// # Errors
/// 403 where only an owner may, 409 when nobody would lead the organisation.
pub(super) fn may_take(
    actor: Option<Role>,
    current: Role,
    next: Option<Role>,
    other_leaders: i64,
) -> Result<(), Problem> {
    if current == Role::VendorOwner && actor != Some(Role::VendorOwner) {
        return Err(Problem::new(
            code::FORBIDDEN,
            "Only an owner can change or remove an owner.",
        ));
    }
    if current == leader(current.kind()) && next != Some(current) && other_leaders == 0 {
        let detail = format!(
            "This is the last active {}: give that role to someone else first.",
            current.as_str()
        );
        return Err(Problem::new(LAST_LEADER, detail));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(result: Result<(), Problem>) -> Option<&'static str> {
        result.err().map(|problem| problem.code().name)
    }

    #[test]
    fn only_an_owner_touches_owners() {
        for actor in [None, Some(Role::VendorAdmin)] {
            assert_eq!(refusal(may_grant(actor, Role::VendorOwner)), Some("forbidden"));
            assert_eq!(
                refusal(may_take(actor, Role::VendorOwner, Some(Role::Viewer), 5)),
                Some("forbidden")
            );
            assert_eq!(refusal(may_take(actor, Role::Viewer, None, 0)), None);
        }
        assert_eq!(refusal(may_grant(Some(Role::VendorOwner), Role::VendorOwner)), None);
        assert_eq!(
            refusal(may_take(Some(Role::VendorOwner), Role::VendorOwner, None, 1)),
            None
        );
    }

    #[test]
    fn the_last_leader_stays() {
        let actor = Some(Role::PartnerAdmin);
        assert_eq!(
            refusal(may_take(actor, Role::PartnerAdmin, Some(Role::PartnerSales), 0)),
            Some("last_leader")
        );
        assert_eq!(
            refusal(may_take(actor, Role::PartnerAdmin, None, 0)),
            Some("last_leader")
        );
        assert_eq!(
            refusal(may_take(actor, Role::PartnerAdmin, Some(Role::PartnerAdmin), 0)),
            None
        );
        assert_eq!(
            refusal(may_take(Some(Role::VendorOwner), Role::VendorAdmin, None, 0)),
            None
        );
    }
}
