//! Account numbers of the United States.

use super::{AccountFault, as_text, compact};

const ROUTING: &str = "routing number";
const ACCOUNT: &str = "account number";

/// A bank's nine-digit routing number (ABA Routing Number Policy), its check digit right. No secret: it names a bank.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RoutingNumber(String);

as_text!(RoutingNumber);

impl RoutingNumber {
    /// Reads nine digits.
    ///
    /// # Errors
    /// Another length, another character, first two digits that no bank has, or a sum of the digits weighted 3, 7, 1
    /// that 10 doesn't divide.
    pub fn parse(text: &str) -> Result<Self, AccountFault> {
        let digits = compact(ROUTING, text, "9", 9)?;
        let is = digits.chars().count();
        if is != 9 {
            let must = "9".to_owned();
            return Err(AccountFault::Length {
                what: ROUTING,
                must,
                is,
            });
        }
        let mut sum = 0;
        for (place, (character, weight)) in digits.chars().zip([3, 7, 1].into_iter().cycle()).enumerate() {
            let digit = character.to_digit(10).ok_or(AccountFault::Character {
                what: ROUTING,
                at: place + 1,
                must: "a digit",
            })?;
            sum += digit * weight;
        }
        // Federal Reserve districts, thrift institutions, electronic transactions, traveller's cheques; 00 is the
        // government's own.
        let district = digits.get(..2).and_then(|two| two.parse::<u8>().ok()).unwrap_or(99);
        if !matches!(district, 0..=12 | 21..=32 | 61..=72 | 80) {
            return Err(AccountFault::Character {
                what: ROUTING,
                at: 1,
                must: "the start of a Federal Reserve district",
            });
        }
        if sum == 0 || sum % 10 != 0 {
            return Err(AccountFault::Checksum { what: ROUTING });
        }
        Ok(Self(digits))
    }

    /// The nine digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number itself: a bank's name is no secret.
    #[must_use]
    pub fn masked(&self) -> String {
        self.0.clone()
    }
}

/// An account at a bank of the United States: 1 to 17 characters (NACHA Operating Rules, Appendix Three, DFI Account
/// Number). It has no check digit. `Debug` masks it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UsAccount(String);

as_text!(UsAccount);

impl UsAccount {
    /// Reads letters, digits and hyphens; spaces are left out, as the Rules ask.
    ///
    /// # Errors
    /// Nothing, more than 17 characters, another character, or no digit but 0.
    pub fn parse(text: &str) -> Result<Self, AccountFault> {
        let number = compact(ACCOUNT, text, "1 to 17", 17)?;
        for (place, character) in number.chars().enumerate() {
            if !character.is_ascii_alphanumeric() && character != '-' {
                let must = "a letter of A-Z, a digit or a hyphen";
                return Err(AccountFault::Character {
                    what: ACCOUNT,
                    at: place + 1,
                    must,
                });
            }
        }
        if number.chars().all(|character| matches!(character, '0' | '-')) {
            return Err(AccountFault::Character {
                what: ACCOUNT,
                at: 1,
                must: "part of a number that is not zero",
            });
        }
        Ok(Self(number))
    }

    /// The whole number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// To recognise the number by: `**** 6789`; of a short one two characters or none.
    #[must_use]
    pub fn masked(&self) -> String {
        let shown = match self.0.len() {
            8.. => 4,
            5..=7 => 2,
            _ => 0,
        };
        let last = self
            .0
            .len()
            .checked_sub(shown)
            .and_then(|at| self.0.get(at..))
            .unwrap_or_default();
        format!("**** {last}").trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routing_numbers() {
        for good in ["021000021", "011401533", "091000019", "322271627"] {
            assert_eq!(RoutingNumber::parse(good).unwrap().as_str(), good);
        }
        for (bad, says) in [
            ("02100002", "routing number must have 9 characters, this has 8"),
            ("0210000211", "this has 10"),
            ("021000022", "check digits"),
            ("012000021", "check digits"),
            ("000000000", "check digits"),
            ("02100002A", "character 9 must be a digit"),
            ("512345678", "Federal Reserve district"),
        ] {
            let fault = RoutingNumber::parse(bad).unwrap_err().to_string();
            assert!(fault.contains(says), "{bad}: {fault}");
        }
    }

    #[test]
    fn accounts() {
        assert_eq!(UsAccount::parse("12 3456-789").unwrap().as_str(), "123456-789");
        assert_eq!(UsAccount::parse("000123456789").unwrap().masked(), "**** 6789");
        assert_eq!(UsAccount::parse("12345").unwrap().masked(), "**** 45");
        assert_eq!(format!("{:?}", UsAccount::parse("1234").unwrap()), "UsAccount(****)");
        for (bad, says) in [
            ("  ", "account number must have 1 to 17 characters, this has 0"),
            ("123456789012345678", "this has 18"),
            ("1234_5", "character 5"),
            ("0000", "not zero"),
        ] {
            let fault = UsAccount::parse(bad).unwrap_err().to_string();
            assert!(fault.contains(says), "{bad}: {fault}");
        }
    }
}
