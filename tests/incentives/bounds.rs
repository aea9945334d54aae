//! What is too large, or comes too late, harms nobody else and is never paid twice.

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::json;

use super::play::{Play, of_invoices};
use crate::support::TestServer;

#[tokio::test]
async fn a_sale_that_can_not_be_computed_with_is_set_aside_and_holds_nothing_up() {
    let play = Play::begin().await;
    let spec = json!({"type": "commission", "trigger": "invoiced", "currency": "KWD", "rules": [
        {"name": "units", "rate": {"per_unit": "1000000000000000"}}]});
    play.plan("Too much", spec).await;
    let lines = vec![json!({"name": "Box", "quantity": "9999999999", "amount": "1.000"}); 11];
    let parties = json!([{"partner_id": play.scene.alder, "role": "sourced", "percent": "50"},
                         {"partner_id": play.scene.birch, "role": "sourced", "percent": "50"}]);
    let today = play.server.app().clock.now().date_naive();
    let body = json!({"kind": "invoice", "reference": "I-1", "partner_id": play.scene.alder, "currency": "KWD",
        "sold_on": today, "lines": lines, "parties": parties});
    play.sale(body).await.ok();
    play.plan("Commission", of_invoices()).await;
    play.invoice("I-2", "100.00").await.ok();
    play.accrued().await;
    let mut currencies: Vec<_> = play.earnings(&play.alder).await;
    currencies.retain(|one| one["currency"] == "EUR");
    assert_eq!(currencies[0]["amount"], "10.00");
    let faults = play.finance.get("/api/v1/incentives/faults").await.ok();
    let codes: Vec<_> = faults["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["code"].clone())
        .collect();
    assert!(codes.contains(&json!("out_of_range")), "{faults}");
    play.sound().await;
}

#[tokio::test]
async fn totals_that_the_ledger_cannot_hold_are_set_aside_one_sale_at_a_time() {
    let play = Play::begin().await;
    let spec = json!({"type": "rebate", "trigger": "invoiced", "currency": "EUR", "measure": "units",
        "period": {"every": "year"}, "mode": "marginal", "bands": [{"from": "0", "per_unit": "400000000"}]});
    play.plan("Units", spec).await;
    let today = play.server.app().clock.now().date_naive();
    for no in 1..=2 {
        let body = json!({"kind": "invoice", "reference": format!("I-{no}"), "partner_id": play.scene.alder,
            "currency": "EUR", "sold_on": today, "lines": [{"name": "Box", "quantity": "2000000", "amount": "1.00"}]});
        play.sale(body).await.ok();
    }
    play.invoice("I-3", "1.00").await.ok();
    play.accrued().await;
    assert_eq!(
        play.amounts(&play.alder).await,
        json!(["800000000000000.00", "400000000.00"])
    );
    let faults = play.finance.get("/api/v1/incentives/faults").await.ok();
    assert_eq!(faults["items"][0]["code"], "out_of_range");
    play.sound().await;
}

#[tokio::test]
async fn a_sale_stays_with_the_version_that_it_has_earned_under() {
    let server = TestServer::builder().manual_clock().start().await;
    let play = Play::on(server).await;
    let plan = play.plan("Commission", of_invoices()).await;
    play.server.app().clock.advance(TimeDelta::days(3));
    let play = Play {
        finance: play.server.login("finance@northwind.example").await,
        alder: play.server.login("finance@alder.example").await,
        ..play
    };
    let refunded = play.invoice("I-1", "1000.00").await.header("location");
    play.accrued().await;
    // Ids of one moment and two transactions have no order.
    play.server.app().clock.advance(TimeDelta::seconds(1));
    play.invoice("I-2", "500.00").await.ok();
    play.accrued().await;
    let today = play.server.app().clock.now().date_naive();
    let mut spec = of_invoices();
    spec["rules"][0]["rate"]["percent"] = json!("20");
    let draft = json!({"spec": spec, "effective_from": today});
    let etag = play.finance.etag(&plan).await;
    let headers = [("content-type", "application/json"), ("if-match", etag.as_str())];
    play.finance
        .send(Method::PUT, &format!("{plan}/draft"), &headers, draft.to_string())
        .await
        .ok();
    let etag = play.finance.etag(&plan).await;
    play.finance
        .post_at(&format!("{plan}/publish"), &etag, &json!({}))
        .await
        .ok();
    play.server.app().clock.advance(TimeDelta::seconds(1));
    let refund = json!({"kind": "refund", "reference": "R-1", "on": today});
    play.reverse(&refunded, refund).await.ok();
    play.accrued().await;
    play.server.app().clock.advance(TimeDelta::seconds(1));
    play.anew().await;
    play.server.app().clock.advance(TimeDelta::seconds(1));
    play.invoice("I-3", "10.00").await.ok();
    assert_eq!(
        play.amounts(&play.alder).await,
        json!(["100.00", "50.00", "-100.00", "2.00"])
    );
    play.sound().await;
}

#[tokio::test]
async fn a_run_is_cancelled_and_another_may_begin() {
    let play = Play::begin().await;
    let mut db = play.server.database.connect().await;
    sqlx::query(
        "INSERT INTO recalculation (id, vendor_id, from_day, to_day, day, after, started_at)
         VALUES ('01890000-0000-7000-8000-000000000001', $1, '2026-01-01', '2026-01-02', '2025-12-31',
                 '00000000-0000-0000-0000-000000000000', now())",
    )
    .bind(play.scene.northwind)
    .execute(&mut db)
    .await
    .unwrap();
    let runs = "/api/v1/incentives/recalculations";
    let draft = json!({"from": "2026-01-01", "to": "2026-01-02"});
    play.finance
        .post(runs, &draft)
        .await
        .problem(409, "recalculation_running");
    let id = play.finance.get(runs).await.ok()["items"][0]["id"].clone();
    let cancel = format!("{runs}/{}/cancel", id.as_str().unwrap());
    play.alder.post(&cancel, &json!({})).await.problem(403, "forbidden");
    assert_eq!(play.finance.post(&cancel, &json!({})).await.ok()["status"], "cancelled");
    assert_eq!(play.finance.post(&cancel, &json!({})).await.ok()["status"], "cancelled");
    assert_eq!(play.anew().await["status"], "finished");
}
