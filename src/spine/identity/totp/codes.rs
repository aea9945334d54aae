//! The codes themselves.

use chrono::{DateTime, Utc};
use guildhall_kernel::{Entropy, UserId};
use totp_rs::{Builder, Totp};

use crate::{http::Problem, secret::token_hash};

/// RFC 4226 section 4 recommends 160 bits.
pub(super) const SECRET_BYTES: usize = 20;
/// Recovery codes that a user gets at a time.
pub(super) const RECOVERY_CODES: usize = 10;

/// What a factor's secret is sealed for.
pub(in crate::identity) fn purpose(user: UserId) -> String {
    format!("totp_factor/{user}")
}

/// The codes of `secret`: SHA-1, six digits, 30 seconds, one step of clock drift either way, which is what every
/// authenticator speaks.
pub(super) fn totp(secret: &[u8], email: &str) -> Result<Totp, Problem> {
    // The label's two parts are separated by a colon.
    let account = email.replace(':', "_");
    let builder = Builder::new()
        .with_secret(secret.to_vec())
        .with_issuer(Some("Guildhall"))
        .with_account_name(account);
    builder.build().map_err(Problem::internal)
}

/// The time step that `code` belongs to, if it is one for about `now`.
pub(super) fn step_of(secret: &[u8], code: &str, now: DateTime<Utc>) -> Result<Option<i64>, Problem> {
    let digits: String = code.chars().filter(|character| !character.is_whitespace()).collect();
    let time = u64::try_from(now.timestamp()).map_err(Problem::internal)?;
    let step = totp(secret, "")?.check(&digits, time);
    Ok(step.and_then(|step| i64::try_from(step).ok()))
}

/// Crockford's base 32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A recovery code of 80 bits, in four groups.
fn recovery_code(entropy: &Entropy) -> String {
    let bytes = entropy.bytes::<16>();
    let letters = bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 31)));
    let mut code = String::with_capacity(19);
    for (place, letter) in letters.enumerate() {
        if place > 0 && place % 4 == 0 {
            code.push('-');
        }
        code.push(char::from(*letter));
    }
    code
}

/// A fresh set.
pub(super) fn recovery_codes(entropy: &Entropy) -> Vec<String> {
    std::iter::repeat_with(|| recovery_code(entropy))
        .take(RECOVERY_CODES)
        .collect()
}

/// What is kept of a recovery code as it was typed. 80 random bits need neither salt nor stretching.
pub(super) fn recovery_hash(user: UserId, typed: &str) -> [u8; 32] {
    let code = typed
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        });
    token_hash(&format!("{user} {}", code.collect::<String>()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// RFC 6238 appendix B, SHA-1, cut to six digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let secret = b"12345678901234567890";
        for (time, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(step_of(secret, code, at(time)).unwrap(), Some(time / 30), "{time}");
        }
    }

    #[test]
    fn one_step_of_drift_is_forgiven_and_two_are_not() {
        let secret = b"12345678901234567890";
        let step = |code: &str, time| step_of(secret, code, at(time)).unwrap();
        assert_eq!(step("081 804", 1_111_111_109 + 30), Some(37_037_036));
        assert_eq!(step("081804", 1_111_111_109 - 30), Some(37_037_036));
        assert_eq!(step("081804", 1_111_111_109 + 60), None);
        assert_eq!(step("", 59), None);
        assert_eq!(step("28708x", 59), None);
    }

    #[test]
    fn recovery_codes_differ_and_forgive_how_they_are_typed() {
        let codes = recovery_codes(&Entropy::system());
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), RECOVERY_CODES);
        assert!(codes.iter().all(|code| code.len() == 19));
        let user = UserId::from(uuid::Uuid::from_u128(1));
        assert_eq!(
            recovery_hash(user, "01AB-CDEF-GHJK-MNPQ"),
            recovery_hash(user, "olab cdefghjkmnpq")
        );
        assert_ne!(
            recovery_hash(user, "01AB"),
            recovery_hash(UserId::from(uuid::Uuid::from_u128(2)), "01AB")
        );
    }

    #[test]
    fn the_address_for_authenticators_names_the_account() {
        let url = totp(b"12345678901234567890", "a:b@example.com")
            .unwrap()
            .to_url()
            .unwrap();
        assert_eq!(
            url,
            "otpauth://totp/Guildhall:a_b%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Guildhall"
        );
    }
}
