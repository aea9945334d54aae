use guildhall_kernel::{ConflictCaseId, DealId, OrgId, UserId, entity, parse_decimal};
use guildhall_spine::{
    access::{May, right},
    db::Tx,
    event,
    http::{self, Checks, Command, IfMatch, PathId, Problem, Reply, Validate},
};
use rust_decimal::Decimal;
use serde::Deserialize;
use utoipa::ToSchema;

use super::CaseDecision;
use super::read::{CaseStatus, ConflictCase, load};
use super::settle::{self, Settlement};
use crate::deals::notices::{AgreedShare, ConflictDecided};
use crate::deals::rows;
use crate::deals::wire::RejectReason;

/// A part of the credit.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::deals) struct ConflictShare {
    /// The registration of the partner who gets it.
    deal_id: DealId,
    /// In percent, above 0, with at most two decimals.
    #[schema(example = "60")]
    percent: String,
}

/// How a case is settled.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::deals) struct ConflictSettlement {
    /// How.
    decision: CaseDecision,
    /// The registration that protects the customer; for `split_credit` and `co_sell`.
    #[serde(default)]
    winner_deal_id: Option<DealId>,
    /// Each partner's part of the credit, for `split_credit` and `co_sell`: two at least, that of the winner among
    /// them, 100 percent together.
    #[serde(default)]
    #[schema(max_items = 20)]
    shares: Vec<ConflictShare>,
    /// Why all are refused; for `reject`.
    #[serde(default)]
    reason: Option<RejectReason>,
    /// Approved registrations outside the case that the winner may stand beside, at most 50.
    #[serde(default)]
    #[schema(max_items = 50)]
    acknowledged_conflicts: Vec<DealId>,
    /// Why, for the vendor, 1 to 2000 characters.
    #[serde(default)]
    note: Option<String>,
}

impl ConflictSettlement {
    const fn shares_credit(&self) -> bool {
        matches!(self.decision, CaseDecision::SplitCredit | CaseDecision::CoSell)
    }

    /// The parts, in percent.
    fn parts(&self) -> Vec<(DealId, Option<Decimal>)> {
        let percent = |text: &str| {
            let percent = parse_decimal(text).ok()?;
            (percent > Decimal::ZERO && percent <= Decimal::ONE_HUNDRED && percent.scale() <= 2).then_some(percent)
        };
        self.shares
            .iter()
            .map(|share| (share.deal_id, percent(&share.percent)))
            .collect()
    }

    fn check_shares(&self, checks: &mut Checks) {
        let parts = self.parts();
        for (place, (deal, percent)) in parts.iter().enumerate() {
            let pointer = format!("/shares/{place}/percent");
            checks.check(
                percent.is_some(),
                &pointer,
                "range",
                "must be above 0 and at most 100, with two decimals",
            );
            let twice = parts.iter().take(place).any(|(other, _)| other == deal);
            checks.check(
                !twice,
                &format!("/shares/{place}/deal_id"),
                "taken",
                "has a part already",
            );
        }
        let sum: Decimal = parts.iter().filter_map(|(_, percent)| *percent).sum();
        let whole = sum == Decimal::ONE_HUNDRED;
        checks.check(whole, "/shares", "sum", "must be 100 percent together");
        let both = (2..=20).contains(&parts.len()) && parts.iter().any(|(deal, _)| Some(*deal) == self.winner_deal_id);
        checks.check(
            both,
            "/shares",
            "length",
            "must be two at least, that of the winner among them",
        );
    }
}

impl Validate for ConflictSettlement {
    fn validate(&self, checks: &mut Checks) {
        if let Some(note) = &self.note {
            checks.text("/note", note, 1, 2000, true);
        }
        match (self.winner_deal_id, self.shares_credit()) {
            (None, true) => checks.refuse(
                "/winner_deal_id",
                "missing",
                "is needed: one registration protects the customer",
            ),
            (Some(_), false) => {
                let message = "goes with split_credit and co_sell: first_wins finds the winner, reject has none";
                checks.refuse("/winner_deal_id", "choice", message);
            }
            _ => {}
        }
        if self.shares_credit() {
            self.check_shares(checks);
        } else {
            checks.check(
                self.shares.is_empty(),
                "/shares",
                "choice",
                "go with split_credit and co_sell",
            );
        }
        let reasoned = self.reason.is_some() == (self.decision == CaseDecision::Reject);
        checks.check(reasoned, "/reason", "choice", "goes with reject, and is needed there");
        let few = self.acknowledged_conflicts.len() <= 50;
        checks.check(few, "/acknowledged_conflicts", "length", "must have at most 50 ids");
    }
}

/// Settle a conflict case
///
/// For the vendor. One registration protects the customer, or none; the others are refused with a reason, in one step.
/// A winner whose approvers have not all approved goes on in its chain. From now on one of the registrations can be
/// approved at most (`opportunity_protected`).
#[utoipa::path(post, path = "/api/v1/conflict-cases/{id}/decide", operation_id = "decideConflictCase", tag = "conflict desk",
    security(("bearer" = ["deals:decide"])),
    params(("id" = ConflictCaseId, Path, description = "the case"),
        ("If-Match" = String, Header, description = "the ETag of the case that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = ConflictSettlement, examples(
        ("first_wins" = (summary = "The first registration protects the customer", value = json!({
            "decision": "first_wins", "note": "Registered three weeks earlier."}))),
        ("split_credit" = (summary = "One protects the customer, and the credit is shared", value = json!({
            "decision": "split_credit", "winner_deal_id": "deal_01kaqv6r3gf5ht2x0m8c9ezw4n",
            "shares": [{"deal_id": "deal_01kaqv6r3gf5ht2x0m8c9ezw4n", "percent": "60"},
                {"deal_id": "deal_01kaqv6r3gf5ht2x0m8c9ezw4p", "percent": "40"}]}))))),
    responses((status = 200, description = "the case as it is now", body = ConflictCase, headers(("ETag" = String)))))]
#[expect(clippy::too_many_lines, reason = "one step after the other, in one transaction")]
pub(in crate::deals) async fn decide_conflict_case(
    may: May<right::DealDecide>,
    PathId(id): PathId<entity::ConflictCase>,
    if_match: IfMatch,
    command: Command<ConflictSettlement>,
) -> Result<Reply, Problem> {
    let (body, mut command) = command.take();
    let (tx, vendor) = (&mut command.tx, may.org.id);
    rows::take_turns(tx, vendor).await?;
    sqlx::query!(
        "SELECT id FROM conflict_case WHERE id = $1 FOR NO KEY UPDATE",
        id.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?;
    let case = load(tx, vendor, id).await?.ok_or_else(Problem::not_found)?;
    if_match.check(case.version)?;
    if case.status != CaseStatus::Open {
        let detail = "The case is decided.";
        return Err(Problem::new(http::code::ILLEGAL_MOVE, detail).with("legal", Vec::<String>::new()));
    }
    refuse_strangers(tx, vendor, &body.acknowledged_conflicts).await?;
    let settlement = Settlement {
        case: id,
        decision: body.decision,
        winner: body.winner_deal_id,
        shares: body
            .parts()
            .into_iter()
            .filter_map(|(deal, part)| Some((deal, part?)))
            .collect(),
        reason: body.reason,
        acknowledged: &body.acknowledged_conflicts,
        by: may.actor.user,
    };
    let origin = may.actor.origin();
    let settled = settle::settle(tx, &origin, vendor, &settlement).await?;
    let now = tx.now();
    sqlx::query!(
        "UPDATE conflict_case SET status = 'decided', decision = $2, winner_deal_id = $3, note = $4, decided_by = $5,
                decided_at = $6, version = version + 1, updated_at = $6 WHERE id = $1",
        id.uuid(),
        body.decision.as_str(),
        settled.winner.map(DealId::uuid),
        body.note,
        may.actor.user.map(UserId::uuid),
        now,
    )
    .execute(&mut **tx)
    .await?;
    let share = |(deal_id, partner_id, percent): &(DealId, _, Decimal)| AgreedShare {
        deal_id: *deal_id,
        partner_id: *partner_id,
        percent: percent.to_string(),
    };
    let decided = ConflictDecided {
        case_id: id,
        vendor_id: vendor,
        decision: body.decision,
        winner_deal_id: settled.winner,
        shares: settled.shares.iter().map(share).collect(),
        note: body.note,
    };
    event::append(tx, &origin, id, &[vendor.uuid()], &decided).await?;
    let case = load(tx, vendor, id).await?.ok_or_else(Problem::not_found)?;
    let reply = Reply::ok(&case)?.version(case.version);
    command.commit(reply).await
}

async fn refuse_strangers(tx: &mut Tx, vendor: OrgId, acknowledged: &[DealId]) -> Result<(), Problem> {
    let ids: Vec<_> = acknowledged.iter().map(|id| id.uuid()).collect();
    let strange = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM unnest($2::uuid[]) i (id)
                          WHERE NOT EXISTS (SELECT FROM deal d WHERE d.id = i.id AND d.vendor_id = $1)) AS "strange!""#,
        vendor.uuid(),
        &ids,
    )
    .fetch_one(&mut **tx)
    .await?;
    if strange {
        let message = "must be ids of deals of your program";
        return Err(Problem::field("/acknowledged_conflicts", "unknown_conflict", message));
    }
    Ok(())
}
