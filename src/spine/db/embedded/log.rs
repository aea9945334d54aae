//! PostgreSQL's log file, kept from growing without end.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use super::error::{EmbeddedError, file};

/// The size past which the log is moved to `postgres.log.1`, in bytes.
const MOST: u64 = 10 * 1024 * 1024;
/// How often the size is looked at.
const INTERVAL: Duration = Duration::from_secs(60);
/// How much of the end is quoted in an error, in bytes.
const TAIL: u64 = 4096;

/// The file that PostgreSQL's standard error goes to.
#[derive(Debug, Clone)]
pub(super) struct Log {
    pub(super) path: PathBuf,
}

impl Log {
    /// `postgres.log` in a data folder.
    pub(super) fn of(data: &Path) -> Self {
        Self {
            path: data.join("postgres.log"),
        }
    }

    /// Opens it for appending, and tells how long it is.
    pub(super) fn open(&self) -> Result<(File, u64), EmbeddedError> {
        let open = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.path);
        let with_length = open.and_then(|log| log.metadata().map(|found| (log, found.len())));
        with_length.map_err(file("open", &self.path))
    }

    /// What was written past `start`, at most its last lines.
    pub(super) fn since(&self, start: u64) -> String {
        let mut text = Vec::new();
        let read = File::open(&self.path).and_then(|mut log| {
            let length = log.metadata()?.len();
            log.seek(SeekFrom::Start(start.min(length).max(length.saturating_sub(TAIL))))?;
            log.take(TAIL).read_to_end(&mut text)
        });
        match read {
            Ok(_) => String::from_utf8_lossy(&text).trim().to_owned(),
            Err(error) => format!("(unreadable: {error})"),
        }
    }

    /// Copies a log that has grown too long to `postgres.log.1` and empties it. PostgreSQL holds the file
    /// open, so it is emptied rather than renamed; a line written between the two steps is lost.
    pub(super) fn bound(&self) {
        if let Err(error) = self.try_bound() {
            tracing::warn!(path = %self.path.display(), %error, "cannot shorten PostgreSQL's log");
        }
    }

    fn try_bound(&self) -> io::Result<()> {
        match fs::metadata(&self.path) {
            Ok(found) if found.len() > MOST => {
                fs::copy(&self.path, self.path.with_extension("log.1"))?;
                OpenOptions::new().write(true).open(&self.path)?.set_len(0)
            }
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Bounds it for as long as it is polled.
    pub(super) async fn keep_bounded(&self) -> ! {
        loop {
            tokio::time::sleep(INTERVAL).await;
            self.bound();
        }
    }
}
