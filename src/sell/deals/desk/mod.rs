//! The conflict desk: registrations and direct accounts that collide are one case, that one person settles. Each partner
//! sees its own side and what became of it.

mod decide;
mod evidence;
mod open;
mod read;
mod settle;

pub(super) use decide::{__path_decide_conflict_case, decide_conflict_case};
pub(super) use evidence::{__path_give_conflict_evidence, give_conflict_evidence};
pub(super) use open::{__path_open_conflict_case, on_conflict, open_conflict_case};
pub(super) use read::{__path_get_conflict_case, __path_list_conflict_cases, get_conflict_case, list_conflict_cases};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a case is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = ConflictDecision)]
pub(super) enum CaseDecision {
    /// The registration that is protected already, or else the first one, protects the customer.
    FirstWins,
    /// One registration protects the customer, and its partner shares the credit with others.
    SplitCredit,
    /// One registration protects the customer, and its partner sells together with others.
    CoSell,
    /// None of them does.
    Reject,
}

/// What a decision means for one registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = ConflictOutcome)]
pub(super) enum PartyOutcome {
    /// It protects the customer.
    Protected,
    /// It is to protect the customer once its approvers have approved it.
    InApproval,
    /// It was refused.
    Rejected,
    /// It was refused, and its partner has a part of the credit.
    CreditShared,
    /// It was refused, and its partner sells together with the other.
    CoSell,
    /// It was over already, and stays as it was.
    Kept,
}

impl CaseDecision {
    const fn as_str(self) -> &'static str {
        match self {
            Self::FirstWins => "first_wins",
            Self::SplitCredit => "split_credit",
            Self::CoSell => "co_sell",
            Self::Reject => "reject",
        }
    }
}

impl PartyOutcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Protected => "protected",
            Self::InApproval => "in_approval",
            Self::Rejected => "rejected",
            Self::CreditShared => "credit_shared",
            Self::CoSell => "co_sell",
            Self::Kept => "kept",
        }
    }
}
