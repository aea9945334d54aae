//! The ways to pay.

use serde::{Deserialize, Serialize};

/// How a batch of payouts is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A file for the vendor's bank: ISO 20022 pain.001.001.09.
    Pain001,
    /// A file for the vendor's bank in the United States: NACHA ACH.
    Nacha,
    /// Transfers to connected accounts over Stripe's API.
    Stripe,
    /// People pay and say so.
    Manual,
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 4] = [Self::Pain001, Self::Nacha, Self::Stripe, Self::Manual];

    /// The method's name: its form in serde.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pain001 => "pain001",
            Self::Nacha => "nacha",
            Self::Stripe => "stripe",
            Self::Manual => "manual",
        }
    }

    /// The method of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }

    /// Whether the batch becomes one file for a bank, which pays it whole, rather than one order after another.
    #[must_use]
    pub const fn is_file(self) -> bool {
        matches!(self, Self::Pain001 | Self::Nacha)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_form_in_serde() {
        for method in Method::ALL {
            assert_eq!(serde_json::to_value(method).unwrap(), method.name());
            assert_eq!(Method::named(method.name()), Some(method));
        }
        assert_eq!(Method::named("Pain001"), None);
    }
}
