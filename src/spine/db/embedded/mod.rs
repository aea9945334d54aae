//! A private PostgreSQL in the data folder, for a server that was given no `DATABASE_URL`.
//!
//! The cluster is the real thing, run from the machine's own PostgreSQL programs, reachable over a Unix
//! socket alone. It outlives a server that is killed: the next start adopts it, or starts it again and lets
//! it recover.

mod account;
mod binaries;
mod connect;
mod error;
mod initialise;
mod join;
mod launch;
mod layout;
mod lock;
mod log;
mod password;
mod process;
mod settings;
mod supervise;

#[cfg(test)]
mod tests;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use sqlx::postgres::PgConnectOptions;

pub use error::EmbeddedError;
pub use lock::DataLock;
pub use settings::EmbeddedSettings;

use account::Account;
use error::file;
use launch::Plan;
use log::Log;
use supervise::Supervisor;

/// A running cluster, restarted when it dies. Dropping it without [`stop`](Self::stop) ends the supervision
/// and leaves PostgreSQL running, to be adopted by the next start.
#[derive(Debug)]
pub struct EmbeddedCluster {
    plan: Arc<Plan>,
    sockets: PathBuf,
    supervisor: Supervisor,
}

impl EmbeddedCluster {
    /// Makes the cluster of the data folder on the first start, adopts or starts PostgreSQL on it, and
    /// returns when the database `guildhall` accepts connections. Keep `lock` for as long as the cluster. A
    /// future that is dropped half-way may leave PostgreSQL running, to be adopted by the next start.
    ///
    /// # Errors
    /// [`EmbeddedError`] says what is missing or wrong and the way out; an unfinished cluster is never left
    /// in place.
    pub async fn start(data: &Path, lock: &DataLock, settings: &EmbeddedSettings) -> Result<Self, EmbeddedError> {
        let data = fs::canonicalize(data).map_err(file("find the data folder", data))?;
        if data != lock.folder() {
            return Err(EmbeddedError::NotLocked { folder: data });
        }
        let existing = layout::existing(&data)?;
        let programs = binaries::find(settings.bin_dir.as_deref(), existing.as_deref()).await?;
        let account = Account::choose(settings.user.as_deref(), existing.as_deref())?;
        let password = password::load(&data, existing.as_deref())?;
        let cluster = match &existing {
            Some(cluster) => cluster.clone(),
            None => layout::choose(&data, &account, &programs).await?,
        };
        initialise::remove_unfinished(&cluster);
        if existing.is_none() {
            initialise::initialise(&cluster, &account, &programs, &password, settings.durable).await?;
        }
        // As PostgreSQL will be known by, whichever links led here.
        let cluster = fs::canonicalize(&cluster).map_err(file("find", &cluster))?;
        let sockets = layout::socket_folder(&cluster, &account)?;
        let plan = Arc::new(Plan {
            program: programs.postgres(),
            arguments: settings.arguments(&cluster, &sockets),
            options: connect::options(&sockets, &password),
            log: Log::of(&data),
            password_file: data.join("postgres.password"),
            cluster,
            account,
        });
        let mut slot = None;
        if let Err(error) = plan.launch(&mut slot).await {
            if let Some(mut postmaster) = slot {
                let _ = postmaster.shut_down().await;
            }
            return Err(error);
        }
        let supervisor = Supervisor::start(Arc::clone(&plan), slot);
        Ok(Self {
            plan,
            sockets,
            supervisor,
        })
    }

    /// How to connect to the database `guildhall` as its superuser role.
    #[must_use]
    pub fn connect_options(&self) -> PgConnectOptions {
        self.plan.options.clone()
    }

    /// Stops PostgreSQL: connections are closed, open transactions rolled back, everything written. One that
    /// has not ended after 30 s is told to quit at once, and recovers at the next start.
    ///
    /// # Errors
    /// [`EmbeddedError::StillRunning`] when it outlives that by 10 s.
    pub async fn stop(self) -> Result<(), EmbeddedError> {
        if let Some(mut postmaster) = self.supervisor.stop().await {
            postmaster.shut_down().await?;
        }
        // Empty now; the one beside the cluster stays, and a short one elsewhere is made anew at the next
        // start.
        if Some(self.sockets.as_path()) != self.plan.cluster.parent().map(|home| home.join("run")).as_deref() {
            let _ = fs::remove_dir(&self.sockets);
        }
        Ok(())
    }
}
