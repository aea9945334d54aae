//! How the embedded cluster is set up.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

/// What can be said about the embedded cluster.
#[derive(Debug, Clone)]
pub struct EmbeddedSettings {
    /// The folder of `initdb` and `postgres` (`GUILDHALL_POSTGRES_BIN`). None: they are looked for on the
    /// `PATH` and where distributions put them.
    pub bin_dir: Option<PathBuf>,
    /// The operating system user to run PostgreSQL as when the server runs as root, and ignored otherwise.
    /// None: the owner of the cluster, or for a new one `guildhall` or `postgres`, whichever exists.
    pub user: Option<String>,
    /// The most connections open at once, three of them kept for the superuser role.
    pub max_connections: u32,
    /// Memory for PostgreSQL's page cache, with a unit: `128MB`.
    pub shared_buffers: String,
    /// Whether a commit is on disk before it is acknowledged. `false` is for tests only: a power cut or a
    /// crash of the operating system then destroys the whole database, not just the last commits.
    pub durable: bool,
}

impl Default for EmbeddedSettings {
    fn default() -> Self {
        Self {
            bin_dir: None,
            user: None,
            max_connections: 100,
            shared_buffers: "128MB".to_owned(),
            durable: true,
        }
    }
}

/// Settings that do not depend on the installation.
const FIXED: [&str; 15] = [
    "listen_addresses=",
    "port=5432",
    "unix_socket_permissions=0700",
    "password_encryption=scram-sha-256",
    "timezone=UTC",
    "log_timezone=UTC",
    // Statements and row values are people's data, and the server logs its own failures.
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
    "log_checkpoints=off",
    "logging_collector=off",
    // Short requests on flash: compilation costs more than it saves, and an index probe is nearly a
    // sequential read.
    "jit=off",
    "random_page_cost=1.1",
    "wal_compression=on",
    "max_wal_size=2GB",
    // A forgotten transaction holds up vacuum, and every reader of the event log.
    "idle_in_transaction_session_timeout=60s",
];

const NOT_DURABLE: [&str; 4] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    // What nothing waits for need not be small.
    "wal_compression=off",
];

impl EmbeddedSettings {
    /// The arguments of `postgres` for a cluster and its socket's folder. They are how a running PostgreSQL
    /// is recognised as the one that this server would start.
    pub(super) fn arguments(&self, cluster: &Path, sockets: &Path) -> Vec<OsString> {
        let mut sockets_setting = OsString::from("unix_socket_directories=");
        sockets_setting.push(sockets);
        let mut settings = vec![
            sockets_setting,
            format!("max_connections={}", self.max_connections).into(),
            format!("shared_buffers={}", self.shared_buffers).into(),
        ];
        settings.extend(FIXED.map(OsString::from));
        if !self.durable {
            settings.extend(NOT_DURABLE.map(OsString::from));
        }
        let mut arguments = vec![OsString::from("-D"), cluster.into()];
        arguments.extend(settings.into_iter().flat_map(|setting| ["-c".into(), setting]));
        arguments
    }
}
