//! nginx with its nchan module: the field's broadcast server, run beside ours for comparison.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{CONTENT_TYPE, HOST};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

use crate::Failure;
use crate::client::Client;
use crate::machine::{confined, raise_open_files};
use crate::process::Owned;
use crate::server::{free_address, until};

/// Where distributions put the module.
const MODULES: [&str; 3] = [
    "/usr/lib/nginx/modules/ngx_nchan_module.so",
    "/usr/lib64/nginx/modules/ngx_nchan_module.so",
    "/usr/share/nginx/modules/ngx_nchan_module.so",
];
/// The path subscribers connect to.
pub(crate) const SUBSCRIBE: &str = "/subscribe";

/// A running nginx of one worker; it ends and its files vanish when dropped.
pub(crate) struct Nchan {
    process: Owned,
    address: SocketAddr,
    _files: TempDir,
}

impl Nchan {
    /// Whether the machine has nginx and the module; the error says what to install.
    pub(crate) fn available() -> Result<&'static str, Failure> {
        let module = MODULES.into_iter().find(|path| Path::new(path).exists());
        let nginx = Command::new("nginx")
            .arg("-v")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        match (module, nginx) {
            (Some(module), Ok(status)) if status.success() => Ok(module),
            _ => Err("nginx with nchan is not on this machine: apt-get install nginx libnginx-mod-nchan".into()),
        }
    }

    /// Starts nginx confined to the given cores.
    pub(crate) async fn start(cores: Option<&[usize]>) -> Result<Self, Failure> {
        let module = Self::available()?;
        let files = TempDir::with_prefix("guildhall-bench-nchan-")?;
        let address = free_address()?;
        let configuration = files.path().join("nginx.conf");
        fs::write(&configuration, settings(module, files.path(), address)?)?;
        let mut command = Command::new("nginx");
        command
            .arg("-p")
            .arg(files.path())
            .arg("-c")
            .arg(&configuration)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = confined(cores, || Owned::spawn("nginx", &mut command))??;
        let mut nchan = Self {
            process,
            address,
            _files: files,
        };
        until(Duration::from_secs(5), async || {
            if let Some(status) = nchan.process.ended()? {
                return Err(format!("nginx ended with {status} instead of listening").into());
            }
            Ok(Client::connect(address).await.is_ok())
        })
        .await?;
        Ok(nchan)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The id of the master process; the worker is its child.
    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Publishes one message to every subscriber.
    pub(crate) async fn publish(client: &mut Client, message: Bytes) -> Result<(), Failure> {
        let request = Request::post("/publish")
            .header(HOST, "localhost")
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(message))?;
        let (status, body) = client.send(request).await?;
        if status.is_success() {
            Ok(())
        } else {
            Err(format!("nchan answered {status}: {}", String::from_utf8_lossy(&body)).into())
        }
    }
}

fn settings(module: &str, folder: &Path, address: SocketAddr) -> Result<String, Failure> {
    let files = raise_open_files()?;
    let folder = folder.display();
    Ok(format!(
        "load_module {module};
daemon off;
worker_processes 1;
worker_rlimit_nofile {files};
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections {files}; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen {address} backlog=4096;
    location = {SUBSCRIBE} {{ nchan_subscriber websocket; nchan_channel_id feed; nchan_subscriber_first_message newest; }}
    location = /publish {{ nchan_publisher http; nchan_channel_id feed; }}
  }}
}}
"
    ))
}
