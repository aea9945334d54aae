//! Bulk import: files as people have them, good rows and bad ones, and a server that dies in between.

mod again;
mod answers;
mod kinds;
mod lines;
mod sales;
mod standing;
mod terms;

use axum::http::Method;
use chrono::TimeDelta;
use guildhall_kernel::Clock;
use serde_json::{Value, json};

use crate::support::{Answer, Caller, PASSWORD, Place, Scene, Socket, TestServer, deal_body, until};

struct Play {
    server: TestServer,
    scene: Scene,
    manager: Caller,
}

impl Play {
    async fn set() -> Self {
        let server = TestServer::start().await;
        let scene = Scene::set(&server).await;
        let manager = server.login("channel_manager@northwind.example").await;
        Self { server, scene, manager }
    }

    /// The partners in the program, without the two that are there from the beginning.
    async fn partners(&self) -> Vec<Value> {
        let all = every(&self.manager, "/api/v1/partnerships?limit=100&status=invited").await;
        let mut names: Vec<Value> = all.into_iter().map(|one| one["partner"]["name"].clone()).collect();
        names.sort_by_key(Value::to_string);
        names
    }

    async fn count(&self, table: &str) -> i64 {
        let mut db = self.server.database.connect().await;
        let query = format!("SELECT count(*) FROM {table}");
        sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .fetch_one(&mut db)
            .await
            .unwrap()
    }
}

async fn every(caller: &Caller, path: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut next = path.to_owned();
    loop {
        let page = caller.get(&next).await.ok();
        all.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else {
            return all;
        };
        let join = if path.contains('?') { '&' } else { '?' };
        next = format!("{path}{join}cursor={cursor}");
    }
}

async fn upload(caller: &Caller, bytes: impl Into<bytes::Bytes>) -> Answer {
    let headers = [("content-type", "text/csv; charset=utf-8")];
    caller.send(Method::POST, "/api/v1/import-files", &headers, bytes).await
}

async fn start(caller: &Caller, bytes: impl Into<bytes::Bytes>, asked: Value) -> String {
    let file = upload(caller, bytes).await.ok();
    let mut asked = asked;
    asked["file_id"] = file["id"].clone();
    let made = caller.post("/api/v1/imports", &asked).await;
    let id = made.ok()["id"].as_str().unwrap().to_owned();
    assert_eq!(made.header("location"), format!("/api/v1/imports/{id}"));
    made.header("location")
}

async fn ended(caller: &Caller, path: &str) -> Value {
    until("the import ends", async || {
        let import = caller.get(path).await.ok();
        (!import["finished_at"].is_null()).then_some(import)
    })
    .await
}

async fn import(caller: &Caller, bytes: impl Into<bytes::Bytes>, asked: Value) -> (Value, Vec<String>) {
    let path = start(caller, bytes, asked).await;
    let import = ended(caller, &path).await;
    let faults = every(caller, &format!("{path}/faults")).await;
    let text = |fault: &Value| {
        let column = fault["column"].as_str().unwrap_or("-");
        format!("{} {column} {}", fault["row"], fault["code"].as_str().unwrap())
    };
    (import, faults.iter().map(text).collect())
}

/// The deal of this customer, as the caller sees it.
async fn deal(caller: &Caller, customer: &str) -> Value {
    let deals = every(caller, "/api/v1/deals").await;
    let found = deals.iter().find(|deal| deal["customer"]["name"] == customer);
    let id = found.unwrap_or_else(|| panic!("{customer} in {deals:?}"))["id"].clone();
    caller
        .get(&format!("/api/v1/deals/{}", id.as_str().unwrap()))
        .await
        .ok()
}

fn counts(import: &Value) -> (i64, i64, i64) {
    let count = |name: &str| import[name].as_i64().unwrap();
    (count("rows_read"), count("rows_bad"), count("rows_applied"))
}

#[tokio::test]
async fn good_rows_come_in_and_bad_ones_are_named() {
    let play = Play::set().await;
    let mut socket = Socket::open(&play.server.login("owner@northwind.example").await).await;
    socket
        .send(&json!({"type": "subscribe", "id": "s", "channel": "org", "topics": ["imports"]}))
        .await;
    assert_eq!(socket.next().await["type"], "subscribed");
    let file = "\u{feff}Company;Country;domain;tier;Comment\r\n\
                \"Ash; \"\"& Söhne\"\"\nGmbH\";DE;ash.example;gold;x\r\
                Beech;DE;BEECH.example;;=cmd|' /C calc'!A0\n\
                =cmd|' /C calc'!A0;SE;;silver;\r\n\
                Cedar two;Germany;not a domain;wood;\n\
                ;DE;;;\n\
                Short;DE\n\
                \n\
                Again;DE;ash.example;;\n\
                Alder;DE;alder.example;;\n";
    let asked = json!({"kind": "partners", "mode": "per_row",
                       "mapping": {"name": "Company", "country": "Country", "domain": "domain", "tier": "tier"}});
    let path = start(&play.manager, file.to_owned(), asked).await;
    let import = ended(&play.manager, &path).await;
    assert_eq!(
        (&import["status"], counts(&import)),
        (&json!("finished"), (8, 5, 3)),
        "{import}"
    );
    assert_eq!(import["ignored_columns"], json!(["Comment"]));
    let faults = every(&play.manager, &format!("{path}/faults?limit=3")).await;
    let faults: Vec<String> = faults
        .iter()
        .map(|fault| format!("{} {} {}", fault["row"], fault["column"], fault["code"]))
        .collect();
    assert_eq!(
        faults,
        [
            r#"2 "Company" "control_character""#,
            r#"5 "tier" "unknown""#,
            r#"5 "Country" "country""#,
            r#"5 "domain" "domain""#,
            r#"6 "Company" "missing""#,
            r#"7 null "ragged""#,
            r#"9 "domain" "already_exists""#,
        ]
        .map(str::to_owned)[..],
        "{faults:?}"
    );
    let report = play.manager.get(&format!("{path}/fault-report")).await;
    let text = String::from_utf8(report.body.to_vec()).unwrap();
    assert!(
        text.starts_with("row,column,code,message\n2,Company,control_character,"),
        "{text}"
    );
    assert_eq!(report.header("content-type"), "text/csv; charset=utf-8");
    // The first row for this domain was bad, so the second one is good.
    assert_eq!(play.partners().await, ["=cmd|' /C calc'!A0", "Again", "Beech"]);
    assert_eq!(play.count("mail").await, 0, "nobody asked for letters");
    for kind in [
        "import.file_added",
        "import.created",
        "import.progressed",
        "import.finished",
    ] {
        let event = socket.event().await;
        assert_eq!(event["kind"], kind, "{event}");
    }
}

#[tokio::test]
async fn all_or_nothing_is_all_or_nothing_and_a_dry_run_is_nothing() {
    let play = Play::set().await;
    let before = (play.count("organisation").await, play.count("partnership").await);
    let good =
        "name,country,domain,admin_email\nAsh,DE,ash.example,a@ash.example\nBeech,DE,beech.example,b@beech.example\n";
    let bad = format!("{good}Cedar,Atlantis,cedar2.example,c@cedar.example\nDouble,DE,ash.example,d@ash.example\n");
    let asked = json!({"kind": "partners", "mode": "all_or_nothing"});
    let (refused, faults) = import(&play.manager, bad.clone(), asked.clone()).await;
    assert_eq!((&refused["status"], counts(&refused)), (&json!("refused"), (4, 2, 0)));
    assert_eq!(faults, ["4 country country", "5 - repeated"]);
    let mut dry = asked.clone();
    dry["dry_run"] = true.into();
    let (finished, faults) = import(&play.manager, bad, dry.clone()).await;
    assert_eq!(
        (&finished["status"], counts(&finished)),
        (&json!("finished"), (4, 2, 0))
    );
    assert_eq!(faults.len(), 2);
    dry["mode"] = "per_row".into();
    import(&play.manager, good, dry).await;
    assert_eq!(
        before,
        (play.count("organisation").await, play.count("partnership").await)
    );
    assert_eq!(play.count("import_row").await, 0);

    let mut inviting = asked;
    inviting["invite"] = true.into();
    let (finished, faults) = import(&play.manager, good, inviting).await;
    assert_eq!(
        (&finished["status"], counts(&finished)),
        (&json!("finished"), (2, 0, 2))
    );
    assert!(faults.is_empty());
    assert_eq!(play.partners().await, ["Ash", "Beech"]);
    let mut guest = crate::support::Mailbox::of("a@ash.example");
    let letter = guest.letter(&play.server).await;
    assert!(letter.body.contains("Northwind"), "{}", letter.body);
    // Both sides hear of each partnership as if it had been made alone.
    until("the partnerships are announced", async || {
        let events = play
            .manager
            .get("/api/v1/events?since=1-0&topics=partnerships")
            .await
            .ok();
        let events = events["items"].as_array().unwrap().clone();
        let invited = events.iter().filter(|event| event["kind"] == "partnership.invited");
        (invited.count() == 2).then_some(())
    })
    .await;
}

#[tokio::test]
async fn registrations_of_before_come_as_they_stood_and_are_looked_at_afterwards() {
    let play = Play::set().await;
    let rep = play.server.login("sales@alder.example").await;
    rep.post(
        "/api/v1/deals",
        &deal_body(play.scene.northwind, "Contoso Robotics", "contoso.example"),
    )
    .await
    .ok();
    let birch = play.scene.birch;
    let file = format!(
        "partner,customer_name,customer_domain,customer_country,amount,currency,expected_close,status,closed_on,close_reason,contact_name,contact_email\n\
         birch.example,Contoso Robotics GmbH,contoso.example,DE,1200.50,EUR,2027-01-31,submitted,,,Jo,jo@contoso.example\n\
         {birch},Fabrikam,fabrikam.example,DE,10,EUR,2024-01-31,won,2024-02-01,price,,\n\
         birch,Tailspin,tailspin.example,US,99.95,USD,2027-01-31,approved,,,,\n\
         alder,Tailspin Inc,tailspin.example,US,99.95,USD,2027-01-31,approved,,,,\n\
         cedar,Stranger,stranger.example,US,1,USD,2027-01-31,,,,,\n\
         alder,Odd,odd.example,US,-1,XXY,someday,lost,2999-01-01,mood,Jo,\n\
         alder,Open,open.example,US,1,USD,2027-01-31,won,,,,\n"
    );
    let (finished, faults) = import(&play.manager, file, json!({"kind": "deals", "mode": "per_row"})).await;
    assert_eq!(
        (&finished["status"], counts(&finished)),
        (&json!("finished"), (7, 4, 3)),
        "{faults:?}"
    );
    assert_eq!(
        faults,
        [
            "5 - repeated",
            "6 partner not_found",
            "7 expected_close date",
            "7 closed_on date",
            "7 close_reason unknown",
            "7 currency unknown",
            "8 closed_on missing",
        ]
    );
    let deals = every(
        &play.manager,
        &format!("/api/v1/deals?partner_id={birch}&sort=created_at"),
    )
    .await;
    let mut shown: Vec<String> = deals
        .iter()
        .map(|deal| {
            let name = deal["customer"]["name"]
                .as_str()
                .or(deal["customer_name"].as_str())
                .unwrap();
            format!("{name} {}", deal["status"].as_str().unwrap())
        })
        .collect();
    shown.sort();
    assert_eq!(
        shown,
        ["Contoso Robotics GmbH submitted", "Fabrikam won", "Tailspin approved"]
    );
    until("the conflict is found", async || {
        let events = play.manager.get("/api/v1/events?since=1-0&topics=deals").await.ok();
        let events = events["items"].as_array().unwrap().clone();
        events.into_iter().find(|event| event["kind"] == "deal.conflict_found")
    })
    .await;
    // The customer is another partner's by now.
    let late = "partner,customer_name,customer_domain,customer_country,amount,currency,expected_close,status\n\
                alder,Tailspin Inc,tailspin.example,US,99.95,USD,2027-01-31,approved\n";
    let (refused, faults) = import(&play.manager, late, json!({"kind": "deals", "mode": "all_or_nothing"})).await;
    assert_eq!(
        (&refused["status"], faults),
        (
            &json!("refused"),
            vec!["2 customer_domain customer_protected".to_owned()]
        )
    );
}

#[tokio::test]
async fn a_partner_imports_its_own_registrations_with_its_vendors_only() {
    let play = Play::set().await;
    let alder = play.server.login("admin@alder.example").await;
    let file = "vendor,customer_name,customer_country,amount,currency,expected_close,status\n\
                northwind,Acme,DE,1,EUR,2027-01-31,submitted\n\
                southgate,Acme,DE,1,EUR,2027-01-31,\n\
                northwind,Acme two,DE,1,EUR,2027-01-31,won\n";
    let (finished, faults) = import(&alder, file, json!({"kind": "deals", "mode": "per_row"})).await;
    assert_eq!(counts(&finished), (3, 2, 1));
    assert_eq!(faults, ["3 vendor not_found", "4 status unknown"]);
    let deals = play.manager.get("/api/v1/deals").await.ok();
    assert_eq!(deals["items"].as_array().unwrap().len(), 1);
    let file = upload(&alder, "name,country\nAcme,DE\n").await.ok();
    let asked = json!({"file_id": file["id"], "kind": "partners", "mode": "per_row"});
    let problem = alder.post("/api/v1/imports", &asked).await.problem(422, "invalid_body");
    assert_eq!(problem["errors"][0]["pointer"], "/kind");
}

#[tokio::test]
async fn an_import_is_no_way_around_the_quota_or_the_approvers() {
    let play = Play::set().await;
    let policy = format!(
        "/api/v1/deal-policies/{}",
        guildhall_kernel::ProgramId::from(play.scene.northwind.uuid())
    );
    let was = play.manager.get(&policy).await;
    let mut terms = was.ok()["terms"].clone();
    terms["open_registrations"] = json!({"registered": 2, "silver": 2, "gold": 2, "platinum": 2});
    terms["rules"] = json!([{"name": "Board", "outcome": "chain", "steps": [
        {"name": "Board", "needs": "any", "approvers": [{"role": "owner"}]}]}]);
    let (etag, body) = (was.header("etag"), json!({"terms": terms}).to_string());
    let headers = [("content-type", "application/json"), ("if-match", etag.as_str())];
    play.manager.send(Method::PUT, &policy, &headers, body).await.ok();
    let alder = play.server.login("admin@alder.example").await;
    let file = "vendor,customer_name,customer_country,amount,currency,expected_close\n\
                northwind,Acme,DE,1,EUR,2027-01-31\n\
                northwind,Zenith,DE,1,EUR,-9999-01-31\n\
                northwind,Tailspin,DE,1,EUR,2027-01-31\n\
                northwind,Fabrikam,DE,1,EUR,2027-01-31\n";
    let (finished, faults) = import(&alder, file, json!({"kind": "deals", "mode": "per_row"})).await;
    assert_eq!(counts(&finished), (4, 2, 2), "{faults:?}");
    assert_eq!(faults, ["3 expected_close date", "5 - registration_quota_reached"]);
    let owner = play.server.login("owner@northwind.example").await;
    let deal = until("the chain asks", async || {
        let deals = owner.get("/api/v1/deals").await.ok();
        let id = deals["items"][0]["id"].as_str()?.to_owned();
        let deal = owner.get(&format!("/api/v1/deals/{id}")).await.ok();
        (!deal["approval"].is_null()).then_some(deal)
    })
    .await;
    let path = format!("/api/v1/deals/{}", deal["id"].as_str().unwrap());
    let etag = play.manager.etag(&path).await;
    play.manager
        .post_at(&format!("{path}/approve"), &etag, &json!({}))
        .await
        .problem(403, "not_up_next");
    let etag = owner.etag(&path).await;
    let approved = owner.post_at(&format!("{path}/approve"), &etag, &json!({})).await.ok();
    assert_eq!(approved["status"], "approved");
}

#[tokio::test]
async fn a_file_that_is_no_csv_in_utf8_is_refused_and_leaves_nothing() {
    let play = Play::set().await;
    for (bytes, code) in [
        (&b"\xff\xfen\0a\0m\0e\0"[..], "utf16"),
        (b"name,country\nM\xfcller,DE\n", "not_utf8"),
        (b"name,country\nM\xc3", "not_utf8"),
        (b"name,country\nA\0,DE\n", "nul"),
        (b"", "no_header"),
        (b"\n\n", "no_header"),
        (b"name,country,name\nx,DE,y\n", "duplicate_header"),
    ] {
        let problem = upload(&play.manager, bytes).await.problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["code"], code, "{problem}");
    }
    let json = [("content-type", "application/json")];
    let answer = play
        .manager
        .send(Method::POST, "/api/v1/import-files", &json, "{}")
        .await;
    answer.problem(415, "not_csv");
    assert_eq!(play.count("import_file").await, 0);
    let kept = walk(&play.server.data().join("files"));
    assert!(kept.is_empty(), "{kept:?}");

    // A cell of 10 MB costs its row, and no other.
    let giant = format!(
        "name,country\nAsh,DE\n\"{}\",DE\nBeech,DE\n",
        "x".repeat(10 * 1024 * 1024)
    );
    let (finished, faults) = import(&play.manager, giant, json!({"kind": "partners", "mode": "per_row"})).await;
    assert_eq!(
        (counts(&finished), faults),
        ((3, 1, 2), vec!["3 name cell_too_large".to_owned()])
    );
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] })
        .collect()
}

#[tokio::test]
async fn a_mapping_names_fields_and_columns_that_are_there() {
    let play = Play::set().await;
    let file = upload(&play.manager, "Firm,Land\nAcme,DE\n").await;
    assert_eq!(file.ok()["columns"], json!(["Firm", "Land"]));
    assert_eq!(play.manager.get(&file.header("location")).await.ok(), file.json());
    let faults = async |caller: &Caller, asked: Value| {
        let problem = caller
            .post("/api/v1/imports", &asked)
            .await
            .problem(422, "invalid_body");
        let errors = problem["errors"].as_array().unwrap().clone();
        let text = |error: &Value| {
            format!(
                "{} {}",
                error["pointer"].as_str().unwrap(),
                error["code"].as_str().unwrap()
            )
        };
        errors.iter().map(text).collect::<Vec<_>>()
    };
    let id = &file.json()["id"];
    let mut asked = json!({"file_id": id, "kind": "partners", "mode": "per_row"});
    assert_eq!(
        faults(&play.manager, asked.clone()).await,
        ["/mapping/name missing", "/mapping/country missing"]
    );
    asked["mapping"] = json!({"name": "Firma", "country": "Land", "colour": "Land"});
    assert_eq!(
        faults(&play.manager, asked.clone()).await,
        ["/mapping/colour unknown", "/mapping/name no_such_column"]
    );
    asked["kind"] = "planets".into();
    assert_eq!(faults(&play.manager, asked.clone()).await, ["/kind unknown"]);
    asked["kind"] = "partners".into();
    let stranger = play.server.login("owner@southgate.example").await;
    assert_eq!(faults(&stranger, asked.clone()).await, ["/file_id not_found"]);
    stranger.get(&file.header("location")).await.problem(404, "not_found");
    let finance = play.server.login("finance@northwind.example").await;
    finance.post("/api/v1/imports", &asked).await.problem(403, "forbidden");
    // A key that may import and not decide on deals doesn't get to by importing them.
    let owner = play.server.login("owner@northwind.example").await;
    let key = json!({"name": "Key", "scopes": ["imports:manage"]});
    let key = owner.post("/api/v1/api-keys", &key).await.ok();
    let key = play.server.with_token(key["secret"].as_str().unwrap());
    asked["kind"] = "deals".into();
    key.post("/api/v1/imports", &asked).await.problem(403, "forbidden");
}

fn many(count: usize) -> String {
    let row = |number: usize| format!("Partner {number},DE,partner{number}.example\n");
    std::iter::once("name,country,domain\n".to_owned())
        .chain((0..count).map(row))
        .collect()
}

#[tokio::test]
async fn what_is_stopped_stays_as_far_as_it_came() {
    let play = Play::set().await;
    let path = start(
        &play.manager,
        many(6000),
        json!({"kind": "partners", "mode": "per_row"}),
    )
    .await;
    until("it has begun", async || {
        let import = play.manager.get(&path).await.ok();
        (import["rows_applied"] != 0).then_some(())
    })
    .await;
    let cancel = format!("{path}/cancel");
    let stopped = play.manager.post(&cancel, &json!({})).await.ok();
    assert_eq!(stopped["status"], "cancelled");
    play.manager
        .post(&cancel, &json!({}))
        .await
        .problem(409, "illegal_move");
    let (_, _, applied) = counts(&stopped);
    assert!((1000..6000).contains(&applied), "{stopped}");
    assert_eq!(play.count("partnership WHERE status = 'invited'").await, applied);
    // The next one takes up the rest, and nothing twice.
    let (finished, faults) = import(
        &play.manager,
        many(6000),
        json!({"kind": "partners", "mode": "per_row"}),
    )
    .await;
    assert_eq!(i64::try_from(faults.len()).unwrap(), applied);
    assert_eq!(counts(&finished), (6000, applied, 6000 - applied));
    assert_eq!(play.count("partnership WHERE status = 'invited'").await, 6000);
}

/// The program is killed in the middle of an import, and another node goes on from the checkpoint.
#[tokio::test]
async fn a_killed_nodes_import_goes_on_where_it_stopped() {
    const ROWS: usize = 8000;
    let play = Play::set().await;
    let clock = Clock::manual(play.server.clock.now() + TimeDelta::minutes(5));
    let database = play.server.stop().await;
    let (place, store) = (Place::new(), tempfile::tempdir().unwrap());
    let node = place
        .serve(|command| {
            command
                .env("DATABASE_URL", database.url())
                .env(
                    "GUILDHALL_SECRETS__KEYS",
                    "[\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\"]",
                )
                .env("GUILDHALL_RATE_LIMIT__ENABLED", "false")
                .env("GUILDHALL_STORAGE__FOLDER", store.path());
        })
        .await;
    let body = json!({"email": "owner@northwind.example", "password": PASSWORD});
    let login = node.caller(None).post("/api/v1/auth/login", &body).await.ok();
    let owner = node.caller(Some(login["access_token"].as_str().unwrap().to_owned()));
    let path = start(&owner, many(ROWS), json!({"kind": "partners", "mode": "per_row"})).await;
    let begun = until("it has begun", async || {
        let import = owner.get(&path).await.ok();
        (import["rows_read"] != 0).then_some(import)
    })
    .await;
    node.kill().await;
    assert!(begun["rows_read"].as_i64().unwrap() < 8000, "{begun}");
    // By its clock, the dead node's lease has run out.
    let server = TestServer::builder()
        .on(&database)
        .clock(clock)
        .config(|config| config.storage.folder = Some(store.path().to_owned()))
        .start()
        .await;
    let owner = server.login("owner@northwind.example").await;
    let finished = ended(&owner, &path).await;
    assert_eq!(
        (&finished["status"], counts(&finished)),
        (&json!("finished"), (8000, 0, 8000)),
        "{finished}"
    );
    let mut db = database.connect().await;
    let names: (i64, i64) = sqlx::query_as(
        "SELECT count(*), count(DISTINCT o.name) FROM partnership p JOIN organisation o ON o.id = p.partner_id
         WHERE p.status = 'invited'",
    )
    .fetch_one(&mut db)
    .await
    .unwrap();
    assert_eq!(names, (8000, 8000));
}
