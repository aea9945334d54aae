//! The letter that proposes a partnership.

use guildhall_spine::mail::Letter;
use serde::Serialize;

/// To the admins of a partner that is here.
#[derive(Serialize)]
pub(super) struct PartnershipLetter<'a> {
    pub(super) vendor: &'a str,
    pub(super) partner: &'a str,
    pub(super) link: &'a str,
}

impl Letter for PartnershipLetter<'_> {
    const NAME: &'static str = "partnership_invitation";
    const TEMPLATE: &'static str = include_str!("letters/partnership_invitation.txt");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letter_says_who_invites_whom_and_where_to_answer() {
        let letter = PartnershipLetter {
            vendor: "Acme",
            partner: "Northwind",
            link: "https://portal.example/partnerships/partnership_1",
        };
        let letter = guildhall_spine::mail::render(&letter).unwrap();
        assert_eq!(letter.subject, "Acme invites Northwind to its partner program");
        assert!(
            letter
                .body
                .contains("https://portal.example/partnerships/partnership_1")
        );
    }
}
