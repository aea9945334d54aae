//! Comments and mentions.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Stage, pointers};
use crate::support::TestServer;

fn bodies(list: &Value) -> Vec<&Value> {
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["body"])
        .collect()
}

#[tokio::test]
async fn what_one_side_says_among_itself_the_other_never_sees() {
    let stage = Stage::set().await;
    let deal = stage.deal("acme").await;
    let there = format!("{deal}/comments");
    let say = async |caller: &crate::support::Caller, body: &str, internal: bool| {
        let comment = json!({"body": body, "internal": internal});
        caller.post(&there, &comment).await.ok()
    };
    say(&stage.rep, "open word", false).await;
    say(&stage.rep, "partner secret", true).await;
    let secret = say(&stage.manager, "vendor secret", true).await;
    assert_eq!(
        bodies(&stage.rep.get(&there).await.ok()),
        [&json!("open word"), &json!("partner secret")]
    );
    assert_eq!(
        bodies(&stage.manager.get(&there).await.ok()),
        [&json!("open word"), &json!("vendor secret")]
    );
    assert_eq!(stage.heard(&stage.rep, "deal.comm").await.len(), 2);
    assert_eq!(stage.heard(&stage.manager, "deal.comm").await.len(), 2);
    for path in [format!("{deal}/history"), "/api/v1/events?since=0-0".to_owned()] {
        let text = stage.rep.get(&path).await.ok().to_string();
        assert!(
            !text.contains("vendor secret") && !text.contains(secret["id"].as_str().unwrap()),
            "{path}"
        );
    }
    let path = format!("/api/v1/deal-comments/{}", secret["id"].as_str().unwrap());
    stage.rep.delete(&path).await.problem(404, "not_found");
    let viewer = stage.server.login("viewer@northwind.example").await;
    assert_eq!(bodies(&viewer.get(&there).await.ok()).len(), 2);
    let comment = json!({"body": "me too"});
    viewer.post(&there, &comment).await.problem(403, "forbidden");
    let rival = stage.server.login("sales@birch.example").await;
    rival.post(&there, &comment).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_mention_reaches_those_alone_who_may_read_the_comment() {
    let stage = Stage::set().await;
    let there = format!("{}/comments", stage.deal("acme").await);
    let manager = stage.user("channel_manager@northwind.example").await;
    let colleague = stage.user("finance@alder.example").await;
    let (learner, rival) = (
        stage.user("learner@alder.example").await,
        stage.user("sales@birch.example").await,
    );
    let comment = json!({"body": "@all", "mentions": [manager, learner, rival, colleague]});
    assert_eq!(
        pointers(&stage.rep.post(&there, &comment).await),
        ["/mentions/1 unknown_person", "/mentions/2 unknown_person"]
    );
    let internal = json!({"body": "@manager", "internal": true, "mentions": [manager]});
    assert_eq!(
        pointers(&stage.rep.post(&there, &internal).await),
        ["/mentions/0 unknown_person"]
    );
    let comment = json!({"body": "@manager @colleague", "mentions": [manager, manager, colleague]});
    let posted = stage.rep.post(&there, &comment).await;
    assert_eq!(posted.ok()["mentions"].as_array().unwrap().len(), 2);
    let finance = stage.server.login("finance@alder.example").await;
    let owner = stage.server.login("owner@northwind.example").await;
    for (caller, times) in [(&stage.manager, 1), (&finance, 1), (&owner, 0), (&stage.rep, 0)] {
        assert_eq!(stage.heard(caller, "deal.mentioned").await.len(), times);
    }
    // Only who is new hears of a change.
    let me = stage.user("owner@northwind.example").await;
    let change = json!({"body": "@manager @owner", "mentions": [manager, me]});
    let path = posted.header("location");
    stage.rep.patch(&path, "\"v1\"", &change).await.ok();
    for (caller, times) in [(&stage.manager, 1), (&owner, 1)] {
        assert_eq!(stage.heard(caller, "deal.mentioned").await.len(), times);
    }
}

#[tokio::test]
async fn who_can_be_named_is_listed_with_their_side() {
    let stage = Stage::set().await;
    let path = format!("{}/people", stage.deal("acme").await);
    let names = async |caller: &crate::support::Caller| {
        let list = caller.get(&path).await.ok();
        let people = list["items"].as_array().unwrap().iter();
        let mut names: Vec<String> = people.map(|one| one["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(
        names(&stage.rep).await,
        [
            "Alder admin",
            "Alder finance",
            "Alder sales",
            "Alder technical",
            "Northwind admin",
            "Northwind channel_manager",
            "Northwind owner",
        ]
    );
    assert_eq!(
        names(&stage.manager).await,
        [
            "Alder admin",
            "Alder sales",
            "Northwind admin",
            "Northwind channel_manager",
            "Northwind finance",
            "Northwind owner",
            "Northwind viewer",
        ]
    );
}

#[tokio::test]
async fn its_author_has_a_quarter_of_an_hour_for_second_thoughts() {
    let server = TestServer::builder().manual_clock().start().await;
    let stage = Stage::on(server).await;
    let deal = stage.deal("acme").await;
    let there = format!("{deal}/comments");
    let post = async |body: &str| {
        let comment = json!({"body": body});
        stage.server.clock.advance(TimeDelta::seconds(1));
        stage.rep.post(&there, &comment).await.header("location")
    };
    let (one, other, late) = (post("one").await, post("other").await, post("late").await);
    let words = json!({"body": "better"});
    let changed = stage.rep.patch(&one, "\"v1\"", &words).await;
    assert_eq!(changed.ok()["body"], "better");
    assert!(changed.ok()["edited_at"].is_string());
    stage
        .rep
        .patch(&one, "\"v1\"", &words)
        .await
        .problem(412, "stale_version");
    stage
        .manager
        .patch(&one, "\"v2\"", &words)
        .await
        .problem(403, "forbidden");
    stage.manager.delete(&one).await.problem(403, "forbidden");
    let admin = stage.server.login("admin@alder.example").await;
    admin.delete(&one).await.problem(403, "forbidden");
    assert_eq!(stage.rep.delete(&other).await.status.as_u16(), 204);
    stage.rep.delete(&other).await.problem(409, "comment_fixed");
    let list = stage.manager.get(&there).await.ok();
    assert_eq!(bodies(&list), [&json!("better"), &Value::Null, &json!("late")]);
    let history = stage.manager.get(&format!("{deal}/history")).await.ok();
    let said: Vec<&Value> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["said"])
        .collect();
    assert_eq!(said, [&json!("late"), &Value::Null, &json!("better"), &Value::Null]);
    stage.server.clock.advance(TimeDelta::minutes(16));
    let rep = stage.server.login("sales@alder.example").await;
    rep.patch(&late, "\"v1\"", &words).await.problem(409, "comment_fixed");
    rep.delete(&late).await.problem(409, "comment_fixed");
}
