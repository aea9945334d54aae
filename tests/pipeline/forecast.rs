use serde_json::{Value, json};

use super::{Place, act, in_days, listed, priced, rates};
use crate::support::{Caller, until};

async fn forecast(caller: &Caller, query: &str) -> Value {
    caller.get(&format!("/api/v1/pipeline/forecast?{query}")).await.ok()
}

/// Every number of a forecast has exactly the deals that its list has.
async fn traced(caller: &Caller, forecast: &Value) -> usize {
    let mut seen = 0;
    for row in forecast["items"].as_array().unwrap() {
        for sum in row["categories"].as_array().unwrap() {
            let deals = listed(caller, sum["list"].as_str().unwrap()).await;
            assert_eq!(json!(deals.len()), sum["deals"], "{sum}");
            seen += deals.len();
        }
        let won = listed(caller, row["won_list"].as_str().unwrap()).await;
        assert_eq!(json!(won.len()), row["won_deals"], "{row}");
        seen += won.len();
    }
    seen
}

#[tokio::test]
async fn sums_are_by_category_in_one_currency_and_each_leads_to_its_deals() {
    let place = Place::set().await;
    let close = in_days(20);
    let stages = place.stages().await;
    place
        .deal(&place.alder, "Euro", priced("1000.00", "EUR", "DE", close))
        .await;
    let dollar = place
        .deal(&place.birch, "Dollar", priced("500.00", "USD", "AT", close))
        .await;
    place
        .deal(&place.alder, "Franc", priced("300.00", "CHF", "FR", close))
        .await;
    let commit = json!({"stage_id": stages[0]["id"], "category": "commit", "probability": 80});
    act(&place.birch, &dollar, "stage", &commit).await.ok();

    let missing = forecast(&place.manager, "period=quarter").await;
    let row = &missing["items"][0];
    assert_eq!(row["open"]["amount"], Value::Null, "a missing rate is no zero");
    assert_eq!(
        row["open"]["missing_rates"],
        json!([{"currency": "CHF", "amount": "300.00"}, {"currency": "USD", "amount": "500.00"}])
    );
    assert_eq!(row["open"]["converted"], "1000.00");

    let owner = place.server.login("owner@northwind.example").await;
    rates::put(&owner, "Date,USD,CHF\n2020-01-02,1.25,0.9\n").await.ok();
    let known = forecast(&place.manager, "period=quarter").await;
    let row = &known["items"][0];
    // 1000 + 500 / 1.25 + 300 / 0.9, and 100 + 320 + 33.33.
    assert_eq!(
        json!([row["open"]["amount"], row["weighted"]["amount"]]),
        json!(["1733.33", "453.33"])
    );
    let commit = &row["categories"][1];
    assert_eq!(
        json!([
            commit["category"],
            commit["deals"],
            commit["amount"]["amount"],
            commit["weighted"]["amount"]
        ]),
        json!(["commit", 1, "400.00", "320.00"])
    );
    assert_eq!(traced(&place.manager, &known).await, 3);

    let settings = json!({"reporting_currency": "USD", "regions": [{"name": "DA CH", "countries": ["AT", "DE"]}]});
    let headers = [("content-type", "application/json"), ("if-match", "\"v0\"")];
    let put = async || {
        owner
            .send(
                axum::http::Method::PUT,
                "/api/v1/pipeline/settings",
                &headers,
                settings.to_string(),
            )
            .await
    };
    put().await.ok();
    put().await.problem(412, "stale_version");
    let regions = forecast(&place.manager, "group_by=region&period=quarter").await;
    let groups: Vec<Value> = regions["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| json!([row["group"]["name"], row["open"]["amount"]]))
        .collect();
    assert_eq!(json!(groups), json!([["", "416.67"], ["DA CH", "1750.00"]]));
    assert_eq!(traced(&place.manager, &regions).await, 3);
    for query in [
        "group_by=partner",
        "group_by=country",
        "region=DA%20CH&group_by=country",
        "country=AT",
    ] {
        let sums = forecast(&place.manager, query).await;
        assert!(traced(&place.manager, &sums).await > 0, "{query}");
    }
}

#[tokio::test]
async fn a_partner_sees_its_own_and_a_stranger_nothing() {
    let place = Place::set().await;
    let close = in_days(20);
    place
        .deal(&place.alder, "Mine", priced("1000.00", "EUR", "DE", close))
        .await;
    place
        .deal(&place.birch, "Theirs", priced("70.00", "EUR", "DE", close))
        .await;
    let own = forecast(&place.alder, "group_by=vendor").await;
    assert_eq!(own["items"][0]["group"]["name"], "Northwind");
    assert_eq!(own["items"][0]["open"]["amount"], "1000.00");
    assert_eq!(traced(&place.alder, &own).await, 1);
    let program = super::program_of(place.scene.northwind);
    let board = place
        .alder
        .get(&format!("/api/v1/pipeline/board?program_id={program}"))
        .await
        .ok();
    assert_eq!(
        json!([board["columns"][0]["deals"], board["columns"][0]["amount"]["amount"]]),
        json!([1, "1000.00"])
    );
    for (caller, path) in [
        (
            &place.alder,
            format!("/api/v1/pipeline/deals?partner_id={}", place.scene.birch),
        ),
        (
            &place.alder,
            format!("/api/v1/pipeline/forecast?vendor_id={}", place.scene.southgate),
        ),
        (
            &place.manager,
            format!("/api/v1/pipeline/analysis?partner_id={}", place.scene.cedar),
        ),
    ] {
        caller.get(&path).await.problem(404, "not_found");
    }
    for query in [
        "group_by=vendor",
        "from=2026-01-01&to=2031-01-01",
        "country=DE&region=X",
        "currency=EURO",
        "region=X",
    ] {
        let path = format!("/api/v1/pipeline/forecast?{query}");
        place.manager.get(&path).await.problem(400, "invalid_query");
    }
    let southgate = place.server.login("owner@southgate.example").await;
    assert_eq!(forecast(&southgate, "").await["items"], json!([]));
    southgate
        .get(&format!("/api/v1/pipeline/board?program_id={program}"))
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn the_board_has_its_cards_and_goes_on_where_they_end() {
    let place = Place::set().await;
    for number in 0..22 {
        place
            .deal(
                &place.alder,
                &format!("Customer{number}"),
                priced("10.00", "EUR", "DE", in_days(20 + number)),
            )
            .await;
    }
    let board = place.manager.get("/api/v1/pipeline/board").await.ok();
    let column = &board["columns"][0];
    assert_eq!(
        json!([
            column["deals"],
            column["amount"]["amount"],
            column["weighted"]["amount"]
        ]),
        json!([22, "220.00", "22.00"])
    );
    assert_eq!(column["cards"].as_array().unwrap().len(), 20);
    let more = format!(
        "{}&cursor={}",
        column["list"].as_str().unwrap(),
        column["next_cursor"].as_str().unwrap()
    );
    let rest = place.manager.get(&more).await.ok();
    assert_eq!(rest["items"].as_array().unwrap().len(), 2);
    assert_eq!(listed(&place.manager, column["list"].as_str().unwrap()).await.len(), 22);
}

#[tokio::test]
async fn the_analysis_tells_how_deals_move_and_end() {
    let place = Place::set().await;
    let stages = place.stages().await;
    let won = place
        .deal(&place.alder, "Winner", priced("100.00", "EUR", "DE", in_days(9)))
        .await;
    let lost = place
        .deal(&place.alder, "Loser", priced("50.00", "EUR", "DE", in_days(9)))
        .await;
    place
        .deal(&place.birch, "Open", priced("50.00", "EUR", "FR", in_days(9)))
        .await;
    let step = json!({"stage_id": stages[1]["id"], "confirmed": stages[0]["criteria"]});
    act(&place.alder, &won, "stage", &step).await.ok();
    act(
        &place.manager,
        &won,
        "close",
        &json!({"outcome": "won", "amount": "120.00"}),
    )
    .await
    .ok();
    act(
        &place.alder,
        &lost,
        "close",
        &json!({"outcome": "lost", "reason": "price"}),
    )
    .await
    .ok();
    let seen = until("the sums are folded", async || {
        let seen = place.manager.get("/api/v1/pipeline/analysis").await.ok();
        (seen["won"] == 1 && seen["lost"] == 1 && seen["stages"][0]["left"] == 2).then_some(seen)
    })
    .await;
    let first = &seen["stages"][0];
    assert_eq!(
        json!([
            first["open"],
            first["age_buckets"],
            first["left"],
            first["advanced"],
            first["dropped"],
            first["conversion"]
        ]),
        json!([1, [1, 0, 0, 0], 2, 1, 1, "50.0"])
    );
    assert_eq!(
        json!([
            seen["win_rate"],
            seen["won_amount"]["amount"],
            seen["average_won"],
            seen["overdue"]
        ]),
        json!(["50.0", "120.00", "120.00", 0])
    );
    assert_eq!(
        seen["reasons"],
        json!([{"reason": null, "won": 1, "lost": 0}, {"reason": "price", "won": 0, "lost": 1}])
    );
    let program = super::program_of(place.scene.northwind);
    let path = format!("/api/v1/pipeline/analysis?program_id={program}");
    let birch = place.birch.get(&path).await.ok();
    assert_eq!(json!([birch["won"], birch["stages"][0]["open"]]), json!([0, 1]));
}
