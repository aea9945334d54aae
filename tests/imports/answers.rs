//! Imported deals and what the form of their program asks.

use serde_json::{Value, json};

use super::{Play, counts, every, import, upload};
use crate::forms::{fields, publish};
use crate::support::Caller;

const HEADER: &str = "partner,customer_name,customer_country,amount,currency,expected_close";

async fn set(form: &Value) -> Play {
    let play = Play::set().await;
    publish(&play.manager, play.scene.northwind, form).await.ok();
    play
}

fn asked(mode: &str, dry_run: bool) -> Value {
    json!({"kind": "deals", "mode": mode, "dry_run": dry_run})
}

/// The answers of the deal of this customer.
async fn custom(caller: &Caller, customer: &str) -> Value {
    let deals = every(caller, "/api/v1/deals").await;
    let found = deals.iter().find(|deal| deal["customer"]["name"] == customer);
    let id = found.unwrap_or_else(|| panic!("{customer} in {deals:?}"))["id"].clone();
    let deal = caller
        .get(&format!("/api/v1/deals/{}", id.as_str().unwrap()))
        .await
        .ok();
    deal["custom"].clone()
}

#[tokio::test]
async fn answers_are_checked_as_those_of_a_submission_and_each_fault_is_named() {
    let play = set(&fields()).await;
    let file = format!(
        "{HEADER},fields.budget,Fields.Seats,fields.go_live,fields.hosting,fields.regions,fields.review,fields.colour\n\
         alder,Ash,DE,1,EUR,2027-01-31,1000.50,10.0,2027-02-01,cloud,south; north,,red\n\
         alder,Elm,DE,1,EUR,2027-01-31,,0,tomorrow,moon,north;up,,\n\
         alder,Oak,DE,3000,EUR,2027-01-31,-1,,,own,,,\n\
         birch,Yew,FR,1,EUR,2027-01-31,1.234,,,,,,\n\
         birch,Fir,DE,2999.99,EUR,2027-01-31,0,,,,north,,\n"
    );
    let named = [
        "3 fields.budget missing",
        "3 Fields.Seats range",
        "3 fields.go_live date",
        "3 fields.hosting choice",
        "3 fields.regions choice",
        "4 fields.budget amount",
        "4 fields.review missing",
        "5 fields.budget decimal",
        "5 fields.vat missing",
    ];
    for (mode, dry_run, status, applied) in [
        ("all_or_nothing", true, "finished", 0),
        ("all_or_nothing", false, "refused", 0),
        ("per_row", true, "finished", 0),
        ("per_row", false, "finished", 2),
    ] {
        let (ended, mut faults) = import(&play.manager, file.clone(), asked(mode, dry_run)).await;
        faults.sort();
        let mut named = named.map(str::to_owned);
        named.sort();
        assert_eq!(
            (&ended["status"], counts(&ended), &faults[..]),
            (&json!(status), (5, 3, applied), &named[..])
        );
        assert_eq!(ended["ignored_columns"], json!(["fields.colour"]));
    }
    assert_eq!(
        custom(&play.manager, "Ash").await,
        json!({"budget": "1000.5", "seats": "10", "go_live": "2027-02-01", "hosting": "cloud", "regions": ["north", "south"]})
    );
    assert_eq!(
        custom(&play.manager, "Fir").await,
        json!({"budget": "0", "regions": ["north"]})
    );
}

#[tokio::test]
async fn what_no_column_answers_is_a_fault_of_each_row_and_files_can_not_be_imported() {
    let play = set(&fields()).await;
    let rows = "alder,Ash,DE,1,EUR,2027-01-31,7\nbirch,Elm,DE,1,EUR,2027-01-31,8\n";
    let file = format!("{HEADER},Budget\n{rows}");
    let (_, faults) = import(&play.manager, file.clone(), asked("per_row", true)).await;
    assert_eq!(faults, ["2 fields.budget missing", "3 fields.budget missing"]);

    let sent = upload(&play.manager, file.clone()).await.ok();
    let mut mapping = json!({"partner": "partner", "customer_name": "customer_name", "customer_country": "customer_country",
        "amount": "amount", "currency": "currency", "expected_close": "expected_close", "fields.budget": "Budget"});
    let mut asking = asked("all_or_nothing", false);
    asking["mapping"] = mapping.clone();
    let (ended, faults) = import(&play.manager, file, asking).await;
    assert_eq!((counts(&ended), faults), ((2, 0, 2), Vec::new()));
    assert_eq!(custom(&play.manager, "Elm").await, json!({"budget": "8"}));

    mapping["fields.plan"] = "Budget".into();
    mapping["fields.colour"] = "Budget".into();
    let asking = json!({"file_id": sent["id"], "kind": "deals", "mode": "per_row", "mapping": mapping});
    let problem = play
        .manager
        .post("/api/v1/imports", &asking)
        .await
        .problem(422, "invalid_body");
    let at = |place: usize| json!([problem["errors"][place]["pointer"], problem["errors"][place]["code"]]);
    assert_eq!(
        [at(0), at(1)],
        [
            json!(["/mapping/fields.colour", "unknown"]),
            json!(["/mapping/fields.plan", "file"])
        ]
    );
}

#[tokio::test]
async fn a_file_that_is_required_is_asked_of_a_partner_and_not_of_a_vendors_history() {
    let form = json!([{"key": "plan", "label": "Plan", "kind": "file", "required": true},
        {"key": "why", "label": "Why", "kind": "text", "required": true}]);
    let play = set(&form).await;
    let file = format!("{HEADER},fields.why\nalder,Ash,DE,1,EUR,2027-01-31,so\n");
    let (ended, faults) = import(&play.manager, file.clone(), asked("all_or_nothing", false)).await;
    assert_eq!((counts(&ended), faults), ((1, 0, 1), Vec::new()));
    let alder = play.server.login("admin@alder.example").await;
    let file = file.replace("partner,", "vendor,").replace("alder,", "northwind,");
    let (ended, faults) = import(&alder, file, asked("per_row", false)).await;
    assert_eq!(
        (counts(&ended), faults),
        ((1, 1, 0), vec!["2 fields.plan file".to_owned()])
    );
    // Southgate's form is no business of Northwind's.
    let other = play.server.login("owner@southgate.example").await;
    publish(
        &other,
        play.scene.southgate,
        &json!([{"key": "theirs", "label": "T", "kind": "text"}]),
    )
    .await
    .ok();
    let sent = upload(&play.manager, "x\ny\n").await.ok();
    let asking = json!({"file_id": sent["id"], "kind": "deals", "mode": "per_row", "mapping": {"fields.theirs": "x"}});
    let problem = play
        .manager
        .post("/api/v1/imports", &asking)
        .await
        .problem(422, "invalid_body");
    assert_eq!(problem["errors"][0]["pointer"], "/mapping/fields.theirs");
    assert!(!problem["errors"][0]["message"].as_str().unwrap().contains("theirs"));
}
