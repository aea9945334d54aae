//! Where a partner's money goes.

use guildhall_kernel::{Currency, is_country};
use serde::{Deserialize, Serialize};

use super::{AccountFault, Bic, Iban, RoutingNumber, StripeAccountId, UsAccount};
use crate::{Method, characters};

/// The longest name of an account's holder: Max140Text of ISO 20022. A payment scheme may take less: each writer has a
/// function that shortens a name for it.
pub(crate) const HOLDER: usize = 140;
const NOTE: usize = 500;

/// What kind of account a number is of, at a bank of the United States.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsAccountKind {
    /// A checking account.
    Checking,
    /// A savings account.
    Savings,
}

/// Where a partner is paid. Serde writes the numbers whole, for the caller to seal; `Debug` masks them. Make one with
/// [`Destination::iban`] and the like, which check it; what is read by serde, check with [`Destination::check`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Destination {
    /// An account with an IBAN.
    Iban {
        /// The account.
        iban: Iban,
        /// Its bank, needed outside SEPA only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bic: Option<Bic>,
        /// Whose account it is, as the bank writes the name.
        holder: String,
        /// The country where the holder lives or sits (ISO 3166-1 alpha-2), which may be another than the bank's.
        country: String,
    },
    /// An account at a bank of the United States, reached by ACH.
    UsAch {
        /// The bank.
        routing: RoutingNumber,
        /// The account.
        account: UsAccount,
        /// Checking or savings.
        kind: UsAccountKind,
        /// Whose account it is, as the bank writes the name.
        holder: String,
    },
    /// An account connected to the vendor's at Stripe.
    StripeAccount {
        /// The account.
        id: StripeAccountId,
    },
    /// Paid by people, outside this server: a cheque, a card, a set-off.
    Manual {
        /// How to pay, for the people who do: 1 to 500 characters.
        note: String,
    },
}

impl Destination {
    /// An account with an IBAN, from text.
    ///
    /// # Errors
    /// What is wrong with a number, the name or the country; a BIC of another country than the IBAN.
    pub fn iban(iban: &str, bic: Option<&str>, holder: &str, country: &str) -> Result<Self, AccountFault> {
        let bic = bic.filter(|bic| !bic.trim().is_empty()).map(Bic::parse).transpose()?;
        let (holder, country) = (holder.trim().to_owned(), country.trim().to_ascii_uppercase());
        Self::Iban {
            iban: Iban::parse(iban)?,
            bic,
            holder,
            country,
        }
        .checked()
    }

    /// An account at a bank of the United States, from text.
    ///
    /// # Errors
    /// What is wrong with a number or the name.
    pub fn us_ach(routing: &str, account: &str, kind: UsAccountKind, holder: &str) -> Result<Self, AccountFault> {
        let (routing, account) = (RoutingNumber::parse(routing)?, UsAccount::parse(account)?);
        let holder = holder.trim().to_owned();
        Self::UsAch {
            routing,
            account,
            kind,
            holder,
        }
        .checked()
    }

    /// An account at Stripe, from text.
    ///
    /// # Errors
    /// What is wrong with the id.
    pub fn stripe(id: &str) -> Result<Self, AccountFault> {
        Ok(Self::StripeAccount {
            id: StripeAccountId::parse(id)?,
        })
    }

    /// Payment by hand.
    ///
    /// # Errors
    /// [`AccountFault::Note`].
    pub fn manual(note: &str) -> Result<Self, AccountFault> {
        Self::Manual {
            note: note.trim().to_owned(),
        }
        .checked()
    }

    fn checked(self) -> Result<Self, AccountFault> {
        self.check()?;
        Ok(self)
    }

    /// Checks what serde can't: that the parts go together. Each number was checked when it was read.
    ///
    /// # Errors
    /// A name or note that is missing or too long, an unknown country, a BIC of another country than the IBAN.
    pub fn check(&self) -> Result<(), AccountFault> {
        match self {
            Self::Iban {
                iban,
                bic,
                holder,
                country,
            } => {
                check_holder(holder)?;
                if !is_country(country) && country != "XK" {
                    let country = country.chars().take(2).collect();
                    return Err(AccountFault::Country {
                        what: "the holder",
                        country,
                    });
                }
                match bic {
                    Some(bic) if !same_country(bic.country(), iban.country()) => Err(AccountFault::OtherCountry {
                        bic: bic.country().to_owned(),
                        iban: iban.country().to_owned(),
                    }),
                    _ => Ok(()),
                }
            }
            Self::UsAch { holder, .. } => check_holder(holder),
            Self::StripeAccount { .. } => Ok(()),
            Self::Manual { note } => {
                let is = note.chars().count();
                if note.trim().is_empty() || is > NOTE {
                    return Err(AccountFault::Note { max: NOTE, is });
                }
                Ok(())
            }
        }
    }

    /// To recognise the account by, without the number.
    #[must_use]
    pub fn masked(&self) -> String {
        match self {
            Self::Iban { iban, .. } => iban.masked(),
            Self::UsAch { routing, account, .. } => format!("{} {}", routing.masked(), account.masked()),
            Self::StripeAccount { id } => id.masked(),
            Self::Manual { .. } => "paid by hand".to_owned(),
        }
    }

    /// Whether money of the currency can be sent there: ACH moves US dollars only; the others take any, and the bank
    /// or Stripe converts what the account doesn't hold.
    #[must_use]
    pub fn fits(&self, currency: Currency) -> bool {
        !matches!(self, Self::UsAch { .. }) || currency == Currency::USD
    }

    /// The method that pays there, besides [`Method::Manual`], which pays anywhere.
    #[must_use]
    pub const fn method(&self) -> Method {
        match self {
            Self::Iban { .. } => Method::Pain001,
            Self::UsAch { .. } => Method::Nacha,
            Self::StripeAccount { .. } => Method::Stripe,
            Self::Manual { .. } => Method::Manual,
        }
    }
}

impl std::fmt::Debug for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Destination({})", self.masked())
    }
}

fn check_holder(holder: &str) -> Result<(), AccountFault> {
    let written = characters::latin(holder);
    let is = written.chars().count();
    if is > HOLDER || !written.chars().any(|character| character.is_ascii_alphanumeric()) {
        return Err(AccountFault::Holder { max: HOLDER, is });
    }
    Ok(())
}

/// Whether a bank of the first country may have accounts of the second: overseas territories and the Crown dependencies
/// have codes of their own in ISO 3166-1 (and so in BICs), but their mother country's IBANs.
fn same_country(bic: &str, iban: &str) -> bool {
    bic == iban
        || match iban {
            "FR" => ["BL", "GF", "GP", "MF", "MQ", "NC", "PF", "PM", "RE", "TF", "WF", "YT"].contains(&bic),
            "GB" => ["GG", "IM", "JE"].contains(&bic),
            "FI" => bic == "AX",
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IBAN: &str = "DE89370400440532013000";

    #[test]
    fn serde_keeps_a_destination_and_debug_hides_it() {
        let all = [
            (
                Destination::iban(IBAN, Some("DEUTDEFF"), "Müller GmbH", "de").unwrap(),
                "DE** **** 3000",
            ),
            (
                Destination::us_ach("021000021", "123456789", UsAccountKind::Savings, "Jane Roe").unwrap(),
                "021000021 **** 6789",
            ),
            (Destination::stripe("acct_1MTfjCQ9PRzxEwkZ").unwrap(), "acct_ **** EwkZ"),
            (Destination::manual("cheque to the office").unwrap(), "paid by hand"),
        ];
        for (destination, masked) in all {
            let json = serde_json::to_string(&destination).unwrap();
            assert_eq!(serde_json::from_str::<Destination>(&json).unwrap(), destination);
            assert_eq!(destination.masked(), masked);
            assert_eq!(format!("{destination:?}"), format!("Destination({masked})"));
        }
        let json = serde_json::to_value(Destination::iban(IBAN, None, "M", "DE").unwrap()).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"type": "iban", "iban": IBAN, "holder": "M", "country": "DE"})
        );
        let fault = serde_json::from_str::<Destination>(r#"{"type":"stripe_account","id":"acct_x"}"#).unwrap_err();
        assert!(fault.to_string().contains("13 to 69"), "{fault}");
    }

    #[test]
    fn parts_must_go_together() {
        let fault = |result: Result<Destination, AccountFault>| result.unwrap_err().to_string();
        assert!(
            fault(Destination::iban(IBAN, Some("BNPAFRPP"), "M", "DE")).contains("a bank in FR, the IBAN of one in DE")
        );
        assert!(fault(Destination::iban(IBAN, None, "M", "ZZ")).contains("country \"ZZ\" is unknown"));
        assert!(fault(Destination::iban(IBAN, None, " ", "DE")).contains("holder's name"));
        assert!(fault(Destination::iban(IBAN, None, "株式会社", "JP")).contains("holder's name"));
        assert!(fault(Destination::iban(IBAN, None, &"a".repeat(141), "DE")).contains("141 remain"));
        assert!(fault(Destination::manual("")).contains("1 to 500"));
        let reunion = "FR1420041010050500013M02606";
        assert!(Destination::iban(reunion, Some("REUBRERX"), "M", "RE").is_ok());
    }

    #[test]
    fn ach_is_for_dollars() {
        let ach = Destination::us_ach("021000021", "1", UsAccountKind::Checking, "Jane Roe").unwrap();
        assert!(ach.fits(Currency::USD) && !ach.fits(Currency::EUR));
        assert_eq!(ach.method(), Method::Nacha);
        assert!(Destination::iban(IBAN, None, "M", "DE").unwrap().fits(Currency::USD));
    }
}
