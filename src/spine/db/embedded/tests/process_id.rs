//! What else may have the process id that PostgreSQL left in its file.

use std::{
    fs::{self, Permissions},
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    process::{Child, Command},
};

use nix::unistd::geteuid;

use super::{DataLock, Folder, Process, RECALL, ask, remember};

/// A process that is ended when the test is.
struct Bystander(Child);

impl Drop for Bystander {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Bystander {
    /// Runs as the owner of the cluster: PostgreSQL ignores the processes of others by itself.
    fn of(folder: &Folder, program: &str, argument: &str) -> Self {
        let mut command = Command::new(program);
        command.arg(argument);
        if geteuid().is_root() {
            let owner = fs::metadata(folder.cluster()).unwrap();
            command.uid(owner.uid()).gid(owner.gid());
        }
        Self(command.spawn().unwrap())
    }

    /// Starts PostgreSQL over a `postmaster.pid` that names this process.
    async fn gives_its_id_to(&self, folder: &Folder, lock: &DataLock, pid_file: &str) {
        let path = folder.cluster().join("postmaster.pid");
        let (_, rest) = pid_file.split_once('\n').unwrap();
        fs::write(&path, format!("{}\n{rest}", self.0.id())).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let owner = fs::metadata(folder.cluster()).unwrap();
        chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();

        let cluster = folder.start(lock).await;
        assert_eq!(ask(&cluster, RECALL).await.unwrap(), "kept");
        cluster.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_process_that_only_has_the_old_id_is_not_taken_for_postgres() {
    let folder = Folder::new("data");
    let lock = folder.lock();
    let cluster = folder.start(&lock).await;
    remember(&cluster).await;
    let pid_file = fs::read_to_string(folder.cluster().join("postmaster.pid")).unwrap();
    cluster.stop().await.unwrap();

    let mut stranger = Bystander::of(&folder, "sleep", "1000");
    stranger.gives_its_id_to(&folder, &lock, &pid_file).await;
    assert!(stranger.0.try_wait().unwrap().is_none(), "the stranger still runs");

    let zombie = Bystander::of(&folder, "sleep", "0");
    while Process::find(zombie.0.id().try_into().unwrap()).is_some() {}
    zombie.gives_its_id_to(&folder, &lock, &pid_file).await;
}
