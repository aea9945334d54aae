//! Demo data: into an empty database only, the same each time, with people who can log in.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Days;
use guildhall::demo::{self, DemoRequest, Scale};
use guildhall_kernel::Clock;
use regex::Regex;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::support::{Caller, Database, Place, Said, Scene, TestServer, until};

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
    // The log, what is counted of it and the sales that are made of it go on by themselves, and each load has salts, sealed
    // secrets, a transaction and a time of its own.
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND NOT relispartition
         AND relname NOT IN ('event_consumer', 'event_epoch', 'audit_head', 'lead_win_rate', 'signing_key', 'demo_load',
                             'sale', 'sale_line', 'sale_party', '_sqlx_migrations')",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    let mut sums = BTreeMap::new();
    for table in tables {
        let sum = format!(
            "SELECT count(*) || ' rows ' || coalesce(md5(string_agg(row, ' ' ORDER BY row)), '')
             FROM (SELECT md5((to_jsonb(t) - '{{password_hash,sealed,tx}}'::text[])::text) AS row FROM \"{table}\" t) rows"
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
    // Those that are registered, and those that leads became.
    assert!(sums["deal"].starts_with("65 rows"), "{sums:?}");
    assert!(sums["lead"].starts_with("60 rows"), "{sums:?}");
    assert_eq!(sums, snapshot(&two).await);
}

/// All of a list.
async fn all(caller: &Caller, path: &str) -> Vec<Value> {
    let page = caller.get(&format!("/api/v1/{path}limit=100")).await.ok();
    assert_eq!(page["next_cursor"], Value::Null, "{path} has more");
    page["items"].as_array().unwrap().clone()
}

async fn login(server: &TestServer, email: &str) -> Caller {
    let answer = server.try_login(email, demo::PASSWORD).await.ok();
    server.with_token(answer["access_token"].as_str().unwrap())
}

#[tokio::test]
async fn it_has_leads_in_every_state_and_says_why_they_are_where_they_are() {
    let server = TestServer::start().await;
    demo::load(server.app(), &FEW).await.unwrap();
    let login = async |email: &str| login(&server, email).await;
    let manager = login("manager@vendor1.example").await;
    let leads = all(&manager, "leads?").await;
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    for lead in &leads {
        *states.entry(lead["stage"].as_str().unwrap()).or_default() += 1;
    }
    let every = [
        "accepted",
        "contacted",
        "converted",
        "disqualified",
        "new",
        "offered",
        "qualified",
        "quarantined",
        "returned",
    ];
    assert!(states.keys().eq(every.iter()) && leads.len() > 40, "{states:?}");
    let of = |stage: &str| leads.iter().find(|lead| lead["stage"] == stage).unwrap();
    for (stage, outcomes) in [("accepted", &["offered", "pooled"][..]), ("returned", &["unassigned"])] {
        let path = format!("leads/{}/assignments?", of(stage)["id"].as_str().unwrap());
        let rounds = all(&manager, &path).await;
        let outcome = |round: &Value| outcomes.contains(&round["outcome"].as_str().unwrap());
        assert!(rounds.iter().any(outcome), "{stage}: {rounds:?}");
        assert!(!rounds[0]["explanation"].as_array().unwrap().is_empty(), "{rounds:?}");
    }
    let deal = of("converted")["deal_id"].as_str().unwrap();
    let deal = manager.get(&format!("/api/v1/deals/{deal}")).await.ok();
    assert_eq!(deal["lead"]["id"], of("converted")["id"]);
    let rules = manager.get("/api/v1/lead-rules").await.ok();
    assert_eq!(rules["rules"].as_array().unwrap().len(), 4);
    let form = all(&manager, "lead-forms?").await[0]["id"].as_str().unwrap().to_owned();
    let shown = server.anonymous().get(&format!("/api/v1/lead-forms/{form}")).await.ok();
    assert_eq!(shown["fields"][0]["question"], "company");
    let partnerships = all(&manager, "partnerships?status=active&").await;
    let path = format!("/api/v1/partnerships/{}", partnerships[0]["id"].as_str().unwrap());
    let capable = manager.get(&format!("{path}/lead-capabilities")).await.ok();
    assert!(!capable["countries"].as_array().unwrap().is_empty(), "{capable}");
    for rep in ["rep@partner1.example", "rep@partner2.example"] {
        assert!(!all(&login(rep).await, "leads?").await.is_empty(), "{rep}");
    }
}

#[tokio::test]
async fn it_has_products_with_prices_and_opportunities_with_shares() {
    let server = TestServer::start().await;
    demo::load(server.app(), &FEW).await.unwrap();
    let login = async |email: &str| login(&server, email).await;
    let manager = login("manager@vendor1.example").await;
    let products = all(&manager, "products?").await;
    assert!(products.len() >= 8, "{products:?}");
    assert_eq!(all(&manager, "price-lists?").await.len(), 3);
    let shared = all(&manager, "co-sells?").await;
    assert_eq!(shared.len(), 2, "{shared:?}");
    for one in &shared {
        let path = format!("co-sells/{}", one["id"].as_str().unwrap());
        assert_eq!(one["parties"].as_array().unwrap().len(), 3, "{one}");
        assert_eq!(all(&manager, &format!("{path}/tasks?")).await.len(), 4);
        assert_eq!(all(&manager, &format!("{path}/notes?")).await.len(), 4);
        let deal = one["deal_id"].as_str().unwrap();
        let credit = manager.get(&format!("/api/v1/deals/{deal}/credit")).await.ok();
        assert_eq!(credit["in_force"]["shares"].as_array().unwrap().len(), 2, "{credit}");
    }
    let rep = login("rep@partner1.example").await;
    assert!(!all(&rep, "co-sells?").await.is_empty());
}

/// What differs among the items, in order.
fn differing<'a>(items: &'a [Value], field: &str) -> BTreeSet<&'a str> {
    items.iter().map(|item| item[field].as_str().unwrap()).collect()
}

#[tokio::test]
async fn it_has_plans_earnings_and_payouts_that_agree_with_each_other() {
    let server = TestServer::start().await;
    let request = DemoRequest {
        scale: Scale::Small,
        deals: None,
    };
    let summary = demo::load(server.app(), &request).await.unwrap();
    assert!(summary.earnings > 100, "{summary}");
    for number in 1..=3 {
        let finance = login(&server, &format!("finance@vendor{number}.example")).await;
        let plans = all(&finance, "incentives/plans?").await;
        assert_eq!(differing(&plans, "kind").len(), 4, "{plans:?}");
        assert!(plans.iter().all(|plan| plan["in_force"]["no"] == 1), "{plans:?}");
        let states = ["accrued", "held", "in_payout", "paid", "payable"];
        for state in states {
            let lines = finance.get(&format!("/api/v1/earnings?status={state}")).await.ok();
            assert_ne!(lines["items"], json!([]), "vendor {number} has nothing {state}");
        }
        let batches = all(&finance, "payout-batches?").await;
        assert_eq!(
            differing(&batches, "status"),
            BTreeSet::from(["proposed", "reconciled"])
        );
        for batch in batches.iter().filter(|batch| batch["status"] == "reconciled") {
            assert_ne!(batch["proposed_by"], batch["approved_by"], "{batch}");
            let payouts = all(
                &finance,
                &format!("payouts?payout_batch_id={}&", batch["id"].as_str().unwrap()),
            )
            .await;
            assert_eq!(differing(&payouts, "status"), BTreeSet::from(["paid"]));
        }
        let disputes = all(&finance, "incentives/disputes?").await;
        assert_eq!(differing(&disputes, "status"), BTreeSet::from(["open"]));
        let adjustments = all(&finance, "incentives/adjustments?").await;
        assert_eq!(differing(&adjustments, "status"), BTreeSet::from(["approved"]));
        assert_eq!(all(&finance, "incentives/faults?").await, Vec::<Value>::new());
        nothing_is_missing(&server, &finance).await;
    }
    let admin = login(&server, "admin@partner1.example").await;
    for path in [
        "earnings",
        "statements",
        "payouts",
        "incentives/progress",
        "payee-consents",
    ] {
        let page = admin.get(&format!("/api/v1/{path}")).await.ok();
        assert_ne!(page["items"], json!([]), "{path}");
    }
    let db = &server.app().db;
    let broken = guildhall_incentivize::ledger::verify(db).await.unwrap();
    assert!(broken.is_empty(), "{broken:?}");
    let broken = guildhall_payouts::verify::verify(db).await.unwrap();
    assert!(broken.is_empty(), "{broken:?}");
}

/// Computes everything anew: the demo's earnings are those that its plans and deals bring.
async fn nothing_is_missing(server: &TestServer, finance: &Caller) {
    let today = server.app().clock.now().date_naive();
    let body = json!({"from": today - Days::new(1_200), "to": today});
    let run = finance
        .post("/api/v1/incentives/recalculations", &body)
        .await
        .header("location");
    let run = until("the run is through", async || {
        let now = finance.get(&run).await.ok();
        (now["status"] == "finished").then_some(now)
    })
    .await;
    assert!(run["sales"].as_u64().unwrap() > 0 && run["lines"] == 0, "{run}");
}
