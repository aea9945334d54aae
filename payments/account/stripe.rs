//! Accounts at Stripe.

use super::{AccountFault, as_text};

const WHAT: &str = "Stripe account";

/// The id of an account connected to the vendor's at Stripe, `acct_…`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct StripeAccountId(String);

as_text!(StripeAccountId);

impl StripeAccountId {
    /// Reads an id: `acct_` and 8 to 64 letters and digits. Whether there is such an account, Stripe says.
    ///
    /// # Errors
    /// Another beginning, another character, too short or too long.
    pub fn parse(text: &str) -> Result<Self, AccountFault> {
        let text = text.trim();
        let rest = text.strip_prefix("acct_").ok_or(AccountFault::Character {
            what: WHAT,
            at: 1,
            must: "the start of acct_",
        })?;
        let is = rest.chars().count();
        if !(8..=64).contains(&is) {
            let must = "13 to 69".to_owned();
            return Err(AccountFault::Length {
                what: WHAT,
                must,
                is: is + 5,
            });
        }
        if let Some(place) = rest.chars().position(|character| !character.is_ascii_alphanumeric()) {
            return Err(AccountFault::Character {
                what: WHAT,
                at: place + 6,
                must: "a letter or a digit",
            });
        }
        Ok(Self(text.to_owned()))
    }

    /// The whole id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// To recognise the id by: `acct_ **** Zvyd`.
    #[must_use]
    pub fn masked(&self) -> String {
        let last = self
            .0
            .len()
            .checked_sub(4)
            .and_then(|at| self.0.get(at..))
            .unwrap_or_default();
        format!("acct_ **** {last}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_recognised() {
        assert_eq!(
            StripeAccountId::parse(" acct_1MTfjCQ9PRzxEwkZ ").unwrap().masked(),
            "acct_ **** EwkZ"
        );
        for bad in [
            "",
            "acct_",
            "cus_1MTfjCQ9PRzxEwkZ",
            "acct_1MTf/../x",
            "acct_1MTfjCQ9PRzxEwk é",
        ] {
            assert!(StripeAccountId::parse(bad).is_err(), "{bad}");
        }
    }
}
