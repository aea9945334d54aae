//! A Redis of one test's own.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// A real Redis (or Valkey) on a free port, without persistence.
pub(crate) struct RedisServer {
    port: u16,
    child: Option<Child>,
}

impl RedisServer {
    pub(crate) async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Self { port, child: None };
        server.spawn().await;
        server
    }

    /// Starts it again after [`RedisServer::kill`], on the same port.
    pub(crate) async fn spawn(&mut self) {
        let port = self.port.to_string();
        let start = |program: &str| {
            Command::new(program)
                .args([
                    "--port",
                    &port,
                    "--bind",
                    "127.0.0.1",
                    "--save",
                    "",
                    "--appendonly",
                    "no",
                    "--dir",
                    "/tmp",
                ])
                .stdout(Stdio::null())
                .spawn()
        };
        let child = start("redis-server")
            .or_else(|_| start("valkey-server"))
            .expect("redis-server is installed by script/test");
        self.child = Some(child);
        let client = redis::Client::open(self.url()).unwrap();
        let until = tokio::time::Instant::now() + Duration::from_secs(10);
        loop {
            match client.get_multiplexed_async_connection().await {
                Ok(_) => return,
                Err(error) => assert!(tokio::time::Instant::now() < until, "redis did not start: {error}"),
            }
            tokio::task::yield_now().await;
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Makes it hang: connections stay open and nothing answers.
    pub(crate) fn hang(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets it go on.
    pub(crate) fn resume(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = self.child.as_ref().unwrap().id();
        kill(Pid::from_raw(pid.try_into().unwrap()), signal).unwrap();
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.resume();
            self.kill();
        }
    }
}
