//! The key file of a data folder: one base64 key a line, newest first.

use std::{
    fs::{self, File, Permissions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{MetadataExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use guildhall_kernel::Entropy;
use tempfile::NamedTempFile;

use super::SecretFault;

#[derive(Debug)]
pub(super) struct KeyFile(PathBuf);

impl KeyFile {
    /// The file at `path`, made with one fresh key for its owner alone when it isn't there.
    pub(super) fn open(path: &Path, entropy: &Entropy) -> Result<Self, SecretFault> {
        let file = Self(path.to_owned());
        if !path.exists() {
            file.make(entropy).map_err(|source| file.fault(source))?;
        }
        Ok(file)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn keys(&self) -> Result<Vec<String>, SecretFault> {
        let text = fs::read_to_string(&self.0).map_err(|source| self.fault(source))?;
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        Ok(lines.map(str::to_owned).collect())
    }

    /// Puts a fresh key in front. Two that do so at once take turns: a key that seals something is never lost.
    pub(super) fn add(&self, entropy: &Entropy) -> Result<(), SecretFault> {
        self.try_add(entropy).map_err(|source| self.fault(source))
    }

    fn make(&self, entropy: &Entropy) -> io::Result<()> {
        match self.beside(&fresh(entropy))?.persist_noclobber(&self.0) {
            Err(lost) if lost.error.kind() != ErrorKind::AlreadyExists => Err(lost.error),
            _ => self.save_name(),
        }
    }

    fn try_add(&self, entropy: &Entropy) -> io::Result<()> {
        let turn = File::open(self.folder())?;
        turn.lock()?;
        let owner = fs::metadata(&self.0)?;
        let next = self.beside(&format!("{}{}", fresh(entropy), fs::read_to_string(&self.0)?))?;
        // Run by root, it must stay readable for the server's user.
        let made = next.as_file().metadata()?;
        if (made.uid(), made.gid()) != (owner.uid(), owner.gid()) {
            fchown(next.as_file(), Some(owner.uid()), Some(owner.gid()))?;
        }
        next.persist(&self.0).map_err(|error| error.error)?;
        self.save_name()
    }

    /// A file with this text, on disk and ready to take the key file's name.
    fn beside(&self, text: &str) -> io::Result<NamedTempFile> {
        let mut made = tempfile::Builder::new()
            .permissions(Permissions::from_mode(0o600))
            .tempfile_in(self.folder())?;
        made.write_all(text.as_bytes())?;
        made.as_file().sync_all()?;
        Ok(made)
    }

    /// Makes the name survive a power cut.
    fn save_name(&self) -> io::Result<()> {
        File::open(self.folder())?.sync_all()
    }

    fn folder(&self) -> &Path {
        self.0
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."))
    }

    fn fault(&self, source: io::Error) -> SecretFault {
        SecretFault::File {
            path: self.0.display().to_string(),
            source,
        }
    }
}

fn fresh(entropy: &Entropy) -> String {
    format!("{}\n", STANDARD.encode(entropy.bytes::<32>()))
}
