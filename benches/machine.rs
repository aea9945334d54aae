//! The machine a run happens on: its facts, limits and cores.

use guildhall_kernel::Clock;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::Pid;
use serde::Serialize;
use std::fmt;
use std::fs;

use crate::Failure;

/// What a reader must know to compare figures: nothing here names a path, a host or a person.
#[derive(Serialize)]
pub(crate) struct Machine {
    cores: usize,
    processor: String,
    memory_mib: u64,
    kernel: String,
    open_files: u64,
    load: String,
    at: String,
}

impl Machine {
    /// Reads the facts; what cannot be read is said to be unknown.
    pub(crate) fn read() -> Self {
        let unknown = || "unknown".to_owned();
        let field = |file: &str, name: &str| {
            let text = fs::read_to_string(file).ok()?;
            let line = text.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let memory_kib = field("/proc/meminfo", "MemTotal")
            .and_then(|size| size.split_whitespace().next()?.parse::<u64>().ok())
            .unwrap_or_default();
        Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor: field("/proc/cpuinfo", "model name").unwrap_or_else(unknown),
            memory_mib: memory_kib / 1024,
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")
                .map_or_else(|_| unknown(), |release| release.trim().to_owned()),
            open_files: getrlimit(Resource::RLIMIT_NOFILE).map_or(0, |(soft, _)| soft),
            load: fs::read_to_string("/proc/loadavg")
                .ok()
                .and_then(|load| Some(load.split_whitespace().next()?.to_owned()))
                .unwrap_or_else(unknown),
            at: Clock::system().now().format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} cores, {}, {} MiB memory, Linux {}, {} open files a process, load {}; client, servers and database share \
             the machine",
            self.at, self.cores, self.processor, self.memory_mib, self.kernel, self.open_files, self.load
        )
    }
}

/// Raises the soft limit of open files to the hard one; children inherit it. Answers the limit in force.
pub(crate) fn raise_open_files() -> Result<u64, Failure> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)
        .map_err(|error| format!("raising the limit of open files to {hard}: {error}"))?;
    Ok(hard)
}

/// The cores this process may run on, lowest first.
pub(crate) fn cores() -> Result<Vec<usize>, Failure> {
    let allowed = sched_getaffinity(Pid::from_raw(0))?;
    Ok((0..CpuSet::count())
        .filter(|core| allowed.is_set(*core).unwrap_or(false))
        .collect())
}

/// Confines every thread of a process to some cores; threads and children started later inherit it.
pub(crate) fn confine(pid: u32, cores: &[usize]) -> Result<(), Failure> {
    let set = set_of(cores)?;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        if let Some(thread) = task?.file_name().to_str().and_then(|name| name.parse().ok()) {
            // A thread that ended since the folder was read needs no core.
            match sched_setaffinity(Pid::from_raw(thread), &set) {
                Ok(()) | Err(nix::errno::Errno::ESRCH) => {}
                Err(error) => {
                    return Err(format!("confining process {pid} to cores {cores:?}: {error}").into());
                }
            }
        }
    }
    Ok(())
}

/// Runs `start` on a thread confined to the given cores, so that a child it spawns is confined from its first
/// instruction and sizes its thread pool accordingly; the calling thread gets its own cores back afterwards.
pub(crate) fn confined<T>(cores: Option<&[usize]>, start: impl FnOnce() -> T) -> Result<T, Failure> {
    let Some(cores) = cores else { return Ok(start()) };
    let current = Pid::from_raw(0);
    let before = sched_getaffinity(current)?;
    sched_setaffinity(current, &set_of(cores)?)?;
    let started = start();
    sched_setaffinity(current, &before)?;
    Ok(started)
}

fn set_of(cores: &[usize]) -> Result<CpuSet, Failure> {
    let mut set = CpuSet::new();
    for core in cores {
        set.set(*core)?;
    }
    Ok(set)
}
