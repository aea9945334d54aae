use serde_json::{Value, json};

use super::{Place, act, program_of};
use crate::support::until;

#[tokio::test]
async fn an_approved_deal_enters_the_first_stage_and_moves_on_when_its_criteria_are_confirmed() {
    let place = Place::set().await;
    let stages = place.stages().await;
    let path = place.deal(&place.alder, "Acme", |_| {}).await;
    let before = place.alder.get(&format!("{path}/stages")).await.ok();
    assert_eq!(
        json!([before["stage_id"], before["probability"], before["history"]]),
        json!([stages[0]["id"], 10, []])
    );
    let third = json!({"stage_id": stages[2]["id"]});
    let open = act(&place.alder, &path, "stage", &third)
        .await
        .problem(409, "exit_criteria_open");
    assert_eq!(
        open["criteria"],
        json!([stages[0]["criteria"][0], stages[1]["criteria"][0]]),
        "those of the stage that is passed over too"
    );
    let confirmed = json!({"stage_id": stages[2]["id"], "confirmed": open["criteria"], "probability": 65});
    let moved = act(&place.alder, &path, "stage", &confirmed).await.ok();
    assert_eq!(
        json!([
            moved["stage"],
            moved["category"],
            moved["probability"],
            moved["history"][0]["outcome"]
        ]),
        json!(["Proposal", "best_case", 65, "advanced"])
    );
    let back = act(&place.manager, &path, "stage", &json!({"stage_id": stages[1]["id"]}))
        .await
        .ok();
    assert_eq!(
        json!([
            back["probability"],
            back["own_probability"],
            back["history"][0]["outcome"]
        ]),
        json!([25, null, "returned"]),
        "a move clears what was thought of the deal"
    );
    let since = format!("{path}/stages");
    let won = act(
        &place.manager,
        &path,
        "close",
        &json!({"outcome": "won", "reason": "product"}),
    )
    .await
    .ok();
    assert_eq!(won["status"], "won");
    assert_eq!(place.alder.get(&since).await.ok()["history"][0]["outcome"], "won");
    let over = act(&place.manager, &path, "stage", &third).await;
    over.problem(409, "illegal_move");
    let kinds = until("the moves are announced to both sides", async || {
        let events = place.alder.get("/api/v1/events?topics=deals&since=0-0").await.ok();
        let events = events["items"].as_array().unwrap().clone();
        let kinds: Vec<Value> = events.iter().map(|event| event["kind"].clone()).collect();
        kinds.contains(&json!("deal.won")).then_some(kinds)
    })
    .await;
    let moves = kinds.iter().filter(|kind| **kind == "deal.stage_changed").count();
    assert_eq!(moves, 2, "{kinds:?}");
}

#[tokio::test]
async fn a_stale_or_foreign_move_is_refused() {
    let place = Place::set().await;
    let stages = place.stages().await;
    let path = place.deal(&place.alder, "Acme", |_| {}).await;
    let body = json!({"stage_id": stages[0]["id"], "category": "commit"});
    place
        .alder
        .post_at(&format!("{path}/stage"), "\"v1\"", &body)
        .await
        .problem(412, "stale_version");
    place
        .alder
        .post(&format!("{path}/stage"), &body)
        .await
        .problem(428, "precondition_required");
    place
        .birch
        .post_at(&format!("{path}/stage"), "\"v2\"", &body)
        .await
        .problem(404, "not_found");
    let other = place.server.login("owner@southgate.example").await;
    let theirs = other.get("/api/v1/pipeline/stages").await.ok()["items"][0]["id"].clone();
    let refused = act(&place.alder, &path, "stage", &json!({"stage_id": theirs})).await;
    assert_eq!(
        refused.problem(422, "invalid_body")["errors"][0]["pointer"],
        "/stage_id"
    );
    let taken = act(&place.alder, &path, "stage", &body).await.ok();
    assert_eq!(json!([taken["category"], taken["version"]]), json!(["commit", 3]));
    let again = act(&place.alder, &path, "stage", &body).await.ok();
    assert_eq!(again["version"], 3, "nothing changed");
    let marketing = place.server.login("marketing@alder.example").await;
    marketing
        .post_at(&format!("{path}/stage"), "\"v3\"", &body)
        .await
        .problem(403, "forbidden");
}

#[tokio::test]
async fn of_two_moves_at_once_one_is_stale() {
    let place = Place::set().await;
    let stages = place.stages().await;
    let path = place.deal(&place.alder, "Acme", |_| {}).await;
    let body = |category: &str| json!({"stage_id": stages[0]["id"], "category": category});
    let (url, etag) = (format!("{path}/stage"), place.alder.etag(&path).await);
    let (commit, omitted) = (body("commit"), body("omitted"));
    let (one, other) = tokio::join!(
        place.alder.post_at(&url, &etag, &commit),
        place.manager.post_at(&url, &etag, &omitted)
    );
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
}

#[tokio::test]
async fn stages_are_added_moved_changed_and_retired_without_losing_a_deal() {
    let place = Place::set().await;
    let path = place.deal(&place.alder, "Acme", |_| {}).await;
    let program = program_of(place.scene.northwind);
    let draft = json!({"program_id": program, "name": "Proof", "probability": 40, "category": "pipeline"});
    let made = place.manager.post("/api/v1/pipeline/stages", &draft).await;
    assert_eq!(made.ok()["position"], 6);
    let proof = made.header("location");
    place
        .manager
        .post("/api/v1/pipeline/stages", &draft)
        .await
        .problem(422, "invalid_body");
    let patched = place
        .manager
        .patch(&proof, "\"v1\"", &json!({"position": 2, "probability": 45}))
        .await
        .ok();
    assert_eq!(json!([patched["position"], patched["probability"]]), json!([2, 45]));
    let names = async || {
        let stages = place.stages().await;
        let live = stages.iter().filter(|stage| stage["retired_at"].is_null());
        live.map(|stage| format!("{} {}", stage["position"], stage["name"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names().await,
        [
            "1 Qualified",
            "2 Proof",
            "3 Solution",
            "4 Proposal",
            "5 Negotiation",
            "6 Contract"
        ]
    );
    let first = format!("/api/v1/stages/{}", place.stages().await[0]["id"].as_str().unwrap());
    place
        .manager
        .post_at(&format!("{first}/retire"), "\"v9\"", &json!({}))
        .await
        .problem(412, "stale_version");
    place
        .manager
        .post_at(&format!("{first}/retire"), "\"v1\"", &json!({}))
        .await
        .ok();
    assert_eq!(names().await[0], "1 Proof");
    let board = place.manager.get("/api/v1/pipeline/board").await.ok();
    let retired = board["columns"].as_array().unwrap().last().unwrap();
    assert_eq!(
        json!([retired["stage"]["name"], retired["deals"]]),
        json!(["Qualified", 1])
    );
    let back =
        json!({"stage_id": board["columns"][0]["stage"]["id"], "confirmed": ["The need and who decides are known"]});
    assert_eq!(act(&place.alder, &path, "stage", &back).await.ok()["stage"], "Proof");
    let into = act(
        &place.alder,
        &path,
        "stage",
        &json!({"stage_id": retired["stage"]["id"]}),
    )
    .await;
    into.problem(409, "stage_retired");
    let next = place.deal(&place.alder, "Second", |_| {}).await;
    assert_eq!(place.alder.get(&format!("{next}/stages")).await.ok()["stage"], "Proof");
    for stage in place
        .stages()
        .await
        .iter()
        .skip(1)
        .filter(|stage| stage["retired_at"].is_null())
    {
        let url = format!("/api/v1/stages/{}", stage["id"].as_str().unwrap());
        let etag = place.manager.etag(&url).await;
        place
            .manager
            .post_at(&format!("{url}/retire"), &etag, &json!({}))
            .await
            .ok();
    }
    let etag = place.manager.etag(&proof).await;
    let last = place
        .manager
        .post_at(&format!("{proof}/retire"), &etag, &json!({}))
        .await;
    last.problem(409, "last_stage");
    place
        .alder
        .post("/api/v1/pipeline/stages", &draft)
        .await
        .problem(403, "forbidden");
    let foreign = place.server.login("owner@southgate.example").await;
    foreign
        .post("/api/v1/pipeline/stages", &draft)
        .await
        .problem(422, "invalid_body");
    foreign
        .patch(&proof, "\"v1\"", &json!({"name": "Mine"}))
        .await
        .problem(404, "not_found");
}
