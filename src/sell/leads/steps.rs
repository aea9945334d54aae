//! What partners do with leads, for those who tell of it from elsewhere.

use chrono::NaiveDate;
use guildhall_kernel::{LeadId, OrgId, UserId};
use guildhall_spine::{
    access::{OrgKind, Permissions},
    db::Tx,
    event::Origin,
    http::Problem,
};

use super::lead::{
    events::{LeadContacted, LeadQualified, announce},
    rows,
    stage::{Move, Stage},
};
use super::offers::{
    accept::accept,
    convert::{LeadConversion, convert},
    decline::turn_down,
    give_back::give_back,
    rows::Answer,
    work::{give_up, go_on},
};

/// A partner's step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeadStep {
    /// It takes the lead.
    Accept,
    /// It doesn't want it, for one of the reasons that the API takes.
    Decline(&'static str),
    /// It has spoken with the customer.
    Contact,
    /// There is something to sell.
    Qualify,
    /// Nothing will come of it, for one of the reasons that the API takes.
    Disqualify(&'static str),
    /// It gives the lead back, for one of the reasons that the API takes.
    Return(&'static str),
    /// It registers a deal of what the lead says, which closes on that day.
    Convert(NaiveDate),
}

impl LeadStep {
    const fn attempted(self) -> Move {
        match self {
            Self::Accept => Move::Accept,
            Self::Decline(_) => Move::Decline,
            Self::Contact => Move::Contact,
            Self::Qualify => Move::Qualify,
            Self::Disqualify(_) => Move::Disqualify,
            Self::Return(_) => Move::Return,
            Self::Convert(_) => Move::Convert,
        }
    }
}

/// Takes a step for somebody of the partner that is asked about the lead, or has it, as the API does.
///
/// # Errors
/// What the API would answer.
pub async fn take_step(
    tx: &mut Tx,
    lead: LeadId,
    (partner, user): (OrgId, UserId),
    step: LeadStep,
) -> Result<(), Problem> {
    let origin = Origin {
        user_id: Some(user),
        organisation_id: Some(partner),
        ..Origin::default()
    };
    let vendor = rows::vendor_of(tx, lead).await?.ok_or_else(Problem::not_found)?;
    rows::take_turns(tx, vendor).await?;
    let lead = rows::lock(tx, lead).await?;
    let (by, user) = ((partner, Some(user)), Some(user));
    let answer = |by, reason| Answer {
        by,
        reason: Some(reason),
        note: None,
    };
    lead.stage
        .accept(step.attempted(), OrgKind::Partner, Permissions::default())?;
    match step {
        LeadStep::Accept => accept(tx, &origin, lead, by).await,
        LeadStep::Decline(reason) => turn_down(tx, &origin, lead, partner, &answer(user, reason)).await,
        LeadStep::Contact => {
            let facts = go_on(tx, lead, partner, Stage::Contacted).await?;
            announce::<LeadContacted>(tx, &origin, facts).await
        }
        LeadStep::Qualify => {
            let facts = go_on(tx, lead, partner, Stage::Qualified).await?;
            announce::<LeadQualified>(tx, &origin, facts).await
        }
        LeadStep::Disqualify(reason) => give_up(tx, &origin, lead, partner, (reason, None)).await,
        LeadStep::Return(reason) => give_back(tx, &origin, lead, partner, &answer(None, reason)).await,
        LeadStep::Convert(close) => {
            let converted = convert(tx, &origin, lead, by, LeadConversion::by(close)).await;
            converted.map(drop)
        }
    }
}
