//! What batches announce, to the vendor alone: a partner hears of its payout.

use guildhall_kernel::{OrgId, PayoutBatchId};
use guildhall_spine::{
    db::Tx,
    event::{self, Event, EventDoc, Origin, Topic},
    http::Problem,
};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::{BatchStatus, PayoutBatch, rows};
use crate::method::PayMethod;

/// A batch right after a change.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct BatchNow {
    /// The batch.
    payout_batch_id: PayoutBatchId,
    /// Who pays.
    vendor_id: OrgId,
    /// Where it is in its life.
    status: BatchStatus,
    /// How it is paid.
    method: PayMethod,
    /// The currency (ISO 4217).
    currency: String,
    /// How many payouts it has.
    payouts: i32,
    /// What is paid.
    #[schemars(with = "String")]
    net: Decimal,
    /// Its version after the change.
    version: i64,
}

impl From<&PayoutBatch> for BatchNow {
    fn from(batch: &PayoutBatch) -> Self {
        Self {
            payout_batch_id: batch.id,
            vendor_id: batch.vendor_id,
            status: batch.status,
            method: batch.method,
            currency: batch.currency.clone(),
            payouts: batch.payouts,
            net: batch.net,
            version: batch.version,
        }
    }
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Serialize, JsonSchema)]
            pub(crate) struct $name(pub(crate) BatchNow);

            impl Event for $name {
                const KIND: &'static str = $kind;
                const TOPIC: Topic = Topic::Payouts;
            }
        )*

        /// What the feature announces, for the documentation.
        pub(crate) const EVENTS: &[EventDoc] = &[$(EventDoc::of::<$name>(),)*];
    };
}

events! {
    /// A batch waits for approval.
    BatchProposed = "payout_batch.proposed";
    /// A payout was removed from a batch that waits for approval.
    BatchReduced = "payout_batch.reduced";
    /// A batch may be executed.
    BatchApproved = "payout_batch.approved";
    /// A batch was executed: its payouts are sent, or are being sent.
    BatchExecuted = "payout_batch.executed";
    /// Nothing of a batch is being sent any more.
    BatchSent = "payout_batch.sent";
    /// What became of each payout of a batch is known.
    BatchReconciled = "payout_batch.reconciled";
    /// A batch will not be paid.
    BatchCancelled = "payout_batch.cancelled";
    /// Somebody fetched the payment file of a batch.
    BatchFileRead = "payout_batch.file_read";
}

/// Ends batches that are done, see [`rows::go_on`], and tells of it.
pub(crate) async fn go_on(tx: &mut Tx, origin: &Origin, ids: &[Uuid]) -> Result<Vec<PayoutBatch>, Problem> {
    let batches = rows::go_on(tx, ids).await?;
    for batch in &batches {
        let (id, audience, now) = (batch.id, [batch.vendor_id.uuid()], BatchNow::from(batch));
        match batch.status {
            BatchStatus::Executed => event::append(tx, origin, id, &audience, &BatchSent(now)).await?,
            BatchStatus::Reconciled => event::append(tx, origin, id, &audience, &BatchReconciled(now)).await?,
            _ => continue,
        };
    }
    Ok(batches)
}
