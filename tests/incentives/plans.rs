use chrono::Days;
use serde_json::json;

use super::play::{Play, of_invoices, ten_percent};

#[tokio::test]
async fn a_published_version_stays_and_another_takes_its_place() {
    let play = Play::begin().await;
    let plan = play.plan("Commission", ten_percent()).await;
    let today = play.server.app().clock.now().date_naive();
    let draft = |from: chrono::NaiveDate, percent: &str| {
        json!({"effective_from": from, "spec": {"type": "commission", "trigger": "deal_won",
            "rules": [{"name": "everything", "rate": {"percent": percent}}]}})
    };
    let put = async |body: &serde_json::Value| {
        let etag = play.finance.etag(&plan).await;
        let headers = [("content-type", "application/json"), ("if-match", etag.as_str())];
        play.finance
            .send(
                axum::http::Method::PUT,
                &format!("{plan}/draft"),
                &headers,
                body.to_string(),
            )
            .await
    };
    let publish = async || {
        let etag = play.finance.etag(&plan).await;
        play.finance
            .post_at(&format!("{plan}/publish"), &etag, &json!({}))
            .await
    };
    publish().await.problem(409, "no_draft");
    put(&draft(today - Days::new(1), "12")).await.ok();
    publish().await.problem(409, "version_in_past");
    put(&draft(today, "12")).await.ok();
    publish().await.problem(409, "versions_overlap");
    put(&draft(today + Days::new(30), "12")).await.ok();
    publish().await.ok();
    let versions = play.alder.get(&format!("{plan}/versions")).await.ok();
    assert_eq!(
        json!([
            versions["items"][0]["effective_to"],
            versions["items"][1]["effective_to"]
        ]),
        json!([today + Days::new(29), null])
    );
    play.won("Acme").await;
    assert_eq!(
        play.amounts(&play.alder).await,
        json!(["360.15"]),
        "the version of today"
    );
    let mut db = play.server.database.connect().await;
    let changed = sqlx::query("UPDATE incentive_plan_version SET spec = '{}' WHERE no = 1")
        .execute(&mut db)
        .await;
    assert!(changed.unwrap_err().to_string().contains("stays as it is"));
}

#[tokio::test]
async fn what_is_wrong_with_terms_is_told_at_its_place() {
    let play = Play::begin().await;
    let spec = json!({"type": "commission", "trigger": "deal_won", "rules": [
        {"name": "a", "rate": {"percent": "110"}},
        {"name": "b", "when": {"expression": "amount > "}, "rate": {"percent": "1"}}]});
    let problem = play
        .finance
        .post("/api/v1/incentives/plans", &json!({"name": "Wrong", "spec": spec}))
        .await
        .problem(422, "invalid_body");
    let found: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["pointer"].as_str().unwrap())
        .collect();
    assert!(found.contains(&"/spec/rules/0/rate/percent"), "{problem}");
    assert!(found.contains(&"/spec/rules/1/when/expression"), "{problem}");
    let checked = play
        .finance
        .post("/api/v1/incentives/plans/check", &json!({"spec": spec}))
        .await
        .ok();
    assert_eq!(checked["sound"], false);
    play.alder
        .post(
            "/api/v1/incentives/plans",
            &json!({"name": "Mine", "spec": ten_percent()}),
        )
        .await
        .problem(403, "forbidden");
}

#[tokio::test]
async fn terms_are_tried_on_what_was_sold_before_they_are_published() {
    let play = Play::begin().await;
    let plan = play.plan("Commission", of_invoices()).await;
    play.invoice("I-1", "1000.00").await.ok();
    play.invoice("I-2", "500.00").await.ok();
    play.accrued().await;
    let today = play.server.app().clock.now().date_naive();
    let trial = json!({"from": today - Days::new(365), "to": today, "plan_id": plan.rsplit('/').next().unwrap(),
        "spec": {"type": "commission", "trigger": "invoiced", "currency": "EUR",
            "rules": [{"name": "everything", "rate": {"percent": "12"}}], "cap": {"per_sale": "100.00"}}});
    let tried = play
        .finance
        .post("/api/v1/incentives/plans/simulate", &trial)
        .await
        .ok();
    assert_eq!(
        json!([tried["sales"], tried["totals"]]),
        json!([2, [{"currency": "EUR", "proposed": "160.00", "present": "150.00", "difference": "10.00"}]])
    );
    assert_eq!(
        play.amounts(&play.alder).await,
        json!(["100.00", "50.00"]),
        "nothing was posted"
    );
}

#[tokio::test]
async fn a_rebate_accrues_while_the_period_runs_and_tells_the_way_to_the_next_tier() {
    let play = Play::begin().await;
    let spec = json!({"type": "rebate", "trigger": "invoiced", "currency": "EUR", "measure": "revenue",
        "period": {"every": "quarter"}, "mode": "retroactive",
        "bands": [{"from": "0", "percent": "1"}, {"from": "10000", "percent": "2"}]});
    play.plan("Volume rebate", spec).await;
    play.invoice("I-1", "6000.00").await.ok();
    play.accrued().await;
    let progress = play.alder.get("/api/v1/incentives/progress").await.ok()["items"][0].clone();
    assert_eq!(
        json!([
            progress["accrued"],
            progress["worth"]["next"]["missing"],
            progress["worth"]["next"]["gain"]
        ]),
        json!(["60", "4000", "100"]),
        "{progress}"
    );
    let sale = play.invoice("I-2", "5000.00").await.header("location");
    assert_eq!(
        play.amounts(&play.alder).await,
        json!(["60.00", "160.00"]),
        "two percent of all of it"
    );
    let today = play.server.app().clock.now().date_naive();
    let refund = json!({"kind": "refund", "reference": "R-1", "on": today});
    play.reverse(&sale, refund).await.ok();
    assert_eq!(play.amounts(&play.alder).await, json!(["60.00", "160.00", "-160.00"]));
    play.sound().await;
}

#[tokio::test]
async fn a_budget_and_the_first_sales_bound_what_a_spiff_pays() {
    let play = Play::begin().await;
    let spec = json!({"type": "spiff", "trigger": "invoiced", "currency": "EUR", "amount": {"per_sale": "50.00"},
        "budget": "120.00", "first_n": 3});
    play.plan("SPIFF", spec).await;
    for no in 1..=4 {
        play.invoice(&format!("I-{no}"), "100.00").await.ok();
        play.accrued().await;
    }
    assert_eq!(play.amounts(&play.alder).await, json!(["50.00", "50.00", "20.00"]));
    play.sound().await;
}

#[tokio::test]
async fn a_partner_sees_what_it_can_earn_under_and_not_the_budget() {
    let play = Play::begin().await;
    let spec = json!({"type": "spiff", "trigger": "invoiced", "currency": "EUR", "amount": {"per_sale": "50.00"},
        "budget": "120.00"});
    let plan = play.plan("SPIFF", spec).await;
    let body = json!({"name": "Secret", "spec": ten_percent()});
    let draft = play
        .finance
        .post("/api/v1/incentives/plans", &body)
        .await
        .header("location");
    let seen = play.alder.get("/api/v1/incentives/plans").await.ok();
    assert_eq!(seen["items"].as_array().unwrap().len(), 1);
    assert_eq!(seen["items"][0]["in_force"]["spec"]["budget"], json!(null));
    play.alder.get(&draft).await.problem(404, "not_found");
    let other = play.server.login("finance@southgate.example").await;
    other.get(&plan).await.problem(404, "not_found");
    let cedar = play.server.login("finance@cedar.example").await;
    cedar.get(&plan).await.problem(404, "not_found");
}
