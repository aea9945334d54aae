//! Settings on the way in, and what is said of those that don't work.

use std::fs;

use super::{Database, Place, Said, failures};

#[tokio::test]
async fn a_setting_that_is_unknown_or_malformed_stops_the_start_with_its_name_and_the_reason() {
    let place = Place::new();
    let cases = [
        ("[http]\nlisten = \"8080\"", "http.listen", "like 127.0.0.1:8080"),
        ("[http]\nlistne = \"127.0.0.1:0\"", "http.listne", "unknown field"),
        ("[htpt]\nlisten = \"127.0.0.1:0\"", "htpt", "unknown field"),
        (
            "[auth]\naccess_token_seconds = 601",
            "auth.access_token_seconds",
            "from 30 to 600",
        ),
        ("[live]\nqueue_frames = \"many\"", "live.queue_frames", "expected"),
        (
            "[http]\npublic_url = \"ftp://x.example\"",
            "http.public_url",
            "http or https",
        ),
        (
            "[http]\ntrusted_proxies = [\"10.0.0.0/33\"]",
            "http.trusted_proxies",
            "10.0.0.0/33",
        ),
        ("[secrets]\nkeys = [\"short\"]", "secrets.keys", "32"),
        ("[log]\nformat = \"xml\"", "log.format", "xml"),
        ("http = ", "guildhall.toml", ""),
    ];
    for (file, name, reason) in cases {
        fs::write(place.root().join("guildhall.toml"), file).unwrap();
        let said = place.run(&["serve", "--listen", "127.0.0.1:0"]).await.refusal();
        assert!(said.contains(name) && said.contains(reason), "{file}: {said}");
    }
    fs::remove_file(place.root().join("guildhall.toml")).unwrap();
    for (variable, value, name, reason) in [
        (
            "GUILDHALL_HTTP__LISTEN",
            "nowhere",
            "http.listen",
            "invalid socket address",
        ),
        ("GUILDHALL_HTTP__COLOUR", "red", "http.colour", "unknown field"),
        (
            "GUILDHALL_EVENTS__MAX_FAILURES",
            "lots",
            "events.max_failures",
            "expected",
        ),
        ("GUILDHALL_LOG__FILTER", "a=b=c", "log.filter", ""),
        (
            "DATABASE_URL",
            "mysql://guild:hunter2@localhost/x",
            "database.url",
            "postgres://",
        ),
    ] {
        let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.env(variable, value);
        let said = Said::by(command).await.refusal();
        assert!(
            said.contains(name) && said.contains(reason),
            "{variable}={value}: {said}"
        );
        assert!(!said.contains("hunter2") && !said.contains("``"), "{said}");
    }
    let database = Database::create().await;
    for (variable, value, name) in [
        ("REDIS_URL", "nowhere", "redis.url"),
        ("GUILDHALL_MAIL__SMTP_URL", "x", "mail"),
    ] {
        let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("DATABASE_URL", database.url()).env(variable, value);
        let said = Said::by(command).await.refusal();
        assert!(said.contains(name), "{variable}={value}: {said}");
    }
    let missing = place.run(&["serve", "--config", "other.toml"]).await.refusal();
    assert!(missing.contains("other.toml"), "{missing}");
    assert!(
        !place.data().join("postgres").exists(),
        "a database was made before the settings were read"
    );
}

#[tokio::test]
async fn a_database_that_is_not_there_is_a_clear_error() {
    let place = Place::new();
    // Nothing listens on port 1.
    let url = "postgres://guild:secret@127.0.0.1:1/guild";
    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["migrate"]] {
        let mut command = place.command(arguments);
        // Longer than the test's patience: a refusal is not waited out.
        command
            .env("DATABASE_URL", url)
            .env("GUILDHALL_DATABASE__ACQUIRE_TIMEOUT_SECONDS", "3600");
        let said = Said::by(command).await.refusal();
        assert!(
            said.contains("127.0.0.1:1 can't be reached")
                && said.contains("onnection refused")
                && said.contains("database.url"),
            "{said}"
        );
        assert!(!said.contains("secret"), "{said}");
    }
    let mut command = place.command(&["doctor", "--json"]);
    command
        .env("DATABASE_URL", url)
        .env("GUILDHALL_DATABASE__ACQUIRE_TIMEOUT_SECONDS", "3600");
    let said = Said::by(command).await;
    let failures = failures(&said);
    assert_eq!(
        (said.code, failures.len(), failures[0].0.as_str()),
        (Some(1), 1, "database"),
        "{said:?}"
    );
    assert!(failures[0].1.contains("127.0.0.1:1"), "{failures:?}");
}

#[tokio::test]
async fn every_bad_setting_is_named_at_once() {
    let place = Place::new();
    let file = r#"
        colour = "red"
        [http]
        listne = "127.0.0.1:0"
        listen = "nonsense"
        public_url = "ftp://x.example"
        trusted_proxies = ["10.0.0.0/33"]
        [live]
        queue_frames = "many"
        heartbeat_seconds = 0
        [secrets]
        keys = ["short"]
    "#;
    fs::write(place.root().join("guildhall.toml"), file).unwrap();
    let mut command = place.command(&["config", "check"]);
    command
        .env("DATABASE_URL", "mysql://localhost/x")
        .env("GUILDHALL_EVENTS__MAX_FAILURES", "lots");
    let said = Said::by(command).await.refusal();
    for name in [
        "colour",
        "http.listne",
        "http.listen",
        "http.public_url",
        "http.trusted_proxies",
        "live.queue_frames",
        "live: heartbeat_seconds",
        "secrets.keys",
        "database.url",
        "events.max_failures",
    ] {
        assert!(said.contains(name), "{name}: {said}");
    }
    assert_eq!(said.lines().count(), 10, "{said}");
}

#[tokio::test]
async fn without_a_public_url_the_server_is_at_home_on_its_port() {
    let place = Place::new();
    for (listen, set, url) in [
        (None, None, "http://localhost:8080"),
        (Some("127.0.0.1:8099"), None, "http://localhost:8099"),
        (Some("0.0.0.0:8099"), None, "http://localhost:8099"),
        (
            Some("127.0.0.1:8099"),
            Some("http://localhost:8080"),
            "http://localhost:8080",
        ),
        (
            Some("127.0.0.1:8099"),
            Some("https://partners.example"),
            "https://partners.example",
        ),
    ] {
        let mut command = place.command(&["config", "check"]);
        for (variable, value) in [("GUILDHALL_HTTP__LISTEN", listen), ("GUILDHALL_HTTP__PUBLIC_URL", set)] {
            if let Some(value) = value {
                command.env(variable, value);
            }
        }
        let said = Said::by(command).await.ok();
        assert!(
            said.contains(&format!("http.public_url = {url:?}\n")),
            "{listen:?} {set:?}: {said}"
        );
    }
}
