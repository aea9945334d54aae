//! The command line, run as it is installed.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Database, Place, Said, TestServer, until};

impl Place {
    /// Runs a command on this database.
    async fn run_on(&self, database: &Database, arguments: &[&str]) -> Said {
        let mut command = self.command(arguments);
        command.env("DATABASE_URL", database.url());
        Said::by(command).await
    }
}

/// What doctor has found, by name.
fn findings(said: &Said) -> Vec<(String, String, String)> {
    let all: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{said:?}"));
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    all.as_array()
        .unwrap()
        .iter()
        .map(|one| (text(one, "level"), text(one, "name"), text(one, "text")))
        .collect()
}

fn failures(said: &Said) -> Vec<(String, String)> {
    findings(said)
        .into_iter()
        .filter(|(level, ..)| level == "fail")
        .map(|(_, name, text)| (name, text))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_data_folder_has_one_server_and_commands_work_beside_it() {
    let place = Place::new();
    let server = place.serve(|_| {}).await;
    let second = place.run(&["serve", "--listen", "127.0.0.1:0"]).await.refusal();
    assert!(
        second.starts_with("guildhall: ") && second.contains("data") && second.contains("another"),
        "{second}"
    );
    let taken = place
        .run(&["serve", "--listen", &server.address.to_string(), "--data", "elsewhere"])
        .await
        .refusal();
    assert!(
        taken.contains(&server.address.to_string()) && taken.contains("--listen"),
        "{taken}"
    );
    assert!(
        !place.root().join("elsewhere/postgres").exists(),
        "a database was made for a server that can't listen"
    );

    let healthy = place.run(&["doctor", "--audit", "--json"]).await;
    assert_eq!((healthy.code, failures(&healthy)), (Some(0), vec![]), "{healthy:?}");
    for name in ["settings", "database", "storage", "mail", "keys", "redis", "audit"] {
        assert!(
            findings(&healthy).iter().any(|(_, found, _)| found.contains(name)),
            "{name}: {healthy:?}"
        );
    }
    place.run(&["migrate"]).await.ok();
    place.run(&["consumer", "list"]).await.ok();
    assert_eq!(server.caller(None).get("/readyz").await.status.as_u16(), 200);

    let (status, rest) = server.terminate().await;
    assert!(status.success(), "{status}");
    assert_eq!(rest, [""; 0], "the greeting is one line when there is no demo data");
    assert!(
        !place.data().join("postgres/postmaster.pid").exists(),
        "its PostgreSQL still runs"
    );
    place.run(&["doctor"]).await.ok();
    assert!(
        !place.data().join("postgres/postmaster.pid").exists(),
        "the command left PostgreSQL running"
    );
}

#[tokio::test]
async fn a_setting_that_is_unknown_or_malformed_stops_the_start_with_its_name_and_the_reason() {
    let place = Place::new();
    let cases = [
        ("[http]\nlisten = \"8080\"", "http.listen", "invalid socket address"),
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
        ("DATABASE_URL", "mysql://localhost/x", "database.url", ""),
    ] {
        let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.env(variable, value);
        let said = Said::by(command).await.refusal();
        assert!(
            said.contains(name) && said.contains(reason),
            "{variable}={value}: {said}"
        );
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
        command
            .env("DATABASE_URL", url)
            .env("GUILDHALL_DATABASE__ACQUIRE_TIMEOUT_SECONDS", "1");
        let said = Said::by(command).await.refusal();
        assert!(
            said.contains("the database can't be reached") && said.contains("database.url"),
            "{said}"
        );
        assert!(!said.contains("secret"), "{said}");
    }
    let mut command = place.command(&["doctor", "--json"]);
    command
        .env("DATABASE_URL", url)
        .env("GUILDHALL_DATABASE__ACQUIRE_TIMEOUT_SECONDS", "1");
    let said = Said::by(command).await;
    let failures = failures(&said);
    assert_eq!(
        (said.code, failures.len(), failures[0].0.as_str()),
        (Some(1), 1, "database"),
        "{said:?}"
    );
}

#[tokio::test]
async fn doctor_names_what_is_wrong() {
    let place = Place::new();
    let database = Database::create().await;
    fs::create_dir(place.data()).unwrap();
    fs::write(place.root().join("not-a-folder"), "").unwrap();
    let mut command = place.command(&["doctor", "--json"]);
    command
        .env("DATABASE_URL", database.url())
        .env("GUILDHALL_STORAGE__FOLDER", "not-a-folder");
    command
        .env("GUILDHALL_MAIL__SMTP_URL", "smtp://127.0.0.1:1")
        .env("REDIS_URL", "redis://127.0.0.1:1");
    let said = Said::by(command).await;
    assert_eq!(said.code, Some(1));
    let found = findings(&said);
    let has = |level: &str, name: &str, part: &str| {
        assert!(
            found
                .iter()
                .any(|(l, n, text)| l == level && n == name && text.contains(part)),
            "{level} {name} {part}: {found:?}"
        );
    };
    has("fail", "storage", "storage.folder");
    has("fail", "mail", "mail.smtp_url");
    has("warn", "redis", "redis.url");
    // The database of tests runs without fsync, which doctor must not let pass.
    has("fail", "database", "fsync");

    let mut command = place.command(&["doctor", "--json"]);
    command.env("GUILDHALL_HTTP__LISTEN", "nowhere");
    let said = Said::by(command).await;
    let failures = failures(&said);
    assert_eq!((said.code, failures.len()), (Some(1), 1), "{said:?}");
    assert!(
        failures[0].0 == "settings" && failures[0].1.contains("http.listen"),
        "{failures:?}"
    );
}

#[tokio::test]
async fn a_consumer_is_listed_and_set_back_by_name() {
    let place = Place::new();
    let database = Database::create().await;
    let mut db = database.connect().await;
    sqlx::query("INSERT INTO event_consumer (name, tx, seq, updated_at) VALUES ('audit', 900, 7, now())")
        .execute(&mut db)
        .await
        .unwrap();
    let list = place.run_on(&database, &["consumer", "list"]).await.ok();
    assert!(list.contains("audit") && list.contains("900-7"), "{list}");
    let unknown = place
        .run_on(&database, &["consumer", "replay", "nobody", "--from", "start"])
        .await
        .refusal();
    assert!(
        unknown.contains("nobody") && unknown.contains("consumer list"),
        "{unknown}"
    );
    let ahead = place
        .run_on(&database, &["consumer", "replay", "audit", "--from", "901-0"])
        .await
        .refusal();
    assert!(ahead.contains("900-7"), "{ahead}");
    let malformed = place
        .run_on(&database, &["consumer", "replay", "audit", "--from", "yesterday"])
        .await;
    assert!(
        malformed.code == Some(2) && malformed.err.contains("yesterday"),
        "{malformed:?}"
    );
    place
        .run_on(&database, &["consumer", "replay", "audit", "--from", "start"])
        .await
        .ok();
    let at: (i64, i64) = sqlx::query_as("SELECT tx, seq FROM event_consumer WHERE name = 'audit'")
        .fetch_one(&mut db)
        .await
        .unwrap();
    assert_eq!(at, (0, 0));
}

#[tokio::test]
async fn a_database_is_migrated_by_the_command_and_twice_is_once() {
    let place = Place::new();
    let database = Database::empty().await;
    place.run_on(&database, &["migrate"]).await.ok();
    place.run_on(&database, &["migrate"]).await.ok();
    let mut db = database.connect().await;
    assert_eq!(
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM deal")
            .fetch_one(&mut db)
            .await
            .unwrap(),
        0
    );
}

#[tokio::test]
async fn a_user_made_on_the_command_line_can_log_in_until_suspended() {
    let server = TestServer::start().await;
    let place = Place::new();
    let key = server.app().config.secrets.keys[0].clone();
    let user = async |arguments: &[&str], input: &str| {
        let mut command = place.command(&[&["user"], arguments].concat());
        command
            .env("DATABASE_URL", server.database.url())
            .env("GUILDHALL_SECRETS__KEYS", format!("[\"{key}\"]"));
        Said::given(command, input).await
    };
    let create = [
        "create",
        "--email",
        "Ada@Guildhall.example",
        "--name",
        "Ada",
        "--operator",
    ];
    let weak = user(&create, "short\n").await.refusal();
    assert!(weak.contains("password"), "{weak}");
    user(&create, "a fine long passphrase\n").await.ok();
    let twice = user(&create, "a fine long passphrase\n").await.refusal();
    assert!(twice.contains("ada@guildhall.example"), "{twice}");
    let malformed = user(
        &["create", "--email", "ada at home", "--name", "Ada"],
        "a fine long passphrase\n",
    )
    .await
    .refusal();
    assert!(malformed.contains("--email"), "{malformed}");
    assert!(user(&["list"], "").await.ok().contains("ada@guildhall.example"));

    let login = json!({"email": "ada@guildhall.example", "password": "a fine long passphrase"});
    let answer = server.anonymous().post("/api/v1/auth/login", &login).await.ok();
    let ada = server.with_token(answer["access_token"].as_str().unwrap());
    ada.get("/api/v1/me").await.ok();
    user(&["suspend", "ada@guildhall.example"], "").await.ok();
    until("the suspension reaches the server", async || {
        (ada.get("/api/v1/me").await.status.as_u16() == 401).then_some(())
    })
    .await;
    assert_eq!(
        server
            .anonymous()
            .post("/api/v1/auth/login", &login)
            .await
            .status
            .as_u16(),
        401
    );
    let nobody = user(&["suspend", "nobody@guildhall.example"], "").await.refusal();
    assert!(nobody.contains("nobody@guildhall.example"), "{nobody}");
}
