use chrono::{Days, NaiveDate};
use guildhall_kernel::{DealId, Money, OrgId, UserId};
use guildhall_spine::{
    access::Permission,
    db::Tx,
    event::Origin,
    http::{self, Checks, Command, IfMatch, Problem, Reply, Validate},
};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::ClosableDeal;
use super::decide;
use super::events::{DealLost, DealWon, announce};
use super::rows::{self, Ending, Locked};
use super::state::{self, Move};
use super::wire::{CloseReason, Deal};
use crate::credit;

/// Whether the customer bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DealOutcome)]
pub enum Outcome {
    /// It did.
    Won,
    /// It did not.
    Lost,
}

/// How a deal ends.
#[derive(Clone, Debug)]
pub struct Close {
    /// Whether the customer bought.
    pub outcome: Outcome,
    /// When.
    pub on: NaiveDate,
    /// What it was closed at in the deal's currency, when that is not the sum of the lines.
    pub amount: Option<Decimal>,
    /// Why.
    pub reason: Option<CloseReason>,
    /// For both sides.
    pub note: Option<String>,
    /// Who says so; `None` for an integration.
    pub by: Option<UserId>,
}

/// The end of a deal.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealClose)]
pub(super) struct DealEnd {
    /// Whether the customer bought. A partner may say that it did not; that it did is for the vendor to say.
    outcome: Outcome,
    /// When the customer bought, or said no: not in the future, at most a year ago. Today when left out.
    #[serde(default)]
    on: Option<NaiveDate>,
    /// What it was closed at, when that is not the sum of the lines; for a won deal only.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "13980.00")]
    amount: Option<String>,
    /// Why; needed for a lost deal.
    #[serde(default)]
    reason: Option<CloseReason>,
    /// For both sides, 1 to 2000 characters; needed for the reason `other`.
    #[serde(default)]
    note: Option<String>,
}

impl Validate for DealEnd {
    fn validate(&self, checks: &mut Checks) {
        if let Some(note) = &self.note {
            checks.text("/note", note, 1, 2000, true);
        }
        let said = self.reason != Some(CloseReason::Other) || self.note.is_some();
        checks.check(said, "/note", "missing", "is needed for the reason other");
        let explained = self.outcome == Outcome::Won || self.reason.is_some();
        checks.check(explained, "/reason", "missing", "is needed for a lost deal");
        let priced = self.outcome == Outcome::Won || self.amount.is_none();
        checks.check(priced, "/amount", "not_allowed", "goes with a won deal only");
    }
}

/// Close a deal
///
/// Records that the customer bought, or that it did not. The vendor says that a deal is won; either side may say that it
/// is lost. Final: earnings are made of it.
#[utoipa::path(post, path = "/api/v1/deals/{id}/close", operation_id = "closeDeal", tag = "deals",
    security(("bearer" = ["pipeline:move"])),
    params(
        ("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the deal that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = DealEnd, example = json!({"outcome": "won", "amount": "13500.00", "reason": "product"})),
    responses((status = 200, description = "the closed deal", body = Deal, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn close_deal(
    ClosableDeal(reached): ClosableDeal,
    if_match: IfMatch,
    command: Command<DealEnd>,
) -> Result<Reply, Problem> {
    let (end, mut command) = command.take();
    if end.outcome == Outcome::Won {
        reached.actor.require(Permission::DealDecide)?;
    }
    let (deal, _) = decide::lock(&mut command, &reached, &if_match, end.outcome.made_by()).await?;
    let close = end.check(&mut command.tx, &deal, reached.actor.user).await?;
    end_deal(&mut command.tx, &reached.actor.origin(), &deal, &close).await?;
    decide::answer(command, &reached, deal.id).await
}

impl DealEnd {
    async fn check(self, tx: &mut Tx, deal: &Locked, by: Option<UserId>) -> Result<Close, Problem> {
        let today = tx.now().date_naive();
        let on = self.on.unwrap_or(today);
        let mut checks = Checks::default();
        // One day of grace: east of Greenwich it is tomorrow already.
        let near = on <= today + Days::new(1) && on >= today - Days::new(366);
        checks.check(
            near,
            "/on",
            "date",
            "must not be in the future nor more than a year ago",
        );
        let currency = rows::currency(tx, deal.id).await?;
        let amount = self.amount.as_deref();
        let amount = amount.and_then(|text| checks.money("/amount", text, currency));
        checks.done()?;
        Ok(Close {
            outcome: self.outcome,
            on,
            amount,
            reason: self.reason,
            note: self.note,
            by,
        })
    }
}

impl Outcome {
    const fn made_by(self) -> Move {
        match self {
            Self::Won => Move::Win,
            Self::Lost => Move::Lose,
        }
    }
}

/// What there was to close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// It is closed now.
    Now,
    /// It was closed before, in the same way.
    Before,
}

/// Closes a deal of `vendor` as part of `tx`, whatever its version: for an integration that heard of it elsewhere.
///
/// # Errors
/// 404 if the vendor has no such deal; 409 `illegal_move` if it can't be closed from where it is; 422 for an amount that no
/// deal has.
pub async fn close(tx: &mut Tx, origin: &Origin, vendor: OrgId, id: DealId, close: &Close) -> Result<Closed, Problem> {
    let deal = rows::lock(tx, id, vendor).await?.ok_or_else(Problem::not_found)?;
    match state::apply(deal.status, close.outcome.made_by()) {
        Ok(_) => {
            let amount = settled(tx, id, close.amount).await?;
            let close = Close {
                amount,
                ..close.clone()
            };
            end_deal(tx, origin, &deal, &close).await.map(|()| Closed::Now)
        }
        Err(fault) if fault.from == close.outcome.made_by().target() => Ok(Closed::Before),
        Err(fault) => Err(Problem::new(
            http::code::ILLEGAL_MOVE,
            format!("The deal is {}.", fault.from),
        )),
    }
}

/// What another system says that a deal was closed at, in whole minor units of its currency.
async fn settled(tx: &mut Tx, id: DealId, amount: Option<Decimal>) -> Result<Option<Decimal>, Problem> {
    let Some(amount) = amount else { return Ok(None) };
    let currency = rows::currency(tx, id).await?;
    let mut checks = Checks::default();
    let rounded = amount
        .round_dp_with_strategy(Money::exponent(currency), RoundingStrategy::MidpointNearestEven)
        .normalize();
    let amount = checks.money("/amount", &rounded.to_string(), currency);
    checks.done()?;
    Ok(amount)
}

async fn end_deal(tx: &mut Tx, origin: &Origin, deal: &Locked, close: &Close) -> Result<(), Problem> {
    let ending = Ending {
        status: close.outcome.made_by().target(),
        by: close.by,
        on: close.on,
        amount: close.amount,
        reason: close.reason,
        note: close.note.as_deref(),
    };
    let written = rows::close(tx, deal, &ending).await?;
    match close.outcome {
        Outcome::Won => {
            announce::<DealWon>(tx, origin, written.facts()).await?;
            credit::lock_credit(tx, origin, deal.id).await
        }
        Outcome::Lost => announce::<DealLost>(tx, origin, written.facts()).await,
    }
}
