//! What a node does in the background with the event log.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use guildhall_spine::{
    App,
    audit::AuditConsumer,
    event::{Consumer, EventSink, Recorded, maintain},
    identity::{SealedStore, SecondFactors},
    timer::Timer,
    work::Worker,
};
use tokio_util::sync::CancellationToken;

/// The durable consumers.
pub(crate) fn consumers() -> Vec<Arc<dyn Consumer>> {
    let mut consumers: Vec<Arc<dyn Consumer>> = vec![Arc::new(AuditConsumer)];
    consumers.extend(guildhall_sell::consumers());
    consumers.extend(guildhall_incentivize::consumers());
    consumers.extend(guildhall_payouts::consumers());
    consumers.extend(guildhall_integrate::consumers());
    consumers
}

/// What answers deadlines.
pub(crate) fn timers() -> Vec<Arc<dyn Timer>> {
    let mut timers: Vec<Arc<dyn Timer>> = vec![Arc::new(guildhall_spine::files::ExpireFiles)];
    timers.extend(guildhall_sell::timers());
    timers.extend(guildhall_incentivize::timers());
    timers.extend(guildhall_payouts::timers());
    timers.extend(guildhall_integrate::timers());
    timers
}

/// What else goes on in the background.
pub(crate) fn workers() -> Vec<Arc<dyn Worker>> {
    let mut workers = guildhall_integrate::workers();
    workers.extend(guildhall_payouts::workers());
    workers
}

/// Where sealed secrets are, besides the token signing keys.
pub(crate) fn sealed_stores() -> Vec<Arc<dyn SealedStore>> {
    let mut stores: Vec<Arc<dyn SealedStore>> = vec![Arc::new(SecondFactors)];
    stores.extend(guildhall_integrate::sealed_stores());
    stores.extend(guildhall_payouts::sealed_stores());
    stores
}

/// Hands every event to what this node keeps in memory: believed standings and sockets.
pub(super) struct Node(pub(super) App);

#[async_trait]
impl EventSink for Node {
    async fn take(&self, events: &[Recorded]) {
        for event in events {
            guildhall_spine::identity::heed(&self.0, event);
            guildhall_spine::live::announce(&self.0.live, event).await;
        }
    }
}

const MINUTE: Duration = Duration::from_secs(60);

/// What has to be done now and then; each part can be done by several nodes at once.
pub(super) async fn upkeep(app: App, stop: CancellationToken) {
    loop {
        app.limits.forget_idle();
        let now = app.clock.now();
        if let Err(error) = maintain(app.db.pool(), now, app.config.events.retention_days).await {
            tracing::warn!(%error, "the event log's upkeep failed; it comes again in an hour");
        }
        if let Err(error) = guildhall_spine::identity::prune(&app.db, now).await {
            tracing::warn!(%error, "pruning ended sessions and keys failed; it comes again in an hour");
        }
        if let Err(error) = guildhall_sell::deals::note_frequent_words(app.db.pool()).await {
            tracing::warn!(%error, "frequent words of customers' names could not be noted; it comes again in an hour");
        }
        for _ in 0..60 {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(MINUTE) => app.limits.forget_idle(),
            }
            // Another node, or the command line, may have made a new one.
            if let Err(problem) = app.identity.keys.reload(&app.db).await {
                tracing::warn!(%problem, "the signing keys can't be read again; it is tried in a minute");
            }
        }
    }
}
