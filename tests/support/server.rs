//! The server under test, in this process, on a free port.

use std::{net::SocketAddr, ops::Deref, path::Path, sync::Arc};

use guildhall::app::{Server, Start};
use guildhall_kernel::{Clock, Entropy};
use guildhall_spine::{App, config::Config};
use tempfile::TempDir;

use super::{Answer, Caller, Database, RedisServer};

/// A running server with a database of its own. Clones of the builder's database make several nodes.
pub(crate) struct TestServer {
    server: Option<Server>,
    pub(crate) database: Arc<Database>,
    pub(crate) clock: Clock,
    pub(crate) address: SocketAddr,
    /// Kept for as long as the server runs.
    data: TempDir,
}

/// What a test server is made of.
pub(crate) struct TestServerBuilder {
    config: Config,
    clock: Clock,
    database: Option<Arc<Database>>,
}

impl TestServer {
    /// A server with the defaults of tests: no limits, quick password hashing.
    pub(crate) async fn start() -> Self {
        Self::builder().start().await
    }

    pub(crate) fn builder() -> TestServerBuilder {
        let mut config = Config::default();
        config.http.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        config.rate_limit.enabled = false;
        config.auth.argon2_memory_kib = 8;
        config.auth.argon2_passes = 1;
        config.database.max_connections = 6;
        config.http.drain_seconds = 5;
        // So that one key seals for every node of a test.
        config.secrets.keys = vec!["MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=".to_owned()];
        TestServerBuilder {
            config,
            clock: Clock::system(),
            database: None,
        }
    }

    /// A caller without credentials.
    pub(crate) fn anonymous(&self) -> Caller {
        Caller::new(self.address, None)
    }

    /// A caller with this bearer token.
    pub(crate) fn with_token(&self, token: &str) -> Caller {
        Caller::new(self.address, Some(token.to_owned()))
    }

    /// Logs in with the password that all people of a [`super::Scene`] have.
    pub(crate) async fn login(&self, email: &str) -> Caller {
        let answer = self.try_login(email, super::scene::PASSWORD).await.ok();
        self.with_token(answer["access_token"].as_str().unwrap())
    }

    /// What a log-in answers.
    pub(crate) async fn try_login(&self, email: &str, password: &str) -> Answer {
        let body = serde_json::json!({"email": email, "password": password});
        self.anonymous().post("/api/v1/auth/login", &body).await
    }

    /// Stops the server as SIGTERM would, and waits for it.
    pub(crate) async fn stop(mut self) -> Arc<Database> {
        self.server.take().unwrap().stop().await;
        Arc::clone(&self.database)
    }

    /// The folder that it keeps its files in.
    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    pub(crate) fn app(&self) -> &App {
        &self.server.as_ref().unwrap().app
    }
}

impl Deref for TestServer {
    type Target = Server;

    fn deref(&self) -> &Server {
        self.server.as_ref().unwrap()
    }
}

impl TestServerBuilder {
    /// Another node on the same database.
    pub(crate) fn on(mut self, database: &Arc<Database>) -> Self {
        self.database = Some(Arc::clone(database));
        self
    }

    /// A clock that the test moves.
    pub(crate) fn manual_clock(self) -> Self {
        self.clock(Clock::manual(Clock::system().now()))
    }

    /// A clock that other servers go by too.
    pub(crate) fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Nodes that hear each other.
    pub(crate) fn with_redis(mut self, redis: &RedisServer) -> Self {
        self.config.redis.url = Some(redis.url());
        self
    }

    pub(crate) fn config(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    pub(crate) async fn start(self) -> TestServer {
        let Self {
            mut config,
            clock,
            database,
        } = self;
        let database = match database {
            Some(database) => database,
            None => Arc::new(Database::create().await),
        };
        config.database.url = Some(database.url());
        let data = tempfile::tempdir().unwrap();
        let start = Start {
            config,
            data: data.path().to_owned(),
            clock: clock.clone(),
            entropy: Entropy::system(),
        };
        let server = Server::start(start).await.unwrap();
        let address = server.address();
        TestServer {
            server: Some(server),
            database,
            clock,
            address,
            data,
        }
    }
}
