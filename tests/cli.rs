//! The command line, run as it is installed.

mod backup;
mod keys;
mod settings;

use std::{fs, process::Stdio};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::support::{Caller, Database, PATIENCE, Place, Said, TestServer, until};

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

#[tokio::test]
async fn a_mistyped_data_folder_is_no_new_installation() {
    let place = Place::new();
    for arguments in [
        &["user", "list"][..],
        &["consumer", "list"],
        &["keys", "list"],
        &["keys", "rotate-secrets"],
        &["keys", "rotate-signing"],
    ] {
        let said = place.run(&[arguments, &["--data", "dta"]].concat()).await.refusal();
        assert!(
            said.contains("no Guildhall data in dta") && said.contains("--data") && said.contains("DATABASE_URL"),
            "{arguments:?}: {said}"
        );
    }
    assert!(!place.root().join("dta").exists());
}

#[tokio::test]
async fn a_reader_that_goes_away_ends_a_command_quietly() {
    let place = Place::new();
    let database = Database::create().await;
    for arguments in [
        &["config", "check"][..],
        &["openapi"],
        &["keys", "list"],
        &["doctor"],
        &["consumer", "list"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = place.command(arguments);
        command.env("DATABASE_URL", database.url());
        command.stdout(writer).stderr(Stdio::piped());
        let end = tokio::time::timeout(PATIENCE, command.output()).await;
        let output = end.expect("the command does not end").unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
        // The tests' database is one that doctor doesn't let pass.
        let code = i32::from(arguments == ["doctor"]);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_in_a_file_is_plain_and_demo_people_are_warned_of() {
    let place = Place::new();
    let database = Database::create().await;
    let on_database = |command: &mut tokio::process::Command, arguments: &[&str]| {
        command.env("DATABASE_URL", database.url()).args(arguments);
    };
    let server = place.serve(|command| on_database(command, &["--demo", "small"])).await;
    let (_, banner) = server.terminate().await;
    assert!(
        banner.iter().any(|line| line.contains("manager@vendor1.example")),
        "{banner:?}"
    );

    let server = place.serve(|command| on_database(command, &[])).await;
    let (_, warning) = server.terminate().await;
    assert!(
        warning.len() == 1 && warning[0].contains("demo") && warning[0].contains("not for production"),
        "{warning:?}"
    );
    assert!(!warning[0].contains("guildhall-demo"), "{warning:?}");

    let log = fs::read_to_string(place.root().join("server.log")).unwrap();
    assert!(log.contains("stopping") && !log.contains('\x1b'), "{log}");
    assert!(!log.contains("already exists"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_name_the_port_of_listen_and_outlive_a_restart() {
    let place = Place::new();
    let database = Database::create().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let start = async || {
        let mut command = place.command(&["serve", "--demo", "small", "--listen", &address.to_string()]);
        command
            .env("DATABASE_URL", database.url())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
        let greeting = tokio::time::timeout(PATIENCE, out.next_line()).await.unwrap().unwrap();
        assert!(
            greeting
                .unwrap()
                .contains(&format!("http://localhost:{}", address.port()))
        );
        child
    };
    let mut server = start().await;
    let login = json!({"email": "rep@partner1.example", "password": "guildhall-demo"});
    let answer = Caller::new(address, None).post("/api/v1/auth/login", &login).await.ok();
    let token = answer["access_token"].as_str().unwrap().to_owned();
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["iss"], format!("http://localhost:{}", address.port()));
    server.kill().await.unwrap();
    let _server = start().await;
    Caller::new(address, Some(token)).get("/api/v1/me").await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_not_ready_before_its_demo_is_in() {
    let place = Place::new();
    let database = Database::create().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let mut command = place.command(&["serve", "--demo", "small", "--listen", &address.to_string()]);
    command
        .env("DATABASE_URL", database.url())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut server = command.spawn().unwrap();
    let mut out = BufReader::new(server.stdout.take().unwrap()).lines();
    until("it listens", async || {
        tokio::net::TcpStream::connect(address).await.ok()
    })
    .await;
    // It is answered as soon as anything is, which is before the demo is loaded.
    let anybody = Caller::new(address, None);
    let early = anybody.get("/readyz").await;
    early.problem(503, "unavailable");
    assert_eq!(early.header("retry-after"), "2");
    assert_eq!(anybody.get("/healthz").await.status.as_u16(), 200);
    let greeting = tokio::time::timeout(PATIENCE, out.next_line()).await.unwrap().unwrap();
    assert!(greeting.unwrap().contains("Guildhall"));
    assert_eq!(anybody.get("/readyz").await.status.as_u16(), 200);
}
