//! The superuser role's password, in a file that the server alone can read.

use std::{fs, io, io::Write, path::Path};

use guildhall_kernel::Entropy;

use super::{
    error::{EmbeddedError, file},
    layout::sync_folder,
};

/// Reads the password, or makes one for a cluster that does not exist yet. It is on disk before the cluster
/// is: a server that dies between the two finds it again, and no cluster is ever without its password.
pub(super) fn load(data: &Path, cluster: Option<&Path>) -> Result<String, EmbeddedError> {
    let path = data.join("postgres.password");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text.trim().to_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(file("read", &path)(error)),
    };
    match cluster {
        _ if !text.is_empty() => Ok(text),
        Some(cluster) => Err(EmbeddedError::Password {
            path,
            cluster: cluster.to_owned(),
        }),
        None => make(data, &path),
    }
}

fn make(data: &Path, path: &Path) -> Result<String, EmbeddedError> {
    let password = Entropy::system().token();
    // Made 0600, and put in place whole.
    let mut made = tempfile::NamedTempFile::new_in(data).map_err(file("write into", data))?;
    made.write_all(password.as_bytes())
        .and_then(|()| made.as_file().sync_all())
        .map_err(file("write", path))?;
    made.persist(path).map_err(|error| file("write", path)(error.error))?;
    sync_folder(data)?;
    Ok(password)
}
