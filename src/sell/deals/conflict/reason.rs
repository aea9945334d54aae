use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One thing that two deals have in common, or, for `different_country`, that sets them apart.
///
/// Its text is written for both sides and speaks of "another registration" only: a reason holds nothing that says whose
/// it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
#[schema(as = ConflictReason)]
pub enum Reason {
    /// The same registrable domain.
    SameDomain,
    /// The same legal name once legal forms, accents and punctuation are set aside.
    SameName,
    /// A similar legal name.
    SimilarName {
        /// Shared trigrams, in percent.
        percent: u8,
    },
    /// Contacts with the same e-mail address.
    SameContact {
        /// How many addresses.
        count: u32,
    },
    /// The same country: strengthens other reasons.
    SameCountry,
    /// Another country: the name counts for less.
    DifferentCountry,
    /// At least one product in common: strengthens other reasons.
    OverlappingProducts,
    /// Expected to close at about the same time: strengthens other reasons.
    CloseDates {
        /// Days between the expected closes.
        days: u32,
    },
}

impl Reason {
    /// The stable code, the same as on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::SameDomain => "same_domain",
            Self::SameName => "same_name",
            Self::SimilarName { .. } => "similar_name",
            Self::SameContact { .. } => "same_contact",
            Self::SameCountry => "same_country",
            Self::DifferentCountry => "different_country",
            Self::OverlappingProducts => "overlapping_products",
            Self::CloseDates { .. } => "close_dates",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SameDomain => f.write_str("The customer's domain is the same as on another registration."),
            Self::SameName => f.write_str("The customer's legal name is the same as on another registration."),
            Self::SimilarName { percent } => {
                write!(
                    f,
                    "The customer's name is {percent} % similar to the one on another registration."
                )
            }
            Self::SameContact { count: 1 } => f.write_str("A contact's address also stands on another registration."),
            Self::SameContact { count } => write!(f, "{count} contacts' addresses also stand on another registration."),
            Self::SameCountry => f.write_str("Both customers are in the same country."),
            Self::DifferentCountry => {
                f.write_str("The customers are in different countries, so the name counts for less.")
            }
            Self::OverlappingProducts => f.write_str("Both registrations are for at least one same product."),
            Self::CloseDates { days: 0 } => f.write_str("Both are expected to close on the same day."),
            Self::CloseDates { days: 1 } => f.write_str("Both are expected to close within 1 day of each other."),
            Self::CloseDates { days } => {
                write!(f, "Both are expected to close within {days} days of each other.")
            }
        }
    }
}
