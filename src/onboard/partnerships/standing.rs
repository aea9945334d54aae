//! Where a partnership is in its life, and at which level.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a partnership is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum PartnershipStatus {
    /// The vendor has asked, the partner hasn't answered yet.
    Invited,
    /// Both do business.
    Active,
    /// Paused by the vendor.
    Suspended,
    /// Over, declined by the partner, or taken back by the vendor.
    Ended,
}

/// The level of a partner in a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Tier {
    /// Signed up.
    Registered,
    /// The first level that is earned.
    Silver,
    /// The second.
    Gold,
    /// The highest.
    Platinum,
}

impl PartnershipStatus {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Ended => "ended",
        }
    }

    /// The statuses that the vendor may move a partnership to from here. From `invited` to `active` only the partner
    /// moves it, by accepting.
    #[must_use]
    pub const fn moves(self) -> &'static [Self] {
        match self {
            Self::Invited => &[Self::Ended],
            Self::Active => &[Self::Suspended, Self::Ended],
            Self::Suspended => &[Self::Active, Self::Ended],
            Self::Ended => &[],
        }
    }
}

impl Tier {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Silver => "silver",
            Self::Gold => "gold",
            Self::Platinum => "platinum",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_partner_takes_up_an_invitation_and_an_ended_partnership_stays_ended() {
        assert!(!PartnershipStatus::Invited.moves().contains(&PartnershipStatus::Active));
        assert!(
            PartnershipStatus::Suspended
                .moves()
                .contains(&PartnershipStatus::Active)
        );
        assert!(PartnershipStatus::Ended.moves().is_empty());
    }
}
