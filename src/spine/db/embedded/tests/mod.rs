//! The embedded cluster through its public API, on the machine's own PostgreSQL.

mod places;
mod process_id;
mod start;
mod survival;

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    time::Duration,
};

use nix::sys::signal::Signal;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

use super::{
    DataLock, EmbeddedCluster, EmbeddedError, EmbeddedSettings,
    process::{PidFile, Process},
};

const PATIENCE: Duration = Duration::from_secs(60);

fn settings() -> EmbeddedSettings {
    EmbeddedSettings {
        durable: false,
        shared_buffers: "16MB".to_owned(),
        ..EmbeddedSettings::default()
    }
}

/// A data folder that ends its PostgreSQL and removes every trace of it.
struct Folder {
    root: TempDir,
    data: PathBuf,
}

impl Folder {
    fn new(below: &str) -> Self {
        let open = Permissions::from_mode(0o755);
        let root = tempfile::Builder::new()
            .permissions(open.clone())
            .tempdir_in("/tmp")
            .unwrap();
        // The creation mode is subject to the umask.
        fs::set_permissions(root.path(), open).unwrap();
        let data = root.path().join(below);
        Self { root, data }
    }

    fn lock(&self) -> DataLock {
        DataLock::acquire(&self.data).unwrap()
    }

    async fn try_start(&self, lock: &DataLock, settings: &EmbeddedSettings) -> Result<EmbeddedCluster, EmbeddedError> {
        tokio::time::timeout(PATIENCE, Box::pin(EmbeddedCluster::start(&self.data, lock, settings)))
            .await
            .unwrap()
    }

    async fn start(&self, lock: &DataLock) -> EmbeddedCluster {
        self.try_start(lock, &settings()).await.unwrap()
    }

    fn cluster(&self) -> PathBuf {
        self.data.join("postgres")
    }

    /// The PostgreSQL that runs on this folder.
    fn postmaster(&self) -> Option<Process> {
        Process::find(PidFile::read(&self.cluster()).unwrap()?.pid)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Some(process) = self.postmaster().filter(|process| {
            process
                .command_line()
                .first()
                .is_some_and(|program| program.to_string_lossy().ends_with("/postgres"))
        }) {
            process.signal(Signal::SIGQUIT);
            while process.is_running() {
                std::thread::yield_now();
            }
        }
        if let Ok(target) = fs::read_link(self.cluster()) {
            fs::remove_dir_all(target.parent().unwrap()).unwrap();
        }
        if let Ok(target) = fs::read_link(self.data.join("run")) {
            let _ = fs::remove_dir_all(target);
        }
    }
}

/// Runs one statement that answers with one text.
async fn ask(cluster: &EmbeddedCluster, sql: &'static str) -> Result<String, sqlx::Error> {
    let mut connection = PgConnection::connect_with(&cluster.connect_options()).await?;
    let answer = sqlx::query_scalar(sql).fetch_one(&mut connection).await;
    connection.close().await?;
    answer
}

/// Asks until there is an answer, as clients do while the database is restarted.
async fn ask_until_answered(cluster: &EmbeddedCluster, sql: &'static str) -> String {
    let answer = async {
        let mut interval = tokio::time::interval(Duration::from_millis(20));
        loop {
            interval.tick().await;
            if let Ok(answer) = ask(cluster, sql).await {
                return answer;
            }
        }
    };
    tokio::time::timeout(PATIENCE, answer).await.unwrap()
}

async fn remember(cluster: &EmbeddedCluster) {
    let mut connection = PgConnection::connect_with(&cluster.connect_options()).await.unwrap();
    sqlx::raw_sql("CREATE TABLE kept (word text); INSERT INTO kept VALUES ('kept')")
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::raw_sql("CHECKPOINT").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

const RECALL: &str = "SELECT word FROM kept";
