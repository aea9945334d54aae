//! The program as it is installed, in a process of its own.

use std::{
    fs::{self, Permissions},
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{ChildStdin, ExitStatus, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use super::{Caller, PATIENCE, cluster::reaper};

/// A folder to start the program in, with its data folder. Both go, and whatever still runs there ends, with the test.
pub(crate) struct Place {
    root: PathBuf,
    _leash: ChildStdin,
}

/// What a finished command has said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A server that runs.
pub(crate) struct Process {
    child: Child,
    out: Lines<BufReader<ChildStdout>>,
    pub(crate) address: SocketAddr,
}

impl Place {
    pub(crate) fn new() -> Self {
        let root = tempfile::Builder::new()
            .prefix("guildhall-place-")
            .tempdir()
            .unwrap()
            .keep();
        // The private cluster may belong to another user, who must get in.
        fs::set_permissions(&root, Permissions::from_mode(0o755)).unwrap();
        let root = fs::canonicalize(root).unwrap();
        let leash = reaper(&root.join("data"), &root);
        Self { root, _leash: leash }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// The program, without settings of whoever runs the tests.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_guildhall"));
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("GUILDHALL_") || name == "DATABASE_URL" || name == "REDIS_URL" {
                command.env_remove(&*name);
            }
        }
        command
            .current_dir(&self.root)
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Said {
        Said::by(self.command(arguments)).await
    }

    /// Starts a server on a free port and waits for its greeting.
    pub(crate) async fn serve(&self, change: impl FnOnce(&mut Command)) -> Process {
        let log = self.root.join("server.log");
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        command
            .stdout(Stdio::piped())
            .stderr(fs::File::options().create(true).append(true).open(&log).unwrap());
        change(&mut command);
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
        let greeting = tokio::time::timeout(PATIENCE, out.next_line())
            .await
            .expect("no greeting came")
            .unwrap();
        let port = greeting
            .as_deref()
            .and_then(|line| line.split("localhost:").nth(1)?.split_whitespace().next()?.parse().ok());
        let port: u16 =
            port.unwrap_or_else(|| panic!("{greeting:?}\n{}", fs::read_to_string(&log).unwrap_or_default()));
        Process {
            child,
            out,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
        }
    }

    /// The process id of the private PostgreSQL.
    pub(crate) fn postmaster(&self) -> Pid {
        let text = fs::read_to_string(self.data().join("postgres/postmaster.pid")).unwrap();
        Pid::from_raw(text.lines().next().unwrap().parse().unwrap())
    }
}

impl Said {
    pub(crate) async fn by(command: Command) -> Self {
        Self::given(command, "").await
    }

    /// What a command says that is given this on its standard input.
    pub(crate) async fn given(mut command: Command, input: &str) -> Self {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that doesn't read its input closes it; that is no failure.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes()).await;
        let end = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
        let output = end.expect("the command does not end").unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// What a command that succeeded printed.
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.out
    }

    /// What a command that failed complained of.
    pub(crate) fn refusal(self) -> String {
        assert_eq!(self.code, Some(1), "{self:?}");
        self.err
    }
}

impl Process {
    pub(crate) fn caller(&self, token: Option<String>) -> Caller {
        Caller::new(self.address, token)
    }

    /// Logs one of the demo people in.
    pub(crate) async fn login(&self, email: &str) -> Caller {
        let body = serde_json::json!({"email": email, "password": "guildhall-demo"});
        let answer = self.caller(None).post("/api/v1/auth/login", &body).await.ok();
        self.caller(Some(answer["access_token"].as_str().unwrap().to_owned()))
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().unwrap().try_into().unwrap())
    }

    /// Ends it at once, as a crash would.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to end, as a service manager would; returns how it ended and what it had left to say.
    pub(crate) async fn terminate(mut self) -> (ExitStatus, Vec<String>) {
        kill(self.pid(), Signal::SIGTERM).unwrap();
        let status = tokio::time::timeout(PATIENCE, self.child.wait())
            .await
            .expect("it does not end")
            .unwrap();
        let mut rest = Vec::new();
        while let Some(line) = self.out.next_line().await.unwrap() {
            rest.push(line);
        }
        (status, rest)
    }
}
