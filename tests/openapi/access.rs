//! Who gets in: nobody without credentials, and with them only who has the right.

use guildhall_spine::access::{OrgKind, Permission};
use serde_json::{Value, json};

use super::{
    OPERATOR, PUBLIC,
    world::{Company, Person, World, call, unknown_like},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_credentials_everything_is_401_but_what_is_public() {
    let world = World::make().await;
    let open: Vec<&str> = world
        .operations
        .iter()
        .filter(|one| one.scopes.is_none())
        .map(|one| one.id.as_str())
        .collect();
    let mut expected = PUBLIC.to_vec();
    expected.sort_unstable();
    let mut open = open;
    open.sort_unstable();
    assert_eq!(open, expected, "the operations without credentials");
    let before = world.snapshot().await;
    let nobody = world.server.anonymous();
    let ended = world
        .server
        .with_token("ghk_4vJ9tq1cQm0m3bXwJt0y5n8Jm2sZ5r1pWc7kq0F3d9E");
    let forged = world
        .server
        .with_token(&forged(world.northwind.leader().caller.token.as_deref().unwrap()));
    for operation in world.operations.iter().filter(|one| one.scopes.is_some()) {
        let path = operation.at(&world.northwind.record(operation));
        for (who, caller) in [
            ("nobody", &nobody),
            ("an unknown key", &ended),
            ("a forged token", &forged),
        ] {
            for body in [operation.example().map(|body| body.to_string()), None] {
                let answer = call(caller, operation, &path, body).await;
                assert_eq!(
                    answer.status.as_u16(),
                    401,
                    "{} by {who}: {:?}",
                    operation.id,
                    answer.body
                );
                answer.problem(401, "unauthenticated");
                assert_eq!(answer.header("www-authenticate"), "Bearer", "{}", operation.id);
            }
        }
    }
    world.assert_unchanged(&before).await;
}

/// The token with other claims and the signature of before.
fn forged(token: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let parts: Vec<&str> = token.split('.').collect();
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    claims["exp"] = json!(claims["exp"].as_i64().unwrap() + 1);
    format!(
        "{}.{}.{}",
        parts[0],
        URL_SAFE_NO_PAD.encode(claims.to_string()),
        parts[2]
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_role_may_do_what_the_matrix_says_and_nothing_else() {
    let world = World::make().await;
    let before = world.snapshot().await;
    let mut refused = 0;
    for company in [&world.northwind, &world.alder] {
        for person in company.people.values() {
            refused += walk(&world, company, person).await;
        }
    }
    assert!(refused > 100, "{refused}");
    world.assert_unchanged(&before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_key_may_do_what_its_scopes_say_and_nothing_else() {
    let world = World::make().await;
    let mut keys = Vec::new();
    for company in [&world.northwind, &world.alder] {
        let all = &company.people["key"].scopes;
        for scope in all {
            let rest: Vec<String> = all.iter().filter(|one| *one != scope).cloned().collect();
            for scopes in [vec![scope.clone()], rest] {
                // A vendor's owner can't give what only partners have, and the other way round.
                let made = company
                    .leader()
                    .caller
                    .post("/api/v1/api-keys", &json!({"name": scope, "scopes": scopes}))
                    .await
                    .ok();
                let caller = world.server.with_token(made["secret"].as_str().unwrap());
                keys.push((
                    company,
                    Person {
                        name: format!("key of {} with {scopes:?}", company.name),
                        caller,
                        scopes,
                    },
                ));
            }
        }
    }
    let before = world.snapshot().await;
    let mut refused = 0;
    for (company, key) in &keys {
        refused += walk(&world, company, key).await;
    }
    assert!(refused > 100, "{refused}");
    world.assert_unchanged(&before).await;
}

/// Tries every operation that needs a right: with the company's own records and a good body where the person has no
/// right, and with nothing good where they have, so that only the right decides. Returns how many were refused.
async fn walk(world: &World, company: &Company, person: &Person) -> usize {
    let mut refused = 0;
    let needing = |scopes: &Option<Vec<String>>| scopes.as_ref().is_some_and(|scopes| !scopes.is_empty());
    for operation in world.operations.iter().filter(|one| needing(&one.scopes)) {
        let own = company.record(operation);
        if person.may(operation) {
            let body = operation.body.is_some().then(|| "[]".to_owned());
            let answer = call(&person.caller, operation, &operation.at(&unknown_like(&own)), body).await;
            let status = answer.status.as_u16();
            let fine = if operation.reads() {
                // A partner has to say whose: then it is let in, and told so.
                matches!(status, 200 | 404) || answer.json()["code"] == "invalid_query"
            } else {
                matches!(status, 404 | 422)
            };
            assert!(fine, "{} by {}: {status} {:?}", operation.id, person.name, answer.body);
        } else {
            let answer = person
                .call(operation, &operation.at(&own), operation.example().as_ref())
                .await;
            assert_eq!(
                answer.status.as_u16(),
                403,
                "{} by {}: {:?}",
                operation.id,
                person.name,
                answer.body
            );
            answer.problem(403, "forbidden");
            refused += 1;
        }
    }
    refused
}

#[tokio::test]
async fn only_an_operator_runs_the_platform() {
    let world = World::make().await;
    let before = world.snapshot().await;
    let operations = || {
        world
            .operations
            .iter()
            .filter(|one| OPERATOR.contains(&one.id.as_str()))
    };
    assert_eq!(operations().count(), OPERATOR.len());
    for operation in operations() {
        for person in world.northwind.people.values().chain(world.alder.people.values()) {
            let path = operation.at(&world.northwind.record(operation));
            let answer = person.call(operation, &path, operation.example().as_ref()).await;
            answer.problem(403, "forbidden");
        }
    }
    world.assert_unchanged(&before).await;
    for operation in operations() {
        let path = operation.at(&world.northwind.record(operation));
        world
            .operator
            .call(operation, &path, operation.example().as_ref())
            .await
            .ok();
    }
}

#[tokio::test]
async fn the_operator_has_no_rights_in_a_company() {
    let world = World::make().await;
    for operation in world
        .operations
        .iter()
        .filter(|one| one.scopes.as_ref().is_some_and(|scopes| !scopes.is_empty()))
    {
        let answer = world
            .operator
            .call(
                operation,
                &operation.at(&world.northwind.record(operation)),
                operation.example().as_ref(),
            )
            .await;
        answer.problem(403, "no_organisation");
    }
}

#[test]
fn every_permission_guards_an_operation() {
    let document = serde_json::to_value(guildhall::api::openapi()).unwrap();
    let text = document["paths"].to_string();
    for permission in Permission::ALL {
        assert!(
            text.contains(&format!("\"{}\"", permission.scope())),
            "{} guards nothing",
            permission.scope()
        );
        let kinds = [OrgKind::Vendor, OrgKind::Partner].map(|kind| permission.applies_to(kind));
        assert!(kinds.contains(&true), "{}", permission.scope());
    }
}
