//! What earnings are, why they came to be and where they stand.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ledger::AccountKind;

macro_rules! named {
    ($(#[$doc:meta])* $type:ident as $schema:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema, JsonSchema,
            sqlx::Type,
        )]
        #[serde(rename_all = "snake_case")]
        #[sqlx(type_name = "text", rename_all = "snake_case")]
        #[schema(as = $schema)]
        pub enum $type { $($(#[$variant_doc])* $variant,)* }

        impl $type {
            /// The name on the wire and in the database.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

named! {
    /// What an earning is.
    Kind as EarningKind {
        /// A part of what a sale brought.
        Commission = "commission",
        /// A part of what a period brought.
        Rebate = "rebate",
        /// A reward for a push of a time.
        Spiff = "spiff",
        /// A reward for a goal or a place in a contest.
        Bonus = "bonus",
        /// Marketing costs that are given back.
        Mdf = "mdf",
        /// Put right by hand.
        Adjustment = "adjustment",
    }
}

named! {
    /// Why a line came to be.
    Cause as EarningCause {
        /// A sale.
        Sale = "sale",
        /// A refund, a chargeback, or a chargeback that was won.
        Reversal = "reversal",
        /// The sale was told anew, or its credit shared anew.
        Correction = "correction",
        /// Earnings were computed anew.
        Recalculation = "recalculation",
        /// The year brought more than its quarters.
        TrueUp = "true_up",
        /// A place in a contest.
        Prize = "prize",
        /// A claim with proof.
        Claim = "claim",
        /// Two people's decision.
        Adjustment = "adjustment",
        /// Marketing costs.
        Reimbursement = "reimbursement",
    }
}

named! {
    /// Where a line stands.
    Status as EarningStatus {
        /// Earned, and not approved.
        Accrued = "accrued",
        /// Kept back.
        Held = "held",
        /// Approved, and resting until its day.
        Approved = "approved",
        /// Waits for the next payout.
        Payable = "payable",
        /// In a batch of payouts.
        InPayout = "in_payout",
        /// Paid.
        Paid = "paid",
    }
}

impl Status {
    /// The account of the payee that its amount stands in.
    #[must_use]
    pub const fn account(self) -> AccountKind {
        match self {
            Self::Accrued => AccountKind::Accrued,
            Self::Held => AccountKind::Held,
            Self::Approved => AccountKind::Approved,
            Self::Payable | Self::InPayout => AccountKind::Payable,
            Self::Paid => AccountKind::Paid,
        }
    }
}
