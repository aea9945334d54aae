//! Imported registrations are looked at for what they conflict with once they are stored.

use async_trait::async_trait;
use guildhall_kernel::DealId;
use guildhall_spine::{
    db::Tx,
    event::{Consumer, ConsumerFault, Event, Origin, Recorded},
    http::Problem,
};
use uuid::Uuid;

use crate::deals::direct::store_direct;
use crate::deals::events::{DealImported, announce_rivals};
use crate::deals::find_conflicts::store_conflicts;
use crate::deals::found::Found;
use crate::deals::rows::{self, Locked};
use crate::deals::stored;

/// Looks at imported registrations for what they conflict with, after they were stored.
pub(crate) struct ImportedDeals;

#[async_trait]
impl Consumer for ImportedDeals {
    fn name(&self) -> &'static str {
        "imported_deals"
    }

    /// Each is a search for conflicts.
    fn is_heavy(&self, event: &Recorded) -> bool {
        event.kind == DealImported::KIND
    }

    async fn apply(&self, tx: &mut Tx, events: &[Recorded]) -> Result<(), ConsumerFault> {
        for event in events.iter().filter(|event| event.kind == DealImported::KIND) {
            let origin: Origin = serde_json::from_str(event.origin.get()).unwrap_or_default();
            let side = event.audiences.first().copied();
            look(tx, &origin, event.subject_id.into(), side).await?;
        }
        Ok(())
    }
}

/// Both sides hear of an import; either will do to find the row.
async fn look(tx: &mut Tx, origin: &Origin, id: DealId, side: Option<Uuid>) -> Result<(), ConsumerFault> {
    let Some(side) = side else { return Ok(()) };
    let Some(deal) = rows::lock(tx, id, side.into()).await? else {
        return Ok(());
    };
    if !deal.status.is_live() {
        return Ok(());
    }
    let claim = stored::claim(tx, &deal).await?;
    let found = Found::of(tx, &claim).await?;
    note(tx, origin, &deal, &found).await?;
    Ok(())
}

/// Notes what a stored registration collides with, and tells the vendor of what is new.
pub(super) async fn note(tx: &mut Tx, origin: &Origin, deal: &Locked, found: &Found) -> Result<(), Problem> {
    if found.rivals.is_empty() && found.direct.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE deal SET conflict_level = $2 WHERE id = $1",
        deal.id.uuid(),
        found.level().as_str()
    )
    .execute(&mut **tx)
    .await?;
    store_direct(tx, deal.id, &found.direct).await?;
    if store_conflicts(tx, deal.id, &found.rivals).await? > 0 {
        announce_rivals(tx, origin, (deal.id, deal.vendor_id), &found.rivals).await?;
    }
    Ok(())
}
