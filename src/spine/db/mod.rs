//! The database: pool, transactions that publish events, migrations, and the private cluster.

pub mod embedded;
mod migrate;
mod transaction;

use std::{io::ErrorKind, sync::Arc, time::Duration};

use guildhall_kernel::{Clock, Entropy};
use sqlx::{
    Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

pub use migrate::{MIGRATOR, migrate};
pub use transaction::Tx;

use crate::{config::DatabaseConfig, event::Wake, http::Problem};

/// The database as the features see it: reads go to the pool, writes through a [`Tx`]. Clones share one pool.
#[derive(Clone, Debug)]
pub struct Db {
    pool: PgPool,
    clock: Clock,
    entropy: Entropy,
    wake: Arc<Wake>,
}

impl Db {
    /// A pool of connections to the database at `options`.
    ///
    /// # Errors
    /// When the database can't be reached, or doesn't answer within the acquire time-out.
    pub async fn connect(
        options: PgConnectOptions,
        config: &DatabaseConfig,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, sqlx::Error> {
        let timeout = format!("{}s", config.statement_timeout_seconds);
        let options = options.application_name("guildhall").options([
            ("statement_timeout", timeout.as_str()),
            ("idle_in_transaction_session_timeout", "30s"),
            ("timezone", "UTC"),
            ("jit", "off"),
            // "already exists, skipping" at every start is nothing to read.
            ("client_min_messages", "warning"),
        ]);
        let patience = Duration::from_secs(config.acquire_timeout_seconds);
        reach(&options, patience).await?;
        let pool = PgPoolOptions::new()
            .max_connections(config.max_connections)
            .acquire_timeout(patience)
            // A dead connection shows on its first use; asking before each acquire costs a round trip a request.
            .test_before_acquire(false)
            .connect_with(options)
            .await?;
        Ok(Self {
            pool,
            clock,
            entropy,
            wake: Arc::new(Wake::default()),
        })
    }

    /// The pool, for reads.
    #[must_use]
    pub const fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The signal that this process has committed an event.
    #[must_use]
    pub const fn wake(&self) -> &Arc<Wake> {
        &self.wake
    }

    /// Opens a transaction (READ COMMITTED) at the clock's time.
    ///
    /// # Errors
    /// 503 when no connection is free in time or the database is away.
    pub async fn begin(&self) -> Result<Tx, Problem> {
        let inner = self.pool.begin().await?;
        Ok(Tx::new(
            inner,
            self.clock.clone(),
            self.entropy.clone(),
            Arc::clone(&self.wake),
        ))
    }
}

/// Makes one connection: the pool tries for the whole time, and then only says that it took too long. What PostgreSQL
/// itself refuses is left to the pool, which waits while it is starting up.
async fn reach(options: &PgConnectOptions, patience: Duration) -> Result<(), sqlx::Error> {
    match tokio::time::timeout(patience, PgConnection::connect_with(options)).await {
        Ok(Ok(connection)) => connection.close().await,
        Ok(Err(sqlx::Error::Database(_))) => Ok(()),
        Ok(Err(error)) => Err(error),
        Err(_) => {
            let late = format!("no answer within {} s", patience.as_secs());
            Err(sqlx::Error::Io(std::io::Error::new(ErrorKind::TimedOut, late)))
        }
    }
}
