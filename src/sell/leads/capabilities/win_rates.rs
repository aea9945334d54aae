//! Counts deals won and lost, partner by partner, as they are announced.

use std::collections::BTreeMap;

use async_trait::async_trait;
use guildhall_kernel::OrgId;
use guildhall_spine::{
    db::Tx,
    event::{Consumer, ConsumerFault, Event, Recorded},
};
use serde::Deserialize;
use uuid::Uuid;

use crate::deals::events::{DealLost, DealWon};

/// Rolls the ends of deals up into win rates.
#[derive(Clone, Copy, Debug)]
pub(in crate::leads) struct WinRates;

#[derive(Deserialize)]
struct Sides {
    vendor_id: OrgId,
    partner_id: OrgId,
}

#[async_trait]
impl Consumer for WinRates {
    fn name(&self) -> &'static str {
        "lead_win_rates"
    }

    async fn apply(&self, tx: &mut Tx, events: &[Recorded]) -> Result<(), ConsumerFault> {
        let mut ends: BTreeMap<(Uuid, Uuid), (i64, i64)> = BTreeMap::new();
        for event in events {
            let is_won = event.kind == DealWon::KIND;
            if !is_won && event.kind != DealLost::KIND {
                continue;
            }
            let sides: Sides =
                serde_json::from_str(event.data.get()).map_err(|error| ConsumerFault(error.to_string()))?;
            let (won, lost) = ends
                .entry((sides.vendor_id.uuid(), sides.partner_id.uuid()))
                .or_default();
            *won += i64::from(is_won);
            *lost += i64::from(!is_won);
        }
        for ((vendor, partner), (won, lost)) in ends {
            sqlx::query!(
                "INSERT INTO lead_win_rate AS r (vendor_id, partner_id, won, lost) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (vendor_id, partner_id) DO UPDATE
                 SET won = r.won + excluded.won, lost = r.lost + excluded.lost",
                vendor,
                partner,
                won,
                lost,
            )
            .execute(&mut **tx)
            .await?;
        }
        Ok(())
    }
}
