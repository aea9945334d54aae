//! Keeping PostgreSQL running while the server does.

use std::{sync::Arc, time::Duration};

use tokio::{sync::oneshot, task::JoinHandle, time::Instant};

use super::launch::{Plan, Postmaster};

/// The pause before a restart when the last one did not last, doubled up to the longest.
const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);
/// How long PostgreSQL runs for a restart to count as a success.
const LASTING: Duration = Duration::from_secs(10);

/// The task that restarts PostgreSQL. It ends when this is dropped, without ending PostgreSQL.
#[derive(Debug)]
pub(super) struct Supervisor {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Option<Postmaster>>,
}

impl Supervisor {
    pub(super) fn start(plan: Arc<Plan>, mut slot: Option<Postmaster>) -> Self {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            tokio::select! {
                biased;
                _ = stopped => {}
                () = keep_running(&plan, &mut slot) => {}
                _ = plan.log.keep_bounded() => {}
            }
            slot
        });
        Self { stop, task }
    }

    /// Ends the supervision and hands over the process, if there is one at this moment.
    pub(super) async fn stop(self) -> Option<Postmaster> {
        let _ = self.stop.send(());
        self.task.await.ok().flatten()
    }
}

async fn keep_running(plan: &Plan, slot: &mut Option<Postmaster>) {
    let mut delay = SHORTEST;
    let mut since = Instant::now();
    loop {
        if let Some(postmaster) = slot {
            let status = postmaster.ended().await;
            tracing::error!(
                pid = postmaster.pid(), status, log = %plan.log.path.display(),
                "the embedded PostgreSQL ended unexpectedly: restarting it"
            );
            *slot = None;
        }
        if since.elapsed() > LASTING {
            delay = SHORTEST;
        } else {
            tokio::time::sleep(delay).await;
            delay = (delay * 2).min(LONGEST);
        }
        since = Instant::now();
        match plan.launch(slot).await {
            Ok(()) => tracing::info!(
                pid = slot.as_ref().map(Postmaster::pid),
                "the embedded PostgreSQL is back"
            ),
            Err(error) => tracing::error!(%error, "cannot restart the embedded PostgreSQL: trying again"),
        }
    }
}
