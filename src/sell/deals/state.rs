//! The life of a registered deal: which moves are legal from which status.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[cfg(test)]
mod tests;

/// Where a registered deal stands. Stored as its snake-case name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum DealStatus {
    /// The vendor has it and owes an answer.
    Submitted,
    /// The vendor asked a question; the partner owes an answer.
    InfoRequested,
    /// The partner's claim on the customer is protected.
    Approved,
    /// The vendor refused the claim. The partner may appeal.
    Rejected,
    /// The partner objects to the refusal; the vendor owes a second answer.
    Appealed,
    /// The partner gave the claim up. Final.
    Withdrawn,
    /// The protection ran out. Final.
    Expired,
    /// The customer asked to be released from the partner's protection. Final.
    Released,
    /// The customer bought. Final.
    Won,
    /// The customer did not buy. Final.
    Lost,
}

impl DealStatus {
    /// Every status, in the order of a deal's life.
    pub const ALL: [Self; 10] = [
        Self::Submitted,
        Self::InfoRequested,
        Self::Approved,
        Self::Rejected,
        Self::Appealed,
        Self::Withdrawn,
        Self::Expired,
        Self::Released,
        Self::Won,
        Self::Lost,
    ];

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::InfoRequested => "info_requested",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Appealed => "appealed",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
            Self::Released => "released",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }

    /// Whether the deal still claims its customer, and so can conflict with another deal.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Submitted | Self::InfoRequested | Self::Approved)
    }

    /// The moves that [`apply`] accepts from here; none when the status is final.
    #[must_use]
    pub const fn legal_moves(self) -> &'static [Move] {
        match self {
            Self::Submitted => &[Move::Approve, Move::Reject, Move::RequestInfo, Move::Withdraw],
            Self::InfoRequested => &[Move::Resubmit, Move::Reject, Move::Withdraw],
            Self::Approved => &[Move::Win, Move::Lose, Move::Release, Move::Withdraw, Move::Expire],
            Self::Rejected => &[Move::Appeal],
            Self::Appealed => &[Move::Approve, Move::Reject, Move::Withdraw],
            Self::Withdrawn | Self::Expired | Self::Released | Self::Won | Self::Lost => &[],
        }
    }
}

impl fmt::Display for DealStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What somebody, or the clock, does to a deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DealMove)]
pub enum Move {
    /// The vendor grants the claim.
    Approve,
    /// The vendor refuses the claim.
    Reject,
    /// The vendor asks the partner for more.
    RequestInfo,
    /// The partner answers the vendor's question.
    Resubmit,
    /// The partner gives the claim up.
    Withdraw,
    /// The protection period ends.
    Expire,
    /// The partner objects to the refusal.
    Appeal,
    /// The vendor ends the protection at the customer's request.
    Release,
    /// The vendor records that the customer bought.
    Win,
    /// Either side records that the customer did not buy.
    Lose,
}

impl Move {
    /// Every move.
    pub const ALL: [Self; 10] = [
        Self::Approve,
        Self::Reject,
        Self::RequestInfo,
        Self::Resubmit,
        Self::Withdraw,
        Self::Expire,
        Self::Appeal,
        Self::Release,
        Self::Win,
        Self::Lose,
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::RequestInfo => "request_info",
            Self::Resubmit => "resubmit",
            Self::Withdraw => "withdraw",
            Self::Expire => "expire",
            Self::Appeal => "appeal",
            Self::Release => "release",
            Self::Win => "win",
            Self::Lose => "lose",
        }
    }

    pub(super) const fn target(self) -> DealStatus {
        match self {
            Self::Approve => DealStatus::Approved,
            Self::Reject => DealStatus::Rejected,
            Self::RequestInfo => DealStatus::InfoRequested,
            Self::Resubmit => DealStatus::Submitted,
            Self::Withdraw => DealStatus::Withdrawn,
            Self::Expire => DealStatus::Expired,
            Self::Appeal => DealStatus::Appealed,
            Self::Release => DealStatus::Released,
            Self::Win => DealStatus::Won,
            Self::Lose => DealStatus::Lost,
        }
    }
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A move that the deal's status does not allow; answered as a 409 that lists the legal ones.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a deal that is {from} does not accept the move {attempted}; {}", advice(*.from, .legal))]
pub struct IllegalMove {
    /// The status that the deal is in.
    pub from: DealStatus,
    /// The move that was refused.
    pub attempted: Move,
    /// The moves that would be accepted, of whom it is said to; empty when there is none.
    pub legal: Vec<Move>,
}

fn advice(from: DealStatus, legal: &[Move]) -> String {
    if from.legal_moves().is_empty() {
        return "this status is final: register a new deal instead".to_owned();
    }
    if legal.is_empty() {
        return "its next move is not yours".to_owned();
    }
    let names: Vec<&str> = legal.iter().map(|m| m.as_str()).collect();
    format!("legal moves are {}", names.join(", "))
}

/// The status that a deal has after a move.
///
/// # Errors
/// [`IllegalMove`], naming the legal moves, when the status does not accept it.
pub fn apply(status: DealStatus, attempted: Move) -> Result<DealStatus, IllegalMove> {
    let legal = status.legal_moves();
    if legal.contains(&attempted) {
        Ok(attempted.target())
    } else {
        Err(IllegalMove {
            from: status,
            attempted,
            legal: legal.to_vec(),
        })
    }
}
