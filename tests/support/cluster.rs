//! One throw-away PostgreSQL for the whole run, and a database of its own for each test.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{ChildStdin, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use guildhall_kernel::Clock;
use guildhall_spine::db::{
    embedded::{DataLock, EmbeddedCluster, EmbeddedSettings},
    migrate,
};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, postgres::PgConnectOptions};

struct Shared {
    options: PgConnectOptions,
    /// Closed by the system when this process ends, however it ends; then the reaper stops PostgreSQL.
    _leash: ChildStdin,
}

static SHARED: OnceLock<Shared> = OnceLock::new();
static NUMBER: AtomicUsize = AtomicUsize::new(0);
const TEMPLATE: &str = "guildhall_template";

/// Starts PostgreSQL on a thread of its own, since the first test's runtime ends with that test.
fn shared() -> &'static Shared {
    SHARED.get_or_init(|| {
        let (send, receive) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let folder = tempfile::Builder::new()
                    .prefix("guildhall-test-")
                    .tempdir_in(parent())
                    .unwrap()
                    .keep();
                let lock = DataLock::acquire(&folder).unwrap();
                let settings = EmbeddedSettings {
                    durable: false,
                    max_connections: 400,
                    ..EmbeddedSettings::default()
                };
                let cluster = EmbeddedCluster::start(&folder, &lock, &settings).await.unwrap();
                let options = cluster.connect_options();
                let mut admin = PgConnection::connect_with(&options).await.unwrap();
                let create = format!("CREATE DATABASE {TEMPLATE}");
                sqlx::query(AssertSqlSafe(create)).execute(&mut admin).await.unwrap();
                let template = PgPool::connect_with(options.clone().database(TEMPLATE)).await.unwrap();
                migrate(&template, Clock::system().now()).await.unwrap();
                template.close().await;
                let leash = reaper(&folder, &folder);
                send.send(Shared { options, _leash: leash }).unwrap();
                std::future::pending::<()>().await;
            });
        });
        receive.recv().expect("PostgreSQL for the tests did not start")
    })
}

/// Memory where there is plenty, as a test's database is a thousand files that are soon removed: a file system spends
/// more time on making and removing them than PostgreSQL on the tests.
fn parent() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let free = nix::sys::statvfs::statvfs(memory).map_or(0, |is| is.blocks_available() * is.fragment_size());
    if free >= 4 << 30 {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    }
}

/// A process that outlives this one by a moment, to end the programs that were started in `root` and the PostgreSQL
/// of the data folder, and to remove `root`.
#[expect(clippy::zombie_processes, reason = "it ends after this process")]
pub(super) fn reaper(data: &Path, root: &Path) -> ChildStdin {
    let script = r#"
        cat >/dev/null
        for folder in /proc/[0-9]*/cwd; do
            [ "$(readlink "$folder")" = "$2" ] || continue
            pid=${folder#/proc/} && kill -KILL "${pid%/cwd}" 2>/dev/null
        done
        pid=$(head -n 1 "$1/postgres/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid" 2>/dev/null
        while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
        target=$(readlink -f "$1/postgres"); rm -rf "$2" "$target"
    "#;
    let mut child = Command::new("sh")
        .args(["-c", script, "reaper"])
        .args([data, root])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut leash = child.stdin.take().unwrap();
    leash.flush().unwrap();
    leash
}

/// A migrated database of one test's own, dropped with it.
pub(crate) struct Database {
    name: String,
}

impl Database {
    pub(crate) async fn create() -> Self {
        Self::copy_of(TEMPLATE).await
    }

    /// One without a schema.
    pub(crate) async fn empty() -> Self {
        Self::copy_of("template0").await
    }

    async fn copy_of(template: &str) -> Self {
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let shared = tokio::task::spawn_blocking(shared).await.unwrap();
        let mut admin = PgConnection::connect_with(&shared.options).await.unwrap();
        let create = format!("CREATE DATABASE {name} TEMPLATE {template}");
        sqlx::query(AssertSqlSafe(create)).execute(&mut admin).await.unwrap();
        Self { name }
    }

    /// How to connect to it.
    pub(crate) fn options(&self) -> PgConnectOptions {
        shared().options.clone().database(&self.name)
    }

    /// The same as a URL, for a server in another process.
    pub(crate) fn url(&self) -> String {
        use sqlx::ConnectOptions;
        self.options().to_url_lossy().to_string()
    }

    /// A connection beside the server's, to look at what it has written.
    pub(crate) async fn connect(&self) -> PgConnection {
        PgConnection::connect_with(&self.options()).await.unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (options, name) = (shared().options.clone(), self.name.clone());
        // The test's runtime is ending; the drop must not wait for it.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                if let Ok(mut admin) = PgConnection::connect_with(&options).await {
                    let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                    let _ = sqlx::query(AssertSqlSafe(drop)).execute(&mut admin).await;
                }
            });
        });
    }
}
