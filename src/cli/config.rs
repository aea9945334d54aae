//! `guildhall config`

use guildhall_spine::config::Config;
use serde_json::Value;

use super::{CliFault, Place, say};

/// What to do with the settings.
#[derive(Debug, clap::Subcommand)]
pub(super) enum ConfigCommand {
    /// Check the settings and print what they amount to, secrets masked
    Check,
}

pub(super) fn run(place: &Place, command: ConfigCommand) -> Result<(), CliFault> {
    match command {
        ConfigCommand::Check => {
            let masked = masked(&place.settings(None)?).map_err(|error| CliFault::Other(error.to_string()))?;
            for (name, value) in lines("", &masked) {
                say(format_args!("{name} = {value}"))?;
            }
        }
    }
    Ok(())
}

/// The settings as JSON, without what opens anything.
fn masked(config: &Config) -> serde_json::Result<Value> {
    let mut value = serde_json::to_value(config)?;
    for pointer in ["/database/url", "/redis/url", "/mail/smtp_url"] {
        if let Some(Value::String(url)) = value.pointer_mut(pointer) {
            *url = without_password(url);
        }
    }
    if let Some(Value::Array(keys)) = value.pointer_mut("/secrets/keys") {
        keys.fill(Value::from("***"));
    }
    Ok(value)
}

/// What stands between the first colon after the scheme and the last `@` is the password, and so is a parameter that
/// is called so. A text that isn't an address is masked whole.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return "***".to_owned();
    };
    let (rest, parameters) = rest
        .split_once('?')
        .map_or((rest, ""), |(rest, parameters)| (rest, parameters));
    let place = match rest.rsplit_once('@') {
        Some((credentials, place)) => {
            let user = credentials.split(':').next().unwrap_or_default();
            if credentials.contains(':') {
                format!("{user}:***@{place}")
            } else {
                format!("{user}@{place}")
            }
        }
        None => rest.to_owned(),
    };
    let shown: Vec<String> = parameters
        .split('&')
        .filter(|one| !one.is_empty())
        .map(|one| match one.split_once('=') {
            Some((name, _)) if name.contains("pass") => format!("{name}=***"),
            _ => one.to_owned(),
        })
        .collect();
    let parameters = if shown.is_empty() {
        String::new()
    } else {
        format!("?{}", shown.join("&"))
    };
    format!("{scheme}://{place}{parameters}")
}

/// One line a setting, by its dotted name.
fn lines(prefix: &str, value: &Value) -> Vec<(String, String)> {
    let Value::Object(members) = value else {
        return vec![(prefix.to_owned(), value.to_string())];
    };
    members
        .iter()
        .flat_map(|(name, value)| {
            let name = if prefix.is_empty() {
                name.clone()
            } else {
                format!("{prefix}.{name}")
            };
            lines(&name, value)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown() {
        let mut config = Config::default();
        config.database.url =
            Some("postgres://guild:hunter2@db.example/guild?sslpassword=hunter2&sslmode=require".to_owned());
        config.redis.url = Some("redis://:hunter2@cache.example:6379".to_owned());
        config.mail.smtp_url = Some("hunter2".to_owned());
        config.secrets.keys = vec!["hunter2".to_owned(), "hunter2".to_owned()];
        let shown = lines("", &masked(&config).unwrap());
        assert!(!shown.iter().any(|(_, value)| value.contains("hunter2")), "{shown:?}");
        let url = shown.iter().find(|(name, _)| name == "database.url").unwrap();
        assert_eq!(
            url.1,
            r#""postgres://guild:***@db.example/guild?sslpassword=***&sslmode=require""#
        );
    }
}
