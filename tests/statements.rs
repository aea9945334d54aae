//! Statements: read off the ledger, the same each time, and invoices that vendors write for their partners.

use axum::http::Method;
use chrono::TimeDelta;
use guildhall_kernel::{Clock, OrgId};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::incentives::play::{Play, of_invoices};
use crate::support::{Answer, Caller, PASSWORD, TestServer};

/// A vendor whose January has begun, with a plan.
async fn january() -> Play {
    let clock = Clock::manual("2027-01-10T09:00:00Z".parse().unwrap());
    let play = Play::on(TestServer::builder().clock(clock).start().await).await;
    play.plan("Reseller commission", of_invoices()).await;
    play
}

/// Days pass, and everybody logs in again.
async fn days_later(mut play: Play, days: i64) -> Play {
    play.server.clock.advance(TimeDelta::days(days));
    let server = &play.server;
    play.finance = server.login("finance@northwind.example").await;
    play.owner = server.login("owner@northwind.example").await;
    play.alder = server.login("finance@alder.example").await;
    play.seller = server.login("sales@alder.example").await;
    play.birch = server.login("finance@birch.example").await;
    play
}

fn path(partner: OrgId, month: &str, query: &str) -> String {
    format!("/api/v1/statements/{partner}?month={month}&{query}")
}

async fn january_in(who: &Caller, partner: OrgId, format: &str) -> Answer {
    who.get(&path(partner, "2027-01", &format!("format={format}"))).await
}

fn amount(value: &Value) -> Decimal {
    value.as_str().unwrap().parse().unwrap()
}

/// Opening, lines and payouts lead to the closing balance, and groups to their subtotals.
fn adds_up(statement: &Value) {
    let each = |list: &Value| list.as_array().unwrap().clone();
    let mut earned = Decimal::ZERO;
    for group in each(&statement["groups"]) {
        let sum: Decimal = each(&group["lines"]).iter().map(|line| amount(&line["amount"])).sum();
        assert_eq!(sum, amount(&group["subtotal"]), "{group}");
        earned += sum;
    }
    let taken: Decimal = each(&statement["payouts"])
        .iter()
        .map(|payout| amount(&payout["taken"]))
        .sum();
    assert_eq!(
        [earned, taken],
        [amount(&statement["earned"]), amount(&statement["taken"])],
        "{statement}"
    );
    assert_eq!(
        amount(&statement["opening"]) + earned - taken,
        amount(&statement["closing"]),
        "{statement}"
    );
    let standing: Decimal = statement["standing"].as_object().unwrap().values().map(amount).sum();
    assert_eq!(standing, amount(&statement["closing"]), "{statement}");
}

fn figures(statement: &Value) -> Value {
    let of = |name: &str| statement[name].clone();
    json!([of("interim"), of("opening"), of("earned"), of("taken"), of("closing")])
}

/// Amount, cause and status of each line.
fn lines(statement: &Value) -> Value {
    let groups = statement["groups"].as_array().unwrap().iter();
    let lines = groups.flat_map(|group| group["lines"].as_array().unwrap());
    lines
        .map(|line| json!([line["amount"], line["cause"], line["status"]]))
        .collect()
}

#[tokio::test]
async fn a_month_that_is_over_is_the_same_bytes_whatever_happens_after() {
    let play = january().await;
    let alder = play.scene.alder;
    let sale = play.invoice("I-1", "1000.00").await.header("location");
    play.accrued().await;
    // Entries of one moment and two transactions have no order.
    play.server.app().clock.advance(TimeDelta::seconds(1));
    let refund =
        json!({"kind": "refund", "reference": "R-1", "on": "2027-01-10", "lines": [{"no": 1, "amount": "200.00"}]});
    play.reverse(&sale, refund).await.ok();
    play.accrued().await;
    let interim = january_in(&play.alder, alder, "json").await.ok();
    assert_eq!(figures(&interim), json!([true, "0.00", "80.00", "0.00", "80.00"]));

    let play = days_later(play, 30).await;
    let (mut first, mut again) = (Vec::new(), Vec::new());
    for format in ["json", "csv", "pdf"] {
        first.push(january_in(&play.alder, alder, format).await.body);
    }
    // Everything that can change does: the line's status, what is left of the sale, names.
    play.approve_all().await;
    let refund =
        json!({"kind": "refund", "reference": "R-2", "on": "2027-02-09", "lines": [{"no": 1, "amount": "100.00"}]});
    play.reverse(&sale, refund).await.ok();
    play.accrued().await;
    let mut db = play.server.database.connect().await;
    for rename in [
        "UPDATE organisation SET name = name || ' renamed'",
        "UPDATE incentive_plan SET name = name || ' renamed'",
    ] {
        sqlx::query(rename).execute(&mut db).await.unwrap();
    }
    for format in ["json", "csv", "pdf"] {
        again.push(january_in(&play.finance, alder, format).await.body);
    }
    assert!(first == again, "January has changed");
    let statement = january_in(&play.alder, alder, "json").await.ok();
    adds_up(&statement);
    assert_eq!(figures(&statement), json!([false, "0.00", "80.00", "0.00", "80.00"]));
    assert_eq!(
        lines(&statement),
        json!([["100.00", "sale", "accrued"], ["-20.00", "reversal", "accrued"]])
    );
    let line = &statement["groups"][0]["lines"][0];
    assert_eq!(
        json!([line["plan"], line["plan_version"], line["reference"]]),
        json!(["Reseller commission", 1, "I-1"])
    );
    let explained = play.alder.get(line["earning"].as_str().unwrap()).await.ok();
    assert_eq!(explained["id"], line["earning_id"]);

    // The correction stands in February.
    let february = play.alder.get(&path(alder, "2027-02", "")).await.ok();
    adds_up(&february);
    assert_eq!(figures(&february), json!([true, "80.00", "-10.00", "0.00", "70.00"]));
    assert_eq!(lines(&february), json!([["-10.00", "reversal", "payable"]]));
    assert_eq!(february["partner"], "Alder renamed");
    assert!(
        guildhall_payouts::verify::verify(&play.server.app().db)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_file_adds_up_and_holds_no_formula() {
    let play = january().await;
    play.invoice("=1+1", "1000.00").await.ok();
    play.invoice("I-2", "55.50").await.ok();
    play.accrued().await;
    let play = days_later(play, 30).await;
    let csv = january_in(&play.alder, play.scene.alder, "csv").await;
    assert!(csv.header("content-type").starts_with("text/csv"));
    assert!(csv.header("content-disposition").contains("statement-2027-01-EUR.csv"));
    let text = String::from_utf8(csv.body.to_vec()).unwrap();
    assert!(text.contains(",'=1+1,") && !text.contains(",=1+1"), "{text}");
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let head = rows.headers().unwrap().clone();
    let column = head.iter().position(|name| name == "amount").unwrap();
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    let kinds: Vec<&str> = rows.iter().map(|row| &row[0]).collect();
    assert_eq!(kinds, ["opening", "line", "line", "closing"]);
    let amounts: Vec<Decimal> = rows.iter().map(|row| row[column].parse().unwrap()).collect();
    let (closing, rest) = amounts.split_last().unwrap();
    assert_eq!(rest.iter().sum::<Decimal>(), *closing);
    assert_eq!(*closing, Decimal::new(10_555, 2));
    let pdf = january_in(&play.alder, play.scene.alder, "pdf").await;
    assert_eq!(pdf.header("content-type"), "application/pdf");
    assert!(pdf.body.starts_with(b"%PDF-"));
}

#[tokio::test]
async fn a_statement_is_for_those_whose_money_it_is() {
    let play = january().await;
    let alder = play.scene.alder;
    play.invoice("I-1", "1000.00").await.ok();
    play.accrued().await;
    let southgate = play.server.login("finance@southgate.example").await;
    let manager = play.server.login("channel_manager@northwind.example").await;
    for who in [&play.birch, &southgate] {
        january_in(who, alder, "json").await.problem(404, "not_found");
        assert_eq!(who.get("/api/v1/statements").await.ok()["items"], json!([]));
    }
    manager.get("/api/v1/statements").await.problem(403, "forbidden");
    january_in(&manager, alder, "json").await.problem(403, "forbidden");
    // A seller reads what it earns in person: nothing here.
    january_in(&play.seller, alder, "json").await.problem(404, "not_found");
    for who in [&play.finance, &play.alder] {
        let items = who.get("/api/v1/statements").await.ok()["items"]
            .as_array()
            .unwrap()
            .clone();
        assert_eq!(items.len(), 1, "{items:?}");
        assert_eq!(
            json!([
                items[0]["partner_id"],
                items[0]["month"],
                items[0]["opening"],
                items[0]["closing"],
                items[0]["interim"]
            ]),
            json!([alder, "2027-01", "0.00", "100.00", true])
        );
    }
    play.alder
        .get(&path(alder, "2026-12", ""))
        .await
        .problem(404, "not_found");
    for wrong in ["2027-13", "January", "2027-1"] {
        play.alder
            .get(&path(alder, wrong, ""))
            .await
            .problem(400, "invalid_query");
    }
    let of_other = path(alder, "2027-01", &format!("vendor_id={}", play.scene.southgate));
    play.finance.get(&of_other).await.problem(404, "not_found");
    play.alder
        .get(&path(alder, "2027-01", "currency=USD"))
        .await
        .problem(404, "not_found");
    play.alder
        .get(&path(alder, "2027-01", "format=docx"))
        .await
        .problem(400, "invalid_query");
}

#[tokio::test]
async fn currencies_have_a_statement_each() {
    let play = january().await;
    play.invoice("I-1", "1000.00").await.ok();
    let today = play.server.clock.now().date_naive();
    play.sale(
        json!({"kind": "invoice", "reference": "I-2", "partner_id": play.scene.alder, "currency": "USD",
        "sold_on": today, "lines": [{"name": "Gateway", "amount": "500.00"}]}),
    )
    .await
    .ok();
    play.accrued().await;
    let ambiguous = january_in(&play.alder, play.scene.alder, "json")
        .await
        .problem(409, "statement_ambiguous");
    assert_eq!(ambiguous["parameter"], "currency");
    let dollars = play
        .alder
        .get(&path(play.scene.alder, "2027-01", "currency=USD"))
        .await
        .ok();
    assert_eq!(figures(&dollars), json!([true, "0.00", "50.00", "0.00", "50.00"]));
    let listed = play.alder.get("/api/v1/statements?currency=EUR").await.ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let first = play.alder.get("/api/v1/statements?limit=1").await.ok();
    let next = format!(
        "/api/v1/statements?limit=1&cursor={}",
        first["next_cursor"].as_str().unwrap()
    );
    assert_ne!(play.alder.get(&next).await.ok()["items"], first["items"]);
}

async fn put(who: &Caller, path: &str, etag: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("if-match", etag)];
    who.send(Method::PUT, path, &headers, body.to_string()).await
}

/// Alder's earnings are sent by hand, less a tenth that is withheld; the payout's address.
async fn sent(play: &Play, tax_id: Option<&str>) -> String {
    let rule = json!({"country": "DE", "effective_from": "2027-01-01", "withholding_percent": "10",
        "without_form_percent": "10", "self_billing": true, "vat_percent": "19"});
    put(&play.finance, "/api/v1/payout-tax-rules", "\"v0\"", &rule)
        .await
        .ok();
    let mut profile = json!({"password": PASSWORD, "destination": {"type": "manual", "note": "Cheque"},
        "currency": "EUR", "country": "DE", "tax_form": "vat"});
    if let Some(id) = tax_id {
        profile["tax_id"] = json!(id);
    }
    put(&play.alder, "/api/v1/payout-profile", "\"v0\"", &profile)
        .await
        .ok();
    let mut db = play.server.database.connect().await;
    sqlx::query("UPDATE payout_profile SET usable_from = usable_from - interval '73 hours'")
        .execute(&mut db)
        .await
        .unwrap();
    play.approve_all().await;
    let today = play.server.clock.now().date_naive();
    let draft = json!({"currency": "EUR", "method": "manual", "execution_date": today});
    let batch = play
        .finance
        .post_once("/api/v1/payout-batches", "propose", &draft)
        .await;
    batch.ok();
    let batch = batch.header("location");
    let etag = play.owner.etag(&batch).await;
    play.owner
        .post_at(&format!("{batch}/approve"), &etag, &json!({}))
        .await
        .ok();
    play.finance
        .post_once(&format!("{batch}/execute"), "execute", &json!({}))
        .await
        .ok();
    let payouts = play.finance.get("/api/v1/payouts").await.ok();
    format!("/api/v1/payouts/{}", payouts["items"][0]["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_payout_stands_in_the_month_in_which_it_left_and_in_that_in_which_it_arrived() {
    let play = january().await;
    let alder = play.scene.alder;
    play.invoice("I-1", "1000.00").await.ok();
    play.accrued().await;
    let payout = sent(&play, None).await;
    let statement = january_in(&play.alder, alder, "json").await.ok();
    adds_up(&statement);
    assert_eq!(figures(&statement), json!([true, "0.00", "100.00", "10.00", "90.00"]));
    assert_eq!(statement["standing"]["in_transit"], "90.00");
    let left = &statement["payouts"][0];
    assert_eq!(
        json!([
            left["step"],
            left["taken"],
            left["withheld"],
            left["paid"],
            left["in_transit"]
        ]),
        json!(["sent", "10.00", "10.00", "0.00", "90.00"])
    );
    let play = days_later(play, 30).await;
    let etag = play.finance.etag(&payout).await;
    let settled = json!({"outcome": "paid", "reference": "4711"});
    play.finance
        .post_at(&format!("{payout}/settle"), &etag, &settled)
        .await
        .ok();
    let january = january_in(&play.alder, alder, "json").await.ok();
    adds_up(&january);
    assert_eq!(lines(&january), json!([["100.00", "sale", "in_transit"]]));
    assert!(january_in(&play.alder, alder, "pdf").await.body.starts_with(b"%PDF-"));
    let february = play.alder.get(&path(alder, "2027-02", "")).await.ok();
    adds_up(&february);
    assert_eq!(figures(&february), json!([true, "90.00", "0.00", "90.00", "0.00"]));
    let arrived = &february["payouts"][0];
    assert_eq!(
        json!([arrived["step"], arrived["paid"], arrived["in_transit"]]),
        json!(["paid", "90.00", "-90.00"])
    );
    assert!(
        guildhall_payouts::verify::verify(&play.server.app().db)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn an_invoice_is_drawn_once_and_not_without_what_it_must_say() {
    let play = january().await;
    play.invoice("I-1", "1000.00").await.ok();
    play.accrued().await;
    let invoice = sent(&play, None).await + "/invoice";
    play.alder.get(&invoice).await.problem(409, "invoice_incomplete");
    let southgate = play.server.login("finance@southgate.example").await;
    for who in [&play.birch, &southgate] {
        who.get(&invoice).await.problem(404, "not_found");
    }
    let numbered =
        |id: &str| json!({"password": PASSWORD, "currency": "EUR", "country": "DE", "tax_form": "vat", "tax_id": id});
    put(
        &play.alder,
        "/api/v1/payout-profile",
        "\"v1\"",
        &numbered("DE123456789"),
    )
    .await
    .ok();
    let first = play.alder.get(&invoice).await;
    assert!(first.body.starts_with(b"%PDF-"), "{first:?}");
    assert!(first.header("content-disposition").contains("SB-2027-000001.pdf"));
    put(
        &play.alder,
        "/api/v1/payout-profile",
        "\"v2\"",
        &numbered("DE987654321"),
    )
    .await
    .ok();
    let again = play.finance.get(&invoice).await;
    assert!(first.body == again.body && first.header("etag") == again.header("etag"));
}
