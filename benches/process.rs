//! Processes this program starts and ends, and what `/proc` says of them.

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, SysconfVar, sysconf};
use std::collections::BTreeSet;
use std::fs;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use crate::Failure;

/// How long a process gets to end by itself before it is killed: more than a server takes to drain its requests.
const GRACE: Duration = Duration::from_secs(40);

/// A child that is ended, by its own id, when its owner is dropped: on return, on an error and on a panic alike.
pub(crate) struct Owned {
    name: String,
    child: Child,
}

impl Owned {
    /// Starts the command.
    pub(crate) fn spawn(name: &str, command: &mut Command) -> Result<Self, Failure> {
        let child = command
            .spawn()
            .map_err(|error| format!("starting {name} ({}): {error}", command.get_program().to_string_lossy()))?;
        Ok(Self {
            name: name.to_owned(),
            child,
        })
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How the process ended, when it has.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>, Failure> {
        Ok(self.child.try_wait()?)
    }

    /// Waits for the process to end by itself.
    pub(crate) async fn wait(&mut self) -> Result<ExitStatus, Failure> {
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Asks the process to end, waits for it, and kills it when it does not.
    pub(crate) fn stop(&mut self) {
        if let (Ok(None), Ok(pid)) = (self.child.try_wait(), i32::try_from(self.child.id()))
            && kill(Pid::from_raw(pid), Signal::SIGTERM).is_ok()
        {
            let patience = Instant::now();
            while patience.elapsed() < GRACE && matches!(self.child.try_wait(), Ok(None)) {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        if matches!(self.child.try_wait(), Ok(None)) {
            eprintln!("{} did not end within {GRACE:?} and is killed", self.name);
            if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
                eprintln!("killing {}: {error}", self.name);
            }
        }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.stop();
    }
}

struct Stat {
    parent: u32,
    own: u64,
    reaped: u64,
}

/// The fields after the command name, which is in brackets and may itself hold blanks and brackets (proc(5)).
fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        own: number(11)? + number(12)?,
        reaped: number(13)? + number(14)?,
    })
}

fn duration_of(ticks: u64) -> Result<Duration, Failure> {
    let rate = sysconf(SysconfVar::CLK_TCK)?
        .and_then(|rate| u64::try_from(rate).ok())
        .unwrap_or(100);
    Ok(Duration::from_micros(ticks.saturating_mul(1_000_000) / rate.max(1)))
}

/// User and system time of one process, all its threads, without its children.
pub(crate) fn cpu(pid: u32) -> Result<Duration, Failure> {
    let stat = stat(pid).ok_or_else(|| format!("process {pid} is gone: its CPU time cannot be read"))?;
    duration_of(stat.own)
}

/// User and system time of a process and everything below it, ended children included.
pub(crate) fn cpu_tree(root: u32) -> Result<Duration, Failure> {
    let mut ticks = 0;
    for pid in tree(root)? {
        if let Some(stat) = stat(pid) {
            ticks += stat.own + stat.reaped;
        }
    }
    duration_of(ticks)
}

/// A process and everything below it.
pub(crate) fn tree(root: u32) -> Result<BTreeSet<u32>, Failure> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        if let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok())
            && let Some(stat) = stat(pid)
        {
            parents.push((pid, stat.parent));
        }
    }
    let mut members = BTreeSet::from([root]);
    loop {
        let found: Vec<u32> = parents
            .iter()
            .filter(|(pid, parent)| members.contains(parent) && !members.contains(pid))
            .map(|(pid, _)| *pid)
            .collect();
        if found.is_empty() {
            return Ok(members);
        }
        members.extend(found);
    }
}

/// Resident memory of one process, in bytes.
pub(crate) fn resident(pid: u32) -> Result<u64, Failure> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kib = text
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok())
        .ok_or_else(|| format!("/proc/{pid}/status has no VmRSS"))?;
    Ok(kib * 1024)
}
