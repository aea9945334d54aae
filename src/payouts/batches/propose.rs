use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use chrono::{Days, NaiveDate};
use guildhall_incentivize::api::lock_ledger;
use guildhall_kernel::{Currency, OrgId, PayoutBatchId, UserId};
use guildhall_spine::{
    App,
    access::{May, right},
    db::Tx,
    event,
    http::{Checks, Command, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::events::{BatchNow, BatchProposed};
use super::rules::{Terms, judge};
use super::store::{self, Proposal};
use super::{PayoutBatch, SkipReason, gather};
use crate::{
    codes,
    conditions::RepeatKey,
    method::{Named, PayMethod},
    settings,
};

/// A batch to be proposed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PayoutBatchDraft {
    /// The currency of its payouts (ISO 4217).
    #[schema(value_type = String, example = "EUR")]
    currency: Currency,
    /// How it is to be paid; payees whose destination it doesn't reach are left out.
    method: PayMethod,
    /// The day on which the bank is to pay: today, or up to 90 days ahead.
    execution_date: NaiveDate,
    /// Only what is owed to these partners, 1 to 1000 of them; all without.
    #[serde(default)]
    partner_ids: Option<BTreeSet<OrgId>>,
    /// A note for who approves it, 1 to 500 characters.
    #[serde(default)]
    note: Option<String>,
}

impl Validate for PayoutBatchDraft {
    fn validate(&self, checks: &mut Checks) {
        if let Some(partners) = &self.partner_ids {
            let some = (1..=1000).contains(&partners.len());
            checks.check(
                some,
                "/partner_ids",
                "length",
                "must name 1 to 1000 partners, or be left out for all",
            );
        }
        if let Some(note) = &self.note {
            checks.text("/note", note, 1, 500, true);
        }
        let dollars = self.method != PayMethod::Nacha || self.currency == Currency::USD;
        checks.check(dollars, "/currency", "currency", "must be USD: ACH moves nothing else");
    }
}

impl PayoutBatchDraft {
    pub(super) fn check_date(&self, today: NaiveDate) -> Result<(), Problem> {
        let last = today.checked_add_days(Days::new(90)).unwrap_or(today);
        if (today..=last).contains(&self.execution_date) {
            return Ok(());
        }
        let message = format!("must be from today, {today}, to {last}");
        Err(Problem::field("/execution_date", "range", message))
    }
}

/// Propose a batch of payouts
///
/// Takes all payable earnings of the currency, and approved ones that have rested, and makes one payout of the positive and
/// negative lines of each payee. Who is owed nothing, less than a minimum, or can't be paid is left out, with the reason, and
/// what it is owed stays payable. Another person approves the batch before it is executed. When nobody is left, 409
/// `nothing_to_pay` says how many were left out for which reason.
#[utoipa::path(post, path = "/api/v1/payout-batches", operation_id = "proposePayoutBatch", tag = "payouts",
    security(("bearer" = ["payouts:prepare"])),
    params(("Idempotency-Key" = String, Header, description = "makes a repeated request safe; needed here", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = PayoutBatchDraft, example = json!({"currency": "EUR", "method": "pain001", "execution_date": "2026-11-27", "note": "November commissions"})),
    responses((status = 201, description = "the batch", body = PayoutBatch, headers(
        ("ETag" = String, description = "its version"), ("Location" = String, description = "its address")))))]
pub(super) async fn propose_payout_batch(
    State(app): State<App>,
    May { actor, org, .. }: May<right::PayoutPrepare>,
    key: RepeatKey,
    command: Command<PayoutBatchDraft>,
) -> Result<Reply, Problem> {
    key.required()?;
    let by = actor.require_user()?;
    let (draft, mut command) = command.take();
    draft.check_date(app.clock.now().date_naive())?;
    let batch = propose(&mut command.tx, org.id, by, &draft).await?;
    let proposed = BatchProposed(BatchNow::from(&batch));
    event::append(&mut command.tx, &actor.origin(), batch.id, &[org.id.uuid()], &proposed).await?;
    let reply = Reply::created(&format!("/api/v1/payout-batches/{}", batch.id), &batch)?;
    command.commit(reply.version(batch.version)).await
}

pub(super) async fn propose(
    tx: &mut Tx,
    vendor: OrgId,
    by: UserId,
    draft: &PayoutBatchDraft,
) -> Result<PayoutBatch, Problem> {
    let id: PayoutBatchId = tx.new_id();
    let today = tx.now().date_naive();
    lock_ledger(tx, &BTreeSet::from([vendor])).await?;
    gather::ripen(tx, id, vendor, draft.currency, today).await?;
    let (minimum, fee) = settings::minimum_and_fee(tx, vendor, draft.currency).await?;
    let terms = Terms {
        method: draft.method,
        currency: draft.currency,
        now: tx.now(),
        minimum,
        fee,
    };
    let owed = gather::owed(tx, vendor, draft.currency, draft.partner_ids.as_ref(), today).await?;
    let (mut paid, mut skipped) = (Vec::new(), Vec::new());
    for one in &owed {
        match judge(one, &terms) {
            Ok((profile, amounts)) => paid.push((one, profile, amounts)),
            Err(reason) => skipped.push((one, reason)),
        }
    }
    if paid.is_empty() {
        return Err(nobody(skipped.iter().map(|(_, reason)| *reason)));
    }
    let proposal = Proposal {
        id,
        vendor,
        by,
        currency: draft.currency.code(),
        method: draft.method,
        execution_date: draft.execution_date,
        note: draft.note.as_deref(),
        paid: &paid,
        skipped: &skipped,
    };
    store::insert(tx, &proposal).await
}

fn nobody(reasons: impl Iterator<Item = SkipReason>) -> Problem {
    let mut counts = BTreeMap::<&str, u32>::new();
    for reason in reasons {
        *counts.entry(reason.as_str()).or_default() += 1;
    }
    let told: Vec<String> = counts
        .iter()
        .map(|(reason, count)| format!("{reason}: {count}"))
        .collect();
    let detail = match told.is_empty() {
        true => "No earning of this currency is payable: approve earnings, or wait until they have rested.".to_owned(),
        false => format!("Everybody who is owed something is left out ({}).", told.join(", ")),
    };
    let counts: serde_json::Map<_, _> = counts
        .into_iter()
        .map(|(reason, count)| (reason.to_owned(), count.into()))
        .collect();
    Problem::new(codes::NOTHING_TO_PAY, detail).with("skipped", counts)
}
