//! Data folders in awkward places.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt},
};

use nix::unistd::geteuid;

use super::{Folder, RECALL, ask, remember};

#[tokio::test]
async fn a_path_too_long_for_a_socket_works() {
    let folder = Folder::new(&format!("{}/with space, comma/data", "long".repeat(30)));
    let lock = folder.lock();
    let cluster = folder.start(&lock).await;
    remember(&cluster).await;
    let short = fs::read_link(folder.data.join("run")).unwrap();
    assert_eq!(fs::metadata(&short).unwrap().mode() & 0o777, 0o700);
    let left = folder.postmaster();
    drop(cluster);

    let cluster = folder.start(&lock).await;
    assert_eq!(folder.postmaster(), left, "the short folder is found again");
    assert_eq!(ask(&cluster, RECALL).await.unwrap(), "kept");
    cluster.stop().await.unwrap();
    assert!(!short.exists());
}

#[tokio::test]
async fn a_folder_below_a_closed_one_works() {
    let folder = Folder::new("closed/data");
    let closed = folder.root.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, Permissions::from_mode(0o700)).unwrap();
    let lock = folder.lock();
    let cluster = folder.start(&lock).await;
    remember(&cluster).await;
    let is_elsewhere = fs::read_link(folder.cluster()).is_ok_and(|target| target.starts_with("/var/lib/guildhall"));
    assert_eq!(
        is_elsewhere,
        geteuid().is_root(),
        "only a user who cannot pass needs another place"
    );
    cluster.stop().await.unwrap();

    let cluster = folder.start(&lock).await;
    assert_eq!(ask(&cluster, RECALL).await.unwrap(), "kept");
    cluster.stop().await.unwrap();
}
