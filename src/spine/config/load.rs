//! Reading the settings.

use std::{net::SocketAddr, path::Path};

use figment::{
    Error, Figment, Metadata, Profile, Provider,
    providers::{Env, Format, Serialized, Toml},
    value::{Dict, Map, Value},
};

use super::{Config, ConfigFault};

/// The settings from defaults, then `DATABASE_URL` and `REDIS_URL`, then `file` where it exists (a file named by the
/// caller must), then `GUILDHALL_*` (`GUILDHALL_HTTP__LISTEN` is `http.listen`), then `listen`.
///
/// # Errors
/// [`ConfigFault`] with every unknown, malformed or unworkable setting.
pub fn load(file: &Path, file_is_required: bool, listen: Option<SocketAddr>) -> Result<Config, ConfigFault> {
    let mut faults = ConfigFault::default();
    if file_is_required && !file.is_file() {
        faults.add(format!("the settings file {} is not there", file.display()));
        return Err(faults);
    }
    let given = Figment::new()
        .merge(Env::raw().only(&["DATABASE_URL"]).map(|_| "database.url".into()))
        .merge(Env::raw().only(&["REDIS_URL"]).map(|_| "redis.url".into()))
        .merge(Toml::file(file))
        .merge(Env::prefixed("GUILDHALL_").split("__"));
    let mut config: Config = match with_defaults(&given).extract() {
        Ok(config) => config,
        Err(error) => salvage(&given, error, &mut faults),
    };
    // The settings' own address is read all the same: a mistake in it would come up another day.
    config.http.listen = listen.unwrap_or(config.http.listen);
    let config = reachable(config, &given);
    if let Err(more) = config.check() {
        faults.append(more);
    }
    faults.unless_empty()?;
    Ok(config)
}

fn with_defaults(given: &Figment) -> Figment {
    Figment::from(Serialized::defaults(Config::default())).merge(given)
}

/// Without a `public_url` the server is at home on its own port. Port 0 is known only later, and to nobody who is sent
/// a link.
fn reachable(mut config: Config, given: &Figment) -> Config {
    let port = config.http.listen.port();
    if port != 0 && given.find_value("http.public_url").is_err() {
        config.http.public_url = format!("http://localhost:{port}");
    }
    config
}

/// Reading stops at the first fault. So each setting is tried by itself, and what can be read comes back, to be looked
/// at further.
fn salvage(given: &Figment, first: Error, faults: &mut ConfigFault) -> Config {
    let mut good = Figment::from(Serialized::defaults(Config::default()));
    let mut found = false;
    for path in paths(given) {
        let Ok(value) = given.find_value(&path) else { continue };
        let setting = Setting {
            metadata: given.find_metadata(&path).cloned().unwrap_or_default(),
            path,
            value,
        };
        let tried = good.clone().merge(setting);
        match tried.extract::<Config>() {
            Ok(_) => good = tried,
            Err(error) => {
                found = true;
                faults.reading(error);
            }
        }
    }
    if !found {
        faults.reading(first);
    }
    good.extract().unwrap_or_default()
}

/// The dotted names of what is set.
fn paths(given: &Figment) -> Vec<String> {
    let sections: Dict = given.extract().unwrap_or_default();
    let names = |(section, value): (&String, &Value)| match value {
        Value::Dict(_, settings) => settings.keys().map(|name| format!("{section}.{name}")).collect(),
        _ => vec![section.clone()],
    };
    sections.iter().flat_map(names).collect()
}

/// One setting, with the place that it came from.
struct Setting {
    metadata: Metadata,
    path: String,
    value: Value,
}

impl Provider for Setting {
    fn metadata(&self) -> Metadata {
        self.metadata.clone()
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        Serialized::default(&self.path, &self.value).data()
    }
}
