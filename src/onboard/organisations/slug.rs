//! Short names for addresses.

use guildhall_kernel::OrgId;

const LONGEST: usize = 60;

/// Whether `text` can be a slug: lower-case letters, digits and single hyphens between them, 2 to 60 of them.
pub(super) fn is_slug(text: &str) -> bool {
    (2..=LONGEST).contains(&text.len())
        && text
            .split('-')
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
}

/// A slug that tells the name and, by the end of the id, is nobody else's.
pub(crate) fn of_name(name: &str, id: OrgId) -> String {
    let mut slug = String::new();
    for character in name.chars().flat_map(char::to_lowercase) {
        if slug.len() >= LONGEST - 14 {
            break;
        }
        if character.is_ascii_alphanumeric() {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let id = id.uuid().simple().to_string();
    let end = id.get(20..).unwrap_or_default();
    if slug.is_empty() {
        format!("org-{end}")
    } else {
        format!("{}-{end}", slug.trim_end_matches('-'))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn every_name_makes_a_slug() {
        let id = OrgId::from(Uuid::from_u128(0x0193_0000_0000_7000_8000_9f3a_2c71_0001));
        assert_eq!(
            of_name("Northwind & Söhne GmbH", id),
            "northwind-s-hne-gmbh-9f3a2c710001"
        );
        for name in ["株式会社", "---", &"x".repeat(200), "A"] {
            assert!(is_slug(&of_name(name, id)), "{name}");
        }
    }

    #[test]
    fn slugs_have_no_stray_hyphens() {
        assert!(is_slug("acme-2") && !is_slug("-acme") && !is_slug("acme--2") && !is_slug("Acme") && !is_slug("a"));
    }
}
