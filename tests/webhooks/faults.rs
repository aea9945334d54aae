//! What is wrong with an endpoint, all of it at once.

use serde_json::{Value, json};

use super::{ENDPOINTS, Play, Receiver, make};
use crate::support::{Answer, Scene, TestServer};

fn faults(answer: &Answer) -> Vec<String> {
    let problem = answer.problem(422, "invalid_body");
    let text = |error: &Value| format!("{} {}", error["pointer"], error["code"]).replace('"', "");
    let mut faults: Vec<String> = problem["errors"].as_array().unwrap().iter().map(text).collect();
    faults.sort();
    faults
}

#[tokio::test]
async fn a_new_endpoint_and_a_change_are_told_everything_that_is_wrong() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let owner = server.login("owner@northwind.example").await;
    let wrong = json!({"url": "https://10.0.0.1/", "kinds": ["deal.won", "deal.painted"], "topics": ["account"], "description": ""});
    let all = [
        "/description length",
        "/kinds/1 unknown",
        "/topics/0 unknown",
        "/url refused_address",
    ];
    assert_eq!(faults(&owner.post(ENDPOINTS, &wrong).await), all);

    let body = json!({"url": "https://hooks.example.com/", "kinds": ["deal.won"]});
    let made = owner.post(ENDPOINTS, &body).await;
    let path = made.header("location");
    let patch = async |change: Value| owner.patch(&path, "\"v1\"", &change).await;
    assert_eq!(faults(&patch(wrong).await), all);
    for (change, named) in [
        (json!({"url": "http://127.0.0.1/"}), &["/url refused_address"][..]),
        (json!({"kinds": ["deal.painted"]}), &["/kinds/0 unknown"]),
        (json!({"kinds": []}), &["/kinds missing"]),
        (json!({"url": null, "kinds": null}), &["/kinds null", "/url null"]),
        (
            json!({"url": "x", "topics": ["crm", "crm"], "enabled": null}),
            &["/enabled null", "/topics/1 repeated", "/url url"],
        ),
    ] {
        assert_eq!(faults(&patch(change).await), named);
    }
    assert_eq!(owner.get(&path).await.ok(), made.ok()["endpoint"]);
    patch(json!({"url": "https://hooks.example.com/2", "kinds": ["deal.lost"]}))
        .await
        .ok();
}

#[tokio::test]
async fn more_is_not_sent_to_an_address_that_is_not_called_any_more() {
    let play = Play::set().await;
    let receiver = Receiver::start().await;
    let endpoint = make(&play.owner, &receiver, &["deal.submitted"], &[]).await;
    let database = play.server.stop().await;
    let server = TestServer::builder().on(&database).start().await;
    let owner = server.login("owner@northwind.example").await;
    let more = owner
        .patch(&endpoint.path, "\"v1\"", &json!({"topics": ["deals"]}))
        .await;
    assert_eq!(faults(&more), ["/url refused_address"]);
    let off = json!({"enabled": false, "description": "Old"});
    owner.patch(&endpoint.path, "\"v1\"", &off).await.ok();
}
