//! The letter that tells of another destination.

use guildhall_spine::mail::Letter;
use serde::Serialize;

/// To all who administer the company, or to the person.
#[derive(Serialize)]
pub(super) struct ProfileChangedLetter<'a> {
    /// The company's name, or the person's.
    pub(super) whose: &'a str,
    /// Who changed it.
    pub(super) who: &'a str,
    /// The destination, as far as it is shown.
    pub(super) masked: &'a str,
    pub(super) usable_from: &'a str,
    pub(super) link: &'a str,
}

impl Letter for ProfileChangedLetter<'_> {
    const NAME: &'static str = "payout_profile_changed";
    const TEMPLATE: &'static str = include_str!("letters/payout_profile_changed.txt");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letter_says_who_and_where_to() {
        let letter = ProfileChangedLetter {
            whose: "Alder GmbH",
            who: "Jane Roe",
            masked: "DE** **** 3000",
            usable_from: "27 November 2026, 09:00 UTC",
            link: "https://portal.example/payout-profile",
        };
        let letter = guildhall_spine::mail::render(&letter).unwrap();
        assert_eq!(letter.subject, "Alder GmbH: payouts go to another account");
        for words in ["Jane Roe", "DE** **** 3000", "27 November 2026", "/payout-profile"] {
            assert!(letter.body.contains(words), "{}", letter.body);
        }
    }
}
