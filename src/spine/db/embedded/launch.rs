//! Getting PostgreSQL to accept connections: by adopting the one that runs, or by starting it.

use std::{
    ffi::{OsStr, OsString},
    io,
    path::PathBuf,
    time::Duration,
};

use nix::sys::signal::Signal;
use sqlx::postgres::PgConnectOptions;
use tokio::{
    process::{Child, Command},
    time::Instant,
};

use super::{
    account::Account,
    connect,
    error::EmbeddedError,
    initialise::prepare,
    log::Log,
    process::{PidFile, Process},
};

/// How often a starting PostgreSQL is asked whether it is ready.
const POLL: Duration = Duration::from_millis(10);
/// How long it may take to recover, and how often the wait is mentioned.
const PATIENCE: Duration = Duration::from_secs(600);
const MENTION: Duration = Duration::from_secs(10);
/// How long a start is tried again while processes of the one before it still end.
const OVERLAP: Duration = Duration::from_secs(60);
/// What PostgreSQL then says: of shared memory that is still attached, and of a lock file that is still held.
const OVERLAPS: [&str; 2] = ["pre-existing shared memory block", "lock file \""];

/// Everything needed to start PostgreSQL on one cluster.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<OsString>,
    pub(super) cluster: PathBuf,
    pub(super) account: Account,
    pub(super) log: Log,
    pub(super) password_file: PathBuf,
    pub(super) options: PgConnectOptions,
}

/// The process that runs the cluster.
#[derive(Debug)]
pub(super) enum Postmaster {
    /// Started by this server; `log` is where its part of the log begins.
    Started { child: Child, pid: i32, log: u64 },
    /// Left behind by an earlier server.
    Adopted(Process),
}

impl Postmaster {
    pub(super) const fn pid(&self) -> i32 {
        match self {
            Self::Started { pid, .. } => *pid,
            Self::Adopted(process) => process.pid,
        }
    }

    /// Completes when the process has ended, and says how. May be dropped and called again.
    pub(super) async fn ended(&mut self) -> String {
        match self {
            Self::Started { child, .. } => match child.wait().await {
                Ok(status) => status.to_string(),
                Err(error) => format!("it cannot be waited for: {error}"),
            },
            Self::Adopted(process) => {
                process.ended().await;
                "how is not known".to_owned()
            }
        }
    }

    pub(super) fn signal(&self, signal: Signal) {
        match self {
            // An id is given only until the child has been waited for, so it cannot be another process's.
            Self::Started { child, pid, .. } if child.id().is_some() => {
                let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(*pid), signal);
            }
            Self::Started { .. } => {}
            Self::Adopted(process) => process.signal(signal),
        }
    }

    /// Ends PostgreSQL: open transactions are rolled back and everything is written; where that takes too
    /// long, it is left to the recovery of the next start.
    pub(super) async fn shut_down(&mut self) -> Result<(), EmbeddedError> {
        for (signal, patience) in [(Signal::SIGINT, 30), (Signal::SIGQUIT, 10)] {
            self.signal(signal);
            if tokio::time::timeout(Duration::from_secs(patience), self.ended())
                .await
                .is_ok()
            {
                return Ok(());
            }
            tracing::warn!(pid = self.pid(), %signal, seconds = patience, "PostgreSQL has not ended");
        }
        Err(EmbeddedError::StillRunning { pid: self.pid() })
    }
}

impl Plan {
    /// Brings PostgreSQL up, in `slot` as soon as there is a process, so that whoever drops this future
    /// half-way still has it to end.
    pub(super) async fn launch(&self, slot: &mut Option<Postmaster>) -> Result<(), EmbeddedError> {
        let deadline = Instant::now() + OVERLAP;
        let mut delay = POLL;
        loop {
            let postmaster = slot.insert(self.adopt_or_start().await?);
            let Some(status) = self.until_ready(postmaster).await? else {
                return Ok(());
            };
            let ended = slot.take();
            if let Some(Postmaster::Started { log, .. }) = ended {
                let tail = self.log.since(log);
                let overlaps = OVERLAPS.iter().any(|sign| tail.contains(sign));
                if !overlaps || Instant::now() > deadline {
                    return Err(EmbeddedError::Start {
                        status,
                        log: self.log.path.clone(),
                        tail,
                    });
                }
            }
            tokio::time::sleep(delay).await;
            delay = (delay * 2).min(Duration::from_secs(1));
        }
    }

    async fn adopt_or_start(&self) -> Result<Postmaster, EmbeddedError> {
        PidFile::remove_empty(&self.cluster)?;
        let pid = PidFile::read(&self.cluster)?.map(|pid_file| pid_file.pid);
        let Some(process) = pid.and_then(Process::find) else {
            return self.start(pid);
        };
        let found = process.command_line();
        if !self.is_ours(&found) {
            return self.start(pid);
        }
        let mut adopted = Postmaster::Adopted(process);
        if found.iter().skip(1).eq(&self.arguments) {
            tracing::info!(pid, "PostgreSQL still runs since an earlier start: adopting it");
            return Ok(adopted);
        }
        tracing::info!(
            pid,
            "PostgreSQL still runs since an earlier start, with other settings: starting it anew"
        );
        adopted.shut_down().await?;
        self.start(pid)
    }

    /// Whether a command line is that of a PostgreSQL on this cluster, whatever its settings.
    fn is_ours(&self, command_line: &[OsString]) -> bool {
        let is_postgres = command_line
            .first()
            .is_some_and(|program| PathBuf::from(program).file_name() == Some(OsStr::new("postgres")));
        let mut rest = command_line.iter().skip_while(|argument| *argument != "-D").skip(1);
        is_postgres && rest.next().is_some_and(|cluster| *cluster == *self.cluster)
    }

    /// Starts PostgreSQL. `stale` is the id in a `postmaster.pid` whose owner is dead. PostgreSQL would still
    /// believe in it when another process has that id by now, or when nobody waits for the dead one, as in a
    /// container without an init; it does not when told that this is its grandparent, as pg_ctl does. Its check
    /// for processes that still use the cluster stays in force, which it would not if the file were removed.
    fn start(&self, stale: Option<i32>) -> Result<Postmaster, EmbeddedError> {
        self.log.bound();
        let (log, length) = self.log.open()?;
        let mut command = Command::new(&self.program);
        prepare(&mut command, &self.account);
        command
            .args(&self.arguments)
            .stdout(std::process::Stdio::null())
            .stderr(log);
        if let Some(pid) = stale {
            command.env("PG_GRANDPARENT_PID", pid.to_string());
        }
        let failed = |source| {
            let (program, account) = (self.program.clone(), self.account.name.clone());
            EmbeddedError::Run {
                program,
                account,
                source,
            }
        };
        let child = command.spawn().map_err(failed)?;
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
        let pid = pid.ok_or_else(|| failed(io::Error::other("the process has no id")))?;
        Ok(Postmaster::Started {
            child,
            pid,
            log: length,
        })
    }

    /// Waits until connections are accepted; the answer is how PostgreSQL ended where it did instead.
    async fn until_ready(&self, postmaster: &mut Postmaster) -> Result<Option<String>, EmbeddedError> {
        let began = Instant::now();
        let mut mention = MENTION;
        loop {
            let says_ready = PidFile::read(&self.cluster)?
                .is_some_and(|pid_file| pid_file.is_ready && pid_file.pid == postmaster.pid());
            if says_ready && Box::pin(connect::try_database(self)).await? {
                return Ok(None);
            }
            tokio::select! {
                status = postmaster.ended() => return Ok(Some(status)),
                () = tokio::time::sleep(POLL) => {}
            }
            let waited = began.elapsed();
            if waited > PATIENCE {
                let (pid, log) = (postmaster.pid(), self.log.path.clone());
                return Err(EmbeddedError::NotReady {
                    pid,
                    seconds: waited.as_secs(),
                    log,
                });
            }
            if waited > mention {
                mention += MENTION;
                tracing::warn!(
                    pid = postmaster.pid(), seconds = waited.as_secs(), log = %self.log.path.display(),
                    "PostgreSQL does not accept connections yet: it may be recovering"
                );
            }
        }
    }
}
