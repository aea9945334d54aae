//! What can keep the embedded cluster from starting or stopping, and the way out of each.

use std::{io, path::PathBuf};

use super::binaries::OLDEST_MAJOR;

/// Why the data folder could not be taken, or its cluster not started or stopped. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// Another server holds the data folder.
    #[error(
        "the data folder {} is in use by another guildhall{}: stop it, or give this one its own folder with --data",
        .folder.display(),
        .pid.as_ref().map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    Locked {
        /// The data folder as it was given.
        folder: PathBuf,
        /// The process id that the holder wrote, as its own PID namespace counts.
        pid: Option<String>,
    },
    /// The lock passed to the start guards another folder.
    #[error("the data folder {} is not the one that is locked: acquire its own DataLock first", .folder.display())]
    NotLocked {
        /// The folder to start in.
        folder: PathBuf,
    },
    /// A file operation failed.
    #[error("cannot {action} {}: {source}", .path.display())]
    File {
        /// What was being done, as a verb.
        action: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// `data/postgres` is something that this module never makes.
    #[error("{} is not a database that guildhall made ({what}): move it away, or restore it", .path.display())]
    NotACluster {
        /// Where the cluster should be.
        path: PathBuf,
        /// What was found instead.
        what: &'static str,
    },
    /// No PostgreSQL programs, or only ones that are too old.
    #[error(
        "no PostgreSQL {OLDEST_MAJOR} or newer in {searched}: install it (Debian 12: `apt-get install postgresql-15`; \
         Fedora: `dnf install postgresql-server postgresql-contrib`; macOS: `brew install postgresql@17`), name the \
         folder of `initdb` and `postgres` in GUILDHALL_POSTGRES_BIN, or set DATABASE_URL to use a server elsewhere"
    )]
    NoPrograms {
        /// Where they were looked for.
        searched: String,
    },
    /// The cluster needs another major version than the programs found.
    #[error(
        "the database in {} was made by PostgreSQL {cluster}, and the programs found are of version {found}: install \
         PostgreSQL {cluster} beside them, or convert the database with pg_upgrade while the server is stopped",
        .path.display()
    )]
    Version {
        /// The cluster's folder.
        path: PathBuf,
        /// The major version that made it.
        cluster: String,
        /// The major versions found, and where.
        found: String,
    },
    /// Running as root, and nobody to run PostgreSQL as.
    #[error(
        "PostgreSQL refuses to run as root, and there is no user `guildhall` or `postgres` to run it as: make one with \
         `useradd --system guildhall`, or start the server as an ordinary user"
    )]
    NoAccount,
    /// The configured user cannot run PostgreSQL.
    #[error("PostgreSQL cannot run as the configured user {user}, which {why}: name another, or none")]
    Account {
        /// The configured name.
        user: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The cluster belongs to somebody else.
    #[error(
        "the database in {} belongs to user {owner}, and PostgreSQL would run as {account}: start the server as \
         {owner} or root, or hand the files over with `chown -R {account} {}`",
        .path.display(), .path.display()
    )]
    Owner {
        /// The cluster's folder.
        path: PathBuf,
        /// Whose it is.
        owner: String,
        /// Who would run it.
        account: String,
    },
    /// A program could not be run at all.
    #[error("cannot run {} as user {account}: {source}", .program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// The user it was to run as.
        account: String,
        /// What the system answered.
        source: io::Error,
    },
    /// initdb gave up; nothing was left behind.
    #[error("initdb could not make the database: {output}")]
    Initialise {
        /// What it wrote.
        output: String,
    },
    /// The password's file is missing, empty or no longer the cluster's.
    #[error(
        "{} does not hold the database's password: restore it, or write a new one to it and to the database with \
         `echo \"ALTER ROLE guildhall PASSWORD '…'\" | postgres --single -D {} postgres` as the files' owner",
        .path.display(), .cluster.display()
    )]
    Password {
        /// The password's file.
        path: PathBuf,
        /// The cluster's folder.
        cluster: PathBuf,
    },
    /// PostgreSQL ended before it accepted connections.
    #[error("PostgreSQL did not start ({status}); the end of {} says: {tail}", .log.display())]
    Start {
        /// How it ended.
        status: String,
        /// Its log.
        log: PathBuf,
        /// What this start wrote there.
        tail: String,
    },
    /// PostgreSQL runs, but accepts no connections.
    #[error("PostgreSQL (process {pid}) has not accepted a connection for {seconds} s: {} may say why", .log.display())]
    NotReady {
        /// Its process id.
        pid: i32,
        /// How long it was waited for.
        seconds: u64,
        /// Its log.
        log: PathBuf,
    },
    /// A connection was refused for a reason that waiting does not cure.
    #[error("PostgreSQL runs, but its database cannot be opened: {0}")]
    Connect(#[source] sqlx::Error),
    /// PostgreSQL outlived every signal.
    #[error("PostgreSQL (process {pid}) does not stop: end it by hand before the next start")]
    StillRunning {
        /// Its process id.
        pid: i32,
    },
}

/// Names the file and the action that failed, for `map_err`.
pub(super) fn file<P: Into<PathBuf>>(action: &'static str, path: P) -> impl FnOnce(io::Error) -> EmbeddedError {
    let path = path.into();
    move |source| EmbeddedError::File { action, path, source }
}
