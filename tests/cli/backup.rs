//! The backup of docs/operations.md, made and restored as it is printed.

use std::{env, path::Path, process::Stdio};

use tokio::process::Command;

use crate::support::{PATIENCE, Place};

const PAGE: &str = include_str!("../../docs/operations.md");

/// The fenced blocks below "Backup": making one, and restoring it.
fn blocks() -> (&'static str, &'static str) {
    let mut blocks = PAGE.split_once("## Backup").unwrap().1.split("```sh\n").skip(1);
    let mut next = || blocks.next().unwrap().split_once("```").unwrap().0;
    (next(), next())
}

/// Runs `script` in the folder, with the tests' guildhall.
async fn bash(folder: &Path, script: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_guildhall")).parent().unwrap();
    let path = format!("{}:{}", program.display(), env::var("PATH").unwrap());
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", script])
        .current_dir(folder)
        .env("PATH", path)
        .env_remove("DATABASE_URL")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let end = tokio::time::timeout(PATIENCE, bash.output()).await;
    let output = end.expect("the commands do not end").unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{}\n{said}", output.status);
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_made_and_restored_as_the_page_says() {
    let (place, elsewhere) = (Place::new(), Place::new());
    let (back_up, restore) = blocks();
    let demo = |command: &mut Command| {
        command.args(["--demo", "small"]);
    };
    let server = place.serve(demo).await;
    let deals = "/api/v1/deals?limit=5";
    let before = server.login("rep@partner1.example").await.get(deals).await.ok();
    let here = back_up.replace("/var/lib/guildhall-data", place.data().to_str().unwrap());
    assert_ne!(here, back_up);
    bash(place.root(), &here).await;
    server.terminate().await;

    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let there = restore
        .replace("/var/lib/guildhall-restored", elsewhere.data().to_str().unwrap())
        .replace("127.0.0.1:8099", &address);
    let doctor = bash(place.root(), &there).await;
    assert!(doctor.contains("audit: ") && !doctor.contains("FAIL"), "{doctor}");
    let server = elsewhere.serve(|_| {}).await;
    let after = server.login("rep@partner1.example").await.get(deals).await.ok();
    assert_eq!(after, before);
    server.terminate().await;
}
