//! The operating system user that PostgreSQL runs as: the server's own, or an unprivileged one where that is
//! root.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, chown},
    path::Path,
    process::Stdio,
};

use nix::unistd::{Uid, User, geteuid};
use tokio::process::Command;

use super::error::{EmbeddedError, file};

/// Tried in turn when the server runs as root and no user is configured.
const DEFAULTS: [&str; 2] = ["guildhall", "postgres"];

/// Who runs PostgreSQL and owns its files.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) name: String,
    uid: u32,
    gid: u32,
    /// Whether the server is root and has to change to this user.
    changes: bool,
}

impl Account {
    /// Decides for a new cluster (`cluster` is none), or by the owner of the one that exists.
    pub(super) fn choose(configured: Option<&str>, cluster: Option<&Path>) -> Result<Self, EmbeddedError> {
        if !geteuid().is_root() {
            let own = Self::of_server();
            return match cluster.map(owner).transpose()? {
                Some((uid, _)) if uid != own.uid => Err(own.refused(cluster, uid)),
                _ => Ok(own),
            };
        }
        let Some((path, (uid, gid))) = cluster.map(|path| owner(path).map(|ids| (path, ids))).transpose()? else {
            return configured.map_or_else(Self::default_user, Self::named);
        };
        if uid == 0 {
            return Err(configured
                .map_or_else(Self::default_user, Self::named)?
                .refused(cluster, uid));
        }
        match configured.map(Self::named).transpose()? {
            Some(wanted) if wanted.uid != uid => Err(wanted.refused(Some(path), uid)),
            Some(wanted) => Ok(wanted),
            None => Ok(match User::from_uid(Uid::from_raw(uid)) {
                Ok(Some(user)) => Self::from(user),
                _ => Self {
                    name: uid.to_string(),
                    uid,
                    gid,
                    changes: true,
                },
            }),
        }
    }

    fn of_server() -> Self {
        let (uid, gid) = (geteuid(), nix::unistd::getegid());
        Self {
            name: name_of(uid.as_raw()),
            uid: uid.as_raw(),
            gid: gid.as_raw(),
            changes: false,
        }
    }

    fn default_user() -> Result<Self, EmbeddedError> {
        let found = DEFAULTS.iter().find_map(|name| User::from_name(name).ok().flatten());
        found
            .filter(|user| !user.uid.is_root())
            .map(Self::from)
            .ok_or(EmbeddedError::NoAccount)
    }

    fn named(name: &str) -> Result<Self, EmbeddedError> {
        let wrong = |why| EmbeddedError::Account {
            user: name.to_owned(),
            why,
        };
        match User::from_name(name) {
            Ok(Some(user)) if user.uid.is_root() => Err(wrong("is root")),
            Ok(Some(user)) => Ok(Self::from(user)),
            Ok(None) | Err(_) => Err(wrong("this machine does not know")),
        }
    }

    fn refused(&self, cluster: Option<&Path>, owner: u32) -> EmbeddedError {
        let path = cluster.unwrap_or(Path::new("")).to_owned();
        EmbeddedError::Owner {
            path,
            owner: name_of(owner),
            account: self.name.clone(),
        }
    }

    /// Makes a command run as this user. The standard library drops root's supplementary groups with it.
    pub(super) fn apply(&self, command: &mut Command) {
        if self.changes {
            command.uid(self.uid).gid(self.gid);
        }
    }

    /// Hands a file or folder over to this user.
    pub(super) fn own(&self, path: &Path) -> Result<(), EmbeddedError> {
        if self.changes {
            chown(path, Some(self.uid), Some(self.gid)).map_err(file("change the owner of", path))?;
        }
        Ok(())
    }

    /// Whether `path` is a folder, not a link to one, that only this user can enter.
    pub(super) fn keeps_private(&self, path: &Path) -> bool {
        fs::symlink_metadata(path)
            .is_ok_and(|found| found.is_dir() && found.uid() == self.uid && found.mode() & 0o077 == 0)
    }

    /// Whether this user can pass through every folder down to `folder`. Asked of the system rather than
    /// worked out from modes, which miss access lists, namespaces and security modules.
    pub(super) async fn can_enter(&self, folder: &Path, program: &Path) -> Result<bool, EmbeddedError> {
        if !self.changes {
            return Ok(true);
        }
        let mut probe = Command::new(program);
        probe
            .arg("--version")
            .env_clear()
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        self.apply(&mut probe);
        match probe.status().await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(false),
            Err(source) => Err(EmbeddedError::Run {
                program: program.to_owned(),
                account: self.name.clone(),
                source,
            }),
        }
    }
}

impl From<User> for Account {
    fn from(user: User) -> Self {
        Self {
            name: user.name,
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
            changes: true,
        }
    }
}

fn owner(cluster: &Path) -> Result<(u32, u32), EmbeddedError> {
    let found = fs::metadata(cluster).map_err(file("read the owner of", cluster))?;
    Ok((found.uid(), found.gid()))
}

fn name_of(uid: u32) -> String {
    match User::from_uid(Uid::from_raw(uid)) {
        Ok(Some(user)) => user.name,
        _ => uid.to_string(),
    }
}
