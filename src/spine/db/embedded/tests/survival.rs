//! Deaths of the server and of PostgreSQL.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
};

use nix::sys::signal::Signal;
use sqlx::{Connection, PgConnection};

use super::{
    DataLock, EmbeddedCluster, EmbeddedSettings, Folder, PATIENCE, RECALL, ask, ask_until_answered, remember, settings,
};

/// Makes the test that it is set for play the server that dies; its value is the data folder.
const VICTIM: &str = "GUILDHALL_TEST_EMBEDDED_VICTIM";

#[tokio::test]
async fn postgres_that_is_killed_comes_back() {
    let folder = Folder::new("data");
    let lock = folder.lock();
    let cluster = folder.start(&lock).await;
    remember(&cluster).await;
    for _ in 0..2 {
        let before = folder.postmaster().unwrap();
        before.signal(Signal::SIGKILL);
        tokio::time::timeout(PATIENCE, before.ended()).await.unwrap();
        assert_eq!(ask_until_answered(&cluster, RECALL).await, "kept");
        assert_ne!(folder.postmaster().unwrap(), before);
    }
    cluster.stop().await.unwrap();
    assert!(folder.postmaster().is_none());
}

#[tokio::test]
async fn a_start_outwaits_what_a_killed_postgres_left() {
    let folder = Folder::new("data");
    let lock = folder.lock();
    let cluster = folder.start(&lock).await;
    remember(&cluster).await;
    // A backend that computes does not notice the death of its postmaster, and goes on using the shared
    // memory.
    let mut busy = PgConnection::connect_with(&cluster.connect_options()).await.unwrap();
    let count = "BEGIN; SELECT pg_advisory_xact_lock(1); \
                 DO $$ BEGIN FOR i IN 1..100000000 LOOP END LOOP; END $$";
    let counting = tokio::spawn(async move {
        let counted = sqlx::raw_sql(count).execute(&mut busy).await;
        (busy, counted)
    });
    let is_busy = "SELECT count(*)::text FROM pg_locks WHERE locktype = 'advisory'";
    while ask(&cluster, is_busy).await.unwrap() != "1" {}
    drop(cluster);
    let left = folder.postmaster().unwrap();
    left.signal(Signal::SIGKILL);
    tokio::time::timeout(PATIENCE, left.ended()).await.unwrap();

    let cluster = folder.start(&lock).await;
    assert_eq!(ask(&cluster, RECALL).await.unwrap(), "kept");
    let log = fs::read_to_string(folder.data.join("postgres.log")).unwrap();
    assert!(
        log.contains("pre-existing shared memory block"),
        "the start met the busy backend: {log}"
    );
    let _outcome = counting.await.unwrap();
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn postgres_that_outlives_its_server_is_adopted() {
    let name = "postgres_that_outlives_its_server_is_adopted";
    if let Some(data) = env::var_os(VICTIM) {
        let data = PathBuf::from(data);
        let lock = DataLock::acquire(&data).unwrap();
        let cluster = Box::pin(EmbeddedCluster::start(&data, &lock, &settings()))
            .await
            .unwrap();
        remember(&cluster).await;
        println!("\nready");
        std::future::pending::<()>().await;
    }
    let folder = Folder::new("data");
    let (_, module) = module_path!().split_once("::").unwrap();
    let mut victim = Command::new(env::current_exe().unwrap())
        .args(["--exact", &format!("{module}::{name}"), "--nocapture"])
        .env(VICTIM, &folder.data)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let ready = lines.any(|line| line.unwrap() == "ready");
    victim.kill().unwrap();
    victim.wait().unwrap();
    assert!(ready, "the server started before it was killed");
    let left = folder.postmaster().expect("PostgreSQL outlives the server");

    let lock = folder.lock();
    let cluster = folder.start(&lock).await;
    assert_eq!(folder.postmaster(), Some(left), "it is adopted, not restarted");
    assert_eq!(ask(&cluster, RECALL).await.unwrap(), "kept");

    left.signal(Signal::SIGKILL);
    tokio::time::timeout(PATIENCE, left.ended()).await.unwrap();
    assert_eq!(ask_until_answered(&cluster, RECALL).await, "kept");

    // Dropped without a stop and with other settings at the next start: one that runs is started anew.
    drop(cluster);
    let left = folder.postmaster().unwrap();
    let fewer = EmbeddedSettings {
        max_connections: 33,
        ..settings()
    };
    let cluster = folder.try_start(&lock, &fewer).await.unwrap();
    assert!(!left.is_running());
    assert_eq!(ask(&cluster, "SHOW max_connections").await.unwrap(), "33");

    drop(cluster);
    let cluster = folder.try_start(&lock, &fewer).await.unwrap();
    cluster.stop().await.unwrap();
    assert!(folder.postmaster().is_none(), "an adopted one can be stopped");
}
