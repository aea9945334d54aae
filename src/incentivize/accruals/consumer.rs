//! Following the event log: what was sold, taken back or shared anew is settled.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use guildhall_kernel::{DealId, SaleId};
use guildhall_spine::{
    db::Tx,
    event::{Consumer, ConsumerFault, Event, Recorded},
    http::Problem,
};
use serde::Deserialize;

use super::settle::{Work, settle};
use crate::earnings::Cause;
use crate::sales::{
    deals,
    events::{SalePaid, SaleRecorded, SaleReversed},
};

const DEAL_WON: &str = "deal.won";
const CREDIT_AGREED: &str = "credit.agreed";

/// Accrues what is earned, exactly once for each event.
#[derive(Clone, Copy, Debug, Default)]
pub struct Accruals;

#[async_trait]
impl Consumer for Accruals {
    fn name(&self) -> &'static str {
        "incentives"
    }

    async fn apply(&self, tx: &mut Tx, events: &[Recorded]) -> Result<(), ConsumerFault> {
        let work = work(tx, events).await?;
        if !work.is_empty() {
            settle(tx, &work).await?;
        }
        Ok(())
    }

    /// Partners wait for it: a closed deal is an earning within a tenth of a second.
    fn rest(&self) -> Duration {
        Duration::from_millis(20)
    }
}

#[derive(Debug, Deserialize)]
struct Agreed {
    deal_id: DealId,
    locked: bool,
}

/// The sales that the events are about, each once and in order.
async fn work(tx: &mut Tx, events: &[Recorded]) -> Result<Vec<Work>, Problem> {
    let mut deals = Vec::new();
    for event in events {
        deals.extend(deal_of(event));
    }
    let sales = deals::take_over(tx, &deals).await?;
    let mut work: Vec<Work> = Vec::new();
    for event in events {
        let Some((sale, cause)) = sale_of(event, &sales) else {
            continue;
        };
        // The second word on a sale finds what the first one posted, and the facts are those of now for both.
        if work.iter().all(|one| one.sale != sale) {
            work.push(Work {
                sale,
                cause,
                source: event.id.uuid(),
            });
        }
    }
    Ok(work)
}

fn deal_of(event: &Recorded) -> Option<DealId> {
    match event.kind.as_str() {
        DEAL_WON => Some(event.subject_id.into()),
        CREDIT_AGREED => {
            let agreed: Agreed = serde_json::from_str(event.data.get()).ok()?;
            agreed.locked.then_some(agreed.deal_id)
        }
        _ => None,
    }
}

fn sale_of(event: &Recorded, sales: &HashMap<DealId, SaleId>) -> Option<(SaleId, Cause)> {
    match event.kind.as_str() {
        DEAL_WON => Some((*sales.get(&event.subject_id.into())?, Cause::Sale)),
        CREDIT_AGREED => Some((*sales.get(&deal_of(event)?)?, Cause::Correction)),
        SaleRecorded::KIND | SalePaid::KIND => Some((event.subject_id.into(), Cause::Sale)),
        SaleReversed::KIND => Some((event.subject_id.into(), Cause::Reversal)),
        _ => None,
    }
}
