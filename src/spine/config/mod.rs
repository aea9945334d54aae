//! Settings: one documented struct per concern, from `guildhall.toml` and `GUILDHALL_*`.

mod check;
mod fault;
mod load;
mod sections;

pub use fault::ConfigFault;
pub use load::load;
pub use sections::{
    AuthConfig, Config, DatabaseConfig, EventsConfig, HttpConfig, LiveConfig, LogConfig, LogFormat, MailConfig,
    OutboundConfig, RateLimitConfig, RedisConfig, SecretsConfig, StorageConfig,
};
