use serde_json::{Value, json};

use super::keyed;
use super::play::{Play, ten_percent};
use crate::support::Answer;

const ADDRESS: &str = "/api/v1/incentives/adjustments";

async fn proposed(play: &Play, amount: &str) -> Answer {
    let body = json!({"partner_id": play.scene.alder, "currency": "EUR", "amount": amount, "reason": "Credited twice"});
    keyed::post(&play.finance, ADDRESS, &body).await
}

#[tokio::test]
async fn another_person_approves_before_a_line_is_posted_once() {
    let play = Play::begin().await;
    let made = proposed(&play, "-120.00").await;
    let path = made.header("location");
    assert_eq!(made.ok()["status"], "proposed");
    assert!(play.earnings(&play.alder).await.is_empty());
    keyed::post_now(&play.finance, &path, "approve", &json!({}))
        .await
        .problem(409, "maker_is_approver");
    let etag = play.owner.etag(&path).await;
    let approve = format!("{path}/approve");
    play.owner
        .post_at(&approve, &etag, &json!({}))
        .await
        .problem(400, "idempotency_key_required");
    let body = json!({"note": "Seen"});
    let (one, two) = tokio::join!(
        keyed::post_at(&play.owner, &approve, &etag, &body),
        keyed::post_at(&play.owner, &approve, &etag, &body),
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    keyed::post_now(&play.owner, &path, "approve", &json!({}))
        .await
        .problem(409, "illegal_move");
    let earnings = play.earnings(&play.alder).await;
    let [line] = earnings.as_slice() else {
        panic!("{earnings:?}");
    };
    assert_eq!(
        json!([line["kind"], line["cause"], line["status"], line["amount"]]),
        json!(["adjustment", "adjustment", "payable", "-120.00"])
    );
    let told = play
        .alder
        .get(&format!("/api/v1/earnings/{}", line["id"].as_str().unwrap()))
        .await
        .ok();
    assert_eq!(told["explanation"]["adjustment"]["reason"], "Credited twice");
    assert_eq!(play.owner.get(&path).await.ok()["posted_id"], line["id"]);
    assert_eq!(play.balances(play.scene.alder).await, json!({"payable": "-120.00"}));
    play.sound().await;
}

#[tokio::test]
async fn declined_and_withdrawn_ones_post_nothing() {
    let play = Play::begin().await;
    let path = proposed(&play, "10.00").await.header("location");
    keyed::post_now(&play.owner, &path, "withdraw", &json!({}))
        .await
        .problem(409, "illegal_move");
    keyed::post_now(&play.finance, &path, "decline", &json!({}))
        .await
        .problem(409, "maker_is_approver");
    let declined = keyed::post_now(&play.owner, &path, "decline", &json!({"note": "No"}))
        .await
        .ok();
    assert_eq!(json!([declined["status"], declined["note"]]), json!(["declined", "No"]));
    let path = proposed(&play, "10.00").await.header("location");
    keyed::post_now(&play.finance, &path, "withdraw", &json!({})).await.ok();
    keyed::post_now(&play.owner, &path, "approve", &json!({}))
        .await
        .problem(409, "illegal_move");
    assert!(play.earnings(&play.alder).await.is_empty());
    let list = async |query: &str| {
        let list = play.finance.get(&format!("{ADDRESS}{query}")).await.ok();
        list["items"].as_array().unwrap().len()
    };
    assert_eq!(
        [
            list("").await,
            list("?status=declined").await,
            list("?status=approved").await
        ],
        [2, 1, 0]
    );
    play.alder.get(&path).await.problem(403, "forbidden");
    play.alder.get(ADDRESS).await.problem(403, "forbidden");
    play.server
        .login("finance@southgate.example")
        .await
        .get(&path)
        .await
        .problem(404, "not_found");
    play.sound().await;
}

#[tokio::test]
async fn what_corrects_a_line_goes_along_with_it() {
    let play = Play::begin().await;
    play.plan("Reseller commission", ten_percent()).await;
    play.won("Acme").await;
    let line = play.earnings(&play.alder).await[0]["id"].clone();
    let body = json!({"partner_id": play.scene.alder, "currency": "EUR", "amount": "-60.15", "reason": "Wrong price",
        "earning_id": line});
    let mut other = body.clone();
    other["partner_id"] = json!(play.scene.birch);
    other["currency"] = json!("USD");
    let problem = keyed::post(&play.finance, ADDRESS, &other)
        .await
        .problem(422, "invalid_body");
    let mut pointers: Vec<&Value> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["pointer"])
        .collect();
    pointers.sort_by_key(|pointer| pointer.to_string());
    assert_eq!(pointers, ["/currency", "/partner_id"]);
    let path = keyed::post(&play.finance, ADDRESS, &body).await.header("location");
    keyed::post_now(&play.owner, &path, "approve", &json!({})).await.ok();
    assert_eq!(play.balances(play.scene.alder).await, json!({"accrued": "300.00"}));
    play.approve_all().await;
    assert_eq!(play.balances(play.scene.alder).await, json!({"payable": "300.00"}));
    play.sound().await;
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_is_proposed() {
    let play = Play::begin().await;
    let good = json!({"partner_id": play.scene.alder, "currency": "EUR", "amount": "5.00", "reason": "Credited twice"});
    play.finance
        .post(ADDRESS, &good)
        .await
        .problem(400, "idempotency_key_required");
    for (field, value) in [
        ("amount", json!("0.00")),
        ("amount", json!("5.001")),
        ("currency", json!("EURO")),
        ("reason", json!("")),
        ("partner_id", json!(play.scene.cedar)),
        ("user_id", json!("user_01kaqv6r3gf5ht2x0m8c9ezw4n")),
        ("earning_id", json!("earn_01kaqv6r3gf5ht2x0m8c9ezw4n")),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let problem = keyed::post(&play.finance, ADDRESS, &body)
            .await
            .problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"), "{problem}");
    }
    keyed::post(&play.vendor, ADDRESS, &good)
        .await
        .problem(403, "forbidden");
    let list = play.finance.get(ADDRESS).await.ok();
    assert!(list["items"].as_array().unwrap().is_empty());
}
