//! A release server of our own, started on a data folder and ended with its owner.

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Failure;
use crate::client::{Client, get};
use crate::machine::{confine, confined};
use crate::process::{self, Owned};

/// How a server is started.
#[derive(Clone)]
pub(crate) struct Launch {
    /// The `guildhall` program.
    pub(crate) program: PathBuf,
    /// Its data folder.
    pub(crate) data: PathBuf,
}

/// A running server.
pub(crate) struct Server {
    process: Owned,
    address: SocketAddr,
    data: PathBuf,
    ready_after: Duration,
}

impl Launch {
    /// A command of the server's program with the settings every run shares: limits that protect a public server
    /// from one client would measure themselves here.
    pub(crate) fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg(verb)
            .arg("--data")
            .arg(&self.data)
            .env("GUILDHALL_RATE_LIMIT__ENABLED", "false")
            .env("GUILDHALL_LIVE__MAX_SOCKETS_PER_USER", "100000")
            .env("GUILDHALL_LOG__FILTER", "warn")
            // Tokens name it: those of one run are good for the next, on another port.
            .env("GUILDHALL_HTTP__PUBLIC_URL", "http://localhost:8080")
            .env_remove("DATABASE_URL")
            .env_remove("REDIS_URL")
            .stdin(Stdio::null());
        command
    }

    /// Loads the demo data of a scale into a data folder that does not hold it yet.
    pub(crate) async fn load(&self, scale: &str) -> Result<(), Failure> {
        let loaded = self.data.join("bench-loaded");
        if loaded.exists() {
            return Ok(());
        }
        eprintln!(
            "loading the {scale} demo data into {}: this takes minutes, once",
            self.data.display()
        );
        self.demo(&["--scale", scale]).await?;
        Ok(fs::write(loaded, "")?)
    }

    /// Loads demo data.
    pub(crate) async fn demo(&self, arguments: &[&str]) -> Result<(), Failure> {
        let mut command = self.command("demo");
        let mut demo = Owned::spawn("guildhall demo", command.args(arguments).stdout(Stdio::null()))?;
        let status = demo.wait().await?;
        if !status.success() {
            return Err(format!("guildhall demo {arguments:?} ended with {status}").into());
        }
        Ok(())
    }

    /// Starts the server and waits until it is ready.
    pub(crate) async fn start(&self) -> Result<Server, Failure> {
        self.start_on(None).await
    }

    /// The same with the server confined to some cores; its database keeps the others.
    pub(crate) async fn start_on(&self, cores: Option<(&[usize], &[usize])>) -> Result<Server, Failure> {
        let address = free_address()?;
        let log = tempfile::tempfile()?;
        let mut command = self.command("serve");
        command
            .args(["--demo", "none", "--listen", &address.to_string()])
            .stdout(log.try_clone()?)
            .stderr(log.try_clone()?);
        let begun = Instant::now();
        let spawned = confined(cores.map(|(own, _)| own), || Owned::spawn("guildhall", &mut command));
        let mut server = Server {
            process: spawned??,
            address,
            data: self.data.clone(),
            ready_after: Duration::ZERO,
        };
        let ready = until(Duration::from_secs(60), async || {
            if let Some(status) = server.process.ended()? {
                return Err(format!("guildhall ended with {status}").into());
            }
            server.is_ready().await
        })
        .await;
        server.ready_after = begun.elapsed();
        ready.map_err(|error| format!("starting guildhall: {error}; it said:\n{}", said(log)))?;
        if let (Some((_, others)), Some(postgres)) = (cores, server.postgres()) {
            for pid in process::tree(postgres)? {
                confine(pid, others)?;
            }
        }
        Ok(server)
    }
}

impl Server {
    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The server's own process id.
    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// The process id of its embedded cluster's postmaster.
    pub(crate) fn postgres(&self) -> Option<u32> {
        postmaster(&self.data)
    }

    /// How to reach its embedded cluster: the folder's layout is the server's, which documents it.
    pub(crate) fn database_url(&self) -> Result<String, Failure> {
        let password = fs::read_to_string(self.data.join("postgres.password"))?;
        let cluster = fs::canonicalize(self.data.join("postgres"))?;
        let sockets = fs::canonicalize(cluster.with_file_name("run"))?;
        let host = sockets.display().to_string().replace('/', "%2F");
        Ok(format!(
            "postgres://guildhall:{}@{host}/guildhall?sslmode=disable",
            password.trim()
        ))
    }

    /// From the start of the process to the first 200 of `/readyz`.
    pub(crate) fn ready_after(&self) -> Duration {
        self.ready_after
    }

    async fn is_ready(&self) -> Result<bool, Failure> {
        let Ok(mut client) = Client::connect(self.address).await else {
            return Ok(false);
        };
        let (status, _) = client.send(get("/readyz", None)?).await?;
        Ok(status.is_success())
    }
}

fn said(mut log: File) -> String {
    let mut text = String::new();
    match log.rewind().and_then(|()| log.read_to_string(&mut text)) {
        Ok(_) => text,
        Err(error) => format!("(its log cannot be read: {error})"),
    }
}

/// The postmaster writes its process id into the first line of this file.
fn postmaster(data: &Path) -> Option<u32> {
    let text = fs::read_to_string(data.join("postgres/postmaster.pid")).ok()?;
    text.lines().next()?.trim().parse().ok()
}

/// An address of this machine that nothing listens on.
pub(crate) fn free_address() -> Result<SocketAddr, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Asks again every few milliseconds until the answer is yes.
pub(crate) async fn until(
    patience: Duration,
    mut asked: impl AsyncFnMut() -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let begun = Instant::now();
    while !asked().await? {
        if begun.elapsed() > patience {
            return Err(format!("not ready after {patience:?}").into());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(())
}
