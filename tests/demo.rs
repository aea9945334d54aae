//! Demo data: into an empty database only, the same each time, with people who can log in.

use std::collections::BTreeMap;

use guildhall::demo::{self, DemoRequest, Scale};
use guildhall_kernel::Clock;
use regex::Regex;
use serde_json::json;
use sqlx::AssertSqlSafe;

use crate::support::{Database, Place, Said, Scene, TestServer};

const FEW: DemoRequest = DemoRequest {
    scale: Scale::Small,
    deals: Some(60),
};

/// `guildhall demo` on the server's database.
async fn load(server: &TestServer, arguments: &[&str]) -> Said {
    let place = Place::new();
    let mut command = place.command(&[&["demo", "--scale", "small"], arguments].concat());
    let key = &server.app().config.secrets.keys[0];
    command
        .env("DATABASE_URL", server.database.url())
        .env("GUILDHALL_SECRETS__KEYS", format!("[\"{key}\"]"));
    Said::by(command).await
}

/// What every table holds: the number of rows and a checksum.
async fn snapshot(database: &Database) -> BTreeMap<String, String> {
    let mut db = database.connect().await;
    // The log and what is counted of it go on by themselves, and each load has salts and a time of its own.
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND NOT relispartition
         AND relname NOT IN ('event_consumer', 'event_epoch', 'audit_head', 'lead_win_rate', 'signing_key', 'demo_load',
                             '_sqlx_migrations')",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    let mut sums = BTreeMap::new();
    for table in tables {
        let sum = format!(
            "SELECT count(*) || ' rows ' || coalesce(md5(string_agg(row, ' ' ORDER BY row)), '')
             FROM (SELECT md5((to_jsonb(t) - 'password_hash')::text) AS row FROM \"{table}\" t) rows"
        );
        let sum = sqlx::query_scalar(AssertSqlSafe(sum)).fetch_one(&mut db).await.unwrap();
        sums.insert(table, sum);
    }
    sums
}

#[tokio::test]
async fn it_goes_into_an_empty_database_only_and_once() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let before = snapshot(&server.database).await;
    let refused = load(&server, &[]).await.refusal();
    assert!(refused.contains("already has data"), "{refused}");
    assert_eq!(snapshot(&server.database).await, before);

    let server = TestServer::start().await;
    let said = load(&server, &["--deals", "60"]).await.ok();
    assert!(
        said.contains("15 organisations, 60 users") && said.contains("60 deals"),
        "{said}"
    );
    let before = snapshot(&server.database).await;
    let refused = load(&server, &[]).await.refusal();
    assert!(refused.contains("already has the small demo data"), "{refused}");
    assert_eq!(snapshot(&server.database).await, before);
}

#[tokio::test]
async fn its_people_log_in_and_find_their_work() {
    let server = TestServer::start().await;
    let said = load(&server, &[]).await.ok();
    let readme = include_str!("../README.md");
    let address = Regex::new(r"[a-z0-9]+@[a-z0-9]+\.example").unwrap();
    let mut people: Vec<&str> = address.find_iter(readme).map(|found| found.as_str()).collect();
    assert!(people.len() >= 2, "{people:?}");
    people.extend(demo::PEOPLE.iter().map(|(email, _)| *email));
    for email in people {
        let signed_in = server.try_login(email, demo::PASSWORD).await.ok();
        assert!(said.contains(email), "{email} is not announced: {said}");
        let person = server.with_token(signed_in["access_token"].as_str().unwrap());
        let me = person.get("/api/v1/me").await.ok();
        if me["user"]["operator"] == true {
            continue;
        }
        let partnerships = person.get("/api/v1/partnerships").await.ok();
        assert!(!partnerships["items"].as_array().unwrap().is_empty(), "{email}");
        let deals = person.get("/api/v1/deals").await.ok();
        assert!(!deals["items"].as_array().unwrap().is_empty(), "{email}");
    }
    let body = json!({"email": "jane@new.example", "password": demo::PASSWORD, "name": "Jane Doe"});
    let refused = server.anonymous().post("/api/v1/auth/register", &body).await;
    assert_eq!(
        refused.problem(422, "invalid_body")["errors"][0]["pointer"],
        "/password"
    );
}

#[tokio::test]
async fn the_same_day_brings_the_same_data() {
    let clock = Clock::manual(Clock::system().now());
    let one = TestServer::builder().clock(clock.clone()).start().await;
    let two = TestServer::builder().clock(clock).start().await;
    for server in [&one, &two] {
        demo::load(server.app(), &FEW).await.unwrap();
    }
    let (one, two) = (one.stop().await, two.stop().await);
    let sums = snapshot(&one).await;
    assert!(sums["deal"].starts_with("60 rows"), "{sums:?}");
    assert_eq!(sums, snapshot(&two).await);
}
