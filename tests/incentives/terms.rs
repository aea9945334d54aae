//! What a plan's terms hold to beyond one sale and one version: periods, budgets, years and ends.

use axum::http::Method;
use chrono::TimeDelta;
use guildhall_kernel::{Clock, OrgId};
use serde_json::{Value, json};

use super::play::Play;
use crate::support::{Answer, TestServer, until};

fn contest(every: &str) -> Value {
    json!({"type": "bonus", "trigger": "invoiced", "currency": "EUR", "period": {"every": every},
        "contest": {"measure": "revenue", "prizes": [{"from": 1, "to": 1, "amount": "500.00"}, {"from": 2, "to": 2, "amount": "200.00"}]}})
}

/// One percent of each quarter, of a fiscal year from April on; the year is settled by another table.
fn with_true_up(of_the_year: &Value) -> Value {
    json!({"type": "rebate", "trigger": "invoiced", "currency": "EUR", "measure": "revenue", "mode": "retroactive",
        "period": {"every": "quarter", "fiscal_year_start": 4}, "bands": [{"from": "0", "percent": "1"}],
        "annual_true_up": {"mode": "retroactive", "bands": of_the_year}})
}

impl Play {
    /// On the tenth of November 2026, until the clock is moved.
    async fn in_november() -> Self {
        let clock = Clock::manual("2026-11-10T09:00:00Z".parse().unwrap());
        Self::on(TestServer::builder().clock(clock).start().await).await
    }

    /// So many days later.
    async fn later(self, days: i64) -> Self {
        self.server.app().clock.advance(TimeDelta::days(days));
        let login = async |email: &str| self.server.login(email).await;
        let (finance, alder) = (
            login("finance@northwind.example").await,
            login("finance@alder.example").await,
        );
        let birch = login("finance@birch.example").await;
        Self {
            finance,
            alder,
            birch,
            ..self
        }
    }

    async fn draft(&self, plan: &str, from: &str, spec: &Value) -> Answer {
        let etag = self.finance.etag(plan).await;
        let head = [("content-type", "application/json"), ("if-match", etag.as_str())];
        let body = json!({"effective_from": from, "spec": spec}).to_string();
        self.finance
            .send(Method::PUT, &format!("{plan}/draft"), &head, body)
            .await
    }

    /// Another version from that day on.
    async fn version(&self, plan: &str, from: &str, spec: &Value) -> Answer {
        self.draft(plan, from, spec).await.ok();
        self.step(plan, "publish", json!({})).await
    }

    async fn step(&self, plan: &str, step: &str, body: Value) -> Answer {
        let etag = self.finance.etag(plan).await;
        self.finance.post_at(&format!("{plan}/{step}"), &etag, &body).await
    }

    /// An invoice of a day; returns its address.
    async fn sold(&self, by: OrgId, reference: &str, on: &str, amount: &str) -> String {
        let body = json!({"kind": "invoice", "reference": reference, "partner_id": by, "currency": "EUR",
            "sold_on": on, "lines": [{"name": "Box", "amount": amount}]});
        self.sale(body).await.header("location")
    }
}

#[tokio::test]
async fn a_period_is_counted_under_one_version() {
    let play = Play::in_november().await;
    let spec = contest("quarter");
    let sprint = play.plan("Sprint", spec.clone()).await;
    play.version(&sprint, "2026-11-20", &spec)
        .await
        .problem(409, "period_begun");
    // Nor does it help to end the first one before.
    play.step(&sprint, "end", json!({"on": "2026-11-15"})).await.ok();
    play.version(&sprint, "2026-11-20", &spec)
        .await
        .problem(409, "period_begun");
    play.version(&sprint, "2027-01-01", &spec).await.ok();

    let spec = with_true_up(&json!([{"from": "1000", "percent": "4"}]));
    let rebate = play.plan("Rebate", spec.clone()).await;
    play.version(&rebate, "2027-01-01", &spec)
        .await
        .problem(409, "period_begun");
    play.version(&rebate, "2027-04-01", &spec).await.ok();

    let spec = contest("plan");
    let whole = play.plan("Marathon", spec.clone()).await;
    play.version(&whole, "2028-01-01", &spec)
        .await
        .problem(409, "period_begun");
    let cap = json!({"type": "commission", "trigger": "invoiced", "currency": "EUR", "cap": {"per_period": "10.00"},
        "rules": [{"name": "everything", "rate": {"percent": "10"}}]});
    let capped = play.plan("Capped", cap.clone()).await;
    play.version(&capped, "2026-11-20", &cap)
        .await
        .problem(409, "period_begun");
    play.version(&capped, "2026-12-01", &cap).await.ok();
}

#[tokio::test]
async fn terms_that_were_refused_are_not_remembered() {
    let play = Play::in_november().await;
    let rate = |percent: &str| {
        json!({"type": "commission", "trigger": "invoiced", "currency": "EUR", "cap": {"per_period": "999.00"},
            "rules": [{"name": "everything", "rate": {"percent": percent}}]})
    };
    let plan = play.plan("Capped", rate("10")).await;
    play.version(&plan, "2026-11-20", &rate("20"))
        .await
        .problem(409, "period_begun");
    play.version(&plan, "2026-12-01", &rate("30")).await.ok();
    let play = play.later(30).await;
    play.sold(play.scene.alder, "I-1", "2026-12-05", "100.00").await;
    assert_eq!(play.amounts(&play.alder).await, json!(["30.00"]));
}

#[tokio::test]
async fn a_budget_and_the_first_sales_go_on_counting_under_another_version() {
    let play = Play::in_november().await;
    let spiff = |amount: &str, bound: &str, most: Value| {
        let mut spec =
            json!({"type": "spiff", "trigger": "invoiced", "currency": "EUR", "amount": {"per_sale": amount}});
        spec[bound] = most;
        spec
    };
    let budget = spiff("50.00", "budget", json!("80.00"));
    let first = spiff("7.00", "first_n", json!(1));
    let (one, two) = (
        play.plan("Budget", budget.clone()).await,
        play.plan("First", first.clone()).await,
    );
    play.version(&one, "2026-11-12", &budget).await.ok();
    play.version(&two, "2026-11-12", &first).await.ok();
    play.sold(play.scene.alder, "I-1", "2026-11-10", "100.00").await;
    play.accrued().await;
    let play = play.later(3).await;
    play.sold(play.scene.alder, "I-2", "2026-11-13", "100.00").await;
    let mut earned: Vec<_> = play.earnings(&play.alder).await;
    earned.sort_by_key(|one| (one["earned_on"].to_string(), one["plan"].to_string()));
    let amounts: Vec<_> = earned.iter().map(|one| one["amount"].clone()).collect();
    assert_eq!(amounts, ["50.00", "7.00", "30.00"]);
    play.sound().await;
}

#[tokio::test]
async fn growth_of_a_year_is_measured_against_all_of_the_year_before() {
    let play = Play::in_november().await;
    let mut spec = with_true_up(&json!([{"from": "20", "percent": "10"}]));
    spec["measure"] = json!("growth");
    spec["period"]["fiscal_year_start"] = json!(11);
    let plan = play.plan("Growth", spec).await;
    for (no, on) in ["2025-11-20", "2026-02-20", "2026-05-20", "2026-08-20"]
        .iter()
        .enumerate()
    {
        play.sold(play.scene.alder, &format!("A-{no}"), on, "100000.00").await;
        play.sold(play.scene.birch, &format!("B-{no}"), on, "25000.00").await;
    }
    play.accrued().await;
    play.sold(play.scene.alder, "A", "2026-11-10", "150000.00").await;
    play.sold(play.scene.birch, "B", "2026-11-10", "150000.00").await;
    play.accrued().await;
    let play = play.later(400).await;
    // One percent of 125 000 in the quarter; ten of the 50 000 above the whole year before.
    until("the year is settled", async || {
        (play.earnings(&play.birch).await.len() == 2).then_some(())
    })
    .await;
    assert_eq!(play.amounts(&play.birch).await, json!(["1250.00", "3750.00"]));
    assert_eq!(
        play.amounts(&play.alder).await,
        json!(["500.00"]),
        "150 000 after 400 000 are no growth"
    );
    // Ids of one moment and two transactions have no order.
    play.server.app().clock.advance(TimeDelta::seconds(1));
    // What comes late into a quarter that had no sales grows over that quarter of the year before.
    play.sold(play.scene.birch, "Late", "2027-09-20", "40000.00").await;
    play.accrued().await;
    play.server.app().clock.advance(TimeDelta::seconds(1));
    let closed = play.step(&plan, "close", json!({"on": "2027-09-20"})).await.ok();
    assert_eq!(closed["lines"], 1);
    let lines = play.earnings(&play.birch).await;
    let amounts: Vec<_> = lines.iter().map(|line| line["amount"].clone()).collect();
    assert_eq!(amounts, ["1250.00", "3750.00", "150.00", "3850.00"]);
    assert_eq!(lines[3]["root_id"], lines[1]["id"], "it corrects the true-up");
    play.sound().await;
}

#[tokio::test]
async fn a_corrected_prize_goes_where_the_first_one_went() {
    let play = Play::in_november().await;
    let plan = play.plan("Sprint", contest("month")).await;
    let best = play.sold(play.scene.alder, "I-1", "2026-11-10", "900.00").await;
    play.sold(play.scene.birch, "I-2", "2026-11-10", "800.00").await;
    play.accrued().await;
    let play = play.later(40).await;
    until("the prizes are there", async || {
        (play.earnings(&play.finance).await.len() == 2).then_some(())
    })
    .await;
    play.approve_all().await;
    let held = json!({"earning_ids": [play.earnings(&play.birch).await[0]["id"]], "reason": "Asked"});
    play.finance.post("/api/v1/earnings/hold", &held).await.ok();
    let refund = json!({"kind": "refund", "reference": "R-1", "on": "2026-11-12", "amount": "200.00"});
    for (round, fall) in [("R-1", "200.00"), ("R-2", "700.00")] {
        let mut body = refund.clone();
        (body["reference"], body["amount"]) = (json!(round), json!(fall));
        play.reverse(&best, body).await.ok();
        play.accrued().await;
        play.server.app().clock.advance(TimeDelta::seconds(1));
        play.step(&plan, "close", json!({"on": "2026-11-10"})).await.ok();
    }
    let of_alder = play.earnings(&play.alder).await;
    let told: Vec<Value> = of_alder
        .iter()
        .map(|line| json!([line["amount"], line["status"], line["root_id"] == of_alder[0]["id"]]))
        .collect();
    assert_eq!(
        told,
        [
            json!(["500.00", "payable", true]),
            json!(["-300.00", "payable", true]),
            json!(["-200.00", "payable", true])
        ]
    );
    let of_birch = play.earnings(&play.birch).await;
    assert_eq!(
        json!([of_birch[1]["amount"], of_birch[1]["status"], of_birch[1]["root_id"]]),
        json!(["300.00", "held", of_birch[0]["id"]])
    );
    play.sound().await;
}

#[tokio::test]
async fn a_rebate_over_the_whole_plan_rests_until_the_plan_ends() {
    let play = Play::in_november().await;
    let spec = json!({"type": "rebate", "trigger": "invoiced", "currency": "EUR", "measure": "revenue",
        "period": {"every": "plan"}, "calculation_day": 5, "bands": [{"from": "0", "percent": "1"}]});
    let body = json!({"name": "Endless", "spec": spec});
    let made = play
        .finance
        .post("/api/v1/incentives/plans", &body)
        .await
        .header("location");
    play.step(&made, "publish", json!({}))
        .await
        .problem(409, "last_day_needed");
    let body = json!({"name": "Launch", "spec": spec, "effective_to": "2027-02-28"});
    let plan = play.plan_with(body).await;
    play.sold(play.scene.alder, "I-1", "2026-11-10", "1000.00").await;
    assert_eq!(play.earnings(&play.alder).await[0]["rests_until"], "2027-03-05");
    play.approve_all().await;
    play.step(&plan, "end", json!({"on": "2026-11-20"})).await.ok();
    assert_eq!(play.earnings(&play.alder).await[0]["rests_until"], "2026-11-25");
    let play = play.later(16).await;
    until("it is payable", async || {
        (play.earnings(&play.alder).await[0]["status"] == "payable").then_some(())
    })
    .await;
    play.sound().await;
}

#[tokio::test]
async fn days_have_four_digits_of_a_year() {
    let play = Play::in_november().await;
    let rebate = json!({"type": "rebate", "trigger": "invoiced", "currency": "EUR", "measure": "revenue",
        "period": {"every": "plan"}, "calculation_day": 5, "bands": [{"from": "0", "percent": "1"}]});
    let body = json!({"name": "Long", "spec": rebate, "effective_to": "9999-12-31"});
    let plan = play.plan_with(body).await;
    play.sold(play.scene.alder, "I-1", "2026-11-10", "1000.00").await;
    assert_eq!(play.earnings(&play.alder).await[0]["rests_until"], "9999-12-31");
    play.draft(&plan, "-5000-01-01", &rebate)
        .await
        .problem(422, "invalid_body");
    let body = json!({"name": "Later", "spec": rebate, "effective_from": "+10000-01-01"});
    let made = play.finance.post("/api/v1/incentives/plans", &body).await;
    made.problem(422, "invalid_body");
    let sprint = play.plan("Sprint", contest("month")).await;
    let end = play.step(&sprint, "end", json!({"on": "+10000-01-01"})).await;
    end.problem(422, "invalid_body");
}

#[tokio::test]
async fn what_is_ended_is_settled() {
    let play = Play::in_november().await;
    let marathon = play.plan("Marathon", contest("plan")).await;
    let rebate = with_true_up(&json!([{"from": "1000", "percent": "4"}]));
    let rebate = play.plan("Rebate", rebate).await;
    play.sold(play.scene.alder, "I-1", "2026-11-10", "10000.00").await;
    play.accrued().await;
    for plan in [&marathon, &rebate] {
        play.step(plan, "end", json!({"on": "2026-11-30"})).await.ok();
    }
    let play = play.later(60).await;
    until("all is settled", async || {
        (play.earnings(&play.alder).await.len() == 3).then_some(())
    })
    .await;
    let mut lines = play.earnings(&play.alder).await;
    lines.sort_by_key(|line| line["cause"].to_string());
    let told: Vec<Value> = lines
        .iter()
        .map(|line| json!([line["cause"], line["amount"]]))
        .collect();
    assert_eq!(
        told,
        [
            json!(["prize", "500.00"]),
            json!(["sale", "100.00"]),
            json!(["true_up", "300.00"])
        ]
    );
    play.sound().await;
}

#[tokio::test]
async fn terms_that_would_pay_otherwise_than_they_say_are_refused() {
    let play = Play::in_november().await;
    let mut with_budget = contest("month");
    with_budget["budget"] = json!("100.00");
    let mut year_with_budget = with_true_up(&json!([{"from": "1000", "percent": "4"}]));
    year_with_budget["budget"] = json!("100.00");
    let proof =
        json!({"type": "spiff", "trigger": "deal_won", "currency": "EUR", "amount": {"per_sale": "5"}, "proof": true});
    let kept = json!({"type": "commission", "trigger": "invoiced", "currency": "EUR",
        "rules": [{"name": "all", "rate": {"expression": "amount * 0.05 + kept * 0.05"}}]});
    for (spec, pointer, code) in [
        (with_budget, "/budget", "not_for_this_type"),
        (year_with_budget, "/budget", "not_for_this_type"),
        (proof, "/proof", "trigger_mismatch"),
        (kept, "/rules/0/rate/expression", "not_in_amounts"),
    ] {
        let checked = play
            .finance
            .post("/api/v1/incentives/plans/check", &json!({"spec": spec}))
            .await
            .ok();
        assert_eq!(
            json!([checked["faults"][0]["pointer"], checked["faults"][0]["code"]]),
            json!([pointer, code]),
            "{checked}"
        );
    }
}
