//! Finding PostgreSQL's programs.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use tokio::process::Command;

use super::error::EmbeddedError;

/// The oldest major version that the migrations and settings are written for.
pub(super) const OLDEST_MAJOR: u32 = 15;

/// Where distributions keep each major version apart: a folder, and what precedes the number in it.
const VERSIONED: [(&str, &str); 4] = [
    ("/usr/lib/postgresql", ""),
    ("/usr", "pgsql-"),
    ("/opt/homebrew/opt", "postgresql@"),
    ("/usr/local/opt", "postgresql@"),
];

/// A folder that holds `initdb` and `postgres` of one version.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    bin: PathBuf,
}

impl Programs {
    pub(super) fn initdb(&self) -> PathBuf {
        self.bin.join("initdb")
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.bin.join("postgres")
    }
}

/// The programs for a new cluster, or those of the major version that made the one in `cluster`: from
/// `bin_dir` alone when it is set, else from the `PATH` and the places where distributions put them, newest
/// first.
pub(super) async fn find(bin_dir: Option<&Path>, cluster: Option<&Path>) -> Result<Programs, EmbeddedError> {
    let wanted = cluster
        .map(|path| made_by(path).map(|major| (path, major)))
        .transpose()?;
    let mut found = Vec::new();
    for (bin, named) in candidates(bin_dir) {
        let major = match named {
            Some(major) => major,
            None => match version(&bin.join("postgres")).await {
                Some(major) => major,
                None => continue,
            },
        };
        let fits = wanted.as_ref().is_none_or(|(_, wanted)| *wanted == major.to_string());
        if fits && major >= OLDEST_MAJOR {
            return Ok(Programs { bin });
        }
        found.push((major, bin));
    }
    match wanted {
        Some((path, cluster)) if found.iter().any(|(major, _)| *major >= OLDEST_MAJOR) => {
            let found: Vec<_> = found
                .iter()
                .map(|(major, bin)| format!("{major} ({})", bin.display()))
                .collect();
            Err(EmbeddedError::Version {
                path: path.to_owned(),
                cluster,
                found: found.join(", "),
            })
        }
        _ => Err(EmbeddedError::NoPrograms {
            searched: searched(bin_dir),
        }),
    }
}

/// The major version that made a cluster.
fn made_by(cluster: &Path) -> Result<String, EmbeddedError> {
    let path = cluster.join("PG_VERSION");
    let text = fs::read_to_string(&path).map_err(super::error::file("read", &path))?;
    Ok(text.trim().to_owned())
}

/// Folders with both programs, with the major version where the folder's name tells it.
fn candidates(bin_dir: Option<&Path>) -> Vec<(PathBuf, Option<u32>)> {
    let mut places: Vec<(PathBuf, Option<u32>)> = Vec::new();
    if let Some(only) = bin_dir {
        let absolute = std::path::absolute(only).unwrap_or_else(|_| only.to_owned());
        places.push((absolute, None));
    } else {
        let path = env::var_os("PATH").unwrap_or_default();
        places.extend(
            env::split_paths(&path)
                .filter(|folder| folder.is_absolute())
                .map(|folder| (folder, None)),
        );
        let mut versioned: Vec<_> = VERSIONED
            .iter()
            .flat_map(|(parent, prefix)| versions(parent, prefix))
            .collect();
        versioned.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
        places.extend(versioned.into_iter().map(|(major, bin)| (bin, Some(major))));
    }
    places.retain(|(bin, _)| ["initdb", "postgres"].iter().all(|program| bin.join(program).is_file()));
    places
}

fn versions(parent: &str, prefix: &str) -> Vec<(u32, PathBuf)> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let major = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((major, entry.path().join("bin")))
        })
        .collect()
}

/// The major version that a program reports: `postgres (PostgreSQL) 15.13 (Debian …)`, `… 18beta1`.
async fn version(postgres: &Path) -> Option<u32> {
    let output = Command::new(postgres).arg("--version").output().await.ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let number = text.split_whitespace().nth(2)?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn searched(bin_dir: Option<&Path>) -> String {
    bin_dir.map_or_else(
        || {
            format!(
                "the PATH, {}",
                VERSIONED
                    .map(|(parent, prefix)| format!("{parent}/{prefix}*/bin"))
                    .join(", ")
            )
        },
        |only| only.display().to_string(),
    )
}
