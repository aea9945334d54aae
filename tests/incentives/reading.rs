//! Who reads what, in which order, and what is said instead of an answer.

use axum::http::Method;
use chrono::{Days, Months, NaiveDate, TimeDelta};
use guildhall_incentivize::{earnings, ledger, sales};
use guildhall_kernel::OrgId;
use guildhall_spine::http::Checks;
use serde_json::{Value, json};

use super::keyed;
use super::play::{Play, of_invoices, ten_percent};
use crate::support::{Caller, TestServer, deal_body, until};

fn today(play: &Play) -> NaiveDate {
    play.server.app().clock.now().date_naive()
}

fn id(address: &str) -> &str {
    address.rsplit('/').next().unwrap()
}

/// The members of that name of a list's items.
async fn all(by: &Caller, path: &str, name: &str) -> Vec<Value> {
    let list = by.get(path).await.ok();
    let items = list["items"].as_array().unwrap().iter();
    items.map(|one| one[name].clone()).collect()
}

/// Records sales at once, as an import does.
async fn taken_in(play: &Play, told: Vec<Value>) {
    let mut checks = Checks::default();
    let sales: Vec<sales::CheckedSale> = told
        .into_iter()
        .map(|one| serde_json::from_value::<sales::SaleDraft>(one).unwrap())
        .map(|draft| draft.check(today(play), &mut checks).unwrap())
        .collect();
    let vendor = play.scene.northwind;
    let mut tx = play.server.app().db.begin().await.unwrap();
    let around = sales::surroundings(&mut tx, vendor, &sales).await.unwrap();
    sales::take_in(&mut tx, &Default::default(), vendor, &sales, &around)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

fn invoice(partner: OrgId, reference: &str, on: NaiveDate) -> Value {
    json!({"kind": "invoice", "reference": reference, "partner_id": partner, "currency": "EUR", "sold_on": on,
        "lines": [{"name": "Gateway", "amount": "100.00"}]})
}

/// Everybody's tokens anew, after the clock was moved.
async fn later(play: Play, by: TimeDelta) -> Play {
    play.server.app().clock.advance(by);
    Play {
        finance: play.server.login("finance@northwind.example").await,
        owner: play.server.login("owner@northwind.example").await,
        alder: play.server.login("finance@alder.example").await,
        birch: play.server.login("finance@birch.example").await,
        ..play
    }
}

#[tokio::test]
async fn terms_for_one_partner_are_not_seen_by_another() {
    let play = Play::begin().await;
    let mut spec = ten_percent();
    spec["eligible"] = json!({"partners": [play.scene.alder]});
    let (today, tomorrow) = (today(&play), today(&play) + Days::new(1));
    let plan = play
        .plan_with(json!({"name": "For Alder", "spec": spec, "effective_to": today}))
        .await;
    play.alder.get(&plan).await.ok();
    for path in ["", "/versions", "/leaderboard"] {
        play.birch.get(&format!("{plan}{path}")).await.problem(404, "not_found");
    }
    assert!(all(&play.birch, "/api/v1/incentives/plans", "id").await.is_empty());
    assert_eq!(all(&play.alder, "/api/v1/incentives/plans", "id").await, [id(&plan)]);
    let head = [
        ("content-type", "application/json"),
        ("if-match", &*play.finance.etag(&plan).await),
    ];
    let next = json!({"effective_from": tomorrow, "spec": ten_percent()}).to_string();
    let draft = format!("{plan}/draft");
    play.finance.send(Method::PUT, &draft, &head, next).await.ok();
    let etag = play.finance.etag(&plan).await;
    play.finance
        .post_at(&format!("{plan}/publish"), &etag, &json!({}))
        .await
        .ok();
    let versions = format!("{plan}/versions");
    assert_eq!(all(&play.birch, &versions, "no").await, [2]);
    assert_eq!(all(&play.alder, &versions, "no").await, [1, 2]);
    assert_eq!(play.birch.get(&plan).await.ok()["in_force"], json!(null));
    assert_eq!(play.alder.get(&plan).await.ok()["in_force"]["no"], 1);
}

#[tokio::test]
async fn a_leaderboard_is_of_those_who_compete_by_it() {
    let play = Play::begin().await;
    let rebate = json!({"type": "rebate", "trigger": "invoiced", "currency": "EUR", "measure": "revenue",
        "period": {"every": "quarter"}, "bands": [{"from": "0", "percent": "1"}]});
    let rebate = play.plan("Volume rebate", rebate).await;
    let contest = json!({"type": "bonus", "trigger": "invoiced", "currency": "EUR", "period": {"every": "month"},
        "eligible": {"partners": [play.scene.alder]},
        "contest": {"measure": "revenue", "prizes": [{"from": 1, "to": 1, "amount": "500.00"}]}});
    let contest = play.plan("Sprint", contest).await;
    play.invoice("I-1", "900.00").await.ok();
    play.accrued().await;
    for by in [&play.alder, &play.birch, &play.finance] {
        by.get(&format!("{rebate}/leaderboard")).await.problem(404, "not_found");
    }
    let board = play.alder.get(&format!("{contest}/leaderboard")).await.ok();
    assert_eq!(board["places"][0]["total"], "900");
    play.birch
        .get(&format!("{contest}/leaderboard"))
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn a_cent_put_right_does_not_end_the_rest_of_a_line() {
    let server = TestServer::builder().manual_clock().start().await;
    let play = Play::on(server).await;
    let mut spec = of_invoices();
    spec["hold_days"] = json!(30);
    play.plan_with(json!({"name": "Commission", "spec": spec, "auto_approve": true}))
        .await;
    play.invoice("I-1", "100000.00").await.ok();
    let line = play.earnings(&play.alder).await[0].clone();
    let cent = json!({"partner_id": play.scene.alder, "currency": "EUR", "amount": "0.01", "reason": "Rounding",
        "earning_id": line["id"]});
    let made = keyed::post(&play.finance, "/api/v1/incentives/adjustments", &cent).await;
    keyed::post_now(&play.owner, &made.header("location"), "approve", &json!({}))
        .await
        .ok();
    let mut tx = play.server.app().db.begin().await.unwrap();
    ledger::lock(&mut tx, &[play.scene.northwind].into()).await.unwrap();
    earnings::promote(&mut tx, play.scene.northwind).await.unwrap();
    tx.commit().await.unwrap();
    for one in play.earnings(&play.alder).await {
        assert_eq!(
            json!([one["status"], one["rests_until"]]),
            json!(["approved", line["rests_until"]])
        );
    }
    let play = later(play, TimeDelta::days(31)).await;
    until("both are payable", async || {
        let lines = play.earnings(&play.alder).await;
        lines.iter().all(|one| one["status"] == "payable").then_some(())
    })
    .await;
    play.sound().await;
}

#[tokio::test]
async fn what_has_rested_becomes_payable_a_thousand_lines_at_a_time() {
    let server = TestServer::builder().manual_clock().start().await;
    let play = Play::on(server).await;
    let mut spec = of_invoices();
    spec["hold_days"] = json!(30);
    play.plan_with(json!({"name": "Commission", "spec": spec, "auto_approve": true}))
        .await;
    let told = (0..1001).map(|no| invoice(play.scene.alder, &format!("I-{no}"), today(&play)));
    taken_in(&play, told.collect()).await;
    play.accrued().await;
    let play = later(play, TimeDelta::days(31)).await;
    until("all are payable", async || {
        let resting = play.alder.get("/api/v1/earnings?status=approved").await.ok();
        resting["items"].as_array().unwrap().is_empty().then_some(())
    })
    .await;
    let entries = play.finance.get("/api/v1/incentives/ledger?limit=2").await.ok();
    let mut shown: Vec<Value> = entries["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            json!([
                one["postings"].as_array().unwrap().len(),
                one["cause"],
                one["more_postings"]
            ])
        })
        .collect();
    // Ids of one moment have no order.
    shown.sort_by_key(|one| one[0].as_u64());
    assert_eq!(shown, [json!([2, "rested", false]), json!([100, "rested", true])]);
    play.sound().await;
}

#[tokio::test]
async fn a_subscription_counts_from_its_earliest_invoice_whenever_that_was_told() {
    let server = TestServer::builder().manual_clock().start().await;
    let play = Play::on(server).await;
    let mut spec = of_invoices();
    spec["expires_after_months"] = json!(1);
    play.plan("First month", spec).await;
    let first = today(&play);
    let play = later(play, TimeDelta::days(400)).await;
    let monthly = |no: u32| {
        let mut sale = invoice(play.scene.alder, &format!("I-{no}"), first + Months::new(no));
        sale["subscription"] = json!("SUB-1");
        sale
    };
    taken_in(&play, (1..=12).rev().map(monthly).collect()).await;
    assert_eq!(play.amounts(&play.alder).await, json!(["10.00"]));
    let sales = play.finance.get("/api/v1/incentives/sales?limit=100").await.ok();
    let months = sales["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["month"].as_u64());
    assert_eq!(months.flatten().sum::<u64>(), 66);
    play.sale(monthly(0)).await.ok();
    assert_eq!(play.amounts(&play.alder).await, json!(["10.00", "10.00"]));
    let days = json!({"from": first, "to": today(&play)});
    let run = play
        .finance
        .post("/api/v1/incentives/recalculations", &days)
        .await
        .header("location");
    until("the run is through", async || {
        (play.finance.get(&run).await.ok()["status"] == "finished").then_some(())
    })
    .await;
    // Ids of one moment have no order.
    let mut amounts: Vec<Value> = play.amounts(&play.alder).await.as_array().unwrap().clone();
    amounts.sort_by_key(Value::to_string);
    assert_eq!(amounts, ["-10.00", "10.00", "10.00"]);
    play.sound().await;
}

#[tokio::test]
async fn credit_that_goes_and_comes_back_earns_what_it_did() {
    let play = Play::begin().await;
    let mut spec = ten_percent();
    spec["eligible"] = json!({"tiers": ["registered"]});
    play.plan("Commission", spec).await;
    let spiff = json!({"type": "spiff", "trigger": "deal_won", "currency": "EUR", "payee": "person",
        "amount": {"per_sale": "50.00"}});
    play.plan("Autumn SPIFF", spiff).await;
    let deal = play.won("Acme").await;
    assert_eq!(play.amounts(&play.seller).await, json!(["50.00"]));
    let mut db = play.server.database.connect().await;
    sqlx::query("UPDATE partnership SET tier = 'gold'")
        .execute(&mut db)
        .await
        .unwrap();
    for to in [play.scene.birch, play.scene.alder] {
        agreed(&play, &deal, to, &["sourced"]).await;
    }
    assert_eq!(play.amounts(&play.seller).await, json!(["50.00", "-50.00", "50.00"]));
    let mut company: Vec<String> = play
        .earnings(&play.alder)
        .await
        .iter()
        .filter(|one| one["user_id"].is_null())
        .map(|one| one["amount"].to_string())
        .collect();
    company.sort();
    assert_eq!(company, ["\"-360.15\"", "\"360.15\"", "\"360.15\""]);
    assert!(all(&play.birch, "/api/v1/incentives/sales", "id").await.is_empty());
    agreed(&play, &deal, play.scene.alder, &["sourced", "fulfilled"]).await;
    let sale = play.alder.get("/api/v1/incentives/sales").await.ok()["items"][0].clone();
    let parts = sale["parties"].as_array().unwrap();
    assert_eq!(
        json!([parts[0]["role"], parts[0]["tier"], parts.len()]),
        json!(["fulfilled", "registered", 2])
    );
    play.sound().await;
}

/// All of a deal's credit goes to one partner in these roles, as everyone signs whom it concerns.
async fn agreed(play: &Play, deal: &str, to: OrgId, roles: &[&str]) {
    let share = |role| json!({"partner_id": to, "role": role, "percent": "100"});
    let shares: Vec<Value> = roles.iter().map(share).collect();
    let proposed = play
        .vendor
        .post(&format!("{deal}/credit"), &json!({"shares": shares}))
        .await;
    let proposed = proposed.header("location");
    for company in ["alder", "birch"] {
        let signer = play.server.login(&format!("sales@{company}.example")).await;
        let seen = signer.get(&proposed).await;
        if seen.status == 200 {
            let accept = format!("{proposed}/accept");
            signer.post_at(&accept, &seen.header("etag"), &json!({})).await.ok();
        }
    }
    play.accrued().await;
}

#[tokio::test]
async fn credit_that_comes_after_the_close_pays_the_person_who_registered_the_deal() {
    let play = Play::begin().await;
    let spiff = json!({"type": "spiff", "trigger": "deal_won", "currency": "EUR", "payee": "person",
        "amount": {"per_sale": "50.00"}});
    play.plan("Autumn SPIFF", spiff).await;
    let body = deal_body(play.scene.northwind, "Acme", "acme.example");
    let made = play.seller.post("/api/v1/deals", &body).await;
    let deal = made.header("location");
    let approve = format!("{deal}/approve");
    play.vendor
        .post_at(&approve, &made.header("etag"), &json!({}))
        .await
        .ok();
    agreed(&play, &deal, play.scene.birch, &["sourced"]).await;
    let etag = play.vendor.etag(&deal).await;
    let won = json!({"outcome": "won"});
    play.vendor.post_at(&format!("{deal}/close"), &etag, &won).await.ok();
    assert!(play.earnings(&play.seller).await.is_empty());
    agreed(&play, &deal, play.scene.alder, &["sourced"]).await;
    assert_eq!(play.amounts(&play.seller).await, json!(["50.00"]));
    play.sound().await;
}

#[tokio::test]
async fn what_a_product_costs_and_who_else_sold_stays_with_the_vendor() {
    let play = Play::begin().await;
    let spec = json!({"type": "commission", "trigger": "invoiced", "currency": "EUR", "roles": ["sourced", "fulfilled"],
        "split": {"sourced": "50", "fulfilled": "50"}, "rules": [
        {"name": "boxes", "when": {"skus": ["BOX"]}, "rate": {"margin_percent": "20"}},
        {"name": "rest", "rate": {"percent": "5"}}]});
    play.plan("Commission", spec).await;
    let sale = json!({"kind": "invoice", "reference": "I-1", "partner_id": play.scene.alder, "currency": "EUR",
        "sold_on": today(&play), "lines": [{"sku": "BOX", "amount": "1000.00", "cost": "700.00"}, {"name": "Setup", "amount": "100.00"}],
        "parties": [{"partner_id": play.scene.alder, "role": "sourced", "percent": "100"},
                    {"partner_id": play.scene.birch, "role": "fulfilled", "percent": "100"}]});
    let sale = play.sale(sale).await.header("location");
    let line = play.earnings(&play.alder).await[0]["id"].clone();
    let path = format!("/api/v1/earnings/{}", line.as_str().unwrap());
    let lines =
        async |by: &Caller| by.get(&path).await.ok()["explanation"]["contribution"]["parts"][0]["lines"].clone();
    let (inside, outside) = (lines(&play.finance).await, lines(&play.alder).await);
    assert_eq!(json!([inside[0]["basis"], inside[0]["earned"]]), json!(["300", "60"]));
    assert_eq!(json!([outside[0]["basis"], outside[0]["earned"]]), json!([null, null]));
    assert_eq!(outside[0]["sold"], "1000.0000", "{outside}");
    assert_eq!(json!([outside[1]["basis"], outside[1]["earned"]]), json!(["100", "5"]));
    let seller = async |by: &Caller| by.get(&sale).await.ok()["partner_id"].clone();
    assert_eq!(seller(&play.finance).await, json!(play.scene.alder));
    assert_eq!(seller(&play.alder).await, json!(play.scene.alder));
    assert_eq!(seller(&play.birch).await, json!(null));
    let of_alder = format!("/api/v1/incentives/sales?partner_id={}", play.scene.alder);
    assert_eq!(all(&play.alder, &of_alder, "reference").await, ["I-1"]);
    assert!(all(&play.birch, &of_alder, "reference").await.is_empty());
}

#[tokio::test]
async fn every_filter_of_a_list_gives_what_it_says() {
    let play = Play::begin().await;
    let plan = play.plan("Commission", of_invoices()).await;
    let spiff = json!({"type": "spiff", "trigger": "deal_won", "currency": "EUR", "payee": "person",
        "amount": {"per_sale": "50.00"}});
    play.plan("Autumn SPIFF", spiff).await;
    let deal = play.won("Acme").await;
    let first = play.invoice("I-1", "1000.00").await.header("location");
    play.accrued().await;
    play.approve_all().await;
    play.sale(invoice(play.scene.birch, "I-2", today(&play))).await.ok();
    play.accrued().await;
    let (alder, birch) = (play.scene.alder, play.scene.birch);
    let (plan, first, deal) = (id(&plan), id(&first), id(&deal));
    let finance = [
        (String::new(), vec!["10.00", "100.00", "50.00"]),
        ("status=accrued".to_owned(), vec!["10.00"]),
        ("kind=commission".to_owned(), vec!["10.00", "100.00"]),
        ("kind=commission&status=payable".to_owned(), vec!["100.00"]),
        ("kind=rebate".to_owned(), vec![]),
        (format!("partner_id={birch}"), vec!["10.00"]),
        (format!("partner_id={alder}&kind=spiff"), vec!["50.00"]),
        (format!("plan_id={plan}"), vec!["10.00", "100.00"]),
        (format!("plan_id={plan}&partner_id={alder}"), vec!["100.00"]),
        (format!("plan_id={plan}&status=accrued"), vec!["10.00"]),
        (format!("sale_id={first}"), vec!["100.00"]),
        (format!("sale_id={first}&partner_id={birch}"), vec![]),
        (format!("deal_id={deal}"), vec!["50.00"]),
        (format!("deal_id={deal}&sale_id={first}"), vec![]),
    ];
    for (query, wanted) in finance {
        let path = format!("/api/v1/earnings?{query}");
        let mut amounts = all(&play.finance, &path, "amount").await;
        amounts.sort_by_key(Value::to_string);
        assert_eq!(amounts, wanted, "{query}");
    }
    for (by, query, wanted) in [
        (&play.alder, String::new(), 2),
        (&play.alder, format!("partner_id={birch}"), 0),
        (&play.alder, "status=accrued".to_owned(), 0),
        (&play.alder, "kind=rebate".to_owned(), 0),
        (&play.alder, format!("plan_id={plan}&status=payable&kind=commission"), 1),
        (&play.birch, format!("deal_id={deal}"), 0),
        (&play.birch, format!("sale_id={first}"), 0),
        (&play.seller, String::new(), 1),
        (&play.seller, format!("partner_id={birch}"), 0),
        (&play.seller, format!("deal_id={deal}&kind=spiff"), 1),
    ] {
        let found = all(by, &format!("/api/v1/earnings?{query}"), "amount").await;
        assert_eq!(found.len(), wanted, "{query}: {found:?}");
    }
    for (by, query, wanted) in [
        (&play.finance, String::new(), 3),
        (&play.finance, "kind=deal".to_owned(), 1),
        (&play.finance, "reference=I-2".to_owned(), 1),
        (&play.finance, "reference=I-2&kind=activity".to_owned(), 0),
        (&play.finance, format!("reference=I-2&partner_id={alder}"), 0),
        (&play.finance, format!("partner_id={alder}&kind=invoice"), 1),
        (&play.alder, String::new(), 2),
        (&play.alder, "kind=invoice".to_owned(), 1),
        (&play.alder, "reference=I-2".to_owned(), 0),
    ] {
        let found = all(by, &format!("/api/v1/incentives/sales?{query}"), "reference").await;
        assert_eq!(found.len(), wanted, "{query}: {found:?}");
    }
}

#[tokio::test]
async fn long_lists_come_in_pages_without_gap_or_repetition() {
    let play = Play::begin().await;
    play.plan("Commission", of_invoices()).await;
    for no in 0..5 {
        play.invoice(&format!("I-{no}"), "10.00").await.ok();
    }
    play.accrued().await;
    let vendor = [
        "earnings",
        "earnings?kind=commission",
        "incentives/sales",
        "incentives/ledger",
    ];
    let partner = ["earnings", "incentives/sales", "incentives/ledger"];
    let lists = vendor.map(|list| (&play.finance, list)).into_iter();
    for (by, list) in lists.chain(partner.map(|list| (&play.alder, list))) {
        let path = format!("/api/v1/{list}{}limit=2", if list.contains('?') { '&' } else { '?' });
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = by.get(&format!("{path}{cursor}")).await.ok();
            let items = page["items"].as_array().unwrap().clone();
            assert!(items.len() <= 2);
            found.extend(items.iter().map(|one| one["id"].to_string()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let mut sorted = found.clone();
        sorted.sort();
        sorted.dedup();
        sorted.reverse();
        assert_eq!(found.len(), 5, "{list}");
        assert_eq!(found, sorted, "{list}");
    }
}

#[tokio::test]
async fn what_the_database_can_not_hold_is_refused_by_name() {
    let play = Play::begin().await;
    let refused = async |path: &str, body: Value, pointer: &str| {
        let problem = play.finance.post(path, &body).await.problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    };
    let sales = "/api/v1/incentives/sales";
    let mut sale = invoice(play.scene.alder, "I-1", today(&play));
    sale["facts"] = json!({"deep": [{"a/b": "one\0two"}]});
    refused(sales, sale.clone(), "/facts/deep/0/a~1b").await;
    sale["facts"] = json!({"na\0me": 1});
    refused(sales, sale.clone(), "/facts").await;
    sale["facts"] = json!({"text": "\\u0000 is written so"});
    sale["lines"] = (0..11)
        .map(|_| json!({"name": "Box", "amount": "1000000000000000"}))
        .collect();
    refused(sales, sale.clone(), "/lines").await;
    sale["lines"] = json!([{"name": "Box", "amount": "1000000000000000"}]);
    play.sale(sale).await.ok();
    let mut spec = ten_percent();
    spec["rules"][0]["name"] = json!("every\0thing");
    refused(
        "/api/v1/incentives/plans",
        json!({"name": "Plan", "spec": spec}),
        "/spec/rules/0/name",
    )
    .await;
    let mut spec = ten_percent();
    spec["eligible"] = json!({"tiers": ["go\0ld"]});
    refused(
        "/api/v1/incentives/plans",
        json!({"name": "Plan", "spec": spec}),
        "/spec/eligible/tiers/0",
    )
    .await;
    play.finance
        .get("/api/v1/incentives/progress?on=-5000-01-01")
        .await
        .problem(400, "invalid_query");
}

#[tokio::test]
async fn a_trial_goes_by_its_program_and_says_what_it_leaves_out() {
    let play = Play::begin().await;
    let program = play
        .vendor
        .post("/api/v1/programs", &json!({"name": "Elsewhere"}))
        .await;
    let program = program.ok()["id"].clone();
    play.invoice("I-1", "1000.00").await.ok();
    let tried = async |more: Value| {
        let mut trial = json!({"from": today(&play), "to": today(&play), "spec": of_invoices()});
        for (name, value) in more.as_object().unwrap() {
            trial[name] = value.clone();
        }
        play.finance.post("/api/v1/incentives/plans/simulate", &trial).await
    };
    let everyone = tried(json!({})).await.ok();
    assert_eq!(
        json!([everyone["totals"][0]["proposed"], everyone["left_out"]]),
        json!(["100.00", []])
    );
    let there = tried(json!({"program_id": program})).await.ok();
    assert_eq!(there["totals"], json!([]));
    let foreign = json!({"program_id": "prog_01kaqv6r3gf5ht2x0m8c9ezw4n"});
    tried(foreign).await.problem(422, "invalid_body");
    let contest = json!({"type": "bonus", "trigger": "invoiced", "currency": "EUR", "period": {"every": "month"},
        "contest": {"measure": "revenue", "prizes": [{"from": 1, "to": 1, "amount": "500.00"}]}});
    let proof = json!({"type": "spiff", "trigger": "activity", "currency": "EUR", "payee": "person", "proof": true,
        "amount": {"per_activity": "50"}});
    let growth = json!({"type": "rebate", "trigger": "invoiced", "currency": "EUR", "measure": "growth",
        "period": {"every": "quarter"}, "bands": [{"from": "0", "percent": "1"}]});
    for (spec, left_out) in [(contest, "prizes"), (proof, "claims"), (growth, "growth")] {
        let tried = tried(json!({"spec": spec})).await.ok();
        assert_eq!(tried["left_out"], json!([left_out]), "{tried}");
    }
}

#[tokio::test]
async fn an_activity_is_taken_back_whole_and_once() {
    let play = Play::begin().await;
    let spiff = json!({"type": "spiff", "trigger": "activity", "currency": "EUR", "payee": "company",
        "amount": {"per_activity": "50"}});
    play.plan("Trainings", spiff).await;
    let activity = json!({"kind": "activity", "reference": "A-1", "partner_id": play.scene.alder, "currency": "EUR",
        "sold_on": today(&play), "activity": "training_given"});
    let sale = play.sale(activity).await.header("location");
    assert_eq!(play.amounts(&play.alder).await, json!(["50.00"]));
    let told = |kind: &str, reference: &str| json!({"kind": kind, "reference": reference, "on": today(&play)});
    play.reverse(&sale, told("chargeback", "C-1"))
        .await
        .problem(409, "exceeds_sale");
    let taken = play.reverse(&sale, told("refund", "R-1")).await.ok();
    assert_eq!(
        json!([taken["reversals"][0]["amount"], taken["parties"][0]["percent"]]),
        json!(["0.00", "0.00"])
    );
    assert_eq!(play.amounts(&play.alder).await, json!(["50.00", "-50.00"]));
    assert_eq!(all(&play.alder, "/api/v1/incentives/sales", "reference").await, ["A-1"]);
    play.reverse(&sale, told("refund", "R-2"))
        .await
        .problem(409, "exceeds_sale");
    play.sound().await;
}
