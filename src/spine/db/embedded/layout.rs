//! Where the cluster's files live.
//!
//! ```text
//! data/postgres            the cluster, or a link to one below /var/lib/guildhall
//! data/postgres.password   of the superuser role, readable by the server alone
//! data/postgres.log        what PostgreSQL has to say
//! data/run                 its Unix socket, or a link to a folder with a shorter path
//! ```

use std::{
    fs::{self, DirBuilder, File, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use super::{
    account::Account,
    binaries::Programs,
    error::{EmbeddedError, file},
};

/// Where a cluster goes whose user cannot reach the data folder.
const ELSEWHERE: &str = "/var/lib/guildhall";
/// The longest path of a Unix socket, in bytes without the final zero: 107 on Linux, 103 on macOS.
const SOCKET_PATH: usize = 103;
const SOCKET_NAME: &str = "/.s.PGSQL.5432";

/// Finds the cluster of a data folder: none when there is none yet.
pub(super) fn existing(data: &Path) -> Result<Option<PathBuf>, EmbeddedError> {
    let path = data.join("postgres");
    let wrong = |what| EmbeddedError::NotACluster {
        path: path.clone(),
        what,
    };
    match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(file("look at", &path)(error)),
        Ok(found) if found.is_symlink() => {
            let target = fs::read_link(&path).map_err(file("read the link", &path))?;
            let home = target.parent().unwrap_or(Path::new("/"));
            if !home.is_dir() {
                return Err(wrong("the folder it points into is gone"));
            }
            // The link is made before the cluster: a server that died between the two goes on here.
            if !target.exists() {
                return Ok(None);
            }
        }
        Ok(found) if !found.is_dir() => return Err(wrong("it is not a folder")),
        Ok(_) => {}
    }
    let cluster = fs::canonicalize(&path).map_err(file("find", &path))?;
    match cluster.join("PG_VERSION").is_file() {
        true => Ok(Some(cluster)),
        false => Err(wrong("it has no PG_VERSION")),
    }
}

/// Where a new cluster goes: into the data folder, or below `/var/lib/guildhall` with a link from the data
/// folder when the user who runs PostgreSQL cannot pass through one of its parents (`/root` is closed to
/// others).
pub(super) async fn choose(data: &Path, account: &Account, programs: &Programs) -> Result<PathBuf, EmbeddedError> {
    let link = data.join("postgres");
    if let Ok(target) = fs::read_link(&link) {
        return Ok(target);
    }
    if account.can_enter(data, &programs.postgres()).await? {
        return Ok(link);
    }
    let parent = Path::new(ELSEWHERE);
    if !parent.is_dir() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o711)
            .create(parent)
            .map_err(file("make", parent))?;
    }
    // A random end, so that a data folder made anew at the same path never meets the cluster of an earlier
    // one.
    let home = tempfile::Builder::new()
        .prefix(&format!("{}-", data.file_name().unwrap_or_default().to_string_lossy()))
        .permissions(Permissions::from_mode(0o711))
        .tempdir_in(parent)
        .map_err(file("make a folder in", parent))?
        .keep();
    fs::set_permissions(&home, Permissions::from_mode(0o711)).map_err(file("open to others", &home))?;
    fs::write(home.join("data-folder"), data.as_os_str().as_encoded_bytes()).map_err(file("write into", &home))?;
    let cluster = home.join("postgres");
    symlink(&cluster, &link).map_err(file("make the link", &link))?;
    for folder in [parent, &home, data] {
        sync_folder(folder)?;
    }
    tracing::info!(
        data = %data.display(), cluster = %cluster.display(), user = account.name,
        "the user who runs PostgreSQL cannot reach the data folder: its database is kept elsewhere"
    );
    Ok(cluster)
}

/// The folder of the cluster's socket, made where missing: `run` beside the cluster, or a private folder in
/// `/tmp` that `run` links to where the socket's path would be too long, or PostgreSQL or the driver could
/// not spell it.
pub(super) fn socket_folder(cluster: &Path, account: &Account) -> Result<PathBuf, EmbeddedError> {
    let run = cluster.with_file_name("run");
    if spells(&run) {
        if !run.is_dir() {
            DirBuilder::new().mode(0o700).create(&run).map_err(file("make", &run))?;
        }
        account.own(&run)?;
        return Ok(run);
    }
    // Kept and not named after the path: a stranger could be first to make a folder whose name can be
    // guessed.
    if let Ok(target) = fs::read_link(&run)
        && account.keeps_private(&target)
    {
        return Ok(target);
    }
    let made = tempfile::Builder::new()
        .prefix("guildhall-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in("/tmp")
        .map_err(file("make a folder in", "/tmp"))?
        .keep();
    account.own(&made)?;
    match fs::remove_file(&run) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(file("replace the link", &run)(error));
        }
        _ => symlink(&made, &run).map_err(file("make the link", &run))?,
    }
    Ok(made)
}

/// Whether a socket in `run` has a path that fits its address, and that survives PostgreSQL's list of
/// folders.
fn spells(run: &Path) -> bool {
    run.to_str().is_some_and(|text| {
        text.len() + SOCKET_NAME.len() <= SOCKET_PATH
            && !text.contains([',', '"'])
            && !text.contains(char::is_whitespace)
    })
}

/// Makes the names in a folder survive a power cut.
pub(super) fn sync_folder(folder: &Path) -> Result<(), EmbeddedError> {
    File::open(folder)
        .and_then(|open| open.sync_all())
        .map_err(file("save", folder))
}
