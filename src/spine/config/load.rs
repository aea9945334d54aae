//! Reading and checking the settings.

use std::path::Path;

use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};

use super::Config;

/// Why the server won't start with these settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigFault {
    /// A setting is unknown or malformed. The text names it, where it was found and what was expected.
    #[error("{0}")]
    Setting(String),
    /// A setting has a value that can't work.
    #[error("setting {name}: {reason}")]
    Value {
        /// Its dotted name.
        name: &'static str,
        /// What is wrong and what to do.
        reason: String,
    },
}

/// The settings from defaults, then `file` where it exists (a file named by the caller must), then `GUILDHALL_*`
/// (`GUILDHALL_HTTP__LISTEN` is `http.listen`), `DATABASE_URL` and `REDIS_URL`.
///
/// # Errors
/// [`ConfigFault`] for an unknown, malformed or unworkable setting.
pub fn load(file: &Path, file_is_required: bool) -> Result<Config, ConfigFault> {
    if file_is_required && !file.is_file() {
        return Err(ConfigFault::Setting(format!(
            "the settings file {} is not there",
            file.display()
        )));
    }
    let figment = Figment::from(Serialized::defaults(Config::default()))
        .merge(Env::raw().only(&["DATABASE_URL"]).map(|_| "database.url".into()))
        .merge(Env::raw().only(&["REDIS_URL"]).map(|_| "redis.url".into()))
        .merge(Toml::file(file))
        .merge(Env::prefixed("GUILDHALL_").split("__"));
    let config: Config = figment
        .extract()
        .map_err(|error| ConfigFault::Setting(describe(error)))?;
    config.check()?;
    Ok(config)
}

/// One line a fault: the setting, where it stands, what is wrong.
fn describe(error: figment::Error) -> String {
    let lines: Vec<String> = error
        .into_iter()
        .map(|fault| {
            let place = fault.metadata.as_ref().map_or_else(String::new, |metadata| {
                metadata
                    .source
                    .as_ref()
                    .map_or_else(|| format!(" ({})", metadata.name), |source| format!(" ({source})"))
            });
            let path = if fault.path.is_empty() {
                String::new()
            } else {
                format!(" {}", fault.path.join("."))
            };
            format!("setting{path}{place}: {}", fault.kind)
        })
        .collect();
    lines.join("\n")
}
