//! A destination as a client writes it.

use std::fmt;

use guildhall_payments::{AccountFault, Destination, UsAccountKind};
use guildhall_spine::http::Problem;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};
use utoipa::ToSchema;

use crate::method::{DestinationKind, named};

named! {
    /// What kind of account it is, at a bank of the United States.
    AchAccountKind {
        /// A checking account.
        Checking = "checking",
        /// A savings account.
        Savings = "savings",
    }
}

/// Where to pay.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = PayoutDestinationDraft)]
pub(super) enum DestinationDraft {
    /// A bank account with an IBAN.
    Iban {
        /// The account.
        #[schema(example = "DE89370400440532013000")]
        iban: String,
        /// The bank, needed outside SEPA only.
        #[serde(default)]
        #[schema(example = "COBADEFF")]
        bic: Option<String>,
        /// Whose account it is, as the bank writes the name.
        #[schema(example = "Alder GmbH")]
        holder: String,
        /// The holder's country (ISO 3166-1).
        #[schema(example = "DE")]
        country: String,
    },
    /// A bank account in the United States.
    UsAch {
        /// The bank's routing number.
        #[schema(example = "021000021")]
        routing: String,
        /// The account.
        #[schema(example = "123456789")]
        account: String,
        /// Checking or savings.
        kind: AchAccountKind,
        /// Whose account it is, as the bank writes the name.
        #[schema(example = "Jane Roe")]
        holder: String,
    },
    /// A connected account at Stripe.
    Stripe {
        /// Its id.
        #[schema(example = "acct_1MTfjCQ9PRzxEwkZ")]
        account: String,
    },
    /// Whatever the note says.
    Manual {
        /// How to pay, for people to read: 1 to 500 characters.
        #[schema(example = "Cheque to the office in Bonn")]
        note: String,
    },
}

impl DestinationDraft {
    /// The destination, checked.
    ///
    /// # Errors
    /// 422 at `/destination` with what is wrong; never the number.
    pub(super) fn read(&self) -> Result<Destination, Problem> {
        let read = match self {
            Self::Iban {
                iban,
                bic,
                holder,
                country,
            } => Destination::iban(iban, bic.as_deref(), holder, country),
            Self::UsAch {
                routing,
                account,
                kind,
                holder,
            } => {
                let kind = match kind {
                    AchAccountKind::Checking => UsAccountKind::Checking,
                    AchAccountKind::Savings => UsAccountKind::Savings,
                };
                Destination::us_ach(routing, account, kind, holder)
            }
            Self::Stripe { account } => Destination::stripe(account),
            Self::Manual { note } => Destination::manual(note),
        };
        read.map_err(|fault: AccountFault| Problem::field("/destination", "account", fault.to_string()))
    }

    pub(super) const fn kind(&self) -> DestinationKind {
        match self {
            Self::Iban { .. } => DestinationKind::Iban,
            Self::UsAch { .. } => DestinationKind::UsAch,
            Self::Stripe { .. } => DestinationKind::Stripe,
            Self::Manual { .. } => DestinationKind::Manual,
        }
    }
}

/// Reads a destination from an object alone: of an array, serde would take the members in their order.
pub(super) fn from_object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DestinationDraft>, D::Error> {
    struct Object;

    impl<'de> Visitor<'de> for Object {
        type Value = Option<DestinationDraft>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
            DestinationDraft::deserialize(MapAccessDeserializer::new(members)).map(Some)
        }
    }

    deserializer.deserialize_any(Object)
}
