use chrono::{Days, NaiveDate, TimeDelta};
use guildhall_kernel::OrgId;
use serde_json::{Value, json};

use super::keyed;
use super::play::Play;
use crate::support::{Answer, Caller, TestServer, until};

/// A fund of 1000 EUR until ten days from now.
async fn fund(play: &Play) -> String {
    let made = play.finance.post("/api/v1/incentives/funds", &draft(today(play))).await;
    made.ok();
    made.header("location")
}

fn today(play: &Play) -> NaiveDate {
    play.server.app().clock.now().date_naive()
}

fn draft(today: NaiveDate) -> Value {
    let to = today + Days::new(10);
    json!({"name": "Launch", "currency": "EUR", "from": today, "to": to, "budget": "1000.00"})
}

async fn moved(play: &Play, fund: &str, word: &str, body: Value) -> Answer {
    keyed::post(&play.finance, &format!("{fund}/{word}"), &body).await
}

async fn allocated(play: &Play, fund: &str, to: OrgId, amount: &str) -> Answer {
    moved(play, fund, "allocate", json!({"partner_id": to, "amount": amount})).await
}

async fn reserved(play: &Play, fund: &str, amount: &str) -> Answer {
    let body = json!({"partner_id": play.scene.alder, "amount": amount, "purpose": "Trade fair"});
    moved(play, fund, "reserve", body).await
}

/// Available, reserved and reimbursed, as the caller sees the fund.
async fn standing(by: &Caller, fund: &str) -> Value {
    let fund = by.get(fund).await.ok();
    json!([fund["available"], fund["reserved"], fund["reimbursed"]])
}

#[tokio::test]
async fn money_goes_from_the_budget_to_a_payable_earning_and_never_below_zero() {
    let play = Play::begin().await;
    let fund = fund(&play).await;
    let alder = play.scene.alder;
    allocated(&play, &fund, alder, "1000.01")
        .await
        .problem(409, "fund_exhausted");
    allocated(&play, &fund, alder, "600.00").await.ok();
    allocated(&play, &fund, play.scene.birch, "400.01")
        .await
        .problem(409, "fund_exhausted");
    reserved(&play, &fund, "600.01").await.problem(409, "fund_exhausted");
    let reservation = reserved(&play, &fund, "500.00").await;
    let path = reservation.header("location");
    let id = reservation.ok()["id"].clone();
    reserved(&play, &fund, "100.01").await.problem(409, "fund_exhausted");
    allocated(&play, &fund, alder, "-100.01")
        .await
        .problem(409, "fund_exhausted");
    let back = moved(
        &play,
        &fund,
        "reimburse",
        json!({"reservation_id": id, "amount": "500.01"}),
    )
    .await;
    back.problem(409, "fund_exhausted");
    let back = moved(
        &play,
        &fund,
        "reimburse",
        json!({"reservation_id": id, "amount": "120.50", "note": "Stand"}),
    )
    .await;
    let back = back.ok();
    assert_eq!(back["reservation"]["left"], "379.50");
    moved(&play, &fund, "release", json!({"reservation_id": id})).await.ok();
    moved(&play, &fund, "release", json!({"reservation_id": id}))
        .await
        .problem(409, "fund_exhausted");
    allocated(&play, &fund, alder, "-79.50").await.ok();
    let seen = play.alder.get(&path).await.ok();
    assert_eq!(
        json!([seen["amount"], seen["released"], seen["reimbursed"], seen["left"]]),
        json!(["500.00", "379.50", "120.50", "0.00"])
    );
    let earnings = play.earnings(&play.alder).await;
    let [earning] = earnings.as_slice() else {
        panic!("{earnings:?}");
    };
    assert_eq!(
        json!([
            earning["id"],
            earning["kind"],
            earning["cause"],
            earning["status"],
            earning["amount"]
        ]),
        json!([back["earning_id"], "mdf", "reimbursement", "payable", "120.50"])
    );
    assert_eq!(
        standing(&play.finance, &fund).await,
        json!(["400.00", "0.00", "120.50"])
    );
    assert_eq!(play.finance.get(&fund).await.ok()["unallocated"], "479.50");
    play.sound().await;
}

#[tokio::test]
async fn a_partner_sees_its_own_part_and_others_nothing() {
    let play = Play::begin().await;
    let fund = fund(&play).await;
    play.alder.get(&fund).await.problem(404, "not_found");
    allocated(&play, &fund, play.scene.alder, "600.00").await.ok();
    allocated(&play, &fund, play.scene.birch, "50.00").await.ok();
    reserved(&play, &fund, "100.00").await.ok();
    assert_eq!(standing(&play.alder, &fund).await, json!(["500.00", "100.00", "0.00"]));
    assert_eq!(standing(&play.birch, &fund).await, json!(["50.00", "0.00", "0.00"]));
    assert_eq!(
        standing(&play.finance, &fund).await,
        json!(["550.00", "100.00", "0.00"])
    );
    let seen = play.birch.get(&fund).await.ok();
    assert_eq!(json!([seen["budget"], seen["unallocated"]]), json!([null, null]));
    let of = async |by: &Caller, what: &str| {
        let list = by.get(&format!("{fund}/{what}")).await.ok();
        list["items"].as_array().unwrap().len()
    };
    assert_eq!(
        [of(&play.finance, "balances").await, of(&play.birch, "balances").await],
        [2, 1]
    );
    assert_eq!(
        [
            of(&play.alder, "reservations").await,
            of(&play.birch, "reservations").await
        ],
        [1, 0]
    );
    let listed = play.alder.get("/api/v1/incentives/funds").await.ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let stranger = play.server.login("finance@southgate.example").await;
    stranger.get(&fund).await.problem(404, "not_found");
    let body = json!({"partner_id": play.scene.alder, "amount": "1.00"});
    keyed::post(&play.alder, &format!("{fund}/allocate"), &body)
        .await
        .problem(403, "forbidden");
}

#[tokio::test]
async fn a_repeated_move_happens_once_and_one_without_a_key_not_at_all() {
    let play = Play::begin().await;
    let fund = fund(&play).await;
    let body = json!({"partner_id": play.scene.alder, "amount": "100.00"});
    let path = format!("{fund}/allocate");
    play.finance
        .post(&path, &body)
        .await
        .problem(400, "idempotency_key_required");
    let first = play.finance.post_once(&path, "again", &body).await.ok();
    let second = play.finance.post_once(&path, "again", &body).await;
    assert_eq!(second.header("idempotency-replayed"), "true");
    assert_eq!(second.ok(), first);
    assert_eq!(standing(&play.alder, &fund).await, json!(["100.00", "0.00", "0.00"]));
}

#[tokio::test]
async fn at_once_two_reserve_what_is_there_for_one() {
    let play = Play::begin().await;
    let fund = fund(&play).await;
    allocated(&play, &fund, play.scene.alder, "100.00").await.ok();
    let (one, two) = tokio::join!(reserved(&play, &fund, "60.00"), reserved(&play, &fund, "60.00"));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    play.sound().await;
}

#[tokio::test]
async fn when_the_period_is_over_what_nobody_asked_for_returns() {
    let server = TestServer::builder().manual_clock().start().await;
    let play = Play::on(server).await;
    let fund = fund(&play).await;
    allocated(&play, &fund, play.scene.alder, "600.00").await.ok();
    let id = reserved(&play, &fund, "200.00").await.ok()["id"].clone();
    play.server.clock.advance(TimeDelta::days(11));
    play.server.app().db.wake().committed();
    let finance = play.server.login("finance@northwind.example").await;
    let expired = until("the fund expires", async || {
        let fund = finance.get(&fund).await.ok();
        (!fund["expired_at"].is_null()).then_some(fund)
    })
    .await;
    assert_eq!(
        json!([expired["unallocated"], expired["available"], expired["reserved"]]),
        json!(["800.00", "0.00", "200.00"])
    );
    let play = Play { finance, ..play };
    reserved(&play, &fund, "1.00").await.problem(409, "illegal_move");
    allocated(&play, &fund, play.scene.alder, "1.00")
        .await
        .problem(409, "illegal_move");
    moved(
        &play,
        &fund,
        "reimburse",
        json!({"reservation_id": id, "amount": "150.00"}),
    )
    .await
    .ok();
    moved(&play, &fund, "release", json!({"reservation_id": id})).await.ok();
    let after = play.finance.get(&fund).await.ok();
    assert_eq!(
        json!([
            after["unallocated"],
            after["available"],
            after["reserved"],
            after["reimbursed"]
        ]),
        json!(["850.00", "0.00", "0.00", "150.00"])
    );
    play.sound().await;
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_is_posted() {
    let play = Play::begin().await;
    let good = draft(today(&play));
    let refused = async |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        let problem = play
            .finance
            .post("/api/v1/incentives/funds", &body)
            .await
            .problem(422, "invalid_body");
        problem["errors"][0]["pointer"].clone()
    };
    assert_eq!(refused("currency", json!("EURO")).await, "/currency");
    assert_eq!(refused("budget", json!("1.001")).await, "/budget");
    assert_eq!(refused("to", json!("2001-01-01")).await, "/to");
    let fund = fund(&play).await;
    play.finance
        .post("/api/v1/incentives/funds", &good)
        .await
        .problem(409, "already_exists");
    for amount in ["0", "1.005", "x"] {
        allocated(&play, &fund, play.scene.alder, amount)
            .await
            .problem(422, "invalid_body");
    }
    allocated(&play, &fund, play.scene.cedar, "1.00")
        .await
        .problem(422, "invalid_body");
    reserved(&play, &fund, "-1.00").await.problem(422, "invalid_body");
    allocated(&play, &fund, play.scene.alder, "600.00").await.ok();
    let etag = play.finance.etag(&fund).await;
    let less = json!({"budget": "599.99"});
    play.finance
        .patch(&fund, &etag, &less)
        .await
        .problem(409, "fund_exhausted");
    play.finance
        .patch(&fund, "\"v9\"", &less)
        .await
        .problem(412, "stale_version");
    let more = play
        .finance
        .patch(&fund, &etag, &json!({"budget": "600.00", "name": "Start"}))
        .await
        .ok();
    assert_eq!(json!([more["name"], more["unallocated"]]), json!(["Start", "0.00"]));
    play.sound().await;
}
