//! The letters about accounts. None shows a name or other text that somebody else could have chosen: whoever enters
//! a stranger's address must not be able to write to them.

use guildhall_spine::mail::Letter;
use serde::Serialize;

/// To a new or still unconfirmed address.
#[derive(Serialize)]
pub(super) struct VerifyEmail {
    pub(super) link: String,
}

impl Letter for VerifyEmail {
    const NAME: &'static str = "verify_email";
    const TEMPLATE: &'static str = include_str!("letters/verify_email.txt");
}

/// To an address that was registered more than once before it was confirmed.
#[derive(Serialize)]
pub(super) struct ChoosePassword {
    pub(super) link: String,
}

impl Letter for ChoosePassword {
    const NAME: &'static str = "choose_password";
    const TEMPLATE: &'static str = include_str!("letters/choose_password.txt");
}

/// To an address that has a confirmed account.
#[derive(Serialize)]
pub(super) struct AccountExists {
    pub(super) login_link: String,
    pub(super) reset_link: String,
}

impl Letter for AccountExists {
    const NAME: &'static str = "account_exists";
    const TEMPLATE: &'static str = include_str!("letters/account_exists.txt");
}

/// To an address that has none.
#[derive(Serialize)]
pub(super) struct NoAccount {}

impl Letter for NoAccount {
    const NAME: &'static str = "no_account";
    const TEMPLATE: &'static str = include_str!("letters/no_account.txt");
}

/// With the link to a new password.
#[derive(Serialize)]
pub(super) struct PasswordReset {
    pub(super) link: String,
}

impl Letter for PasswordReset {
    const NAME: &'static str = "password_reset";
    const TEMPLATE: &'static str = include_str!("letters/password_reset.txt");
}

/// After the password was set by a link.
#[derive(Serialize)]
pub(super) struct PasswordWasReset {
    pub(super) reset_link: String,
}

impl Letter for PasswordWasReset {
    const NAME: &'static str = "password_changed";
    const TEMPLATE: &'static str = include_str!("letters/password_changed.txt");
}

#[cfg(test)]
mod tests {
    use guildhall_spine::mail::render;

    use super::*;

    #[test]
    fn every_letter_suits_its_template_and_shows_its_links() {
        let link = || "https://portal.example/x#token=t".to_owned();
        let letters = [
            render(&VerifyEmail { link: link() }),
            render(&ChoosePassword { link: link() }),
            render(&AccountExists {
                login_link: link(),
                reset_link: link(),
            }),
            render(&PasswordReset { link: link() }),
            render(&PasswordWasReset { reset_link: link() }),
        ];
        for letter in letters {
            assert!(letter.unwrap().body.contains(&link()));
        }
        assert!(!render(&NoAccount {}).unwrap().body.contains("http"));
    }
}
