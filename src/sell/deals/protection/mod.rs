//! Protection that rewards work: an approval protects for a time, lapses when nobody works on it, and is made longer
//! for progress.

mod extension;
mod progress;
mod release;
mod window;

pub(super) use extension::{
    __path_decide_extension, __path_get_extension, __path_list_deal_extensions, __path_request_extension,
    decide_extension, get_extension, list_deal_extensions, request_extension,
};
pub(super) use progress::{
    __path_list_deal_progress, __path_record_deal_progress, list_deal_progress, record_deal_progress,
};
pub(super) use release::{
    __path_answer_release, __path_decide_release, __path_get_release, __path_request_release, answer_release,
    decide_release, get_release, request_release,
};
pub(super) use window::{IdleTimer, ProtectionTimer};

use chrono::{DateTime, Days, Utc};
use guildhall_kernel::DealId;
use guildhall_onboard::api::Tier;
use guildhall_spine::{db::Tx, event::Origin, http::Problem, timer};

use super::events::{DealExpired, announce};
use super::policy::Terms;
use super::rows::{self, Locked, Verdict};
use super::state::DealStatus;
use super::wire::EndReason;

/// When the protection of an approval of `now` ends: by the terms of its program and the partner's tier.
pub(super) fn ends(now: DateTime<Utc>, terms: &Terms, tier: Tier) -> DateTime<Utc> {
    now + Days::new(u64::from(terms.protection_days.of(tier)))
}

/// Watches over deals of one program that were stored with these ends of their protection, as part of `tx`.
pub(super) async fn watch_all(tx: &mut Tx, ends: &[(DealId, DateTime<Utc>)], terms: &Terms) -> Result<(), Problem> {
    let now = tx.now();
    let stops: Vec<_> = ends
        .iter()
        .map(|(deal, until)| (*deal, window::next_stop(now, *until)))
        .collect();
    timer::set_all(tx, window::PROTECTION, &stops).await?;
    let Some(days) = terms.idle_days else { return Ok(()) };
    let idle_at = now + Days::new(u64::from(days));
    let idle: Vec<_> = ends.iter().map(|(deal, _)| (*deal, idle_at)).collect();
    timer::set_all_noting(tx, window::IDLE, &idle, &days).await
}

/// Protects a deal that was just approved: by the terms of its program and the partner's tier.
pub(super) async fn begin(tx: &mut Tx, deal: DealId, terms: &Terms, tier: Tier) -> Result<(), Problem> {
    let now = tx.now();
    let until = ends(now, terms, tier);
    sqlx::query!(
        "UPDATE deal SET protected_until = $2, progress_at = $3 WHERE id = $1",
        deal.uuid(),
        until,
        now,
    )
    .execute(&mut **tx)
    .await?;
    watch(tx, deal, until).await?;
    if let Some(days) = terms.idle_days {
        timer::set(tx, window::IDLE, deal, now + Days::new(u64::from(days)), &days).await?;
    }
    Ok(())
}

/// Sets the next reminder of a protection that ends at `until`, or its end.
async fn watch(tx: &mut Tx, deal: DealId, until: DateTime<Utc>) -> Result<(), Problem> {
    let at = window::next_stop(tx.now(), until);
    timer::set(tx, window::PROTECTION, deal, at, &()).await
}

/// Notes that somebody works on a deal, as part of `tx`. Only an approved one can fall idle.
///
/// # Errors
/// When the database fails.
pub(crate) async fn record_progress(tx: &mut Tx, deal: DealId) -> Result<(), Problem> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE deal SET progress_at = $2 WHERE id = $1 AND status = 'approved'",
        deal.uuid(),
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Ends the protection of a locked, approved deal.
async fn expire(tx: &mut Tx, deal: &Locked, because: EndReason) -> Result<(), Problem> {
    let verdict = Verdict {
        status: DealStatus::Expired,
        by: None,
        note: None,
        reason: None,
        conflict_level: None,
    };
    let written = rows::decide(tx, deal, &verdict).await?;
    end(tx, deal.id, because).await?;
    let mut facts = written.facts();
    facts.ended_because = Some(because);
    announce::<DealExpired>(tx, &Origin::default(), facts).await
}

/// Notes why a protection has ended, and drops what was still asked for.
async fn end(tx: &mut Tx, deal: DealId, because: EndReason) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "WITH extensions AS (UPDATE deal_extension SET status = 'dropped', version = version + 1
                             WHERE deal_id = $1 AND status = 'requested'),
              releases AS (UPDATE deal_release SET status = 'released', decided_at = $3, version = version + 1
                           WHERE deal_id = $1 AND status = 'requested')
         UPDATE deal SET ended_because = $2, protected_until = least(protected_until, $3) WHERE id = $1",
        deal.uuid(),
        because.as_str(),
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
