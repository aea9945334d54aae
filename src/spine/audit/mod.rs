//! The audit log: what happened to each organisation, by whom, as a chain of hashes that shows tampering.
//!
//! Entries are made from the event log by [`AuditConsumer`], so nothing that happened can be missing and nothing that
//! did not happen can be there. How an entry's hash is made stands in [`Link`]. Whoever owns the database could
//! rewrite a whole chain with new hashes: a [`Checkpoint`] that its customer keeps shows that too.

mod canonical;
mod chain;
mod checkpoint;
mod list;
mod record;
mod rows;
mod verify;

use axum::Extension;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use chain::{GENESIS, Hash, Link, Unhashable};
pub use checkpoint::{Checkpoint, CheckpointFault, verify_checkpoint};
pub use list::{AuditEntry, Who};
pub use record::{AuditConsumer, PLATFORM};
pub use verify::{AuditFault, AuditReport, verify};

use crate::App;

/// The audit log's operations, on entries of these kinds of events.
pub fn routes(kinds: Vec<&'static str>) -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_audit))
        .layer(Extension(list::Kinds::new(kinds)))
        .routes(routes!(checkpoint::get_audit_checkpoint))
}
