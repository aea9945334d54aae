//! The catalogue as a vendor keeps it and as its partners read it.

use guildhall_kernel::{OrgId, id_text};
use serde_json::{Value, json};

use crate::support::{Caller, Scene, TestServer, deal_body};

/// A product of Northwind's.
pub(super) async fn product(vendor: &Caller, sku: &str, name: &str, family: &str) -> Value {
    let body = json!({"sku": sku, "name": name, "family": family});
    vendor.post("/api/v1/products", &body).await.ok()
}

/// A price list with one price for each product; returns its address.
pub(super) async fn list(vendor: &Caller, mut body: Value, prices: &[(&Value, &str)]) -> String {
    body["valid_from"] = "2026-01-01".into();
    let path = vendor.post("/api/v1/price-lists", &body).await.header("location");
    let prices: Vec<Value> = prices
        .iter()
        .map(|(product, amount)| json!({"product_id": product["id"], "steps": [{"unit_amount": amount}]}))
        .collect();
    if !prices.is_empty() {
        set(vendor, &path, "prices", &json!({"prices": prices})).await;
    }
    path
}

async fn set(vendor: &Caller, path: &str, what: &str, body: &Value) -> Value {
    let etag = vendor.etag(path).await;
    put(vendor, &format!("{path}/{what}"), &etag, body).await.ok()
}

async fn put(caller: &Caller, path: &str, etag: &str, body: &Value) -> crate::support::Answer {
    let headers = [("content-type", "application/json"), ("if-match", etag)];
    caller
        .send(axum::http::Method::PUT, path, &headers, body.to_string())
        .await
}

async fn tier(server: &TestServer, partner: OrgId, tier: &str) {
    let mut db = server.database.connect().await;
    sqlx::query("UPDATE partnership SET tier = $2 WHERE partner_id = $1")
        .bind(partner)
        .bind(tier)
        .execute(&mut db)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_product_is_added_changed_found_and_retired() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let vendor = server.login("finance@northwind.example").await;
    let rep = server.login("sales@alder.example").await;
    for (sku, name) in [
        ("C-1", "camera"),
        ("E-1", "Edge gateway"),
        ("E-2", "edge router"),
        ("Z-1", "Zoom lens"),
    ] {
        product(&vendor, sku, name, "Things").await;
    }
    let twin = json!({"sku": "E-1", "name": "Another"});
    vendor
        .post("/api/v1/products", &twin)
        .await
        .problem(409, "already_exists");
    let names = async |caller: &Caller, filter: &str| {
        let mut names = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = caller
                .get(&format!("/api/v1/products?limit=1{filter}{cursor}"))
                .await
                .ok();
            names.extend(page["items"].as_array().unwrap().iter().map(|one| one["name"].clone()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return json!(names),
            }
        }
    };
    assert_eq!(
        names(&vendor, "").await,
        json!(["camera", "Edge gateway", "edge router", "Zoom lens"])
    );
    assert_eq!(names(&vendor, "&q=EDGE").await, json!(["Edge gateway", "edge router"]));
    assert_eq!(names(&vendor, "&sku=Z-1").await, json!(["Zoom lens"]));
    let found = vendor.get("/api/v1/products?sku=E-1").await.ok();
    let path = format!("/api/v1/products/{}", found["items"][0]["id"].as_str().unwrap());
    let etag = vendor.etag(&path).await;
    let changed = vendor.patch(&path, &etag, &json!({"name": "Edge gateway 2"})).await;
    assert_eq!(changed.ok()["name"], "Edge gateway 2");
    vendor
        .patch(&path, &etag, &json!({"name": "Lost update"}))
        .await
        .problem(412, "stale_version");
    assert_eq!(rep.get(&path).await.ok()["name"], "Edge gateway 2");
    rep.patch(&path, &etag, &json!({"name": "Mine"}))
        .await
        .problem(403, "forbidden");
    let etag = vendor.etag(&path).await;
    let retired = vendor.post_at(&format!("{path}/retire"), &etag, &json!({})).await;
    assert_eq!(retired.ok()["status"], "retired");
    let again = vendor
        .post_at(&format!("{path}/retire"), &retired.header("etag"), &json!({}))
        .await;
    assert_eq!(again.problem(409, "illegal_move")["legal"], json!(["reactivate"]));
    rep.get(&path).await.problem(404, "not_found");
    let northwind = format!("&vendor_id={}", scene.northwind);
    assert_eq!(
        names(&rep, &northwind).await,
        json!(["camera", "edge router", "Zoom lens"])
    );
    let cedar = server.login("sales@cedar.example").await;
    cedar
        .get(&format!("/api/v1/products?vendor_id={}", scene.northwind))
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn what_a_product_or_price_can_not_be_is_named() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let vendor = server.login("owner@northwind.example").await;
    let other = server.login("owner@southgate.example").await;
    let theirs = product(&other, "X", "Theirs", "Things").await;
    let ours = product(&vendor, "X", "Ours", "Things").await;
    let bad = json!({"sku": " x", "name": "", "for_new_business": false, "for_renewal": false});
    let problem = vendor.post("/api/v1/products", &bad).await.problem(422, "invalid_body");
    assert_eq!(pointers(&problem), ["/name", "/for_new_business", "/sku"]);
    let path = list(&vendor, json!({"name": "Yen", "currency": "JPY"}), &[]).await;
    let etag = vendor.etag(&path).await;
    let bad = json!({"prices": [
        {"product_id": theirs["id"], "steps": [{"unit_amount": "10"}]},
        {"product_id": ours["id"], "steps": [
            {"unit_amount": "10.5"}, {"min_quantity": "-1", "unit_amount": "-3"}, {"min_quantity": "0", "unit_amount": "9"}]},
    ]});
    let problem = put(&vendor, &format!("{path}/prices"), &etag, &bad)
        .await
        .problem(422, "invalid_body");
    assert_eq!(
        pointers(&problem),
        [
            "/prices/0/product_id",
            "/prices/1/steps/0/unit_amount",
            "/prices/1/steps/1/min_quantity",
            "/prices/1/steps/1/min_quantity",
            "/prices/1/steps/1/unit_amount",
            "/prices/1/steps/2/min_quantity"
        ]
    );
    let bad = json!({"discounts": [
        {"percent": "0"}, {"percent": "100.01"}, {"product_id": ours["id"], "family": "Things", "percent": "5"},
        {"tier": "gold", "percent": "5"}, {"tier": "gold", "percent": "6"}]});
    let problem = put(&vendor, &format!("{path}/discounts"), &etag, &bad)
        .await
        .problem(422, "invalid_body");
    assert_eq!(
        pointers(&problem),
        [
            "/discounts/0/percent",
            "/discounts/1/percent",
            "/discounts/1",
            "/discounts/2/family",
            "/discounts/4"
        ]
    );
    let unknown = json!({"name": "A", "currency": "EURO", "valid_from": "2026-01-01"});
    let problem = vendor
        .post("/api/v1/price-lists", &unknown)
        .await
        .problem(422, "invalid_body");
    assert_eq!(pointers(&problem), ["/currency"]);
    let backwards = json!({"name": "A", "currency": "EUR", "valid_from": "2026-02-01", "valid_to": "2026-01-01"});
    let problem = vendor
        .post("/api/v1/price-lists", &backwards)
        .await
        .problem(422, "invalid_body");
    assert_eq!(pointers(&problem), ["/valid_to"]);
    for (day, pointer) in [("-0044-03-15", "/valid_from"), ("+10000-01-01", "/valid_from")] {
        let body = json!({"name": "A", "currency": "EUR", "valid_from": day});
        let problem = vendor
            .post("/api/v1/price-lists", &body)
            .await
            .problem(422, "invalid_body");
        assert_eq!(pointers(&problem), [pointer], "{day}");
    }
}

fn pointers(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().unwrap();
    errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_lists_for_the_same_do_not_overlap_even_at_the_same_instant() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let vendor = server.login("owner@northwind.example").await;
    let body = |tier: Option<&str>, from: &str, to: Option<&str>| json!({"name": "A", "currency": "EUR", "tier": tier, "valid_from": from, "valid_to": to});
    for round in 0..4 {
        let year = format!("20{}", 30 + round);
        let body = body(None, &format!("{year}-01-01"), Some(&format!("{year}-12-31")));
        let (one, other) = tokio::join!(
            vendor.post("/api/v1/price-lists", &body),
            vendor.post("/api/v1/price-lists", &body)
        );
        let (made, refused) = if one.status.is_success() {
            (one, other)
        } else {
            (other, one)
        };
        made.ok();
        let problem = refused.problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["code"], "overlap", "{problem}");
    }
    let last_day = body(None, "2030-12-31", Some("2030-12-31"));
    vendor
        .post("/api/v1/price-lists", &last_day)
        .await
        .problem(422, "invalid_body");
    vendor
        .post("/api/v1/price-lists", &body(Some("gold"), "2030-12-31", None))
        .await
        .ok();
    let next = vendor
        .post("/api/v1/price-lists", &body(None, "2034-01-01", None))
        .await;
    let path = next.header("location");
    let earlier = vendor
        .patch(&path, &next.header("etag"), &json!({"valid_from": "2033-12-31"}))
        .await;
    assert_eq!(earlier.problem(422, "invalid_body")["errors"][0]["code"], "overlap");
}

#[tokio::test]
async fn a_partner_gets_the_price_of_its_tier_and_hears_of_no_other() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let vendor = server.login("channel_manager@northwind.example").await;
    let gateway = product(&vendor, "E-1", "Edge gateway", "Gateways").await;
    let lens = product(&vendor, "Z-1", "Zoom lens", "Lenses").await;
    let all = list(
        &vendor,
        json!({"name": "All", "currency": "EUR"}),
        &[(&gateway, "100.00"), (&lens, "50.00")],
    )
    .await;
    list(
        &vendor,
        json!({"name": "Platinum secret", "currency": "EUR", "tier": "platinum"}),
        &[(&gateway, "61.00")],
    )
    .await;
    list(
        &vendor,
        json!({"name": "Gold", "currency": "EUR", "tier": "gold"}),
        &[(&gateway, "80.05")],
    )
    .await;
    let steps = json!({"prices": [{"product_id": lens["id"], "steps": [
        {"unit_amount": "50.00"}, {"min_quantity": "10", "unit_amount": "45.25"}]}]});
    set(&vendor, &all, "prices", &steps).await;
    let discounts =
        json!({"discounts": [{"family": "Lenses", "percent": "50"}, {"tier": "platinum", "percent": "77"}]});
    set(&vendor, &all, "discounts", &discounts).await;
    tier(&server, scene.alder, "gold").await;
    let (alder, birch) = (
        server.login("sales@alder.example").await,
        server.login("sales@birch.example").await,
    );
    let path = format!("/api/v1/prices?vendor_id={}&currency=EUR", scene.northwind);
    let seen = alder.get(&path).await.ok();
    let short = |seen: &Value, row: usize| {
        let price = &seen["items"][row]["prices"][0];
        let steps: Vec<Value> = price["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| json!([step["min_quantity"], step["list_amount"], step["unit_amount"]]))
            .collect();
        json!([price["rule"]["price_list"], steps])
    };
    assert_eq!(short(&seen, 0), json!(["Gold", [["0", "80.05", "80.05"]]]));
    assert_eq!(
        short(&seen, 1),
        json!(["All", [["0", "50.00", "25.00"], ["10", "45.25", "22.62"]]])
    );
    assert_eq!(
        seen["items"][1]["prices"][0]["rule"]["discount"]["family"], "Lenses",
        "{seen}"
    );
    let registered = birch.get(&path).await.ok();
    assert_eq!(short(&registered, 0), json!(["All", [["0", "100.00", "100.00"]]]));
    for page in [seen, registered] {
        assert!(
            !page.to_string().contains("secret") && !page.to_string().contains("platinum"),
            "{page}"
        );
    }
    alder.get("/api/v1/price-lists").await.problem(403, "forbidden");
    let whose = alder.get("/api/v1/prices").await.problem(400, "invalid_query");
    assert!(
        whose["detail"].as_str().unwrap().starts_with("vendor_id: is needed"),
        "{whose}"
    );
    alder
        .get(&format!("{path}&partner_id={}", scene.birch))
        .await
        .problem(404, "not_found");
    let for_alder = vendor
        .get(&format!("/api/v1/prices?partner_id={}", scene.alder))
        .await
        .ok();
    assert_eq!(short(&for_alder, 0), json!(["Gold", [["0", "80.05", "80.05"]]]));
    let other_day = alder.get(&format!("{path}&on=2025-12-31")).await.ok();
    assert_eq!(other_day["items"][0]["prices"], json!([]), "no list is valid yet");
}

#[tokio::test]
async fn a_deal_line_takes_name_and_price_from_the_catalogue() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let vendor = server.login("channel_manager@northwind.example").await;
    let rep = server.login("sales@alder.example").await;
    let gateway = product(&vendor, "E-1", "Edge gateway", "Gateways").await;
    let lens = product(&vendor, "Z-1", "Zoom lens", "Lenses").await;
    let all = list(
        &vendor,
        json!({"name": "All", "currency": "EUR"}),
        &[(&gateway, "99.99")],
    )
    .await;
    let steps = json!({"prices": [{"product_id": lens["id"], "steps": [{"min_quantity": "10", "unit_amount": "5"}]}]});
    set(&vendor, &all, "prices", &steps).await;
    let discounts = json!({"discounts": [{"percent": "10"}]});
    set(&vendor, &all, "discounts", &discounts).await;
    let mut body = deal_body(scene.northwind, "Acme", "acme.example");
    body["products"] = json!([
        {"product_id": gateway["id"], "quantity": "3"},
        {"product_id": gateway["id"], "name": "Gateway, used", "quantity": "1", "unit_amount": "10"},
        {"name": "Cable", "quantity": "2", "unit_amount": "1"},
    ]);
    let made = rep.post("/api/v1/deals", &body).await;
    let deal = made.ok();
    let line = |deal: &Value, place: usize| {
        let line = &deal["products"][place];
        json!([line["product_id"], line["name"], line["unit_amount"], line["amount"]])
    };
    assert_eq!(
        line(&deal, 0),
        json!([gateway["id"], "Edge gateway", "89.99", "269.97"])
    );
    assert_eq!(
        line(&deal, 1),
        json!([gateway["id"], "Gateway, used", "10.00", "10.00"])
    );
    assert_eq!(line(&deal, 2), json!([null, "Cable", "1.00", "2.00"]));
    let theirs = product(&server.login("owner@southgate.example").await, "T", "Theirs", "Things").await;
    let draft = rep.post("/api/v1/deal-drafts", &body).await.ok();
    assert_eq!(
        draft["missing"],
        json!([]),
        "the catalogue completes a draft's lines too"
    );
    let mut unsold = body.clone();
    unsold["products"] = json!([{"product_id": lens["id"], "quantity": "9"}]);
    let draft = rep.post("/api/v1/deal-drafts", &unsold).await.ok();
    assert_eq!(draft["missing"][0]["code"], "below_minimum", "{draft}");
    let refused = async |line: Value, currency: &str| {
        let mut body = deal_body(scene.northwind, "Acme", "acme.example");
        (body["products"], body["currency"]) = (json!([line]), currency.into());
        let problem = rep.post("/api/v1/deals", &body).await.problem(422, "invalid_body");
        let errors = problem["errors"].as_array().unwrap();
        let said = errors.iter().map(|error| json!([error["pointer"], error["code"]]));
        said.collect::<Vec<_>>()
    };
    let unknown = json!(["/products/0/product_id", "unknown_product"]);
    let nothing = id_text("prod", uuid::Uuid::from_u128(7)).unwrap();
    for id in [&theirs["id"], &json!(nothing)] {
        assert_eq!(
            refused(json!({"product_id": id, "quantity": "1"}), "EUR").await,
            std::slice::from_ref(&unknown)
        );
    }
    assert_eq!(
        refused(json!({"product_id": gateway["id"], "quantity": "1"}), "USD").await,
        [json!(["/products/0/unit_amount", "no_price"])]
    );
    assert_eq!(
        refused(json!({"product_id": lens["id"], "quantity": "9"}), "EUR").await,
        [json!(["/products/0/quantity", "below_minimum"])]
    );
    assert_eq!(
        refused(json!({"quantity": "-9"}), "EUR").await,
        [
            json!(["/products/0/name", "missing"]),
            json!(["/products/0/unit_amount", "missing"]),
            json!(["/products/0/quantity", "decimal"])
        ]
    );
    // What is retired stays where it is, and goes nowhere else.
    let path = format!("/api/v1/products/{}", gateway["id"].as_str().unwrap());
    let etag = vendor.etag(&path).await;
    vendor.post_at(&format!("{path}/retire"), &etag, &json!({})).await.ok();
    let note = json!({"note": "Still three of them."});
    let kept = rep.patch(&made.header("location"), &made.header("etag"), &note).await;
    assert_eq!(line(&kept.ok(), 0)[0], gateway["id"]);
    let relined = json!({"products": [{"product_id": gateway["id"], "quantity": "4"}]});
    let refusal = rep
        .patch(&made.header("location"), &kept.header("etag"), &relined)
        .await;
    assert_eq!(
        refusal.problem(422, "invalid_body")["errors"][0]["code"],
        "unknown_product"
    );
}

#[tokio::test]
async fn products_come_from_elsewhere_by_their_sku() {
    use guildhall_sell::api::{ProductRecord, Upserted, check_product, upsert_products};
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let vendor = server.login("owner@northwind.example").await;
    product(&vendor, "E-1", "Edge gateway", "Gateways").await;
    let record = |sku: &str, name: &str| ProductRecord {
        sku: sku.to_owned(),
        name: name.to_owned(),
        family: Some("Gateways".to_owned()),
        description: None,
        unit: "unit".to_owned(),
        for_new_business: true,
        for_renewal: true,
        is_service: false,
    };
    assert!(check_product(&record("E-1", "Edge")).is_empty());
    assert_eq!(check_product(&record("", "Edge"))[0].pointer, "/sku");
    let take = async |records: &[ProductRecord]| {
        let mut tx = server.app().db.begin().await.unwrap();
        let done = upsert_products(&mut tx, &Default::default(), scene.northwind, records)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        done
    };
    let records = [record("E-1", "Edge gateway 2"), record("N-1", "New one")];
    assert!(matches!(
        take(&records).await[..],
        [Upserted::Changed(_), Upserted::Created(_)]
    ));
    assert_eq!(take(&records).await, [Upserted::Unchanged, Upserted::Unchanged]);
    let found = vendor.get("/api/v1/products").await.ok();
    assert_eq!(
        json!([
            found["items"][0]["name"],
            found["items"][1]["name"],
            found["items"].as_array().unwrap().len()
        ]),
        json!(["Edge gateway 2", "New one", 2])
    );
}
