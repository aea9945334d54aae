//! The letter that invites.

use guildhall_spine::mail::Letter;
use serde::Serialize;

/// With the link to accept by.
#[derive(Serialize)]
pub(super) struct InvitationLetter<'a> {
    pub(super) organisation: &'a str,
    pub(super) role: &'a str,
    pub(super) link: &'a str,
}

impl Letter for InvitationLetter<'_> {
    const NAME: &'static str = "invitation";
    const TEMPLATE: &'static str = include_str!("letters/invitation.txt");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letter_says_who_invites_and_shows_the_link() {
        let letter = InvitationLetter {
            organisation: "Acme",
            role: "sales",
            link: "https://portal.example/i#token=t",
        };
        let letter = guildhall_spine::mail::render(&letter).unwrap();
        assert_eq!(letter.subject, "Acme invites you to Guildhall");
        assert!(letter.body.contains("as sales.") && letter.body.contains("https://portal.example/i#token=t"));
    }
}
