//! Making a new cluster.

use std::{
    fs::{self, OpenOptions, Permissions},
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
    process::Stdio,
};

use tempfile::TempDir;
use tokio::process::Command;

use super::{
    account::Account,
    binaries::Programs,
    error::{EmbeddedError, file},
    layout::sync_folder,
};

/// The superuser role, and the database that the server uses.
pub(super) const ROLE: &str = "guildhall";
/// Begins the names of the folders that clusters are made in.
const UNFINISHED: &str = "postgres.init-";

/// Makes a cluster beside `cluster` and puts it there in one step, complete or not at all.
pub(super) async fn initialise(
    cluster: &Path,
    account: &Account,
    programs: &Programs,
    password: &str,
    durable: bool,
) -> Result<(), EmbeddedError> {
    let home = cluster.parent().unwrap_or(Path::new("/"));
    let workshop = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(home)
        .map_err(file("make a folder in", home))?;
    // The secret goes in while the folder is still the server's own: nobody else can put a link in its place.
    let secret = workshop.path().join("password");
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&secret);
    made.and_then(|mut made| made.write_all(password.as_bytes()))
        .map_err(file("write", &secret))?;
    account.own(&secret)?;
    account.own(workshop.path())?;
    tracing::info!(cluster = %cluster.display(), user = account.name, "making the database");
    let mut outcome = run(&workshop, account, programs, durable, "C.UTF-8").await?;
    if outcome.as_ref().is_err_and(|output| output.contains("locale")) {
        outcome = run(&workshop, account, programs, durable, "C").await?;
    }
    outcome.map_err(|output| EmbeddedError::Initialise { output })?;
    fs::rename(workshop.path().join("cluster"), cluster).map_err(file("put in place", cluster))?;
    sync_folder(home)
}

/// Runs initdb; the inner error is what it wrote when it failed.
async fn run(
    workshop: &TempDir,
    account: &Account,
    programs: &Programs,
    durable: bool,
    locale: &str,
) -> Result<Result<(), String>, EmbeddedError> {
    let program = programs.initdb();
    let mut command = Command::new(&program);
    command.arg("-D").arg(workshop.path().join("cluster"));
    command.arg("--pwfile").arg(workshop.path().join("password"));
    command.args([
        "--username",
        ROLE,
        "--encoding",
        "UTF8",
        "--locale",
        locale,
        "--data-checksums",
    ]);
    command.args(["--auth-local", "scram-sha-256", "--auth-host", "reject"]);
    if !durable {
        command.arg("--no-sync");
    }
    prepare(&mut command, account);
    command.stdout(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.map_err(|source| EmbeddedError::Run {
        program: program.clone(),
        account: account.name.clone(),
        source,
    })?;
    Ok(match output.status.success() {
        true => Ok(()),
        false => Err(format!(
            "{} ({})",
            String::from_utf8_lossy(&output.stderr).trim(),
            output.status
        )),
    })
}

/// What every PostgreSQL program gets: the unprivileged user, a folder it can be in, nothing of the server's
/// environment (its secrets, `PG…` variables), and a process group that a terminal's Ctrl-C does not reach.
pub(super) fn prepare(command: &mut Command, account: &Account) {
    account.apply(command);
    command
        .env_clear()
        .env("LC_ALL", "C")
        .current_dir("/")
        .stdin(Stdio::null())
        .process_group(0);
    for kept in ["PATH", "LD_LIBRARY_PATH"] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
}

/// Removes what servers left that died while they made a cluster. Their initdb may go on writing for a
/// moment, so that some of it is left to the next start.
pub(super) fn remove_unfinished(cluster: &Path) {
    let entries = cluster
        .parent()
        .map(fs::read_dir)
        .into_iter()
        .flatten()
        .flatten()
        .flatten();
    for entry in entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes())) {
        if let Err(error) = fs::remove_dir_all(entry.path()) {
            tracing::warn!(path = %entry.path().display(), %error, "an unfinished database cannot be removed yet");
        }
    }
}
