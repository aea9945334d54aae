//! Lists as files: each has what its list has, for the same eyes, and nothing that a spreadsheet would run.

use axum::http::Method;
use guildhall_kernel::Clock;
use serde_json::{Value, json};

use crate::support::{Caller, Scene, TestServer, deal_body};

struct Place {
    server: TestServer,
    scene: Scene,
    manager: Caller,
    southgate: Caller,
    alder: Caller,
}

impl Place {
    async fn set() -> Self {
        let server = TestServer::start().await;
        let scene = Scene::set(&server).await;
        Self {
            manager: server.login("channel_manager@northwind.example").await,
            southgate: server.login("channel_manager@southgate.example").await,
            alder: server.login("sales@alder.example").await,
            server,
            scene,
        }
    }

    async fn sql(&self, statement: &'static str) {
        let mut db = self.server.database.connect().await;
        sqlx::query(statement).execute(&mut db).await.unwrap();
    }
}

/// The fields of an RFC 4180 file, line by line.
fn fields(text: &str) -> Vec<Vec<String>> {
    assert!(text.ends_with("\r\n"), "the last line has its end");
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let lines = reader
        .records()
        .map(|line| line.unwrap().iter().map(str::to_owned).collect());
    lines.collect()
}

/// What a field holds that shows this value.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with(['=', '+', '-', '@']) => format!("'{text}"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

async fn listed(caller: &Caller, path: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = caller.get(&format!("{path}limit=2{cursor}")).await.ok();
        items.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

/// Compares a list's file with the list, column by column, and returns the file.
async fn same(caller: &Caller, list: &str, filter: &str, columns: &[(&str, &str)]) -> String {
    let file = caller.get(&format!("/api/v1/{list}/export?{filter}")).await;
    let text = String::from_utf8(file.body.to_vec()).unwrap();
    assert_eq!(file.status.as_u16(), 200, "{text}");
    assert_eq!(
        file.header("content-disposition"),
        format!("attachment; filename=\"{list}.csv\"")
    );
    let lines = fields(&text);
    let (head, lines) = lines.split_first().unwrap();
    let items = listed(caller, &format!("/api/v1/{list}?{filter}")).await;
    assert_eq!(lines.len(), items.len(), "{text}");
    for (line, item) in lines.iter().zip(&items) {
        assert_eq!(line.len(), head.len());
        for (column, pointer) in columns {
            let place = head.iter().position(|name| name == column).unwrap();
            let value = item.pointer(pointer).unwrap_or(&Value::Null);
            assert_eq!(line[place], shown(value), "{column} of {item}");
        }
    }
    let book = caller.get(&format!("/api/v1/{list}/export?format=xlsx&{filter}")).await;
    assert_eq!(&book.body[..4], b"PK\x03\x04", "{list}");
    text
}

#[tokio::test]
async fn partnerships_and_members() {
    let place = Place::set().await;
    place
        .sql("UPDATE organisation SET name = '=Birch, Ltd' WHERE name = 'Birch'")
        .await;
    place
        .sql("UPDATE user_account SET name = '@Viewer' WHERE name = 'Northwind viewer'")
        .await;
    let partnership = [
        ("id", "/id"),
        ("vendor", "/vendor/name"),
        ("partner", "/partner/name"),
        ("status", "/status"),
        ("tier", "/tier"),
        ("program_id", "/program_id"),
        ("account_manager", "/account_manager/name"),
    ];
    let text = same(&place.manager, "partnerships", "", &partnership).await;
    assert!(
        text.contains("'=Birch, Ltd") && text.contains("Alder") && !text.contains("Cedar"),
        "{text}"
    );
    let none = same(&place.manager, "partnerships", "tier=gold&", &partnership).await;
    assert!(!none.contains("Alder"), "{none}");
    let own = same(&place.alder, "partnerships", "status=active&", &partnership).await;
    assert!(own.contains("Northwind,Alder") && !own.contains("Birch"), "{own}");

    let member = [
        ("id", "/id"),
        ("name", "/user/name"),
        ("email", "/user/email"),
        ("role", "/role"),
    ];
    let text = same(&place.manager, "members", "", &member).await;
    assert!(
        text.contains("'@Viewer,viewer@northwind.example") && !text.contains("southgate"),
        "{text}"
    );
    place
        .alder
        .get("/api/v1/members/export")
        .await
        .problem(403, "forbidden");
    place
        .manager
        .get("/api/v1/members/export?limit=3")
        .await
        .problem(400, "invalid_query");
}

fn lead(company: &str) -> Value {
    json!({"company": {"name": company, "country": "DE", "employees": 300},
        "contact": {"name": "Jo Doe", "email": "jo@acme.example", "phone": "+49 30 1"},
        "amount": "1500", "currency": "EUR", "message": "Ring me at noon", "source": "campaign"})
}

const LEAD: &[(&str, &str)] = &[
    ("id", "/id"),
    ("stage", "/stage"),
    ("partner", "/partner/name"),
    ("company", "/company/name"),
    ("employees", "/company/employees"),
    ("contact_name", "/contact/name"),
    ("contact_email", "/contact/email"),
    ("contact_phone", "/contact/phone"),
    ("amount", "/amount"),
    ("message", "/message"),
    ("score", "/routing/score"),
];

#[tokio::test]
async fn leads_hide_the_person_until_the_partner_accepts() {
    let place = Place::set().await;
    let etag = place.manager.etag("/api/v1/lead-rules").await;
    let rules = json!({"rules": [{"name": "Alder", "eligible": {"partner_ids": [place.scene.alder]}, "choice": "round_robin"}]});
    let headers = [("if-match", etag.as_str()), ("content-type", "application/json")];
    let set = place
        .manager
        .send(Method::PUT, "/api/v1/lead-rules", &headers, rules.to_string());
    set.await.ok();
    let made = place.manager.post("/api/v1/leads", &lead("=Acme()")).await;
    made.ok();
    let path = made.header("location");
    place.southgate.post("/api/v1/leads", &lead("Elsewhere")).await.ok();

    let offered = same(&place.alder, "leads", "", LEAD).await;
    assert!(offered.contains("'=Acme()"), "{offered}");
    for secret in ["Jo Doe", "jo@", "+49", "Ring me"] {
        assert!(!offered.contains(secret), "{secret}: {offered}");
    }
    let all = same(&place.manager, "leads", "stage=offered&", LEAD).await;
    assert!(all.contains("Jo Doe") && all.contains("'+49 30 1"), "{all}");
    assert!(!all.contains("Elsewhere"), "{all}");

    let etag = place.alder.etag(&path).await;
    place
        .alder
        .post_at(&format!("{path}/accept"), &etag, &json!({}))
        .await
        .ok();
    let accepted = same(&place.alder, "leads", "", LEAD).await;
    assert!(
        accepted.contains("Jo Doe") && accepted.contains("Ring me"),
        "{accepted}"
    );
    let birch = place.server.login("sales@birch.example").await;
    let others = format!("partner_id={}&", place.scene.alder);
    for filter in ["", others.as_str()] {
        let none = same(&birch, "leads", filter, LEAD).await;
        assert_eq!(none.lines().count(), 1, "{none}");
    }
    let learner = place.server.login("learner@alder.example").await;
    learner.get("/api/v1/leads/export").await.problem(403, "forbidden");
}

const PRODUCT: &[(&str, &str)] = &[
    ("id", "/id"),
    ("sku", "/sku"),
    ("name", "/name"),
    ("family", "/family"),
    ("is_service", "/is_service"),
    ("status", "/status"),
];

#[tokio::test]
async fn products_come_whole_over_many_pages() {
    let place = Place::set().await;
    for (sku, name) in [("E-1", "=Edge"), ("O-1", "Old")] {
        let body = json!({"sku": sku, "name": name, "family": "Few"});
        place.manager.post("/api/v1/products", &body).await.ok();
    }
    place
        .sql("UPDATE product SET status = 'retired' WHERE name = 'Old'")
        .await;
    let other = json!({"sku": "S-1", "name": "Elsewhere"});
    place.southgate.post("/api/v1/products", &other).await.ok();
    let text = same(&place.manager, "products", "family=Few&", PRODUCT).await;
    assert!(text.contains("'=Edge") && text.contains("Old"), "{text}");
    let at_northwind = format!("vendor_id={}&", place.scene.northwind);
    let text = same(&place.alder, "products", &at_northwind, PRODUCT).await;
    assert!(text.contains("'=Edge") && !text.contains("Old"), "{text}");
    let retired = format!("{at_northwind}status=retired&");
    let text = same(&place.alder, "products", &retired, PRODUCT).await;
    assert!(!text.contains("Old"), "{text}");
    let strange = format!("/api/v1/products/export?vendor_id={}", place.scene.southgate);
    place.alder.get(&strange).await.problem(404, "not_found");
    let whose = place.alder.get("/api/v1/products/export").await;
    whose.problem(400, "invalid_query");
    let mut db = place.server.database.connect().await;
    sqlx::query(
        "INSERT INTO product (id, vendor_id, sku, name, unit, for_new_business, for_renewal, is_service, created_at, updated_at)
         SELECT gen_random_uuid(), $1, 'N-' || n, 'Thing ' || n / 3, 'unit', true, false, false, now(), now()
         FROM generate_series(1, 2500) n",
    )
    .bind(place.scene.northwind)
    .execute(&mut db)
    .await
    .unwrap();
    let export = place.manager.get("/api/v1/products/export").await;
    let csv = [("accept", "text/csv")];
    let list = place.manager.send(Method::GET, "/api/v1/products", &csv, "").await;
    for file in [export, list] {
        let lines = fields(std::str::from_utf8(&file.body).unwrap());
        let sku = lines[0].iter().position(|name| name == "sku").unwrap();
        let mut skus: Vec<&str> = lines.iter().skip(1).map(|line| line[sku].as_str()).collect();
        assert_eq!(skus.len(), 2502);
        skus.sort_unstable();
        skus.dedup();
        assert_eq!(skus.len(), 2502, "each once");
        assert!(!skus.contains(&"S-1"));
    }
    let longer = place.manager.get("/api/v1/products?limit=101").await;
    longer.problem(400, "invalid_query");
}

#[tokio::test]
async fn shared_opportunities_show_what_the_reader_sees_at_its_stage() {
    let place = Place::set().await;
    let close = Clock::system().now().date_naive() + chrono::Days::new(90);
    let opportunity = |title: &str| {
        json!({"title": title, "brief": "Needs hands.", "opportunity": {
            "customer_name": "Contoso", "customer_country": "DE", "amount": "1000.00", "currency": "EUR",
            "expected_close": close, "products": [{"name": "Gateway", "quantity": "3"}],
            "contacts": [{"name": "Jonas Weber", "email": "jonas@contoso.example"}]}})
    };
    let made = place
        .manager
        .post("/api/v1/co-sells", &opportunity("=Three sites"))
        .await;
    made.ok();
    place
        .manager
        .post("/api/v1/co-sells", &opportunity("Unshared"))
        .await
        .ok();
    place
        .southgate
        .post("/api/v1/co-sells", &opportunity("Elsewhere"))
        .await
        .ok();
    let path = made.header("location");
    let etag = place.manager.etag(&path).await;
    let invitation = json!({"partner_id": place.scene.alder});
    place
        .manager
        .post_at(&format!("{path}/invite"), &etag, &invitation)
        .await
        .ok();
    let columns = [
        ("id", "/id"),
        ("status", "/status"),
        ("stage", "/stage"),
        ("vendor", "/vendor/name"),
        ("title", "/title"),
        ("customer", "/customer_name"),
        ("amount", "/amount"),
        ("expected_close", "/expected_close"),
        ("deal_id", "/deal_id"),
    ];
    let text = same(&place.manager, "co-sells", "status=open&", &columns).await;
    assert!(text.contains("'=Three sites") && text.contains("Unshared"), "{text}");
    assert!(!text.contains("Elsewhere"), "{text}");
    let text = same(&place.alder, "co-sells", "stage=invited&", &columns).await;
    assert!(text.contains("'=Three sites") && !text.contains("Unshared"), "{text}");
    assert!(!text.contains("Jonas"), "{text}");
    let none = same(&place.alder, "co-sells", "stage=joined&", &columns).await;
    assert_eq!(none.lines().count(), 1, "{none}");
}

#[tokio::test]
async fn drafts_own_accounts_and_standings() {
    let place = Place::set().await;
    for (number, name) in ["=Acme", "Plain"].iter().enumerate() {
        let body = deal_body(place.scene.northwind, name, &format!("c{number}.example"));
        place.alder.post("/api/v1/deal-drafts", &body).await.ok();
        place.alder.post("/api/v1/deals", &body).await.ok();
    }
    let birch = place.server.login("sales@birch.example").await;
    let body = deal_body(place.scene.northwind, "Elsewhere", "elsewhere.example");
    birch.post("/api/v1/deal-drafts", &body).await.ok();
    birch.post("/api/v1/deals", &body).await.ok();
    let draft = [
        ("id", "/id"),
        ("vendor_id", "/vendor_id"),
        ("customer", "/customer_name"),
        ("created_by", "/created_by/name"),
    ];
    let text = same(&place.alder, "deal-drafts", "", &draft).await;
    assert!(text.contains("'=Acme") && !text.contains("Elsewhere"), "{text}");
    place
        .manager
        .get("/api/v1/deal-drafts/export")
        .await
        .problem(403, "forbidden");

    let standing = [
        ("vendor", "/vendor/name"),
        ("partner", "/partner/name"),
        ("registered", "/registered"),
        ("open", "/open"),
        ("open_limit", "/open_limit"),
        ("won", "/won"),
        ("win_ratio", "/win_ratio"),
    ];
    let text = same(&place.manager, "registration-standings", "", &standing).await;
    assert!(text.contains("Northwind,Alder,2,2"), "{text}");
    let own = same(&birch, "registration-standings", "", &standing).await;
    assert!(own.contains("Northwind,Birch,1,1") && !own.contains("Alder"), "{own}");

    for (vendor, name) in [(&place.manager, "-Own"), (&place.southgate, "Elsewhere")] {
        let accounts = json!({"accounts": [{"external_ref": name, "kind": "opportunity", "name": name, "country": "DE",
            "stage": "open", "amount": "10.50", "currency": "EUR", "owner_name": "Mara"}]});
        let headers = [("content-type", "application/json")];
        let put = vendor.send(Method::PUT, "/api/v1/direct-accounts", &headers, accounts.to_string());
        put.await.ok();
    }
    let account = [
        ("id", "/id"),
        ("external_ref", "/external_ref"),
        ("kind", "/kind"),
        ("name", "/name"),
        ("stage", "/stage"),
        ("owner_name", "/owner_name"),
        ("amount", "/amount"),
    ];
    let text = same(&place.manager, "direct-accounts", "", &account).await;
    assert!(text.contains("'-Own") && !text.contains("Elsewhere"), "{text}");
    place
        .alder
        .get("/api/v1/direct-accounts/export")
        .await
        .problem(403, "forbidden");
}
