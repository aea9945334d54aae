//! Imported deals and the terms of the program.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{counts, deal, every, import};
use crate::policy::Stage;
use crate::support::deal_body;

const HEADER: &str = "vendor,customer_name,customer_domain,customer_country,amount,currency,expected_close\n";

fn rows(name: &str, count: usize, amount: &str) -> String {
    let row = |no: usize| format!("northwind,{name} {no},{name}{no}.example,DE,{amount},EUR,2027-01-31\n");
    (0..count).map(row).collect()
}

fn asked(mode: &str, dry_run: bool) -> Value {
    json!({"kind": "deals", "mode": mode, "dry_run": dry_run})
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

async fn limit(stage: &Stage, limit: u32) {
    let limits = json!({"registered": limit, "silver": limit, "gold": limit, "platinum": limit});
    stage.terms(json!({"open_registrations": limits})).await;
}

#[tokio::test]
async fn a_partner_imports_no_more_than_it_may_have_open() {
    let stage = Stage::set().await;
    limit(&stage, 3).await;
    let alder = stage.login("admin@alder").await;
    stage.submit(&alder, "Acme GmbH", "acme.example").await;
    let file = format!("{HEADER}{}", rows("Beech", 4, "1"));
    let full = ["4 - registration_quota_reached", "5 - registration_quota_reached"];
    for (mode, dry_run, status, applied) in [
        ("per_row", true, "finished", 0),
        ("all_or_nothing", false, "refused", 0),
        ("per_row", false, "finished", 2),
    ] {
        let (ended, faults) = import(&alder, file.clone(), asked(mode, dry_run)).await;
        assert_eq!(
            (&ended["status"], counts(&ended), &faults[..]),
            (&json!(status), (4, 2, applied), &full.map(str::to_owned)[..])
        );
    }
    let one_more = deal_body(stage.northwind, "Cedar", "cedar9.example");
    alder
        .post("/api/v1/deals", &one_more)
        .await
        .problem(409, "registration_quota_reached");
}

#[tokio::test]
async fn rows_that_wait_for_the_rest_of_their_file_count_as_well() {
    let stage = Stage::set().await;
    limit(&stage, 1010).await;
    let alder = stage.login("admin@alder").await;
    let file = format!("{HEADER}{}", rows("Beech", 1012, "1"));
    for dry_run in [true, false] {
        let (ended, faults) = import(&alder, file.clone(), asked("all_or_nothing", dry_run)).await;
        assert_eq!(
            (counts(&ended), &faults[..]),
            (
                (1012, 2, 0),
                &["1012", "1013"].map(|row| format!("{row} - registration_quota_reached"))[..]
            )
        );
    }
}

#[tokio::test]
async fn of_two_imports_at_once_both_keep_to_the_limit_together() {
    let stage = Stage::set().await;
    limit(&stage, 60).await;
    let alder = stage.login("admin@alder").await;
    let file = |name| format!("{HEADER}{}", rows(name, 50, "1"));
    let asked = || asked("per_row", false);
    let (ash, elm) = tokio::join!(
        import(&alder, file("Ash"), asked()),
        import(&alder, file("Elm"), asked())
    );
    let applied: i64 = counts(&ash.0).2 + counts(&elm.0).2;
    assert_eq!(
        (applied, every(&alder, "/api/v1/deals?limit=100").await.len()),
        (60, 60)
    );
}

#[tokio::test]
async fn the_vendors_clock_runs_for_what_a_partner_imports() {
    let stage = Stage::set().await;
    stage.terms(json!({"decision_hours": 48, "business_days": false})).await;
    let alder = stage.login("admin@alder").await;
    let start = stage.server.clock.now();
    import(
        &alder,
        format!("{HEADER}{}", rows("Beech", 2, "1")),
        asked("all_or_nothing", false),
    )
    .await;
    let due = time(&deal(&alder, "Beech 1").await["decision_clock"]["due_at"]);
    assert_eq!(due, start + TimeDelta::hours(48));
    stage.pass(3);
    let manager = stage.login("channel_manager@northwind").await;
    assert_eq!(stage.events(&manager, "deal.decision_overdue", 2).await.len(), 2);
}

#[tokio::test]
async fn what_a_partner_imports_is_routed_by_the_rules() {
    let stage = Stage::set().await;
    let small = json!({"amount_at_most": [{"currency": "EUR", "amount": "100"}]});
    stage
        .terms(json!({"rules": [
            {"name": "Small", "when": small, "outcome": "auto_approve"},
            {"name": "Others", "outcome": "chain", "steps": [
                {"name": "Owner", "needs": "any", "approvers": [{"role": "owner"}]}]}]}))
        .await;
    let manager = stage.login("channel_manager@northwind").await;
    let birch = stage.login("admin@birch").await;
    stage.submit(&birch, "Taken", "taken.example").await;
    let held = stage.submit(&birch, "Held", "held.example").await;
    let owner = stage.login("owner@northwind").await;
    crate::policy::act(&owner, &held, "approve", &json!({})).await.ok();
    let alder = stage.login("admin@alder").await;
    let file = format!(
        "{HEADER}{}{}northwind,Held,held.example,DE,5,EUR,2027-01-31\n",
        rows("Small", 1, "99"),
        rows("Large", 1, "101")
    );
    let (ended, faults) = import(&alder, file, asked("per_row", false)).await;
    assert_eq!((counts(&ended), faults), ((3, 0, 3), Vec::new()));
    let approved = deal(&alder, "Small 0").await;
    assert_eq!(approved["status"], "approved");
    assert_eq!(
        time(&approved["protection"]["until"]),
        stage.server.clock.now() + TimeDelta::days(90)
    );
    assert!(approved["decision_clock"].is_null());
    assert_eq!(stage.events(&alder, "deal.approved", 1).await[0]["rule"], "Small");
    let large = deal(&manager, "Large 0").await;
    assert_eq!(
        json!([large["status"], large["approval"]["up_next"]]),
        json!(["submitted", ["anybody who is owner"]])
    );
    // A rule doesn't overrule another partner's protection, and the desk gets to see it.
    assert_eq!(deal(&alder, "Held").await["status"], "submitted");
    assert_eq!(every(&manager, "/api/v1/conflict-cases").await.len(), 1);
}

#[tokio::test]
async fn what_a_vendor_imports_as_approved_is_protected_by_the_partners_tier_and_lapses() {
    let stage = Stage::set().await;
    set_tier(&stage, "birch", "gold").await;
    stage.terms(json!({"idle_days": 100})).await;
    let manager = stage.login("channel_manager@northwind").await;
    let file = "partner,customer_name,customer_domain,customer_country,amount,currency,expected_close,status,closed_on\n\
                alder,Ash,ash.example,DE,1,EUR,2027-01-31,approved,\n\
                birch,Elm,elm.example,DE,1,EUR,2027-01-31,approved,\n\
                birch,Oak,oak.example,DE,1,EUR,2027-01-31,submitted,\n\
                birch,Yew,yew.example,DE,1,EUR,2025-01-31,won,2025-01-31\n";
    let start = stage.server.clock.now();
    let (ended, faults) = import(&manager, file, asked("all_or_nothing", false)).await;
    assert_eq!((counts(&ended), faults), ((4, 0, 4), Vec::new()));
    for (customer, days) in [("Ash", 90), ("Elm", 120)] {
        let deal = deal(&manager, customer).await;
        assert_eq!(time(&deal["protection"]["until"]), start + TimeDelta::days(days));
    }
    for customer in ["Oak", "Yew"] {
        let deal = deal(&manager, customer).await;
        assert_eq!(
            (&deal["protection"], &deal["decision_clock"]),
            (&Value::Null, &Value::Null)
        );
    }
    stage.pass(91);
    let manager = stage.login("channel_manager@northwind").await;
    let window = &stage.events(&manager, "deal.expired", 1).await[0];
    assert_eq!(
        (&window["customer_name"], &window["ended_because"]),
        (&json!("Ash"), &json!("window"))
    );
    stage.pass(10);
    let manager = stage.login("channel_manager@northwind").await;
    let idle = &stage.events(&manager, "deal.expired", 2).await[1];
    assert_eq!(
        (&idle["customer_name"], &idle["ended_because"]),
        (&json!("Elm"), &json!("idle"))
    );
}

async fn set_tier(stage: &Stage, partner: &str, tier: &str) {
    let manager = stage.login("channel_manager@northwind").await;
    let all = every(&manager, "/api/v1/partnerships").await;
    let found = all.iter().find(|one| {
        let name = one["partner"]["name"].as_str().unwrap();
        name.to_lowercase().starts_with(partner)
    });
    let path = format!("/api/v1/partnerships/{}", found.unwrap()["id"].as_str().unwrap());
    let etag = manager.etag(&path).await;
    manager.patch(&path, &etag, &json!({"tier": tier})).await.ok();
}
