//! Telling what became of payouts, many at once.

use std::collections::HashMap;

use guildhall_kernel::{OrgId, PayoutBatchId, PayoutId, UserId};
use guildhall_spine::{
    db::Tx,
    event::{Batched, Event, Origin, append_all},
    http::Problem,
};
use uuid::Uuid;

use super::PayoutStatus;
use super::apply::Told;
use super::events::{
    PayoutContradicted, PayoutFailed, PayoutNow, PayoutPaid, PayoutReturned, PayoutSent, PayoutStopped, RewardFailed,
    RewardPaid, RewardReturned, RewardSent,
};
use crate::method::shown;

/// They were sent.
pub(crate) async fn sent(tx: &mut Tx, origin: &Origin, ids: &[Uuid]) -> Result<(), Problem> {
    tell(tx, origin, ids, PayoutSent, RewardSent).await
}

/// They have arrived.
pub(crate) async fn paid(tx: &mut Tx, origin: &Origin, ids: &[Uuid]) -> Result<(), Problem> {
    tell(tx, origin, ids, PayoutPaid, RewardPaid).await
}

/// They were not paid.
pub(crate) async fn failed(tx: &mut Tx, origin: &Origin, ids: &[Uuid]) -> Result<(), Problem> {
    tell(tx, origin, ids, PayoutFailed, RewardFailed).await
}

/// They came back.
pub(crate) async fn returned(tx: &mut Tx, origin: &Origin, ids: &[Uuid]) -> Result<(), Problem> {
    tell(tx, origin, ids, PayoutReturned, RewardReturned).await
}

/// They wait for a person, which the vendor alone has to know.
pub(crate) async fn stopped(tx: &mut Tx, origin: &Origin, ids: &[Uuid]) -> Result<(), Problem> {
    let stopped = load(tx, ids).await?;
    let batched = |now: PayoutNow| Batched {
        subject: now.payout_id.into(),
        audiences: vec![now.vendor_id.uuid()],
        event: PayoutStopped(now),
    };
    append_some(tx, origin, stopped.into_iter().map(batched).collect()).await
}

/// What was said of them can't be, which the vendor alone has to know. `said` is of each payout once at most.
pub(crate) async fn contradicted(tx: &mut Tx, origin: &Origin, said: Vec<Told>) -> Result<(), Problem> {
    let ids: Vec<Uuid> = said.iter().map(|told| told.payout.uuid()).collect();
    let mut said: HashMap<PayoutId, Told> = said.into_iter().map(|told| (told.payout, told)).collect();
    let contradicted = load(tx, &ids).await?.into_iter().filter_map(|now| {
        let told = said.remove(&now.payout_id)?;
        Some(Batched {
            subject: now.payout_id.into(),
            audiences: vec![now.vendor_id.uuid()],
            event: PayoutContradicted {
                payout: now,
                said: told.word,
                said_code: told.code,
                said_reason: told.reason,
                said_reference: told.reference,
            },
        })
    });
    append_some(tx, origin, contradicted.collect()).await
}

async fn tell<P: Event, R: Event>(
    tx: &mut Tx,
    origin: &Origin,
    ids: &[Uuid],
    to_companies: fn(PayoutNow) -> P,
    to_person: fn(PayoutNow) -> R,
) -> Result<(), Problem> {
    let (mut companies, mut people) = (Vec::new(), Vec::new());
    for now in load(tx, ids).await? {
        if let Some(user) = now.user_id {
            people.push(Batched {
                subject: now.payout_id.into(),
                audiences: vec![user.uuid()],
                event: to_person(now.clone()),
            });
        }
        companies.push(Batched {
            subject: now.payout_id.into(),
            audiences: vec![now.vendor_id.uuid(), now.partner_id.uuid()],
            event: to_companies(now),
        });
    }
    append_some(tx, origin, companies).await?;
    append_some(tx, origin, people).await
}

async fn append_some<E: Event>(tx: &mut Tx, origin: &Origin, events: Vec<Batched<E>>) -> Result<(), Problem> {
    if events.is_empty() {
        return Ok(());
    }
    append_all(tx, origin, &events).await
}

async fn load(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<PayoutNow>, Problem> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let payouts = sqlx::query_as!(
        PayoutNow,
        r#"SELECT id AS "payout_id: PayoutId", batch_id AS "payout_batch_id: PayoutBatchId",
                  vendor_id AS "vendor_id: OrgId", partner_id AS "partner_id: OrgId", user_id AS "user_id: UserId",
                  status AS "status: PayoutStatus", currency, gross, net, reason_code, reason, version
           FROM payout WHERE id = ANY ($1) ORDER BY id"#,
        ids
    )
    .fetch_all(&mut **tx)
    .await?;
    let shown = |now: PayoutNow| PayoutNow {
        gross: shown(now.gross, &now.currency),
        net: shown(now.net, &now.currency),
        ..now
    };
    Ok(payouts.into_iter().map(shown).collect())
}
