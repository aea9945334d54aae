//! Business identifier codes.

use guildhall_kernel::is_country;

use super::{AccountFault, as_text, compact};

const WHAT: &str = "BIC";

/// A Business Identifier Code (ISO 9362:2022): four characters of the party, its country, two of its location and, if
/// there are eleven, three of its branch. No secret: it names a bank.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Bic(String);

as_text!(Bic);

impl Bic {
    /// Reads a code of 8 or 11 characters, in capitals or not.
    ///
    /// # Errors
    /// Wrong length, a character other than letters and digits, or letters 5 and 6 that are no country.
    pub fn parse(text: &str) -> Result<Self, AccountFault> {
        let must = "8 or 11";
        let code = compact(WHAT, text, must, 11)?;
        let is = code.chars().count();
        if is != 8 && is != 11 {
            return Err(AccountFault::Length {
                what: WHAT,
                must: must.to_owned(),
                is,
            });
        }
        for (place, character) in code.chars().enumerate() {
            let (right, must) = match place {
                4 | 5 => (character.is_ascii_uppercase(), "a letter of the country's code"),
                _ => (character.is_ascii_alphanumeric(), "a letter of A-Z or a digit"),
            };
            if !right {
                return Err(AccountFault::Character {
                    what: WHAT,
                    at: place + 1,
                    must,
                });
            }
        }
        let bic = Self(code);
        if is_country(bic.country()) || bic.country() == "XK" {
            Ok(bic)
        } else {
            let country = bic.country().to_owned();
            Err(AccountFault::Country { what: WHAT, country })
        }
    }

    /// The whole code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The bank's country (ISO 3166-1 alpha-2, and `XK` for Kosovo).
    #[must_use]
    pub fn country(&self) -> &str {
        self.0.get(4..6).unwrap_or_default()
    }

    /// The code itself: a bank's name is no secret.
    #[must_use]
    pub fn masked(&self) -> String {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_eight_and_eleven_characters() {
        for (text, country) in [
            ("DEUTDEFF", "DE"),
            ("deut de ff 500", "DE"),
            ("NLPRXKPR", "XK"),
            ("E097AEXXXXX", "AE"),
        ] {
            assert_eq!(Bic::parse(text).unwrap().country(), country);
        }
    }

    #[test]
    fn faults_name_the_place() {
        for (text, says) in [
            ("DEUTDEF", "BIC must have 8 or 11 characters, this has 7"),
            ("DEUTDEFF50", "this has 10"),
            ("DEUTDEFF5000", "this has 12"),
            ("DEUT1EFF", "character 5 must be a letter of the country's code"),
            ("DEUTDEF-", "character 8 must be a letter of A-Z or a digit"),
            ("DEUTZZFF", "country \"ZZ\" is unknown"),
            ("DEUTDEFÉ", "character 8"),
        ] {
            let fault = Bic::parse(text).unwrap_err().to_string();
            assert!(fault.contains(says), "{text}: {fault}");
        }
    }
}
