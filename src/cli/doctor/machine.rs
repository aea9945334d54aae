//! What doesn't need the database: settings, folders, mail, Redis.

use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, Instant},
};

use guildhall_kernel::{Clock, Entropy, FileId};
use guildhall_spine::{config::Config, mail::MailTransport, storage::Files};
use redis::{AsyncConnectionConfig, Client, RedisError};

use super::Findings;

pub(super) fn settings(findings: &mut Findings, config: &Config) {
    let public = &config.http.public_url;
    let local = ["http://localhost", "http://127.", "http://[::1]"]
        .iter()
        .any(|start| public.starts_with(start));
    if !local && !public.starts_with("https://") {
        return findings.warn(
            "settings",
            format!("http.public_url is {public}: passwords and tokens cross the network unencrypted; use https"),
        );
    }
    if local && !config.http.listen.ip().is_loopback() {
        let listen = config.http.listen;
        return findings.warn("settings", format!("the server listens on {listen}, and http.public_url is {public}: links in mails will lead nowhere; set it to the address that people use"));
    }
    if !config.rate_limit.enabled {
        return findings.warn(
            "settings",
            "rate_limit.enabled is false: passwords can be tried without limit",
        );
    }
    findings.ok(
        "settings",
        format!("every setting is known; people reach the server at {public}"),
    );
}

pub(super) fn data_folder(findings: &mut Findings, config: &Config, data: &Path) {
    if let Err(error) = probe(data) {
        return findings.fail(
            "data folder",
            format!(
                "{}: {error}; make it writable, or choose another with --data",
                data.display()
            ),
        );
    }
    let secrets: &[&str] = if config.secrets.keys.is_empty() {
        &["secret.keys", "postgres.password"]
    } else {
        &["postgres.password"]
    };
    for name in secrets {
        let path = data.join(name);
        let Ok(found) = fs::metadata(&path) else { continue };
        let mode = found.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return findings.fail(
                "data folder",
                format!(
                    "{} can be read by others (mode {mode:03o}): chmod 600 it, and rotate what it holds",
                    path.display()
                ),
            );
        }
    }
    findings.ok("data folder", format!("{} can be written to", data.display()));
}

pub(super) async fn storage(findings: &mut Findings, config: &Config, data: &Path) {
    let tried = match Files::open(&config.storage, data) {
        Ok(files) => {
            files
                .probe(FileId::generate(&Clock::system(), &Entropy::system()))
                .await
        }
        Err(fault) => Err(fault),
    };
    match tried {
        Ok(place) => findings.ok("storage", format!("{place}: wrote, read and deleted a file")),
        Err(fault) => findings.fail(
            "storage",
            format!("{fault}; make it writable, or set storage.folder or storage.url"),
        ),
    }
}

/// Writes a file, reads it back and deletes it.
fn probe(folder: &Path) -> std::io::Result<()> {
    let token = Entropy::system().token();
    let path = folder.join(format!(".doctor-{token}"));
    let tried = (|| {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&path)?;
        file.write_all(token.as_bytes())?;
        file.sync_all()?;
        let mut back = String::new();
        fs::File::open(&path)?.read_to_string(&mut back)?;
        if back == token {
            Ok(())
        } else {
            Err(std::io::Error::other("a file came back with other content"))
        }
    })();
    let removed = if path.exists() { fs::remove_file(&path) } else { Ok(()) };
    tried.and(removed)
}

pub(super) async fn mail(findings: &mut Findings, config: &Config, data: &Path) {
    let transport = match MailTransport::new(&config.mail, data) {
        Ok(transport) => transport,
        Err(fault) => return findings.fail("mail", fault.to_string()),
    };
    match transport.check().await {
        Err(fault) => findings.fail("mail", format!("{fault}; check mail.smtp_url")),
        Ok(()) if config.mail.smtp_url.is_none() => {
            let folder = data.join("mail");
            findings.warn(
                "mail",
                format!(
                    "mail.smtp_url is not set: messages are written to {} and reach nobody",
                    folder.display()
                ),
            );
        }
        Ok(()) => findings.ok("mail", "the mail server answers"),
    }
}

pub(super) async fn redis(findings: &mut Findings, config: &Config) {
    let Some(url) = &config.redis.url else {
        return findings.ok(
            "redis",
            "not set: one node needs none, several hear each other by polling the database",
        );
    };
    let began = Instant::now();
    match ping(url).await {
        Ok(()) => findings.ok(
            "redis",
            format!("answers in {:.1} ms", began.elapsed().as_secs_f64() * 1e3),
        ),
        // Nothing is lost without it, so the server runs on.
        Err(error) => findings.warn(
            "redis",
            format!("{error}; check redis.url. Until it is back other nodes' events come by polling"),
        ),
    }
}

async fn ping(url: &str) -> Result<(), RedisError> {
    let patience = Some(Duration::from_secs(3));
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(patience)
        .set_response_timeout(patience);
    let mut link = Client::open(url)?
        .get_multiplexed_async_connection_with_config(&config)
        .await?;
    redis::cmd("PING").query_async::<String>(&mut link).await.map(drop)
}
