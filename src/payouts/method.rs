//! Names that stand on the wire and in the database alike, and amounts as they are shown.

use guildhall_kernel::{Currency, Money};
use rust_decimal::Decimal;

/// What has a name.
pub(crate) trait Named: Copy {
    /// The name on the wire and in the database.
    fn as_str(self) -> &'static str;
}

/// An enum of names, written in snake case everywhere.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
            schemars::JsonSchema, sqlx::Type)]
        #[serde(rename_all = "snake_case")]
        #[sqlx(type_name = "text", rename_all = "snake_case")]
        pub(crate) enum $name {
            $($(#[$about])* #[serde(rename = $text)] #[sqlx(rename = $text)] $variant,)*
        }

        impl $crate::method::Named for $name {
            fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }
    };
}
pub(crate) use named;

named! {
    /// How a batch is paid.
    PayMethod {
        /// By a credit transfer file for the vendor's bank (ISO 20022 pain.001.001.09).
        Pain001 = "pain001",
        /// By a NACHA ACH file for the vendor's bank in the United States.
        Nacha = "nacha",
        /// By transfers to connected accounts at Stripe.
        Stripe = "stripe",
        /// By people, who say so.
        Manual = "manual",
    }
}

named! {
    /// What a payee's destination is.
    DestinationKind {
        /// A bank account with an IBAN.
        Iban = "iban",
        /// A bank account in the United States.
        UsAch = "us_ach",
        /// A connected account at Stripe.
        Stripe = "stripe",
        /// Whatever a note says.
        Manual = "manual",
    }
}

impl PayMethod {
    /// The destinations that it reaches.
    pub(crate) const fn reaches(self) -> DestinationKind {
        match self {
            Self::Pain001 => DestinationKind::Iban,
            Self::Nacha => DestinationKind::UsAch,
            Self::Stripe => DestinationKind::Stripe,
            Self::Manual => DestinationKind::Manual,
        }
    }
}

/// The amount with the decimals of its currency.
pub(crate) fn shown(amount: Decimal, currency: &str) -> Decimal {
    let mut shown = amount;
    shown.rescale(Currency::from_code(currency).map_or(2, Money::exponent));
    shown
}
