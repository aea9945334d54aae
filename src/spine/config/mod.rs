//! Settings: one documented struct per concern, from `guildhall.toml` and `GUILDHALL_*`.

mod load;
mod sections;

pub use load::{ConfigFault, load};
pub use sections::{
    AuthConfig, Config, DatabaseConfig, EventsConfig, HttpConfig, LiveConfig, LogConfig, LogFormat, MailConfig,
    RateLimitConfig, RedisConfig, SecretsConfig, StorageConfig,
};
