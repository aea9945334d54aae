//! Starting, and being refused with the reason.

use std::{fs, os::unix::fs::MetadataExt};

use nix::unistd::geteuid;

use super::{DataLock, EmbeddedError, EmbeddedSettings, Folder, RECALL, ask, remember, settings};

#[tokio::test]
async fn first_start_makes_a_database_that_a_restart_keeps() {
    let folder = Folder::new("data");
    let lock = folder.lock();
    let unfinished = folder.data.join("postgres.init-dead");
    fs::create_dir(&unfinished).unwrap();

    let cluster = folder.start(&lock).await;
    remember(&cluster).await;
    let shape = "SELECT concat_ws(' ', current_user, current_database(), getdatabaseencoding(), \
                 current_setting('data_checksums'), current_setting('listen_addresses'), \
                 (SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules WHERE type = 'local'))";
    assert_eq!(
        ask(&cluster, shape).await.unwrap(),
        "guildhall guildhall UTF8 on  scram-sha-256"
    );
    assert!(!unfinished.exists(), "what a dead initialisation left is removed");
    let password = folder.data.join("postgres.password");
    assert_eq!(fs::metadata(&password).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&password).unwrap().uid(), geteuid().as_raw());

    let first = folder.postmaster().unwrap();
    cluster.stop().await.unwrap();
    assert!(!first.is_running(), "stop ends PostgreSQL");
    assert!(folder.postmaster().is_none());

    let cluster = folder.start(&lock).await;
    assert_eq!(ask(&cluster, RECALL).await.unwrap(), "kept");
    cluster.stop().await.unwrap();
}

#[test]
fn a_second_server_on_the_same_folder_is_refused() {
    let folder = Folder::new("data");
    let lock = folder.lock();
    let refusal = DataLock::acquire(&folder.data).unwrap_err().to_string();
    assert_eq!(
        refusal,
        format!(
            "the data folder {} is in use by another guildhall (process {}): stop it, or give this one its own folder \
             with --data",
            folder.data.display(),
            std::process::id()
        )
    );
    drop(lock);
    drop(folder.lock());
}

#[tokio::test]
async fn another_folders_lock_does_not_do() {
    let (folder, other) = (Folder::new("data"), Folder::new("data"));
    let (_lock, others) = (folder.lock(), other.lock());
    let error = folder.try_start(&others, &settings()).await.unwrap_err();
    assert!(matches!(error, EmbeddedError::NotLocked { .. }), "{error}");
}

#[tokio::test]
async fn another_major_version_is_named_with_the_way_out() {
    let folder = Folder::new("data");
    let lock = folder.lock();
    fs::create_dir(folder.cluster()).unwrap();
    fs::write(folder.cluster().join("PG_VERSION"), "99\n").unwrap();
    let error = folder.try_start(&lock, &settings()).await.unwrap_err().to_string();
    let found = format!(
        "{} was made by PostgreSQL 99, and the programs found are of version ",
        folder.cluster().display()
    );
    assert!(error.contains(&found), "{error}");
    assert!(
        error.contains("install PostgreSQL 99 beside them, or convert the database with pg_upgrade"),
        "{error}"
    );
}

#[tokio::test]
async fn a_folder_without_the_programs_is_named_with_what_to_install() {
    let folder = Folder::new("data");
    let lock = folder.lock();
    let nowhere = folder.root.path().join("nowhere");
    let wrong = EmbeddedSettings {
        bin_dir: Some(nowhere.clone()),
        ..settings()
    };
    let error = folder.try_start(&lock, &wrong).await.unwrap_err().to_string();
    assert!(
        error.starts_with(&format!(
            "no PostgreSQL 15 or newer in {}: install it",
            nowhere.display()
        )),
        "{error}"
    );
    assert!(!folder.cluster().exists());
}

#[tokio::test]
async fn a_password_that_is_not_the_clusters_is_refused_and_leaves_nothing_running() {
    let folder = Folder::new("data");
    let lock = folder.lock();
    folder.start(&lock).await.stop().await.unwrap();
    let path = folder.data.join("postgres.password");
    for spoil in ["", "another"] {
        fs::write(&path, spoil).unwrap();
        let error = folder.try_start(&lock, &settings()).await.unwrap_err();
        assert!(matches!(error, EmbeddedError::Password { .. }), "{error}");
        assert!(folder.postmaster().is_none());
    }
}
