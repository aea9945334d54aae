//! Telling processes apart, and the file in which PostgreSQL says which one it is.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::error::{EmbeddedError, file};

/// How often a process that is not a child is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// How long an empty `postmaster.pid` may belong to a PostgreSQL that is just starting.
const STARTING: Duration = Duration::from_secs(10);

/// A running process, by its id and its start time, which no later process of the same id shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) pid: i32,
    started: u64,
}

impl Process {
    /// The process of this id; none when there is none, or only one that has ended and not been waited for.
    pub(super) fn find(pid: i32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name before the last parenthesis may hold anything; proc_pid_stat(5) counts on from field 3.
        let (_, fields) = stat.rsplit_once(") ")?;
        let mut fields = fields.split(' ');
        let state = fields.next()?;
        let started = fields.nth(18)?.parse().ok()?;
        (!matches!(state, "Z" | "X")).then_some(Self { pid, started })
    }

    /// Its program and arguments.
    pub(super) fn command_line(&self) -> Vec<OsString> {
        let bytes = fs::read(format!("/proc/{}/cmdline", self.pid)).unwrap_or_default();
        let bytes = bytes.strip_suffix(b"\0").unwrap_or(&bytes);
        bytes
            .split(|byte| *byte == 0)
            .map(|part| OsString::from_vec(part.to_vec()))
            .collect()
    }

    pub(super) fn is_running(&self) -> bool {
        Self::find(self.pid) == Some(*self)
    }

    /// Completes when the process has ended.
    pub(super) async fn ended(&self) {
        while self.is_running() {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Sends a signal, unless the process has ended.
    pub(super) fn signal(&self, signal: Signal) {
        if self.is_running() {
            // The only other answers are that it ended just now, or that it is another user's, which waiting
            // will show.
            let _ = kill(Pid::from_raw(self.pid), signal);
        }
    }
}

/// The first and eighth line of `postmaster.pid`.
#[derive(Debug)]
pub(super) struct PidFile {
    pub(super) pid: i32,
    pub(super) is_ready: bool,
}

impl PidFile {
    fn path(cluster: &Path) -> PathBuf {
        cluster.join("postmaster.pid")
    }

    /// Reads it; none when it is missing, or not yet written.
    pub(super) fn read(cluster: &Path) -> Result<Option<Self>, EmbeddedError> {
        let path = Self::path(cluster);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(file("read", &path)(error)),
        };
        let mut lines = text.lines();
        let pid = lines.next().and_then(|line| line.trim().parse().ok());
        let is_ready = lines.nth(6).is_some_and(|line| line.trim() == "ready");
        Ok(pid.map(|pid| Self { pid, is_ready }))
    }

    /// Removes one that a power cut left empty: PostgreSQL refuses to start over it, and it names no process
    /// to mind.
    pub(super) fn remove_empty(cluster: &Path) -> Result<(), EmbeddedError> {
        let path = Self::path(cluster);
        let is_left = fs::metadata(&path).is_ok_and(|found| {
            found.len() == 0
                && found
                    .modified()
                    .is_ok_and(|at| at.elapsed().is_ok_and(|age| age > STARTING))
        });
        if is_left {
            fs::remove_file(&path).map_err(file("remove the empty", &path))?;
        }
        Ok(())
    }
}
