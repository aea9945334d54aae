//! Reaching the cluster of a server that is running, from another process.

use std::{fs, path::Path};

use sqlx::postgres::PgConnectOptions;

use super::{
    EmbeddedCluster, connect,
    error::{EmbeddedError, file},
    layout, password,
};

/// The line of `postmaster.pid` that names the socket's folder (PostgreSQL's `miscinit.h`).
const SOCKET_LINE: usize = 4;

impl EmbeddedCluster {
    /// How to connect to the cluster that another guildhall runs in this data folder: a command beside the
    /// server needs the database and neither the lock nor the supervision.
    ///
    /// # Errors
    /// [`EmbeddedError`] when there is no cluster, or none that is running.
    pub fn join(data: &Path) -> Result<PgConnectOptions, EmbeddedError> {
        let data = fs::canonicalize(data).map_err(file("find the data folder", data))?;
        let existing = layout::existing(&data)?;
        let Some(cluster) = &existing else {
            return Err(EmbeddedError::NotACluster {
                path: data.join("postgres"),
                what: "nothing is there yet",
            });
        };
        let path = cluster.join("postmaster.pid");
        let text = fs::read_to_string(&path).map_err(file("read", &path))?;
        let sockets = text.lines().nth(SOCKET_LINE).unwrap_or_default();
        Ok(connect::options(
            Path::new(sockets),
            &password::load(&data, existing.as_deref())?,
        ))
    }
}
