//! Who may do what.

use std::fmt::Write;

use guildhall_spine::access::{OrgKind, Permission, Role};

use super::{cell, head};

pub(super) fn page() -> String {
    let mut page = head(
        "Permissions",
        "What each role may do in the organisation that its member acts for. An API key has the scopes it was granted, \
         out of those that any role of its kind of organisation has. Platform operators act beside organisations and \
         appear in neither table.",
    );
    for (kind, title) in [(OrgKind::Vendor, "Vendors"), (OrgKind::Partner, "Partners")] {
        let roles: Vec<Role> = Role::ALL.iter().copied().filter(|role| role.kind() == kind).collect();
        let names: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
        let _ = write!(page, "\n## {title}\n\n| scope | allows | {} |\n", names.join(" | "));
        let _ = writeln!(page, "| --- | --- |{}", " :-: |".repeat(roles.len()));
        for permission in Permission::ALL.iter().filter(|permission| permission.applies_to(kind)) {
            let granted = permission.roles();
            let marks: Vec<&str> = roles
                .iter()
                .map(|role| if granted.contains(role) { "✓" } else { " " })
                .collect();
            let (scope, meaning) = (permission.scope(), cell(permission.meaning()));
            let _ = writeln!(page, "| `{scope}` | {meaning} | {} |", marks.join(" | "));
        }
    }
    page
}
