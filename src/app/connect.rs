//! From settings to an [`App`]: the part of starting that commands share with the server.

use std::{
    net::SocketAddr,
    path::PathBuf,
    str::FromStr,
    sync::{Arc, atomic::AtomicBool},
};

use guildhall_kernel::CursorKey;
use guildhall_spine::{
    App,
    app::{AppParts, TrustedProxies},
    config::{Config, ConfigFault},
    db::{
        Db,
        embedded::{DataLock, EmbeddedCluster, EmbeddedError, EmbeddedSettings},
        migrate,
    },
    event::Position,
    http::{Limits, Problem},
    identity::{Identity, Passwords, SigningKeys},
    live::{Hub, HubParts, LogHistory, TokenGate},
    outbound::Outbound,
    secret::{Keyring, SecretFault},
    storage::Files,
};
use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;

use super::Start;

/// Why the server or a command can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    /// A setting is wrong.
    #[error("{0}")]
    Setting(String),
    /// The address can't be listened on.
    #[error("can't listen on {listen}: {source}; choose another address with --listen")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The private cluster.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The database can't be reached.
    #[error("the database at {place} can't be reached: {source}; check database.url (or DATABASE_URL)")]
    Unreachable {
        /// Host and port, or the folder of the socket.
        place: String,
        /// What the driver said.
        source: sqlx::Error,
    },
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema can't be brought up to date.
    #[error("the schema can't be migrated: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The keys for secrets at rest.
    #[error(transparent)]
    Secret(#[from] SecretFault),
    /// The token signing keys.
    #[error("the token signing keys can't be loaded: {0}; are secrets.keys those that the database was made with?")]
    Signing(Problem),
}

impl From<ConfigFault> for StartFault {
    fn from(fault: ConfigFault) -> Self {
        Self::Setting(fault.to_string())
    }
}

/// An [`App`] with what must live as long as it does.
#[derive(Debug)]
pub struct Connected {
    /// The parts.
    pub app: App,
    /// The private cluster, if this process runs it.
    pub cluster: Option<EmbeddedCluster>,
    /// The hold on the data folder.
    pub lock: Option<DataLock>,
    /// The place in the event log from which this process hears.
    pub position: Position,
    /// The data folder.
    pub data: PathBuf,
}

impl Connected {
    /// Connects to the database or runs the private cluster, and migrates. A command that is `sharing` joins the
    /// cluster of a server that is running.
    ///
    /// # Errors
    /// [`StartFault`].
    pub async fn open(start: Start, sharing: Sharing) -> Result<Self, StartFault> {
        let proxies = TrustedProxies::parse(&start.config.http.trusted_proxies).map_err(|text| {
            StartFault::Setting(format!(
                "http.trusted_proxies: {text:?} is neither an address nor a network"
            ))
        })?;
        let keyring = match start.config.secrets.keys.as_slice() {
            [] => None,
            keys => Some(Keyring::from_keys(keys, start.entropy.clone())?),
        };
        let data = start.data.clone();
        let (options, cluster, lock) = database(&start.config, &data, sharing).await?;
        match assemble(start, options, proxies, keyring).await {
            Ok((app, position)) => Ok(Self {
                app,
                cluster,
                lock,
                position,
                data,
            }),
            Err(fault) => {
                if let Some(cluster) = cluster
                    && let Err(error) = cluster.stop().await
                {
                    tracing::error!(%error, "the private PostgreSQL did not stop");
                }
                Err(fault)
            }
        }
    }

    /// Lets go of the database; stops the private cluster if this process runs it.
    ///
    /// # Errors
    /// When the cluster doesn't stop.
    pub async fn close(self) -> Result<(), StartFault> {
        self.app.db.pool().close().await;
        if let Some(cluster) = self.cluster {
            cluster.stop().await?;
        }
        Ok(())
    }
}

/// Joins the parts. `keyring` is the one that the settings name; without, it is the data folder's.
async fn assemble(
    start: Start,
    options: PgConnectOptions,
    proxies: TrustedProxies,
    keyring: Option<Keyring>,
) -> Result<(App, Position), StartFault> {
    let Start {
        config,
        data,
        clock,
        entropy,
    } = start;
    let place = whereabouts(&options);
    let db = Db::connect(options, &config.database, clock.clone(), entropy.clone())
        .await
        .map_err(|source| StartFault::Unreachable { place, source })?;
    migrate(db.pool(), clock.now()).await?;
    let keyring = match keyring {
        Some(keyring) => keyring,
        None => Keyring::from_file(&data.join("secret.keys"), entropy.clone())?,
    };
    let outbound = Outbound::new(&config.outbound).map_err(StartFault::Setting)?;
    let files = Files::open(&config.storage, &data).map_err(StartFault::Setting)?;
    let keys = SigningKeys::load(&db, keyring.clone(), config.http.public_url.clone())
        .await
        .map_err(StartFault::Signing)?;
    let identity = Arc::new(Identity::new(keys, clock.clone()));
    let position = Position::now(db.pool()).await?;
    let live = Hub::new(HubParts {
        config: config.live.clone(),
        clock: clock.clone(),
        entropy: entropy.clone(),
        gate: Arc::new(TokenGate::new(
            db.clone(),
            Arc::clone(&identity),
            guildhall_sell::watchables(),
        )),
        history: Arc::new(LogHistory::new(db.clone(), config.live.max_replay)),
        position,
    });
    let app = App::from(AppParts {
        passwords: Passwords::new(&config.auth, entropy.clone()),
        limits: Limits::new(&config.rate_limit),
        cursors: CursorKey::new(keyring.derive("cursor")),
        stopping: CancellationToken::new(),
        loading: AtomicBool::new(false),
        clock,
        entropy,
        db,
        keyring,
        files,
        outbound,
        identity,
        proxies,
        live,
        config,
    });
    Ok((app, position))
}

/// Where the database is, without what opens it.
pub(crate) fn whereabouts(options: &PgConnectOptions) -> String {
    match options.get_socket() {
        Some(folder) => folder.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    }
}

/// Whether the data folder may be a running server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// It must be this process's alone.
    Alone,
    /// A running server's cluster is joined.
    Beside,
}

/// How to reach the database, with what must live as long as it is used.
pub(crate) async fn database(
    config: &Config,
    data: &std::path::Path,
    sharing: Sharing,
) -> Result<(PgConnectOptions, Option<EmbeddedCluster>, Option<DataLock>), StartFault> {
    if let Some(url) = &config.database.url {
        let options =
            PgConnectOptions::from_str(url).map_err(|error| StartFault::Setting(format!("database.url: {error}")))?;
        std::fs::create_dir_all(data)
            .map_err(|error| StartFault::Setting(format!("the data folder {}: {error}", data.display())))?;
        return Ok((options, None, None));
    }
    let lock = match DataLock::acquire(data) {
        Ok(lock) => lock,
        Err(EmbeddedError::Locked { .. }) if sharing == Sharing::Beside => {
            return Ok((EmbeddedCluster::join(data)?, None, None));
        }
        Err(fault) => return Err(fault.into()),
    };
    let settings = EmbeddedSettings {
        bin_dir: config.database.bin_dir.clone(),
        user: config.database.run_as.clone(),
        shared_buffers: config.database.shared_buffers.clone(),
        ..EmbeddedSettings::default()
    };
    let cluster = EmbeddedCluster::start(data, &lock, &settings).await?;
    Ok((cluster.connect_options(), Some(cluster), Some(lock)))
}
