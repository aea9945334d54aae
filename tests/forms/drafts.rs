//! Drafts.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Stage, fields, pointers, publish};
use crate::support::deal_body;

fn missing(draft: &Value) -> Vec<&str> {
    let mut pointers: Vec<&str> = draft["missing"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["pointer"].as_str().unwrap())
        .collect();
    pointers.sort_unstable();
    pointers
}

#[tokio::test]
async fn a_draft_says_what_it_lacks_until_it_can_be_submitted() {
    let stage = Stage::set().await;
    let vendor = stage.scene.northwind;
    publish(&stage.manager, vendor, &fields()).await.ok();
    let body = json!({"customer": {"name": "Acme", "country": "Nowhere"}, "products": [{"name": "Gateway"}]});
    let made = stage.rep.post("/api/v1/deal-drafts", &body).await;
    assert_eq!(
        missing(&made.ok()),
        [
            "/currency",
            "/expected_close",
            "/products/0/quantity",
            "/products/0/unit_amount",
            "/vendor_id"
        ]
    );
    let path = made.header("location");
    let submit = format!("{path}/submit");
    let refused = stage.rep.post_at(&submit, "\"v1\"", &json!({})).await;
    assert_eq!(pointers(&refused).len(), 5);
    let mut whole = deal_body(vendor, "Acme", "acme.example");
    let patch = json!({"vendor_id": vendor, "products": whole["products"], "currency": "EUR"});
    let changed = stage.rep.patch(&path, "\"v1\"", &patch).await.ok();
    assert_eq!(missing(&changed), ["/custom/budget", "/expected_close"]);
    whole.as_object_mut().unwrap().remove("customer");
    let changed = stage.rep.patch(&path, "\"v2\"", &whole).await.ok();
    assert_eq!(missing(&changed), ["/custom/budget", "/customer/country"]);
    let patch = json!({"customer": {"country": "DE"}, "custom": {"budget": "5"}});
    let changed = stage.rep.patch(&path, "\"v3\"", &patch).await.ok();
    assert_eq!(missing(&changed), [""; 0]);
    assert_eq!(changed["content"]["customer"]["name"], "Acme");
    let deal = stage.rep.post_at(&submit, "\"v4\"", &json!({})).await;
    assert_eq!(deal.status.as_u16(), 201);
    assert_eq!(deal.ok()["custom"], json!({"budget": "5"}));
    // Whatever version is named: it is the deal that is there.
    let again = stage.rep.post_at(&submit, "\"v1\"", &json!({})).await;
    assert_eq!((again.status.as_u16(), &again.ok()["id"]), (200, &deal.ok()["id"]));
    let shown = stage.rep.get(&path).await.ok();
    assert_eq!((&shown["deal_id"], &shown["missing"]), (&deal.ok()["id"], &json!([])));
    stage
        .rep
        .patch(&path, "\"v5\"", &json!({"note": "late"}))
        .await
        .problem(409, "draft_submitted");
    stage.rep.delete(&path).await.problem(409, "draft_submitted");
}

#[tokio::test]
async fn a_change_of_a_draft_keeps_what_it_does_not_name() {
    let stage = Stage::set().await;
    let body = json!({"customer": {"name": "Acme", "domain": "acme.example"}, "custom": {"a": "1", "b": "2"}});
    let path = stage.rep.post("/api/v1/deal-drafts", &body).await.header("location");
    for (patch, customer, custom) in [
        (
            json!({"customer": {"country": "DE"}, "custom": {"b": "3", "c": ["4"]}}),
            json!({"name": "Acme", "domain": "acme.example", "country": "DE"}),
            json!({"a": "1", "b": "3", "c": ["4"]}),
        ),
        (
            json!({"customer": {"domain": null}, "custom": {"a": null}}),
            json!({"name": "Acme", "domain": null, "country": "DE"}),
            json!({"b": "3", "c": ["4"]}),
        ),
        (
            json!({"vendor_id": stage.scene.northwind}),
            json!({"name": "Acme", "domain": null, "country": "DE"}),
            json!({"b": "3", "c": ["4"]}),
        ),
        (
            json!({"vendor_id": null, "custom": {"d": "5"}}),
            json!({"name": "Acme", "domain": null, "country": "DE"}),
            json!({"d": "5"}),
        ),
        (json!({"customer": null, "custom": null}), json!(null), json!(null)),
    ] {
        let etag = stage.rep.etag(&path).await;
        let content = stage.rep.patch(&path, &etag, &patch).await.ok()["content"].clone();
        assert_eq!(
            (&content["customer"], &content["custom"]),
            (&customer, &custom),
            "{patch}"
        );
    }
}

#[tokio::test]
async fn a_draft_that_is_submitted_by_many_at_once_makes_one_deal() {
    let stage = Stage::set().await;
    let body = deal_body(stage.scene.northwind, "Acme", "acme.example");
    let path = stage.rep.post("/api/v1/deal-drafts", &body).await.header("location");
    let mut calls = JoinSet::new();
    for _ in 0..6 {
        let (rep, submit) = (stage.rep.clone(), format!("{path}/submit"));
        calls.spawn(async move { rep.post_at(&submit, "\"v1\"", &json!({})).await });
    }
    let answers = calls.join_all().await;
    let made = answers.iter().filter(|answer| answer.status.as_u16() == 201).count();
    let ids: std::collections::BTreeSet<String> = answers.iter().map(|answer| answer.ok()["id"].to_string()).collect();
    assert_eq!((made, ids.len()), (1, 1));
    let deals = stage.rep.get("/api/v1/deals").await.ok();
    assert_eq!(deals["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        stage.heard(&stage.rep, "deal_draft.").await,
        ["deal_draft.created", "deal_draft.submitted"]
    );
    assert_eq!(stage.heard(&stage.manager, "deal_draft.").await, [""; 0]);
}

#[tokio::test]
async fn a_draft_is_the_partners_own() {
    let stage = Stage::set().await;
    let made = stage.rep.post("/api/v1/deal-drafts", &json!({"note": "secret"})).await;
    let path = made.header("location");
    for other in ["sales@birch.example", "sales@cedar.example"] {
        let other = stage.server.login(other).await;
        other.get(&path).await.problem(404, "not_found");
        other.delete(&path).await.problem(404, "not_found");
        assert_eq!(other.get("/api/v1/deal-drafts").await.ok()["items"], json!([]));
    }
    stage.manager.get(&path).await.problem(403, "forbidden");
    let colleague = stage.server.login("admin@alder.example").await;
    assert_eq!(colleague.get(&path).await.ok()["content"]["note"], "secret");
    let list = colleague.get("/api/v1/deal-drafts").await.ok();
    assert_eq!(list["items"][0]["created_by"]["name"], "Alder sales");
    let nul = json!({"custom": {"a": "\u{0}"}});
    assert_eq!(
        pointers(&stage.rep.post("/api/v1/deal-drafts", &nul).await),
        [" control_character"]
    );
    let foreign = json!({"vendor_id": stage.scene.southgate});
    assert_eq!(
        pointers(&stage.rep.post("/api/v1/deal-drafts", &foreign).await),
        ["/vendor_id no_partnership"]
    );
    assert_eq!(colleague.delete(&path).await.status.as_u16(), 204);
    colleague.get(&path).await.problem(404, "not_found");
}
