//! One server per data folder.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use nix::{
    errno::Errno,
    fcntl::{Flock, FlockArg},
    unistd::geteuid,
};

use super::{
    error::{EmbeddedError, file},
    layout::sync_folder,
};

/// The exclusive right to a data folder, held until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct DataLock {
    folder: PathBuf,
    _file: Flock<File>,
}

impl DataLock {
    /// Makes the data folder where it is missing and locks `guildhall.lock` in it.
    ///
    /// A folder made by root can be passed through by others but not listed (0711), so that PostgreSQL, which
    /// does not run as root, reaches its files below; one made by another user is that user's alone (0700).
    ///
    /// # Errors
    /// [`EmbeddedError::Locked`] while another process holds it, [`EmbeddedError::File`] when the folder or
    /// the lock's file cannot be made.
    pub fn acquire(data: &Path) -> Result<Self, EmbeddedError> {
        if !data.is_dir() {
            let mode = if geteuid().is_root() { 0o711 } else { 0o700 };
            DirBuilder::new()
                .recursive(true)
                .mode(mode)
                .create(data)
                .map_err(file("make the data folder", data))?;
        }
        let folder = fs::canonicalize(data).map_err(file("find the data folder", data))?;
        if let Some(parent) = folder.parent() {
            // A parent that may be passed through but not read cannot be opened; nothing is lost but a power
            // cut's worth.
            let _ = sync_folder(parent);
        }
        let path = folder.join("guildhall.lock");
        let open = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path);
        let mut held = match Flock::lock(open.map_err(file("open", &path))?, FlockArg::LockExclusiveNonblock) {
            Ok(held) => held,
            Err((mut other, Errno::EWOULDBLOCK)) => {
                return Err(EmbeddedError::Locked {
                    folder: data.to_owned(),
                    pid: holder(&mut other),
                });
            }
            Err((_, errno)) => return Err(file("lock", &path)(errno.into())),
        };
        held.set_len(0)
            .and_then(|()| writeln!(held, "{}", std::process::id()))
            .map_err(file("write", &path))?;
        Ok(Self { folder, _file: held })
    }

    /// The data folder, absolute and without symbolic links.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// The process id in the lock's file; none in the instant before its holder has written it.
fn holder(file: &mut File) -> Option<String> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    let pid: u32 = text.trim().parse().ok()?;
    Some(pid.to_string())
}
