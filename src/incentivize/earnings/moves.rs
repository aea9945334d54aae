//! Approving, holding and releasing lines, with what corrects them.

use std::collections::{BTreeMap, BTreeSet};

use guildhall_kernel::{Currency, DealId, EarningId, OrgId, SaleId, UserId};
use guildhall_spine::{
    access::{May, right},
    db::Tx,
    event::{Batched, Event, Origin, append_all},
    http::{Checks, Command, Problem, Reply, Validate},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::events::{EarningApproved, EarningHeld, EarningNow, EarningPayable, EarningReleased, RewardPayable};
use super::resting::wake_at_next;
use super::{Cause, Kind, Status, code};
use crate::ledger::{self, Account, Entry, Posting};
use crate::sales::rows::in_currency;

/// Lines that are moved at once.
const MOST: usize = 1000;

/// A step in the life of a line.
#[derive(Clone, Debug)]
pub(super) enum Move {
    /// Somebody approved it.
    Approve(Option<UserId>),
    /// Its day has come.
    Rested,
    /// It is kept back, for this reason.
    Hold(String),
    /// It is kept back no longer.
    Release,
}

impl Move {
    const fn cause(&self) -> &'static str {
        match self {
            Self::Approve(_) => "approval",
            Self::Rested => "rested",
            Self::Hold(_) => "hold",
            Self::Release => "release",
        }
    }

    /// Where a line goes; nothing when the move doesn't begin where it stands.
    fn target(&self, line: &Standing, today: chrono::NaiveDate) -> Option<Status> {
        match (self, line.status) {
            (Self::Approve(_), Status::Accrued) if line.rests_until > today => Some(Status::Approved),
            (Self::Approve(_), Status::Accrued) => Some(Status::Payable),
            (Self::Rested, Status::Approved) if line.rests_until <= today => Some(Status::Payable),
            (Self::Hold(_), Status::Accrued | Status::Approved | Status::Payable) => Some(Status::Held),
            (Self::Release, Status::Held) => line.held_from,
            _ => None,
        }
    }
}

/// A line as it stands before a move.
struct Standing {
    id: EarningId,
    root_id: EarningId,
    partner_id: OrgId,
    user_id: Option<UserId>,
    kind: Kind,
    cause: Cause,
    status: Status,
    held_from: Option<Status>,
    currency: String,
    amount: Decimal,
    earned_on: chrono::NaiveDate,
    rests_until: chrono::NaiveDate,
    sale_id: Option<SaleId>,
    deal_id: Option<DealId>,
    version: i64,
}

/// Moves the lines of these roots as part of `tx`, which holds the vendor's ledger. A line that corrects another and isn't
/// where the move begins stays; the roots themselves must be.
///
/// # Errors
/// 404 for a root that the vendor hasn't, 409 `earning_elsewhere` for one that isn't where the move begins.
pub(super) async fn shift(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    roots: &[Uuid],
    step: &Move,
) -> Result<usize, Problem> {
    let today = tx.now().date_naive();
    let lines = lines(tx, vendor, roots).await?;
    let wanted: BTreeSet<Uuid> = roots.iter().copied().collect();
    let found: BTreeSet<Uuid> = lines.iter().map(|line| line.root_id.uuid()).collect();
    if found != wanted {
        return Err(Problem::not_found());
    }
    let mut moved: Vec<(Standing, Status)> = Vec::new();
    let mut stuck: BTreeMap<EarningId, Status> = BTreeMap::new();
    for line in lines {
        match step.target(&line, today) {
            Some(target) => moved.push((line, target)),
            None => {
                stuck.insert(line.root_id, line.status);
            }
        }
    }
    stuck.retain(|root, _| moved.iter().all(|(line, _)| line.root_id != *root));
    if let Some((root, status)) = stuck.first_key_value() {
        let detail = format!(
            "{root} is {}, and {} of the others named can't be moved either: leave them out. Nothing was moved.",
            status.as_str(),
            stuck.len() - 1
        );
        return Err(Problem::new(code::EARNING_ELSEWHERE, detail));
    }
    store(tx, &moved, step).await?;
    ledger::post(tx, &entries(tx, vendor, &moved, step)).await?;
    announce(tx, origin, vendor, &moved, step).await?;
    if matches!(step, Move::Approve(_) | Move::Release) {
        wake_at_next(tx, vendor).await?;
    }
    Ok(moved.len())
}

async fn lines(tx: &mut Tx, vendor: OrgId, roots: &[Uuid]) -> Result<Vec<Standing>, Problem> {
    Ok(sqlx::query_as!(
        Standing,
        r#"SELECT e.id AS "id: EarningId", e.root_id AS "root_id: EarningId", e.partner_id AS "partner_id: OrgId",
                  e.user_id AS "user_id: UserId", e.kind AS "kind: Kind", e.cause AS "cause: Cause",
                  e.status AS "status: Status", e.held_from AS "held_from: Status", e.currency, e.amount, e.earned_on,
                  e.rests_until, e.sale_id AS "sale_id: SaleId",
                  (SELECT s.deal_id FROM sale s WHERE s.id = e.sale_id) AS "deal_id: DealId", e.version
           FROM earning e WHERE e.vendor_id = $1 AND e.root_id = ANY($2) ORDER BY e.id FOR UPDATE"#,
        vendor.uuid(),
        roots,
    )
    .fetch_all(&mut **tx)
    .await?)
}

async fn store(tx: &mut Tx, moved: &[(Standing, Status)], step: &Move) -> Result<(), Problem> {
    let at = tx.now();
    let ids: Vec<Uuid> = moved.iter().map(|(line, _)| line.id.uuid()).collect();
    let targets: Vec<String> = moved.iter().map(|(_, target)| target.as_str().to_owned()).collect();
    let (approver, reason) = match step {
        Move::Approve(by) => (by.map(UserId::uuid), None),
        Move::Hold(reason) => (None, Some(reason.as_str())),
        Move::Rested | Move::Release => (None, None),
    };
    sqlx::query!(
        "UPDATE earning e
         SET status = t.status, held_from = CASE WHEN t.status = 'held' THEN e.status END, held_because = $3,
             approved_by = CASE WHEN $4 THEN $5 ELSE e.approved_by END,
             approved_at = CASE WHEN $4 THEN $6 ELSE e.approved_at END,
             version = e.version + 1, updated_at = $6
         FROM unnest($1::uuid[], $2::text[]) t (id, status) WHERE e.id = t.id",
        &ids,
        &targets,
        reason,
        matches!(step, Move::Approve(_)),
        approver,
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// One entry for each currency.
fn entries(tx: &Tx, vendor: OrgId, moved: &[(Standing, Status)], step: &Move) -> Vec<Entry> {
    let mut by_currency: BTreeMap<&str, Vec<Posting>> = BTreeMap::new();
    for (line, target) in moved {
        let account = |status: Status| Account::of(status.account(), line.partner_id, line.user_id);
        let postings = by_currency.entry(&line.currency).or_default();
        postings.extend(ledger::moving(
            account(line.status),
            account(*target),
            line.amount,
            Some(line.id),
        ));
    }
    let entry = |code: &str, postings| {
        let command: EarningId = tx.new_id();
        Some(Entry {
            vendor,
            currency: Currency::from_code(code)?,
            cause: step.cause(),
            subject: vendor.uuid(),
            key: format!("{}:{}", step.cause(), command.uuid()),
            details: json!({}),
            postings,
        })
    };
    by_currency
        .into_iter()
        .filter_map(|(code, postings)| entry(code, postings))
        .collect()
}

async fn announce(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    moved: &[(Standing, Status)],
    step: &Move,
) -> Result<(), Problem> {
    let now = |line: &Standing, status: Status| EarningNow {
        earning_id: line.id,
        vendor_id: vendor,
        partner_id: line.partner_id,
        kind: line.kind,
        cause: line.cause,
        status,
        amount: Currency::from_code(&line.currency).map_or_else(
            || line.amount.to_string(),
            |currency| in_currency(line.amount, currency),
        ),
        currency: line.currency.clone(),
        plan: None,
        sale_id: line.sale_id,
        deal_id: line.deal_id,
        earned_on: line.earned_on,
        version: line.version + 1,
    };
    let of = |status: Status| moved.iter().filter(move |(_, target)| *target == status);
    let told = |status| {
        of(status)
            .map(|(line, status)| (line, now(line, *status)))
            .collect::<Vec<_>>()
    };
    match step {
        Move::Hold(_) => tell::<EarningHeld>(tx, origin, vendor, told(Status::Held)).await?,
        Move::Release => {
            for status in [Status::Accrued, Status::Approved, Status::Payable] {
                tell::<EarningReleased>(tx, origin, vendor, told(status)).await?;
            }
        }
        Move::Approve(_) | Move::Rested => {
            tell::<EarningApproved>(tx, origin, vendor, told(Status::Approved)).await?;
            tell::<EarningPayable>(tx, origin, vendor, told(Status::Payable)).await?;
            let people: Vec<Batched<RewardPayable>> = told(Status::Payable)
                .into_iter()
                .filter_map(|(line, now)| {
                    Some(Batched {
                        subject: line.id.into(),
                        audiences: vec![line.user_id?.uuid()],
                        event: RewardPayable(now),
                    })
                })
                .collect();
            if !people.is_empty() {
                append_all(tx, origin, &people).await?;
            }
        }
    }
    Ok(())
}

async fn tell<E: Event + From<EarningNow>>(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    told: Vec<(&Standing, EarningNow)>,
) -> Result<(), Problem> {
    if told.is_empty() {
        return Ok(());
    }
    let events: Vec<Batched<E>> = told
        .into_iter()
        .map(|(line, now)| Batched {
            subject: line.id.into(),
            audiences: vec![vendor.uuid(), line.partner_id.uuid()],
            event: E::from(now),
        })
        .collect();
    append_all(tx, origin, &events).await
}

/// Earnings to be moved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EarningsNamed)]
pub(super) struct Named {
    /// 1 to 1000 of them; what corrects them goes along.
    earning_ids: Vec<EarningId>,
}

/// Earnings to be kept back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EarningsHold)]
pub(super) struct Kept {
    /// 1 to 1000 of them; what corrects them goes along.
    earning_ids: Vec<EarningId>,
    /// Why, 1 to 500 characters; the partner reads it.
    #[schema(example = "The invoice is disputed")]
    reason: String,
}

impl Validate for Named {
    fn validate(&self, checks: &mut Checks) {
        check_ids(&self.earning_ids, checks);
    }
}

impl Validate for Kept {
    fn validate(&self, checks: &mut Checks) {
        check_ids(&self.earning_ids, checks);
        checks.text("/reason", &self.reason, 1, 500, true);
    }
}

fn check_ids(ids: &[EarningId], checks: &mut Checks) {
    checks.check(
        (1..=MOST).contains(&ids.len()),
        "/earning_ids",
        "length",
        "must be 1 to 1000",
    );
}

/// What was moved.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EarningsMoved)]
pub(super) struct Moved {
    /// How many lines, those included that correct the ones that were named.
    #[schema(example = 3)]
    moved: usize,
}

async fn carry_out(
    may: May<right::EarningManage>,
    mut command: Command<()>,
    ids: &[EarningId],
    step: Move,
) -> Result<Reply, Problem> {
    let vendor = may.org.id;
    ledger::lock(&mut command.tx, &BTreeSet::from([vendor])).await?;
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let roots = sqlx::query!(
        "SELECT id, root_id FROM earning WHERE id = ANY($1) AND vendor_id = $2",
        &ids,
        vendor.uuid()
    )
    .fetch_all(&mut *command.tx)
    .await?;
    let named: BTreeSet<Uuid> = ids.into_iter().collect();
    if roots.len() != named.len() {
        return Err(Problem::not_found());
    }
    let roots: BTreeSet<Uuid> = roots.into_iter().map(|row| row.root_id).collect();
    let roots: Vec<Uuid> = roots.into_iter().collect();
    let moved = shift(&mut command.tx, &may.actor.origin(), vendor, &roots, &step).await?;
    command.commit(Reply::ok(&Moved { moved })?).await
}

/// Approve earnings
///
/// All that are named, or none. What has rested is payable at once; the rest on its day.
#[utoipa::path(post, path = "/api/v1/earnings/approve", operation_id = "approveEarnings", tag = "earnings",
    security(("bearer" = ["earnings:manage"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = Named, example = json!({"earning_ids": ["earn_01kaqv6r3gf5ht2x0m8c9ezw4n"]})),
    responses((status = 200, description = "how many were moved", body = Moved)))]
pub(super) async fn approve_earnings(
    may: May<right::EarningManage>,
    command: Command<Named>,
) -> Result<Reply, Problem> {
    let (named, command) = command.take();
    let by = may.actor.user;
    carry_out(may, command, &named.earning_ids, Move::Approve(by)).await
}

/// Hold earnings
///
/// Keeps back what isn't in a payout yet: on a signal of fraud, or while something is being cleared up.
#[utoipa::path(post, path = "/api/v1/earnings/hold", operation_id = "holdEarnings", tag = "earnings",
    security(("bearer" = ["earnings:manage"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = Kept, example = json!({"earning_ids": ["earn_01kaqv6r3gf5ht2x0m8c9ezw4n"], "reason": "The invoice is disputed"})),
    responses((status = 200, description = "how many were moved", body = Moved)))]
pub(super) async fn hold_earnings(may: May<right::EarningManage>, command: Command<Kept>) -> Result<Reply, Problem> {
    let (kept, command) = command.take();
    carry_out(may, command, &kept.earning_ids, Move::Hold(kept.reason.clone())).await
}

/// Release earnings
///
/// They go back to where they were before they were held.
#[utoipa::path(post, path = "/api/v1/earnings/release", operation_id = "releaseEarnings", tag = "earnings",
    security(("bearer" = ["earnings:manage"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = Named, example = json!({"earning_ids": ["earn_01kaqv6r3gf5ht2x0m8c9ezw4n"]})),
    responses((status = 200, description = "how many were moved", body = Moved)))]
pub(super) async fn release_earnings(
    may: May<right::EarningManage>,
    command: Command<Named>,
) -> Result<Reply, Problem> {
    let (named, command) = command.take();
    carry_out(may, command, &named.earning_ids, Move::Release).await
}
