//! The life of a lead: which moves are legal from which stage, and whose they are.

use guildhall_spine::{
    access::{OrgKind, Permission, Permissions},
    http::{Problem, code},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a lead stands. Stored as its snake-case name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = LeadStage)]
pub enum Stage {
    /// It looks like spam; nobody is offered it until the vendor releases it.
    Quarantined,
    /// No partner has it.
    New,
    /// Partners are asked whether they take it.
    Offered,
    /// A partner took it and owes the customer a first contact.
    Accepted,
    /// The partner has spoken with the customer.
    Contacted,
    /// There is something to sell.
    Qualified,
    /// A deal was registered. Final.
    Converted,
    /// The partner gave it back, and no other was found yet.
    Returned,
    /// Nothing will come of it.
    Disqualified,
}

impl Stage {
    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quarantined => "quarantined",
            Self::New => "new",
            Self::Offered => "offered",
            Self::Accepted => "accepted",
            Self::Contacted => "contacted",
            Self::Qualified => "qualified",
            Self::Converted => "converted",
            Self::Returned => "returned",
            Self::Disqualified => "disqualified",
        }
    }

    /// The moves that are legal from here.
    #[must_use]
    pub const fn legal_moves(self) -> &'static [Move] {
        match self {
            Self::Quarantined => &[Move::Release, Move::Discard],
            Self::New | Self::Returned => &[Move::Assign, Move::Discard],
            Self::Offered => &[Move::Accept, Move::Decline, Move::Assign, Move::PullBack, Move::Discard],
            Self::Accepted => &[
                Move::Contact,
                Move::Qualify,
                Move::Convert,
                Move::Disqualify,
                Move::Return,
                Move::Assign,
                Move::PullBack,
            ],
            Self::Contacted => &[
                Move::Qualify,
                Move::Convert,
                Move::Disqualify,
                Move::Return,
                Move::Assign,
                Move::PullBack,
            ],
            Self::Qualified => &[
                Move::Convert,
                Move::Disqualify,
                Move::Return,
                Move::Assign,
                Move::PullBack,
            ],
            Self::Disqualified => &[Move::Assign],
            Self::Converted => &[],
        }
    }

    /// # Errors
    /// 409 that names the moves that somebody of this kind of company with these permissions could make.
    pub(in crate::leads) fn accept(self, attempted: Move, kind: OrgKind, may: Permissions) -> Result<(), Problem> {
        if self.legal_moves().contains(&attempted) {
            return Ok(());
        }
        let legal = Move::open_to(self, kind, may);
        let names: Vec<String> = legal.iter().map(|legal| legal.as_str().to_owned()).collect();
        let advice = match names.as_slice() {
            [] => "its next move is not yours".to_owned(),
            names => format!("legal moves are {}", names.join(", ")),
        };
        let detail = format!(
            "A lead that is {} does not accept the move {}; {advice}.",
            self.as_str(),
            attempted.as_str()
        );
        Err(Problem::new(code::ILLEGAL_MOVE, detail).with("legal", names))
    }
}

/// What somebody does to a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LeadMove)]
pub enum Move {
    /// The vendor says that it is no spam.
    Release,
    /// The vendor gives it to a partner, or to whom the rules choose.
    Assign,
    /// The vendor takes it away from the partner.
    PullBack,
    /// The vendor gives it up.
    Discard,
    /// A partner takes it.
    Accept,
    /// A partner does not want it.
    Decline,
    /// The partner has spoken with the customer.
    Contact,
    /// The partner found that there is something to sell.
    Qualify,
    /// The partner found that nothing will come of it.
    Disqualify,
    /// The partner gives it back for another.
    Return,
    /// The partner registers a deal.
    Convert,
}

impl Move {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Assign => "assign",
            Self::PullBack => "pull_back",
            Self::Discard => "discard",
            Self::Accept => "accept",
            Self::Decline => "decline",
            Self::Contact => "contact",
            Self::Qualify => "qualify",
            Self::Disqualify => "disqualify",
            Self::Return => "return",
            Self::Convert => "convert",
        }
    }

    const fn side(self) -> OrgKind {
        match self {
            Self::Release | Self::Assign | Self::PullBack | Self::Discard => OrgKind::Vendor,
            Self::Accept
            | Self::Decline
            | Self::Contact
            | Self::Qualify
            | Self::Disqualify
            | Self::Return
            | Self::Convert => OrgKind::Partner,
        }
    }

    const fn permission(self) -> Permission {
        match self.side() {
            OrgKind::Vendor => Permission::LeadManage,
            OrgKind::Partner => Permission::LeadWork,
        }
    }

    /// The moves that somebody of this kind of company with these permissions may make on a lead of this stage.
    #[must_use]
    pub fn open_to(stage: Stage, kind: OrgKind, may: Permissions) -> Vec<Self> {
        let open = |made: &Self| made.side() == kind && may.contains(made.permission());
        stage.legal_moves().iter().copied().filter(open).collect()
    }
}

#[cfg(test)]
mod tests {
    use guildhall_spine::access::Role;

    use super::*;

    #[test]
    fn what_is_over_stays_over() {
        assert!(Stage::Converted.legal_moves().is_empty());
        assert_eq!(Stage::Disqualified.legal_moves(), [Move::Assign]);
    }

    #[test]
    fn each_side_is_told_of_its_own_moves() {
        let (vendor, partner) = (Role::VendorAdmin.permissions(), Role::PartnerSales.permissions());
        assert_eq!(
            Move::open_to(Stage::Offered, OrgKind::Partner, partner),
            [Move::Accept, Move::Decline]
        );
        assert_eq!(
            Move::open_to(Stage::Offered, OrgKind::Vendor, vendor),
            [Move::Assign, Move::PullBack, Move::Discard]
        );
        let refused = Stage::Contacted.accept(Move::Accept, OrgKind::Partner, partner);
        assert!(refused.unwrap_err().to_string().contains("legal moves are qualify"));
    }
}
