//! Which new passwords are taken (NIST SP 800-63B section 3.1.1.2): long enough, not among those tried first, not
//! made of the person's own address. No rules on kinds of characters.

use crate::http::Checks;

const SHORTEST: usize = 10;
const LONGEST: usize = 128;

/// Passwords of ten characters and more that lead the lists of leaked ones, in lower case, and this server's own
/// demo password.
const WORST: &[&str] = &[
    "0123456789",
    "0987654321",
    "1111111111",
    "1122334455",
    "123123123123",
    "1234512345",
    "123456789a",
    "1234567890",
    "12345678910",
    "123456789012",
    "12345qwert",
    "1q2w3e4r5t",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "9876543210",
    "abc1234567",
    "abcdefghij",
    "admin12345",
    "administrator",
    "adminadmin",
    "asdfghjkl;",
    "asdfghjkl1",
    "changeme123",
    "football123",
    "guildhall-demo",
    "iloveyou12",
    "iloveyou123",
    "letmein123",
    "password01",
    "password10",
    "password12",
    "password123",
    "password1234",
    "password12345",
    "passwordpassword",
    "princess123",
    "q1w2e3r4t5",
    "q1w2e3r4t5y6",
    "qazwsxedcrfv",
    "qwerty12345",
    "qwerty123456",
    "qwertyuiop",
    "qwertyuiop1",
    "qwertyuiop123",
    "qwertyqwerty",
    "secret1234",
    "sunshine123",
    "trustno1trustno1",
    "welcome123",
    "welcome1234",
    "zaq12wsxcde3",
    "zxcvbnm123",
];

/// Notes in `checks` why `password`, found at `pointer`, isn't taken for the person with this e-mail address.
pub fn check_new_password(checks: &mut Checks, pointer: &str, password: &str, email: &str) {
    let length = password.chars().count();
    if !(SHORTEST..=LONGEST).contains(&length) {
        checks.refuse(
            pointer,
            "length",
            format!("must have {SHORTEST} to {LONGEST} characters; a few words do well"),
        );
        return;
    }
    let lower = password.to_lowercase();
    let mut characters = lower.chars();
    let first = characters.next();
    let monotonous = characters.all(|character| Some(character) == first);
    if monotonous || WORST.contains(&lower.trim()) {
        checks.refuse(
            pointer,
            "common",
            "is among the passwords that are tried first: choose another",
        );
    }
    let local = email.split('@').next().unwrap_or_default().to_lowercase();
    if local.chars().count() >= 3 && lower.contains(&local) {
        checks.refuse(
            pointer,
            "contains_email",
            "must not contain the e-mail address: choose another",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(password: &str) -> bool {
        let mut checks = Checks::default();
        check_new_password(&mut checks, "/password", password, "Jane.Doe@example.com");
        checks.done().is_ok()
    }

    #[test]
    fn long_and_uncommon_ones_are_taken() {
        assert!(taken("ten chars!") && taken("correct horse battery staple") && taken(&"ab".repeat(64)));
        assert!(taken("Größe zählt"), "length counts characters, not bytes");
    }

    #[test]
    fn short_long_common_and_personal_ones_are_not() {
        for password in [
            "nine char",
            &"ab".repeat(65),
            "Password1234",
            "zzzzzzzzzzzz",
            "guildhall-demo",
            "my jane.doe 77",
        ] {
            assert!(!taken(password), "{password}");
        }
    }
}
