//! Malformed ids, bodies and queries: each gets an error that says where and why, and changes nothing.

use axum::http::Method;
use serde_json::Value;

use super::{
    OPERATOR, Operation, SIGNED,
    world::{Company, Person, World, call},
};

impl World {
    /// Someone who may do the operation, with their company.
    fn someone_who_may(&self, operation: &Operation) -> (&Person, &Company) {
        if OPERATOR.contains(&operation.id.as_str()) {
            return (&self.operator, &self.northwind);
        }
        let people = [&self.northwind, &self.alder]
            .into_iter()
            .map(|company| (company.leader(), company));
        let able = |(person, _): &(&Person, &Company)| person.may(operation);
        // What both kinds of company have a permission for may still be one side's: a partner accepts or declines.
        let found = if matches!(operation.id.as_str(), "acceptPartnership" | "declinePartnership") {
            people.rev().find(able)
        } else {
            people.clone().find(able)
        };
        found.unwrap_or_else(|| panic!("nobody may {}", operation.id))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_malformed_body_is_named_and_changes_nothing() {
    let world = World::make().await;
    let before = world.snapshot().await;
    let read = |one: &&Operation| one.body.is_some() && !SIGNED.contains(&one.id.as_str());
    for operation in world.operations.iter().filter(read) {
        let (person, company) = world.someone_who_may(operation);
        let path = operation.at(&company.record(operation));
        let send = async |body: &str| call(&person.caller, operation, &path, Some(body.to_owned())).await;
        for broken in ["{", "{\"a\":1,}", "nul", "{} {}", "\u{feff}{}", "[1", "{\"a\" 1}"] {
            let answer = send(broken).await;
            let status = answer.status.as_u16();
            assert!(
                matches!(status, 400 | 422),
                "{} {broken}: {status} {:?}",
                operation.id,
                answer.body
            );
            answer.problem(
                status,
                if status == 400 {
                    "malformed_json"
                } else {
                    "invalid_body"
                },
            );
        }
        for other in ["[]", "null", "\"text\"", "7", "true", "{\"colour\":\"red\"}"] {
            let problem = send(other).await.problem(422, "invalid_body");
            let errors = problem["errors"].as_array().unwrap();
            assert!(
                !errors.is_empty() && errors.iter().all(|error| error["message"].is_string()),
                "{} {other}: {problem}",
                operation.id
            );
        }
        check_unknown_field(operation, &send).await;
        check_positional(operation, &send).await;
        let headers = [("if-match", "\"v1\""), ("content-type", "text/plain")];
        let text = operation.example().unwrap().to_string();
        person
            .caller
            .send(operation.method.clone(), &path, &headers, text)
            .await
            .problem(415, "unsupported_media_type");
        // Within the smallest limit that a body has.
        let deep = "[".repeat(30_000);
        let answer = send(&deep).await;
        assert!(
            matches!(answer.status.as_u16(), 400 | 422),
            "{}: {:?}",
            operation.id,
            answer.status
        );
    }
    world.assert_unchanged(&before).await;
}

/// A field that isn't known is refused by its name, whatever else is there.
async fn check_unknown_field(operation: &Operation, send: &impl AsyncFn(&str) -> crate::support::Answer) {
    let mut body = operation.example().unwrap();
    body["colour"] = "red".into();
    let problem = send(&body.to_string()).await.problem(422, "invalid_body");
    assert_eq!(
        problem["errors"][0]["pointer"], "/colour",
        "{}: {problem}",
        operation.id
    );
    assert_eq!(problem["errors"][0]["code"], "unknown", "{}: {problem}", operation.id);
}

/// An object is not taken in the shape of an array of its values, wherever it stands.
async fn check_positional(operation: &Operation, send: &impl AsyncFn(&str) -> crate::support::Answer) {
    let example = operation.example().unwrap();
    for (name, member) in example.as_object().unwrap() {
        let Some(members) = member.as_object() else { continue };
        let mut body = example.clone();
        body[name] = members.values().cloned().collect();
        let problem = send(&body.to_string()).await.problem(422, "invalid_body");
        assert_eq!(
            problem["errors"][0]["pointer"],
            format!("/{name}"),
            "{}: {problem}",
            operation.id
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_malformed_id_is_404_and_changes_nothing() {
    let world = World::make().await;
    let before = world.snapshot().await;
    let long = format!("deal_{}", "0".repeat(5000));
    let ids = [
        "x",
        "deal_",
        "deal_x",
        "deal_8zzzzzzzzzzzzzzzzzzzzzzzzz",
        "DEAL_01KAQV6R3GF5HT2X0M8C9EZW4N",
        "1",
        "-1",
        "%00",
        "%20",
        "..%2F..",
        "'%20OR%201=1--",
        "%F0%9F%98%80",
        "%FF",
        "null",
        "01890f3e-7b6a-7cc0-98c4-dc0c0c07398f",
        "aud_01kaqv6r3gf5ht2x0m8c9ezw4n",
        &long,
    ];
    for operation in world
        .operations
        .iter()
        .filter(|one| one.scopes.is_some() && one.collection().is_some())
    {
        let (person, _) = world.someone_who_may(operation);
        for id in ids {
            let answer = person
                .call(operation, &operation.at(id), operation.example().as_ref())
                .await;
            assert_eq!(answer.status.as_u16(), 404, "{} {id}: {:?}", operation.id, answer.body);
            answer.problem(404, "not_found");
        }
    }
    world.assert_unchanged(&before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_that_is_unknown_or_malformed_is_400() {
    let world = World::make().await;
    let before = world.snapshot().await;
    let mut lists = 0;
    for operation in world
        .operations
        .iter()
        .filter(|one| one.method == Method::GET && one.scopes.is_some())
    {
        if operation.query().next().is_none() {
            continue;
        }
        let (person, company) = world.someone_who_may(operation);
        let ask = async |query: &str| {
            let path = format!("{}?{query}", operation.at(&company.record(operation)));
            person.call(operation, &path, None).await
        };
        let refused = async |query: &str, code: &str| {
            let answer = ask(query).await;
            assert_eq!(
                answer.status.as_u16(),
                400,
                "{} ?{query}: {:?}",
                operation.id,
                answer.body
            );
            let problem: Value = answer.problem(400, code);
            assert!(problem["detail"].as_str().unwrap().len() > 10, "{problem}");
        };
        // The socket's answer to a request that isn't a handshake comes first.
        if operation.path.ends_with("/live") {
            continue;
        }
        refused("colour=red", "invalid_query").await;
        if operation.has_query("limit") {
            for limit in ["0", "-1", "x", "1000000", "99999999999999999999", "1.5", ""] {
                refused(&format!("limit={limit}"), "invalid_query").await;
            }
            refused("limit=1&limit=2", "invalid_query").await;
        }
        if operation.has_query("cursor") {
            lists += 1;
            refused("cursor=%00", "invalid_query").await;
            for cursor in ["x", "AAAA", &"A".repeat(5000), "eyJhIjoxfQ"] {
                refused(&format!("cursor={cursor}"), "invalid_cursor").await;
            }
        }
        if operation.has_query("since") {
            for since in ["x", "1", "-1-1", "1-", "99999999999999999999-1"] {
                refused(&format!("since={since}"), "invalid_query").await;
            }
        }
    }
    assert!(lists > 5, "{lists}");
    world.assert_unchanged(&before).await;
}
