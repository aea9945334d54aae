//! Values that can't work, whatever they are read from.

use guildhall_kernel::Entropy;
use url::Url;

use super::{Config, ConfigFault};
use crate::{app::TrustedProxies, secret::Keyring};

impl Config {
    /// Refuses values that can't work, all of them at once.
    ///
    /// # Errors
    /// [`ConfigFault`] with the settings' names.
    pub fn check(&self) -> Result<(), ConfigFault> {
        let mut faults = ConfigFault::default();
        self.check_addresses(&mut faults);
        self.check_numbers(&mut faults);
        if !self.secrets.keys.is_empty()
            && let Err(fault) = Keyring::from_keys(&self.secrets.keys, Entropy::system())
        {
            faults.add(fault.to_string());
        }
        faults.unless_empty()
    }

    fn check_addresses(&self, faults: &mut ConfigFault) {
        if !Url::parse(&self.http.public_url).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
            faults.value(
                "http.public_url",
                "must be an http or https address, like https://partners.example",
            );
        }
        if let Err(text) = TrustedProxies::parse(&self.http.trusted_proxies) {
            let reason = format!("{text:?} is neither an address nor a network, like 10.1.2.3 or 10.0.0.0/8");
            faults.value("http.trusted_proxies", &reason);
        }
        // Not named, since it may hold a password.
        let is_postgres = |url: &String| url.starts_with("postgres://") || url.starts_with("postgresql://");
        if self.database.url.as_ref().is_some_and(|url| !is_postgres(url)) {
            faults.value(
                "database.url",
                "(or DATABASE_URL) must begin with postgres://, like postgres://user:password@host/database",
            );
        }
    }

    fn check_numbers(&self, faults: &mut ConfigFault) {
        if !(30..=600).contains(&self.auth.access_token_seconds) {
            faults.value("auth.access_token_seconds", "must be from 30 to 600");
        }
        if self.database.max_connections < 2 {
            faults.value("database.max_connections", "must be at least 2");
        }
        if self.rate_limit.per_minute == 0 || self.rate_limit.burst == 0 || self.rate_limit.login_per_minute == 0 {
            faults.value(
                "rate_limit",
                "a limit of 0 serves nobody: use enabled = false to switch limits off",
            );
        }
        if self.http.body_timeout_seconds >= self.http.request_timeout_seconds {
            faults.value(
                "http.body_timeout_seconds",
                "must be less than http.request_timeout_seconds, so that a slow client is told so",
            );
        }
        if self.live.heartbeat_seconds == 0 || self.live.queue_frames == 0 || self.live.concurrent_catch_ups == 0 {
            faults.value(
                "live",
                "heartbeat_seconds, queue_frames and concurrent_catch_ups must be at least 1",
            );
        }
        if self.auth.argon2_memory_kib < 8 || self.auth.argon2_passes == 0 {
            faults.value(
                "auth.argon2_memory_kib",
                "must be at least 8, with argon2_passes at least 1",
            );
        }
    }
}
