//! The letter that tells of an endpoint that was switched off.

use guildhall_spine::mail::Letter;
use serde::Serialize;

/// To the organisation's admins.
#[derive(Serialize)]
pub(super) struct DisabledLetter<'a> {
    /// The endpoint's description, or its host.
    pub(super) endpoint: &'a str,
    pub(super) gone: bool,
    pub(super) link: &'a str,
}

impl Letter for DisabledLetter<'_> {
    const NAME: &'static str = "webhook_disabled";
    const TEMPLATE: &'static str = include_str!("letters/webhook_disabled.txt");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letter_says_what_was_switched_off_and_why() {
        for (gone, words) in [(true, "410"), (false, "three days")] {
            let letter = DisabledLetter {
                endpoint: "CRM sync",
                gone,
                link: "https://portal.example/webhooks/wep_1",
            };
            let letter = guildhall_spine::mail::render(&letter).unwrap();
            assert_eq!(letter.subject, "Webhook endpoint CRM sync was switched off");
            assert!(
                letter.body.contains(words) && letter.body.contains("webhooks/wep_1"),
                "{}",
                letter.body
            );
        }
    }
}
