//! The numbers by which money finds an account, checked before anybody relies on them: [`Iban`], [`Bic`], the United
//! States' [`RoutingNumber`] and [`UsAccount`], and Stripe's [`StripeAccountId`].
//!
//! A number is a secret: its `Debug` is masked, and no error repeats it. Serde writes it whole, for the caller to seal.

mod bic;
mod destination;
mod iban;
mod stripe;
mod us;

pub use bic::Bic;
pub use destination::{Destination, UsAccountKind};
pub use iban::Iban;
pub use stripe::StripeAccountId;
pub use us::{RoutingNumber, UsAccount};

/// Why a text is no account number, bank code or destination. Says what and where, never the number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountFault {
    /// The text is shorter or longer than the number may be.
    #[error("{what} must have {must} characters, this has {is}")]
    Length {
        /// Which number.
        what: &'static str,
        /// How many characters it may have.
        must: String,
        /// How many it has.
        is: usize,
    },
    /// A character that can't stand where it stands.
    #[error("{what}: character {at} must be {must}")]
    Character {
        /// Which number.
        what: &'static str,
        /// Its place, counted from 1, without spaces.
        at: usize,
        /// What may stand there.
        must: &'static str,
    },
    /// The country has no such numbers, or there is no such country.
    #[error("{what}: country {country:?} is unknown")]
    Country {
        /// Which number.
        what: &'static str,
        /// The two letters.
        country: String,
    },
    /// The check digits don't fit the rest: most likely a digit is wrong or two are swapped.
    #[error("{what}: the check digits don't match: compare it with the bank's own statement, digit by digit")]
    Checksum {
        /// Which number.
        what: &'static str,
    },
    /// The bank code is of another country than the account.
    #[error("the BIC is of a bank in {bic}, the IBAN of one in {iban}")]
    OtherCountry {
        /// The BIC's country.
        bic: String,
        /// The IBAN's country.
        iban: String,
    },
    /// The holder's name is missing, too long, or has no character that a bank takes.
    #[error("the account holder's name must have 1 to {max} characters that banks take ({is} remain of this one)")]
    Holder {
        /// The most characters.
        max: usize,
        /// How many it has when written in the characters that banks take.
        is: usize,
    },
    /// The note that says how to pay by hand is missing or too long.
    #[error("the note must have 1 to {max} characters, this has {is}")]
    Note {
        /// The most characters.
        max: usize,
        /// How many it has.
        is: usize,
    },
}

/// The text without spaces (people and banks group digits by them) and in capitals, if it is not absurdly long.
fn compact(what: &'static str, text: &str, must: &str, longest: usize) -> Result<String, AccountFault> {
    let length = |is| AccountFault::Length {
        what,
        must: must.to_owned(),
        is,
    };
    let mut compact = String::with_capacity(longest);
    let mut is = 0;
    for character in text
        .chars()
        .filter(|character| !matches!(character, ' ' | '\u{a0}' | '\u{202f}'))
    {
        is += 1;
        if is <= longest {
            compact.push(character.to_ascii_uppercase());
        }
    }
    if is == 0 || is > longest {
        return Err(length(is));
    }
    Ok(compact)
}

/// Serde and masked `Debug` of a number that is parsed from text.
macro_rules! as_text {
    ($name:ident) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.masked())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::account::AccountFault;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}
use as_text;
