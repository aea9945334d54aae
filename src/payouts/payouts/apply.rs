//! Carrying out what was said of payouts: state, ledger, earnings and events in one transaction, many at once.

use std::collections::{BTreeSet, HashMap};

use guildhall_incentivize::api::{Entry, lock_ledger, post};
use guildhall_kernel::{Money, OrgId, PayoutId, UserId};
use guildhall_spine::{db::Tx, event::Origin, http::Problem};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::rules::{Next, Word, next};
use super::{PayoutStatus, announce, legs};
use crate::method::Named;
use crate::{batches::events::go_on, posting::Step, statements::number_credit_notes};

/// What is said of one payout.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) payout: PayoutId,
    pub(crate) word: Word,
    /// Why, for what isn't good.
    pub(crate) code: Option<String>,
    pub(crate) reason: Option<String>,
    /// What the bank or the service calls it.
    pub(crate) reference: Option<String>,
    /// How much, where it was said.
    pub(crate) amount: Option<Money>,
}

/// What became of the payout by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Became {
    /// This.
    Changed(PayoutStatus),
    /// It was known.
    Unchanged,
    /// It contradicts what was said before: nothing was done.
    Clash(PayoutStatus),
    /// The vendor has no such payout.
    Unknown,
}

struct Found {
    id: Uuid,
    batch_id: Uuid,
    status: PayoutStatus,
    posted: bool,
    net: Decimal,
    currency: String,
}

/// A change to be written.
struct Change<'a> {
    found: &'a Found,
    status: PayoutStatus,
    step: Option<Step>,
    told: Told,
}

/// Carries out what is said of payouts of `vendor`, each named once at most. `by` is the person who says so, if one does.
/// Takes the vendor's ledger.
pub(crate) async fn apply(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    told: &[Told],
    by: Option<UserId>,
) -> Result<Vec<Became>, Problem> {
    lock_ledger(tx, &BTreeSet::from([vendor])).await?;
    let found = find(tx, vendor, told).await?;
    let (mut became, mut changes, mut clashes) = (Vec::with_capacity(told.len()), Vec::new(), Vec::new());
    for one in told {
        let Some(found) = found.get(&one.payout.uuid()) else {
            became.push(Became::Unknown);
            continue;
        };
        let (word, one) = (one.word, checked(one, found));
        became.push(match next(found.status, found.posted, one.word) {
            Next::Stay => Became::Unchanged,
            Next::Clash => {
                clashes.push(Told { word, ..one });
                Became::Clash(found.status)
            }
            Next::Go(status, step) => {
                changes.push(Change {
                    found,
                    status,
                    step,
                    told: one,
                });
                Became::Changed(status)
            }
        });
    }
    if !changes.is_empty() {
        carry_out(tx, origin, vendor, &changes, by).await?;
    }
    announce::contradicted(tx, origin, clashes).await?;
    Ok(became)
}

/// Another amount than ours is for a person to look at.
fn checked(told: &Told, found: &Found) -> Told {
    let Some(amount) = told.amount else { return told.clone() };
    if amount.amount == found.net && amount.currency.code() == found.currency {
        return told.clone();
    }
    let reason = format!(
        "{} {} were reported, {} {} were sent.",
        amount.amount,
        amount.currency.code(),
        found.net.normalize(),
        found.currency
    );
    Told {
        word: Word::Stopped,
        code: Some("amount_differs".to_owned()),
        reason: Some(reason),
        ..told.clone()
    }
}

async fn find(tx: &mut Tx, vendor: OrgId, told: &[Told]) -> Result<HashMap<Uuid, Found>, Problem> {
    let ids: Vec<Uuid> = told.iter().map(|one| one.payout.uuid()).collect();
    let found = sqlx::query_as!(
        Found,
        r#"SELECT id, batch_id, status AS "status: PayoutStatus", posted_at IS NOT NULL AS "posted!", net, currency
           FROM payout WHERE id = ANY ($1) AND vendor_id = $2 ORDER BY id FOR NO KEY UPDATE"#,
        &ids,
        vendor.uuid()
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(found.into_iter().map(|one| (one.id, one)).collect())
}

async fn carry_out(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    changes: &[Change<'_>],
    by: Option<UserId>,
) -> Result<(), Problem> {
    write(tx, changes, by).await?;
    let back = [to(changes, PayoutStatus::Failed), to(changes, PayoutStatus::Returned)].concat();
    number_credit_notes(tx, vendor, &back).await?;
    move_earnings(tx, changes).await?;
    let steps: HashMap<Uuid, Step> = changes
        .iter()
        .filter_map(|change| Some((change.found.id, change.step?)))
        .collect();
    let moved: Vec<Uuid> = steps.keys().copied().collect();
    let legs = legs::load(tx, &moved).await?;
    let entries = legs
        .iter()
        .filter_map(|leg| Some(leg.entry(*steps.get(&leg.payout.uuid())?)));
    let entries: Vec<Entry> = entries.collect();
    post(tx, &entries).await?;
    announce::sent(tx, origin, &to(changes, PayoutStatus::Sent)).await?;
    announce::paid(tx, origin, &to(changes, PayoutStatus::Paid)).await?;
    announce::failed(tx, origin, &to(changes, PayoutStatus::Failed)).await?;
    announce::returned(tx, origin, &to(changes, PayoutStatus::Returned)).await?;
    announce::stopped(tx, origin, &to(changes, PayoutStatus::Stopped)).await?;
    let batches: BTreeSet<Uuid> = changes.iter().map(|change| change.found.batch_id).collect();
    go_on(tx, origin, &batches.into_iter().collect::<Vec<_>>()).await?;
    Ok(())
}

fn to(changes: &[Change<'_>], status: PayoutStatus) -> Vec<Uuid> {
    let those = changes.iter().filter(|change| change.status == status);
    those.map(|change| change.found.id).collect()
}

async fn write(tx: &mut Tx, changes: &[Change<'_>], by: Option<UserId>) -> Result<(), Problem> {
    let at = tx.now();
    let text = |field: fn(&Told) -> &Option<String>| -> Vec<String> {
        changes
            .iter()
            .map(|change| field(&change.told).clone().unwrap_or_default())
            .collect()
    };
    sqlx::query!(
        "UPDATE payout p SET status = c.status, reason_code = nullif(c.code, ''), reason = nullif(c.reason, ''),
                reference = coalesce(nullif(c.reference, ''), p.reference), due_at = NULL,
                sent_at = CASE WHEN c.status IN ('sent', 'paid', 'returned') THEN coalesce(p.sent_at, $1::timestamptz) ELSE p.sent_at END,
                settled_at = CASE WHEN c.status = 'paid' THEN $1::timestamptz ELSE p.settled_at END,
                resolved_by = coalesce($2, p.resolved_by), version = p.version + 1, updated_at = $1
         FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[])
              AS c (id, status, code, reason, reference)
         WHERE p.id = c.id",
        at,
        by.map(Uuid::from),
        &changes.iter().map(|change| change.found.id).collect::<Vec<_>>(),
        &changes.iter().map(|change| change.status.as_str().to_owned()).collect::<Vec<_>>(),
        &text(|told| &told.code),
        &text(|told| &told.reason),
        &text(|told| &told.reference),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What is paid is paid, and what failed or came back is payable again.
async fn move_earnings(tx: &mut Tx, changes: &[Change<'_>]) -> Result<(), Problem> {
    let at = tx.now();
    sqlx::query!(
        "UPDATE earning SET status = 'paid', version = version + 1, updated_at = $2 WHERE payout_id = ANY ($1)",
        &to(changes, PayoutStatus::Paid),
        at
    )
    .execute(&mut **tx)
    .await?;
    let back = [to(changes, PayoutStatus::Failed), to(changes, PayoutStatus::Returned)].concat();
    sqlx::query!(
        "UPDATE earning SET status = 'payable', payout_id = NULL, version = version + 1, updated_at = $2
         WHERE payout_id = ANY ($1)",
        &back,
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
