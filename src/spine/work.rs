//! What a node does in the background besides following the event log.

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::App;

/// Work that goes on for as long as the server runs. Every node runs it, so it divides what there is by locks.
#[async_trait]
pub trait Worker: Send + Sync {
    /// Works until `stop`; what is under way then is finished or left for another node to take up.
    async fn run(&self, app: App, stop: CancellationToken);
}
