//! Another tenant's ids: in the path, the query, the body and on the socket, they are ids of nothing.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    OPERATOR, Operation,
    world::{Company, Person, World, essence, unknown_id, unknown_like},
};
use crate::support::{PASSWORD, Socket};

impl World {
    /// Whose records are tried by whom.
    fn strangers(&self, operation: &Operation) -> Vec<(&Company, &Company)> {
        let Self {
            northwind,
            alder,
            birch,
            southgate,
            cedar,
            ..
        } = self;
        let mut pairs = vec![
            (northwind, southgate),
            (northwind, cedar),
            (northwind, birch),
            (southgate, alder),
        ];
        // A program with its form and its terms, a vendor's active products and published plans are for all its partners.
        let for_partners = ["deal-forms", "deal-policies", "products", "programs", "plans"];
        if operation.collection().is_some_and(|name| for_partners.contains(&name)) {
            pairs.retain(|(_, attacker)| attacker.name != "birch");
        }
        // These are of both sides, or one record stands for both; the rest is a company's own.
        let shared = [
            "deals",
            "leads",
            "partnerships",
            "deal-forms",
            "deal-comments",
            "deal-attachments",
            "deal-amendments",
            "products",
            "price-lists",
            "programs",
            "stages",
            "deal-policies",
            "extensions",
            "releases",
            "conflict-cases",
            "direct-accounts",
            "approval-delegations",
            "co-sells",
            "plan-tasks",
            "credit-agreements",
            "plans",
            "sales",
            "earnings",
            "disputes",
            "claims",
            "funds",
            "fund-reservations",
            "payouts",
            "statements",
        ];
        if !operation.collection().is_some_and(|name| shared.contains(&name)) {
            pairs.extend([(northwind, alder), (alder, northwind), (alder, birch), (alder, cedar)]);
        }
        pairs
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anothers_id_in_the_path_is_404() {
    let world = World::make().await;
    let before = world.snapshot().await;
    let mut tried = BTreeMap::new();
    for operation in world
        .operations
        .iter()
        .filter(|one| one.scopes.is_some() && one.collection().is_some())
    {
        for (victim, attacker) in world.strangers(operation) {
            let path = operation.at(&victim.record(operation));
            let unknown = operation.at(&unknown_like(&victim.record(operation)));
            for person in attacker.tryers(operation) {
                let answer = person.call(operation, &path, operation.example().as_ref()).await;
                let other = person.call(operation, &unknown, operation.example().as_ref()).await;
                let place = format!("{} of {} by {}", operation.id, victim.name, person.name);
                assert_eq!(essence(&answer, ""), essence(&other, ""), "{place}");
                // An API key is nobody, and has no sessions to look for.
                let keyless = operation.collection() == Some("sessions") && person.name.starts_with("key@");
                if person.may(operation) && !keyless {
                    answer.problem(404, "not_found");
                    *tried.entry(operation.id.clone()).or_insert(0) += 1;
                } else {
                    assert!(
                        matches!(answer.status.as_u16(), 403 | 404),
                        "{place}: {:?}",
                        answer.body
                    );
                }
            }
        }
        let possible = !OPERATOR.contains(&operation.id.as_str());
        assert_eq!(
            tried.contains_key(&operation.id),
            possible,
            "{}: who may do it was tried",
            operation.id
        );
    }
    assert!(tried.len() > 12, "{tried:?}");
    world.assert_unchanged(&before).await;
}

#[tokio::test]
async fn a_session_is_its_users_alone() {
    let world = World::make().await;
    let path = format!("/api/v1/auth/sessions/{}", world.northwind.record_of_kind("ses"));
    for (role, person) in world
        .northwind
        .people
        .iter()
        .filter(|(role, _)| !matches!(**role, "owner" | "key"))
    {
        let answer = person.caller.delete(&path).await;
        assert_eq!(answer.status.as_u16(), 404, "{role}");
    }
    assert_eq!(world.northwind.leader().caller.delete(&path).await.status.as_u16(), 204);
}

/// A body in which `pointer` is `id`, and which is good otherwise.
fn body_with(operation: &Operation, pointer: &str, id: &str) -> Value {
    let mut body = match operation.id.as_str() {
        // Its example is the other way of naming the partner.
        "createPartnership" => json!({}),
        _ => operation.example().unwrap(),
    };
    let mut parts = pointer[1..].split('/').peekable();
    let mut place = &mut body;
    while let Some(part) = parts.next() {
        place = match (part.parse::<usize>(), place) {
            (Ok(_), Value::Array(items)) => {
                items.resize(1, Value::Null);
                if parts.peek().is_some() && items[0].is_null() {
                    items[0] = json!({});
                }
                &mut items[0]
            }
            (_, place) => {
                let empty = if parts.peek().is_some_and(|next| next.parse::<usize>().is_ok()) {
                    json!([])
                } else if parts.peek().is_some() {
                    json!({})
                } else {
                    Value::Null
                };
                let object = place.as_object_mut().unwrap_or_else(|| panic!("{pointer}"));
                object.entry(part).or_insert(empty)
            }
        };
    }
    *place = id.into();
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anothers_id_in_the_body_is_that_of_nothing() {
    let world = World::make().await;
    let before = world.snapshot().await;
    let mut tried = Vec::new();
    for operation in world.operations.iter().filter(|one| one.scopes.is_some()) {
        for (pointer, prefix) in world.document.ids(&operation.schema) {
            for (victim, attacker) in [
                (&world.northwind, &world.southgate),
                (&world.northwind, &world.cedar),
                (&world.alder, &world.southgate),
            ] {
                // By the id that it gave away itself, a partner can be invited to any program.
                if operation.id == "createPartnership" && victim.name == "alder" {
                    continue;
                }
                // What stands in a draft is looked at when it is submitted.
                if operation.id.ends_with("DealDraft") && pointer != "/vendor_id" {
                    continue;
                }
                let (theirs, nothing) = (victim.record_of_kind(&prefix), unknown_id(&prefix));
                for person in attacker
                    .tryers(operation)
                    .into_iter()
                    .filter(|person| person.may(operation))
                {
                    let path = operation.at(&attacker.record(operation));
                    let answer = person
                        .call(operation, &path, Some(&body_with(operation, &pointer, &theirs)))
                        .await;
                    let other = person
                        .call(operation, &path, Some(&body_with(operation, &pointer, &nothing)))
                        .await;
                    let place = format!(
                        "{} {pointer} of {} by {}: {:?}",
                        operation.id, victim.name, person.name, answer.body
                    );
                    assert_eq!(essence(&answer, &theirs), essence(&other, &nothing), "{place}");
                    assert!((400..500).contains(&answer.status.as_u16()), "{place}");
                    if matches!(answer.status.as_u16(), 404 | 422) {
                        tried.push(format!("{} {pointer}", operation.id));
                    }
                }
            }
        }
    }
    world.assert_unchanged(&before).await;
    tried.sort();
    tried.dedup();
    for id in [
        "submitDeal /vendor_id",
        "changePartnership /account_manager_id",
        "createPartnership /partner_id",
        "switchOrg /organisation_id",
    ] {
        assert!(tried.contains(&id.to_owned()), "{id}: {tried:?}");
    }
}

#[tokio::test]
async fn a_log_in_to_anothers_company_is_one_to_nothing() {
    let world = World::make().await;
    let login = async |organisation: &str| {
        let body = json!({"email": "sales@cedar.example", "password": PASSWORD, "organisation_id": organisation});
        world.server.anonymous().post("/api/v1/auth/login", &body).await
    };
    let (theirs, nothing) = (world.northwind.org.to_string(), unknown_id("org"));
    let (answer, other) = (login(&theirs).await, login(&nothing).await);
    assert_eq!(essence(&answer, &theirs), essence(&other, &nothing));
    assert!(matches!(answer.status.as_u16(), 404 | 422), "{:?}", answer.body);
    login(&world.cedar.org.to_string()).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ones_own_id_in_the_same_body_is_taken() {
    let world = World::make().await;
    let own = async |person: &Person, company: &Company, name: &str, pointer: &str, id: &str| {
        let operation = world.operations.iter().find(|one| one.id == name).unwrap();
        let path = operation.at(&company.record(operation));
        person
            .call(operation, &path, Some(&body_with(operation, pointer, id)))
            .await
            .ok();
    };
    let (vendor, partner) = (&world.southgate, &world.cedar);
    own(
        &partner.people["sales"],
        partner,
        "submitDeal",
        "/vendor_id",
        &vendor.org.to_string(),
    )
    .await;
    let manager = &vendor.people["channel_manager"];
    own(
        manager,
        vendor,
        "changePartnership",
        "/account_manager_id",
        &vendor.record_of_kind("user"),
    )
    .await;
    own(
        manager,
        vendor,
        "createPartnership",
        "/partner_id",
        &world.birch.org.to_string(),
    )
    .await;
    own(
        vendor.leader(),
        vendor,
        "switchOrg",
        "/organisation_id",
        &vendor.org.to_string(),
    )
    .await;
}

/// The prefix of the id that an optional parameter's description gives as an example.
fn example_prefix(parameter: &Value) -> Option<String> {
    let quoted = parameter["description"].as_str()?.split('`').skip(1).step_by(2);
    let mut prefixes = quoted.filter_map(guildhall_kernel::parse_id_text);
    prefixes.next().map(|(prefix, _)| prefix)
}

#[tokio::test]
async fn anothers_id_in_the_query_is_that_of_nothing() {
    let world = World::make().await;
    let before = world.snapshot().await;
    let mut tried = Vec::new();
    for operation in &world.operations {
        for parameter in operation.query() {
            let Some(prefix) = world
                .document
                .id_prefix(&parameter["schema"])
                .or_else(|| example_prefix(parameter))
            else {
                continue;
            };
            let name = parameter["name"].as_str().unwrap();
            for (victim, attacker) in [
                (&world.northwind, &world.southgate),
                (&world.northwind, &world.cedar),
                (&world.alder, &world.southgate),
            ] {
                let (theirs, nothing) = (victim.record_of_kind(&prefix), unknown_id(&prefix));
                for person in attacker.people.values().filter(|person| person.may(operation)) {
                    let ask = async |id: &str| {
                        let path = format!("{}?{name}={id}", operation.at(&attacker.record(operation)));
                        person.call(operation, &path, None).await
                    };
                    let (answer, other) = (ask(&theirs).await, ask(&nothing).await);
                    let place = format!("{} {name} of {} by {}", operation.id, victim.name, person.name);
                    // A file has the same rows as its list.
                    if answer.status.is_success() && answer.header("content-type").starts_with("application/json") {
                        assert_eq!(
                            (&answer.json()["items"], &other.json()["items"]),
                            (&json!([]), &json!([])),
                            "{place}"
                        );
                    } else {
                        assert_eq!(essence(&answer, &theirs), essence(&other, &nothing), "{place}");
                    }
                    tried.push(format!("{} {name}", operation.id));
                }
            }
        }
    }
    world.assert_unchanged(&before).await;
    for id in ["listDeals vendor_id", "listDeals partner_id", "listAudit subject"] {
        assert!(tried.contains(&id.to_owned()), "{id}: {tried:?}");
    }
}

#[tokio::test]
async fn anothers_id_in_a_subscription_is_that_of_nothing() {
    let world = World::make().await;
    let before = world.snapshot().await;
    for (victim, attacker) in [
        (&world.northwind, &world.southgate),
        (&world.northwind, &world.cedar),
        (&world.alder, &world.birch),
    ] {
        let mut socket = Socket::open(&attacker.leader().caller).await;
        for (kind, prefix) in [
            ("deal", "deal"),
            ("partnership", "psp"),
            ("organisation", "org"),
            ("user", "user"),
        ] {
            let mut refused = Vec::new();
            let nothing = unknown_id(prefix);
            for (name, id) in [("a", victim.record_of_kind(prefix)), ("b", nothing)] {
                socket
                    .send(&json!({"type": "subscribe", "id": name, "channel": format!("{kind}:{id}")}))
                    .await;
                let mut frame = socket.next().await;
                assert_eq!(
                    (&frame["type"], &frame["id"]),
                    (&json!("error"), &json!(name)),
                    "{kind} of {}: {frame}",
                    victim.name
                );
                frame.as_object_mut().unwrap().remove("id");
                refused.push(frame.to_string().replace(&id, "<id>"));
            }
            assert_eq!(refused[0], refused[1], "{kind} of {}", victim.name);
        }
    }
    let mut socket = Socket::open(&world.southgate.leader().caller).await;
    let own = world.southgate.record_of_kind("deal");
    socket
        .send(&json!({"type": "subscribe", "id": "own", "channel": format!("deal:{own}")}))
        .await;
    assert_eq!(socket.next().await["type"], "subscribed");
    world.assert_unchanged(&before).await;
}
