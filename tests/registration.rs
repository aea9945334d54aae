//! From a stranger to an account: registering, the link by mail, and what strangers learn of others.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Answer, Mailbox, PASSWORD, Scene, TestServer, accept, invite};

const CHOSEN: &str = "correct horse battery staple";

/// What someone new sends; their company too, when it has a name.
fn form(email: &str, password: &str, company: Option<&str>) -> Value {
    let mut form = json!({"email": email, "password": password, "name": "Jane Doe"});
    if let Some(name) = company {
        form["organisation"] = json!({"kind": "partner", "name": name, "country": "DE"});
    }
    form
}

async fn register(server: &TestServer, email: &str, password: &str) -> Answer {
    server
        .anonymous()
        .post("/api/v1/auth/register", &form(email, password, None))
        .await
}

async fn verify(server: &TestServer, token: &str) -> Answer {
    server
        .anonymous()
        .post("/api/v1/auth/verify-email", &json!({"token": token}))
        .await
}

async fn resend(server: &TestServer, email: &str) -> Answer {
    server
        .anonymous()
        .post("/api/v1/auth/verify-email/resend", &json!({"email": email}))
        .await
}

/// Where the first fault is, and of which kind.
fn fault(answer: &Answer) -> (String, String) {
    let problem = answer.problem(422, "invalid_body");
    let fault = &problem["errors"][0];
    let text = |name: &str| fault[name].as_str().unwrap().to_owned();
    (text("pointer"), text("code"))
}

#[tokio::test]
async fn a_company_registers_confirms_its_address_and_works() {
    let server = TestServer::start().await;
    let sent = form("Jane@Newpartner.example", CHOSEN, Some("Newpartner GmbH"));
    let answer = server.anonymous().post("/api/v1/auth/register", &sent).await;
    assert_eq!(answer.status.as_u16(), 202, "{answer:?}");
    let email = "jane@newpartner.example";
    server.try_login(email, CHOSEN).await.problem(403, "email_not_verified");
    server
        .try_login(email, "not the password")
        .await
        .problem(401, "wrong_credentials");

    let mut mailbox = Mailbox::of(email);
    let token = mailbox.letter(&server).await.token();
    assert_eq!(verify(&server, &token).await.status.as_u16(), 204);
    let in_ = server.try_login(email, CHOSEN).await.ok();
    assert_eq!(
        json!([
            in_["user"]["name"],
            in_["organisation"]["name"],
            in_["organisation"]["kind"],
            in_["organisation"]["role"]
        ]),
        json!(["Jane Doe", "Newpartner GmbH", "partner", "admin"])
    );
    let jane = server.with_token(in_["access_token"].as_str().unwrap());
    assert_eq!(jane.get("/api/v1/me").await.ok()["user"]["email_verified"], true);
    assert_eq!(jane.get("/api/v1/organisation").await.ok()["name"], "Newpartner GmbH");

    verify(&server, &token).await.problem(410, "link_expired");
    assert!(mailbox.letters(&server).await.is_empty());
}

#[tokio::test]
async fn a_link_is_good_for_a_day_and_only_as_it_was_sent() {
    let server = TestServer::builder().manual_clock().start().await;
    let (mut early, mut late) = (Mailbox::of("early@new.example"), Mailbox::of("late@new.example"));
    register(&server, &early.address, CHOSEN).await.ok();
    register(&server, &late.address, CHOSEN).await.ok();
    let (early_token, late_token) = (early.letter(&server).await.token(), late.letter(&server).await.token());

    let tail = if early_token.ends_with('A') { 'B' } else { 'A' };
    let changed = format!("{}{tail}", &early_token[..early_token.len() - 1]);
    for no_link in [&changed, &early_token[1..], &early_token.to_lowercase()] {
        verify(&server, no_link).await.problem(410, "link_expired");
    }
    let as_reset = json!({"token": early_token, "new_password": "lantern orbit velvet kayak"});
    let reset = "/api/v1/auth/password-reset/confirm";
    server
        .anonymous()
        .post(reset, &as_reset)
        .await
        .problem(410, "link_expired");

    server.clock.advance(TimeDelta::hours(24) - TimeDelta::seconds(1));
    assert_eq!(verify(&server, &early_token).await.status.as_u16(), 204);
    server.try_login(&early.address, CHOSEN).await.ok();
    server.clock.advance(TimeDelta::seconds(1));
    verify(&server, &late_token).await.problem(410, "link_expired");
    server
        .try_login(&late.address, CHOSEN)
        .await
        .problem(403, "email_not_verified");

    resend(&server, &late.address).await.ok();
    let fresh = late.letter(&server).await.token();
    assert_eq!(verify(&server, &fresh).await.status.as_u16(), 204);
    server.try_login(&late.address, CHOSEN).await.ok();
}

#[tokio::test]
async fn a_second_letter_leaves_the_first_ones_link_good() {
    let server = TestServer::start().await;
    let mut mailbox = Mailbox::of("patient@new.example");
    register(&server, &mailbox.address, CHOSEN).await.ok();
    let first = mailbox.letter(&server).await.token();
    resend(&server, &mailbox.address).await.ok();
    let second = mailbox.letter(&server).await.token();
    assert_ne!(first, second);
    assert_eq!(verify(&server, &first).await.status.as_u16(), 204);
    server.try_login(&mailbox.address, CHOSEN).await.ok();
    resend(&server, &mailbox.address).await.ok();
    let letter = mailbox.letter(&server).await;
    assert_eq!(letter.subject, "You already have a Guildhall account");
    assert!(!letter.body.contains("#token="), "{}", letter.body);
}

#[tokio::test]
async fn one_link_followed_many_times_at_once_confirms_once() {
    let server = TestServer::start().await;
    let mut mailbox = Mailbox::of("eager@new.example");
    register(&server, &mailbox.address, CHOSEN).await.ok();
    let token = mailbox.letter(&server).await.token();
    let mut calls = JoinSet::new();
    for _ in 0..8 {
        let (anyone, body) = (server.anonymous(), json!({"token": token}));
        calls.spawn(async move { anyone.post("/api/v1/auth/verify-email", &body).await.status.as_u16() });
    }
    let mut answers = calls.join_all().await;
    answers.sort_unstable();
    assert_eq!(answers, [204, 410, 410, 410, 410, 410, 410, 410]);
    let confirmed: i64 = sqlx::query_scalar("SELECT count(*) FROM event WHERE kind = 'user.email_verified'")
        .fetch_one(&mut server.database.connect().await)
        .await
        .unwrap();
    assert_eq!(confirmed, 1);
}

/// An answer without what differs between any two: status, headers, body.
fn essence(answer: &Answer) -> (u16, BTreeMap<String, String>, Value) {
    let mut headers = BTreeMap::new();
    for (name, value) in &answer.headers {
        if !matches!(name.as_str(), "x-request-id" | "date") {
            headers.insert(name.to_string(), value.to_str().unwrap().to_owned());
        }
    }
    (answer.status.as_u16(), headers, answer.json())
}

#[tokio::test]
async fn strangers_do_not_learn_who_has_an_account() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let (known, waiting, unknown) = ("sales@alder.example", "waiting@new.example", "nobody@new.example");
    register(&server, waiting, CHOSEN).await.ok();
    let mut boxes = [known, waiting, unknown].map(Mailbox::of);
    boxes[1].letter(&server).await;
    // Registering comes last: it makes the unknown one known.
    for path in ["verify-email/resend", "password-reset", "register"] {
        let mut calls = JoinSet::new();
        for mailbox in &boxes {
            let body = match path {
                "register" => form(&mailbox.address, "lantern orbit velvet kayak", Some("Other GmbH")),
                _ => json!({"email": mailbox.address}),
            };
            let (anyone, path) = (server.anonymous(), format!("/api/v1/auth/{path}"));
            calls.spawn(async move { anyone.post(&path, &body).await });
        }
        let answers: Vec<_> = calls.join_all().await.iter().map(essence).collect();
        assert_eq!(answers[0].0, 202, "{path}");
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{path} {answers:?}");
        for mailbox in &mut boxes {
            mailbox.letter(&server).await;
        }
    }
    server.try_login(known, PASSWORD).await.ok();
    let organisation = server.login(known).await.get("/api/v1/me").await.ok();
    assert_eq!(organisation["memberships"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn whoever_registers_a_foreign_address_never_gets_in() {
    let server = TestServer::start().await;
    let mut mailbox = Mailbox::of("victim@new.example");
    register(&server, &mailbox.address, "the password of mallory")
        .await
        .ok();
    let first = mailbox.letter(&server).await.token();
    register(&server, &mailbox.address, CHOSEN).await.ok();
    let second = mailbox.letter(&server).await.token();
    verify(&server, &first).await.problem(410, "link_expired");
    verify(&server, &second).await.problem(410, "link_expired");
    let body = json!({"token": second, "new_password": "lantern orbit velvet kayak"});
    let reset = server
        .anonymous()
        .post("/api/v1/auth/password-reset/confirm", &body)
        .await;
    assert_eq!(reset.status.as_u16(), 204, "{reset:?}");
    for password in ["the password of mallory", CHOSEN] {
        server
            .try_login(&mailbox.address, password)
            .await
            .problem(401, "wrong_credentials");
    }
    server
        .try_login(&mailbox.address, "lantern orbit velvet kayak")
        .await
        .ok();
}

#[tokio::test]
async fn a_form_with_faults_is_refused_and_each_is_named() {
    let server = TestServer::start().await;
    let anyone = server.anonymous();
    for (password, code) in [
        ("nine char", "length"),
        (&"ab".repeat(65), "length"),
        ("Password1234", "common"),
        ("zzzzzzzzzzzz", "common"),
        (guildhall::demo::PASSWORD, "common"),
        ("my jane.doe 77", "contains_email"),
    ] {
        let refused = register(&server, "Jane.Doe@new.example", password).await;
        assert_eq!(fault(&refused), ("/password".into(), code.into()), "{password}");
    }
    for (pointer, value) in [
        ("/email", json!("jane at new")),
        ("/name", json!(" ")),
        ("/organisation/kind", json!("vendor")),
        ("/organisation/country", json!("Germany")),
    ] {
        let mut body = form("jane@new.example", CHOSEN, Some("New GmbH"));
        *body.pointer_mut(pointer).unwrap() = value;
        let refused = anyone.post("/api/v1/auth/register", &body).await;
        assert_eq!(fault(&refused).0, pointer);
    }
    assert!(Mailbox::of("jane@new.example").letters(&server).await.is_empty());
    server
        .try_login("jane@new.example", CHOSEN)
        .await
        .problem(401, "wrong_credentials");
}

#[tokio::test]
async fn where_registration_is_closed_invitations_still_let_people_in() {
    let builder = TestServer::builder().config(|config| config.auth.open_registration = false);
    let server = builder.start().await;
    Scene::set(&server).await;
    let mut mailbox = Mailbox::of("jane@alder.example");
    register(&server, &mailbox.address, CHOSEN)
        .await
        .problem(403, "registration_closed");
    assert!(mailbox.letters(&server).await.is_empty());
    let admin = server.login("admin@alder.example").await;
    invite(&admin, &mailbox.address, "sales").await.ok();
    let token = mailbox.letter(&server).await.token();
    accept(&server, &token, Some(CHOSEN)).await.ok();
    server.try_login(&mailbox.address, CHOSEN).await.ok();
}
