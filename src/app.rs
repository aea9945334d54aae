//! Wiring only: from settings to a running server, and back down in order.

mod connect;
mod node;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use guildhall_kernel::{Clock, Entropy};
use guildhall_spine::{
    App,
    config::Config,
    db::embedded::EmbeddedCluster,
    event::{Relay, run_consumer, tail},
};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use connect::{Connected, Sharing, StartFault};
pub(crate) use connect::{database, whereabouts};
pub(crate) use node::{consumers, sealed_stores};

use crate::{api, system};

/// What a server is started with.
#[derive(Debug)]
pub struct Start {
    /// The settings.
    pub config: Config,
    /// The data folder.
    pub data: PathBuf,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    /// Its parts.
    pub app: App,
    address: SocketAddr,
    tasks: TaskTracker,
    /// Ends accepting and answering.
    stop_serving: CancellationToken,
    /// Ends what runs in the background.
    stop_tasks: CancellationToken,
    cluster: Option<EmbeddedCluster>,
    /// Held for as long as the server runs.
    _lock: Option<guildhall_spine::db::embedded::DataLock>,
}

impl Server {
    /// Connects, migrates, starts what runs in the background and listens. Returns when requests are answered.
    ///
    /// # Errors
    /// [`StartFault`] says what is wrong and what to do.
    pub async fn start(start: Start) -> Result<Self, StartFault> {
        Self::begin(start, false).await
    }

    /// As [`Server::start`], but it isn't ready before [`Server::loaded`]: `/readyz` answers 503 until then.
    ///
    /// # Errors
    /// As for [`Server::start`].
    pub async fn start_loading(start: Start) -> Result<Self, StartFault> {
        Self::begin(start, true).await
    }

    /// What it was to wait for is there.
    pub fn loaded(&self) {
        self.app.loading.store(false, Ordering::Relaxed);
    }

    async fn begin(start: Start, loading: bool) -> Result<Self, StartFault> {
        system::recorder();
        let listen = start.config.http.listen;
        // Before anything is touched: a port that is taken is the commonest mistake.
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|source| StartFault::Listen { listen, source })?;
        let address = listener
            .local_addr()
            .map_err(|source| StartFault::Listen { listen, source })?;
        let connected = Connected::open(start, Sharing::Alone).await?;
        let Connected {
            app,
            cluster,
            lock,
            position,
            data,
        } = connected;
        app.loading.store(loading, Ordering::Relaxed);
        let server = Self {
            app,
            address,
            tasks: TaskTracker::new(),
            stop_serving: CancellationToken::new(),
            stop_tasks: CancellationToken::new(),
            cluster,
            _lock: lock,
        };
        if let Err(fault) = server.run_background(position, &data) {
            server.stop().await;
            return Err(fault);
        }
        let router = api::router(&server.app);
        let (config, stop) = (server.app.config.http.clone(), server.stop_serving.clone());
        server
            .tasks
            .spawn(async move { guildhall_spine::http::serve(listener, router, &config, stop).await });
        Ok(server)
    }

    fn run_background(
        &self,
        position: guildhall_spine::event::Position,
        data: &std::path::Path,
    ) -> Result<(), StartFault> {
        let app = &self.app;
        let poll = Duration::from_millis(app.config.events.poll_milliseconds);
        let stop = &self.stop_tasks;
        let (node, pool, wake, ended) = (
            node::Node(app.clone()),
            app.db.pool().clone(),
            Arc::clone(app.db.wake()),
            stop.clone(),
        );
        self.tasks
            .spawn(async move { tail(pool, &wake, poll, position, &node, ended).await });
        for consumer in node::consumers() {
            let failures = app.config.events.max_failures;
            self.tasks
                .spawn(run_consumer(app.db.clone(), consumer, poll, failures, stop.clone()));
        }
        let timers = guildhall_spine::timer::run_timers(app.clone(), node::timers(), poll, stop.clone());
        self.tasks.spawn(timers);
        for worker in node::workers() {
            let (app, stop) = (app.clone(), stop.clone());
            self.tasks.spawn(async move { worker.run(app, stop).await });
        }
        if let Some(url) = &app.config.redis.url {
            let deployment: String = app
                .keyring
                .derive("relay")
                .iter()
                .take(8)
                .map(|byte| format!("{byte:02x}"))
                .collect();
            let relay = Relay::new(url, &deployment, app.entropy.token())
                .map_err(|error| StartFault::Setting(format!("redis.url: {error}")))?;
            self.tasks.spawn(relay.run(Arc::clone(app.db.wake()), stop.clone()));
        }
        let mailer = guildhall_spine::mail::MailTransport::new(&app.config.mail, data)
            .map_err(|error| StartFault::Setting(format!("mail: {error}")))?;
        self.tasks
            .spawn(guildhall_spine::mail::run_mailer(app.clone(), mailer, stop.clone()));
        self.tasks
            .spawn(Arc::clone(&app.live).run_sweeper(stop.clone().cancelled_owned()));
        self.tasks.spawn(node::upkeep(app.clone(), stop.clone()));
        Ok(())
    }

    /// The address that it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops in order: no new connections, requests finish, sockets are told to come back, background work ends,
    /// the private cluster stops.
    pub async fn stop(self) {
        self.app.stopping.cancel();
        self.stop_serving.cancel();
        self.app
            .live
            .drain(Duration::from_secs(self.app.config.http.drain_seconds))
            .await;
        self.stop_tasks.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.app.db.pool().close().await;
        if let Some(cluster) = self.cluster
            && let Err(error) = cluster.stop().await
        {
            tracing::error!(%error, "the private PostgreSQL did not stop");
        }
    }
}
