use serde_json::{Value, json};

use super::keyed;
use super::play::{Play, ten_percent};

const ADDRESS: &str = "/api/v1/incentives/disputes";

struct Quarrel {
    play: Play,
    line: Value,
    /// The address of Alder's open dispute.
    path: String,
}

fn objection(line: &Value) -> Value {
    json!({"earning_id": line, "reason": "The gold rate applies", "expected_amount": "400.00"})
}

async fn quarrel() -> Quarrel {
    let play = Play::begin().await;
    play.plan("Reseller commission", ten_percent()).await;
    play.won("Acme").await;
    let line = play.earnings(&play.alder).await[0]["id"].clone();
    let made = play.alder.post(ADDRESS, &objection(&line)).await;
    made.ok();
    Quarrel {
        path: made.header("location"),
        play,
        line,
    }
}

#[tokio::test]
async fn both_sides_talk_and_an_upheld_dispute_is_paid_after_a_second_persons_word() {
    let Quarrel { play, path, .. } = quarrel().await;
    let messages = format!("{path}/messages");
    play.finance.post(&messages, &json!({"text": "Since when?"})).await.ok();
    let thread = play
        .alder
        .post(&messages, &json!({"text": "Since September"}))
        .await
        .ok();
    let said: Vec<&Value> = thread["thread"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["text"])
        .collect();
    assert_eq!(said, ["Since when?", "Since September"]);
    assert!(
        thread["thread"][0]["user_id"].is_null(),
        "who spoke for the other side is not told"
    );
    assert_eq!(
        json!([thread["amount"], thread["expected_amount"]]),
        json!(["360.15", "400.00"])
    );
    let uphold = json!({"amount": "39.85", "note": "The gold rate applies"});
    let upheld = keyed::post_now(&play.finance, &path, "uphold", &uphold).await.ok();
    assert_eq!(
        json!([upheld["status"], upheld["adjustment"]["status"]]),
        json!(["upheld", "proposed"])
    );
    let adjustment = format!(
        "/api/v1/incentives/adjustments/{}",
        upheld["adjustment"]["id"].as_str().unwrap()
    );
    assert_eq!(play.owner.get(&adjustment).await.ok()["dispute_id"], upheld["id"]);
    assert_eq!(
        play.amounts(&play.alder).await,
        json!(["360.15"]),
        "nothing before the second person's word"
    );
    keyed::post_now(&play.finance, &adjustment, "approve", &json!({}))
        .await
        .problem(409, "maker_is_approver");
    keyed::post_now(&play.owner, &adjustment, "approve", &json!({}))
        .await
        .ok();
    assert_eq!(play.amounts(&play.alder).await, json!(["360.15", "39.85"]));
    assert_eq!(play.alder.get(&path).await.ok()["adjustment"]["status"], "approved");
    keyed::post_now(&play.finance, &path, "uphold", &uphold)
        .await
        .problem(409, "illegal_move");
    play.finance
        .post(&messages, &json!({"text": "Late"}))
        .await
        .problem(409, "illegal_move");
    play.sound().await;
}

#[tokio::test]
async fn an_upheld_dispute_whose_adjustment_was_declined_is_upheld_again() {
    let Quarrel { play, path, .. } = quarrel().await;
    let uphold = async |amount: &str| {
        let body = json!({"amount": amount, "note": "The gold rate applies"});
        let upheld = keyed::post_now(&play.finance, &path, "uphold", &body).await.ok();
        format!(
            "/api/v1/incentives/adjustments/{}",
            upheld["adjustment"]["id"].as_str().unwrap()
        )
    };
    let first = uphold("39.85").await;
    keyed::post_now(&play.owner, &first, "decline", &json!({})).await.ok();
    let second = uphold("20.00").await;
    assert_ne!(first, second);
    keyed::post_now(&play.owner, &second, "approve", &json!({})).await.ok();
    assert_eq!(play.amounts(&play.alder).await, json!(["360.15", "20.00"]));
}

#[tokio::test]
async fn a_line_has_one_open_dispute() {
    let Quarrel { play, line, path } = quarrel().await;
    play.alder
        .post(ADDRESS, &objection(&line))
        .await
        .problem(409, "dispute_open");
    let rejected = keyed::post_now(&play.finance, &path, "reject", &json!({"note": "It was silver"}))
        .await
        .ok();
    assert_eq!(
        json!([rejected["status"], rejected["note"]]),
        json!(["rejected", "It was silver"])
    );
    let again = play.alder.post(ADDRESS, &objection(&line)).await;
    let path = again.header("location");
    keyed::post_now(&play.alder, &path, "withdraw", &json!({})).await.ok();
    keyed::post_now(&play.finance, &path, "reject", &json!({"note": "No"}))
        .await
        .problem(409, "illegal_move");
    let body = objection(&line);
    let (one, two) = tokio::join!(play.alder.post(ADDRESS, &body), play.alder.post(ADDRESS, &body));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    let open = play.finance.get(&format!("{ADDRESS}?status=open")).await.ok();
    assert_eq!(open["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_disputes_or_sees_what_is_not_theirs() {
    let Quarrel { play, line, path } = quarrel().await;
    play.birch
        .post(ADDRESS, &objection(&line))
        .await
        .problem(422, "invalid_body");
    play.seller
        .post(ADDRESS, &objection(&line))
        .await
        .problem(422, "invalid_body");
    play.finance
        .post(ADDRESS, &objection(&line))
        .await
        .problem(403, "forbidden");
    play.birch.get(&path).await.problem(404, "not_found");
    play.seller.get(&path).await.problem(404, "not_found");
    play.server
        .login("finance@southgate.example")
        .await
        .get(&path)
        .await
        .problem(404, "not_found");
    play.birch
        .post(&format!("{path}/messages"), &json!({"text": "Me too"}))
        .await
        .problem(404, "not_found");
    let etag = play.alder.etag(&path).await;
    let word = json!({"amount": "1.00", "note": "Yes"});
    keyed::post_at(&play.alder, &format!("{path}/uphold"), &etag, &word)
        .await
        .problem(403, "forbidden");
    play.finance
        .post_at(&format!("{path}/withdraw"), &etag, &json!({}))
        .await
        .problem(403, "forbidden");
    let none = play.seller.get(ADDRESS).await.ok();
    assert!(none["items"].as_array().unwrap().is_empty());
    for (field, value) in [("reason", json!("")), ("expected_amount", json!("4.001"))] {
        let mut body = objection(&line);
        body[field] = value;
        let problem = play.alder.post(ADDRESS, &body).await.problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"));
    }
}
