//! The settings themselves. The reference page is generated from these comments.

use std::{net::SocketAddr, path::PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// All settings. Each has a default that works on a laptop.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The HTTP server.
    pub http: HttpConfig,
    /// PostgreSQL.
    pub database: DatabaseConfig,
    /// Redis or Valkey, for more than one node.
    pub redis: RedisConfig,
    /// Log-in, tokens and passwords.
    pub auth: AuthConfig,
    /// Keys for secrets at rest.
    pub secrets: SecretsConfig,
    /// Request limits.
    pub rate_limit: RateLimitConfig,
    /// WebSocket delivery.
    pub live: LiveConfig,
    /// The event log.
    pub events: EventsConfig,
    /// Outgoing mail.
    pub mail: MailConfig,
    /// Files.
    pub storage: StorageConfig,
    /// Calls to addresses that somebody else chose: webhook endpoints, CRMs.
    pub outbound: OutboundConfig,
    /// What the server writes to its log.
    pub log: LogConfig,
}

/// The HTTP server.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// The address that people and tokens know the server by: the issuer of its tokens and the root of links in mails.
    /// Left out, it is `http://localhost` with the port of `listen`.
    pub public_url: String,
    /// Web origins that may call the API from a browser, like `https://portal.example`.
    pub cors_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed, as addresses or networks like `10.0.0.0/8`.
    pub trusted_proxies: Vec<String>,
    /// Largest request body, in bytes.
    pub body_limit_bytes: usize,
    /// Seconds after which a request that isn't answered gets 503.
    pub request_timeout_seconds: u64,
    /// Seconds that a client has to send a request's headers.
    pub header_timeout_seconds: u64,
    /// Seconds that a client has to send a request's body; less than `request_timeout_seconds`.
    pub body_timeout_seconds: u64,
    /// Most connections open at once; further ones wait in the system's backlog.
    pub max_connections: usize,
    /// Seconds that requests and sockets have to finish after a stop was asked for.
    pub drain_seconds: u64,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: "http://localhost:8080".to_owned(),
            cors_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            body_limit_bytes: 1024 * 1024,
            request_timeout_seconds: 30,
            header_timeout_seconds: 10,
            body_timeout_seconds: 20,
            max_connections: 50_000,
            drain_seconds: 20,
        }
    }
}

/// PostgreSQL. Without a `url` the server runs a private cluster in its data folder.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `postgres://user:password@host/database`; also read from `DATABASE_URL`.
    pub url: Option<String>,
    /// Connections of this node.
    pub max_connections: u32,
    /// Seconds a request waits for a connection before it gets 503.
    pub acquire_timeout_seconds: u64,
    /// Seconds after which PostgreSQL gives a statement up.
    pub statement_timeout_seconds: u64,
    /// Folder with `initdb` and `postgres` for the private cluster, when they aren't found by themselves.
    pub bin_dir: Option<PathBuf>,
    /// The unprivileged user that runs the private cluster when the server is started as root.
    pub run_as: Option<String>,
    /// Memory that the private cluster keeps pages in.
    pub shared_buffers: String,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self {
            url: None,
            max_connections: 16,
            acquire_timeout_seconds: 5,
            statement_timeout_seconds: 30,
            bin_dir: None,
            run_as: None,
            shared_buffers: "128MB".to_owned(),
        }
    }
}

/// Redis or Valkey: wakes the other nodes on a commit and shares the log-in limits. Nothing is lost without it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RedisConfig {
    /// `redis://host:6379`; also read from `REDIS_URL`.
    pub url: Option<String>,
}

/// Log-in, tokens and passwords.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AuthConfig {
    /// Seconds an access token lives; at most 600.
    pub access_token_seconds: i64,
    /// Days after which a device that wasn't used has to log in again.
    pub session_idle_days: i64,
    /// Days after which every device has to log in again.
    pub session_max_days: i64,
    /// Seconds in which the refresh token before the current one still gets the same successor, for a client that lost the answer.
    pub refresh_grace_seconds: i64,
    /// Whether anyone may register; invitations work either way.
    pub open_registration: bool,
    /// argon2id memory, KiB (RFC 9106; OWASP advises at least 19456).
    pub argon2_memory_kib: u32,
    /// argon2id passes.
    pub argon2_passes: u32,
}

impl Default for AuthConfig {
    fn default() -> Self {
        Self {
            access_token_seconds: 600,
            session_idle_days: 30,
            session_max_days: 180,
            refresh_grace_seconds: 30,
            open_registration: true,
            argon2_memory_kib: 19_456,
            argon2_passes: 2,
        }
    }
}

/// Keys for secrets at rest (signing keys, TOTP seeds) and for cursors.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SecretsConfig {
    /// 32-byte keys in base64, newest first; the same on every node. Without any, one is made in the data folder.
    pub keys: Vec<String>,
}

/// Request limits (per minute, with a burst), counted per user or API key, or per address without one.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimitConfig {
    /// Whether limits are kept at all.
    pub enabled: bool,
    /// Requests a minute of one user or API key.
    pub per_minute: u32,
    /// Requests that may come at once.
    pub burst: u32,
    /// Requests a minute of one address without a valid token.
    pub anonymous_per_minute: u32,
    /// Log-in attempts a minute for one account, and failed ones for one address, which are counted on all nodes
    /// together. An address may log in ten times as often, since many people can share one.
    pub login_per_minute: u32,
}

impl Default for RateLimitConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            per_minute: 1200,
            burst: 200,
            anonymous_per_minute: 300,
            login_per_minute: 10,
        }
    }
}

/// WebSocket delivery.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LiveConfig {
    /// Sockets this node holds at most.
    pub max_sockets: usize,
    /// Sockets one user or API key may hold on this node.
    pub max_sockets_per_user: usize,
    /// Frames that wait for a slow socket before it is closed with 4008.
    pub queue_frames: usize,
    /// Bytes that wait for a slow socket before it is closed with 4008.
    pub queue_bytes: usize,
    /// Seconds between heartbeats.
    pub heartbeat_seconds: u64,
    /// Sockets that may read the past from the database at once.
    pub concurrent_catch_ups: usize,
    /// Events a resume may replay before the client is told to fetch afresh.
    pub max_replay: usize,
}

impl Default for LiveConfig {
    fn default() -> Self {
        Self {
            max_sockets: 20_000,
            max_sockets_per_user: 20,
            queue_frames: 256,
            queue_bytes: 256 * 1024,
            heartbeat_seconds: 25,
            concurrent_catch_ups: 8,
            max_replay: 10_000,
        }
    }
}

/// The event log.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EventsConfig {
    /// Days that events are kept; a client away for longer fetches afresh.
    pub retention_days: u32,
    /// Milliseconds between looks at the log when nothing wakes the reader.
    pub poll_milliseconds: u64,
    /// Failures in a row after which a consumer puts an event aside as a dead letter.
    pub max_failures: i32,
}

impl Default for EventsConfig {
    fn default() -> Self {
        Self {
            retention_days: 90,
            poll_milliseconds: 500,
            max_failures: 8,
        }
    }
}

/// Outgoing mail. Without an `smtp_url` messages are written to `mail/` in the data folder.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MailConfig {
    /// `smtps://user:password@host` or `smtp://host:587?tls=required`.
    pub smtp_url: Option<String>,
    /// The sender, like `Guildhall <no-reply@partners.example>`.
    pub from: String,
}

impl Default for MailConfig {
    fn default() -> Self {
        Self {
            smtp_url: None,
            from: "Guildhall <no-reply@localhost>".to_owned(),
        }
    }
}

/// Files.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StorageConfig {
    /// A bucket that speaks the S3 protocol, `s3://bucket/prefix`, in place of a folder; region, endpoint and credentials
    /// come from the `AWS_*` variables.
    pub url: Option<String>,
    /// A folder; `files/` in the data folder when left out.
    pub folder: Option<PathBuf>,
}

/// Calls to addresses that somebody else chose: webhook endpoints, CRMs.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OutboundConfig {
    /// Whether they may reach this machine, private and link-local networks, and go without TLS. For tests and closed
    /// networks only.
    pub allow_private_networks: bool,
}

/// What the server writes to its log.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// Levels by module, like `info` or `warn,guildhall_spine::live=debug`.
    pub filter: String,
    /// Human-readable lines or one JSON object a line.
    pub format: LogFormat,
}

/// The shape of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines.
    Json,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            filter: "info".to_owned(),
            format: LogFormat::Text,
        }
    }
}
