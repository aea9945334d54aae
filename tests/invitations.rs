//! Invitations: who may send them, what their links are worth, and to whom.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Answer, Caller, Mailbox, PASSWORD, Scene, TestServer, accept, invite};

const CHOSEN: &str = "correct horse battery staple";

async fn status(leader: &Caller, invitation: &Value) -> Value {
    let list = leader.get("/api/v1/invitations?limit=100").await.ok();
    let items = list["items"].as_array().unwrap();
    let found = items.iter().find(|one| one["id"] == invitation["id"]);
    found.unwrap_or_else(|| panic!("not in {list}"))["status"].clone()
}

async fn revoke(leader: &Caller, invitation: &Value) -> Answer {
    let id = invitation["id"].as_str().unwrap();
    leader.delete(&format!("/api/v1/invitations/{id}")).await
}

#[tokio::test]
async fn someone_new_is_invited_and_works_in_the_role() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let owner = server.login("owner@northwind.example").await;
    let mut mailbox = Mailbox::of("nova@northwind.example");
    let sent = invite(&owner, "Nova@Northwind.example", "channel_manager").await;
    assert_eq!(sent.status.as_u16(), 201);
    let invitation = sent.json();
    assert_eq!(status(&owner, &invitation).await, "pending");
    let letter = mailbox.letter(&server).await;
    assert_eq!(letter.subject, "Northwind invites you to Guildhall");
    assert!(letter.body.contains("as channel manager."), "{}", letter.body);
    let token = letter.token();
    assert!(!sent.json().to_string().contains(&token));

    let bare = accept(&server, &token, None).await.problem(422, "invalid_body");
    assert_eq!(
        json!([bare["errors"][0]["pointer"], bare["errors"][1]["pointer"]]),
        json!(["/name", "/password"])
    );
    let weak = accept(&server, &token, Some("password123")).await;
    assert_eq!(weak.problem(422, "invalid_body")["errors"][0]["pointer"], "/password");
    let accepted = accept(&server, &token, Some(CHOSEN)).await.ok();
    assert_eq!(
        accepted,
        json!({"organisation": {"id": scene.northwind, "name": "Northwind"}, "kind": "vendor",
               "role": "channel_manager", "email": "nova@northwind.example"})
    );
    let signed_in = server.try_login("nova@northwind.example", CHOSEN).await.ok();
    assert_eq!(signed_in["organisation"]["role"], "channel_manager");
    let nova = server.with_token(signed_in["access_token"].as_str().unwrap());
    nova.get("/api/v1/deals").await.ok();

    assert_eq!(status(&owner, &invitation).await, "accepted");
    accept(&server, &token, Some(CHOSEN)).await.problem(410, "link_expired");
    revoke(&owner, &invitation).await.problem(409, "illegal_move");
    invite(&owner, "nova@northwind.example", "viewer")
        .await
        .problem(409, "already_exists");
}

#[tokio::test]
async fn someone_with_an_account_joins_and_keeps_name_and_password() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let admin = server.login("admin@birch.example").await;
    let mut mailbox = Mailbox::of("sales@alder.example");
    invite(&admin, &mailbox.address, "learner").await.ok();
    let token = mailbox.letter(&server).await.token();
    accept(&server, &token, Some("the password of mallory")).await.ok();
    server
        .try_login(&mailbox.address, "the password of mallory")
        .await
        .problem(401, "wrong_credentials");
    let me = server.login(&mailbox.address).await.get("/api/v1/me").await.ok();
    assert_eq!(me["user"]["name"], "Alder sales");
    let seats: Vec<_> = me["memberships"].as_array().unwrap().iter().collect();
    assert_eq!(
        json!([seats[0]["role"], seats[1]["organisation"]["id"], seats[1]["role"]]),
        json!(["sales", scene.birch, "learner"])
    );
    let login = json!({"email": mailbox.address, "password": PASSWORD, "organisation_id": scene.birch});
    let signed_in = server.anonymous().post("/api/v1/auth/login", &login).await.ok();
    assert_eq!(signed_in["organisation"]["role"], "learner");
}

#[tokio::test]
async fn an_account_that_was_never_confirmed_belongs_to_whoever_has_the_mailbox() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let mut mailbox = Mailbox::of("victim@alder.example");
    let mallory = json!({"email": mailbox.address, "password": "the password of mallory", "name": "Mallory"});
    server.anonymous().post("/api/v1/auth/register", &mallory).await.ok();
    let confirm = mailbox.letter(&server).await.token();
    let admin = server.login("admin@alder.example").await;
    invite(&admin, &mailbox.address, "sales").await.ok();
    let token = mailbox.letter(&server).await.token();
    accept(&server, &token, None).await.problem(422, "invalid_body");
    accept(&server, &token, Some(CHOSEN)).await.ok();
    server
        .try_login(&mailbox.address, "the password of mallory")
        .await
        .problem(401, "wrong_credentials");
    let signed_in = server.try_login(&mailbox.address, CHOSEN).await.ok();
    assert_eq!(signed_in["user"]["name"], "Nova Newcomer");
    let verify = "/api/v1/auth/verify-email";
    server
        .anonymous()
        .post(verify, &json!({"token": confirm}))
        .await
        .problem(410, "link_expired");
}

#[tokio::test]
async fn a_revoked_or_old_link_is_worth_nothing_and_makes_way_for_another() {
    let server = TestServer::builder().manual_clock().start().await;
    Scene::set(&server).await;
    let admin = server.login("admin@alder.example").await;
    let mut boxes = ["revoked@alder.example", "late@alder.example", "prompt@alder.example"].map(Mailbox::of);
    let mut sent = Vec::new();
    for mailbox in &mut boxes {
        let invitation = invite(&admin, &mailbox.address, "sales").await.ok();
        invite(&admin, &mailbox.address, "finance")
            .await
            .problem(409, "already_exists");
        sent.push((invitation, mailbox.letter(&server).await.token()));
    }
    for _ in 0..2 {
        assert_eq!(revoke(&admin, &sent[0].0).await.status.as_u16(), 204);
    }
    assert_eq!(status(&admin, &sent[0].0).await, "revoked");
    accept(&server, &sent[0].1, Some(CHOSEN))
        .await
        .problem(410, "link_expired");

    server.clock.advance(TimeDelta::days(7) - TimeDelta::seconds(1));
    accept(&server, &sent[2].1, Some(CHOSEN)).await.ok();
    server.clock.advance(TimeDelta::seconds(1));
    accept(&server, &sent[1].1, Some(CHOSEN))
        .await
        .problem(410, "link_expired");
    let admin = server.login("admin@alder.example").await;
    assert_eq!(status(&admin, &sent[1].0).await, "expired");

    for mailbox in &mut boxes[..2] {
        invite(&admin, &mailbox.address, "sales").await.ok();
        let token = mailbox.letter(&server).await.token();
        accept(&server, &token, Some(CHOSEN)).await.ok();
        server.try_login(&mailbox.address, CHOSEN).await.ok();
    }
    assert_eq!(status(&admin, &sent[0].0).await, "revoked");
    assert_eq!(status(&admin, &sent[1].0).await, "expired");
}

#[tokio::test]
async fn of_many_who_accept_at_once_one_gets_in() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let admin = server.login("admin@alder.example").await;
    for (round, known) in [false, true].into_iter().enumerate() {
        let address = ["rush@alder.example", "sales@birch.example"][round];
        let mut mailbox = Mailbox::of(address);
        invite(&admin, address, "sales").await.ok();
        let token = mailbox.letter(&server).await.token();
        let mut calls = JoinSet::new();
        for number in 0..8 {
            let password = format!("{CHOSEN} {number}");
            let body = json!({"token": token, "name": "Rush", "password": password});
            let anyone = server.anonymous();
            calls.spawn(async move { (anyone.post("/api/v1/invitations/accept", &body).await, password) });
        }
        let mut won = Vec::new();
        for (answer, password) in calls.join_all().await {
            if answer.status.is_success() {
                won.push(password);
            } else {
                answer.problem(410, "link_expired");
            }
        }
        assert_eq!(won.len(), 1, "{address}");
        let password = if known { PASSWORD } else { &won[0] };
        server.try_login(address, password).await.ok();
        let members = admin.get("/api/v1/members?limit=100").await.ok();
        let members = members["items"].as_array().unwrap();
        let seats = members.iter().filter(|one| one["user"]["email"] == address).count();
        assert_eq!(seats, 1, "{address}");
    }
}

#[tokio::test]
async fn a_link_taken_back_while_it_is_followed_either_held_or_did_not() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let admin = server.login("admin@alder.example").await;
    for round in 0..6 {
        let mut mailbox = Mailbox::of(&format!("swift{round}@alder.example"));
        let invitation = invite(&admin, &mailbox.address, "sales").await.ok();
        let token = mailbox.letter(&server).await.token();
        let (accepted, revoked) = tokio::join!(accept(&server, &token, Some(CHOSEN)), revoke(&admin, &invitation));
        let in_ = server.try_login(&mailbox.address, CHOSEN).await;
        match accepted.status.as_u16() {
            200 => {
                revoked.problem(409, "illegal_move");
                in_.ok();
            }
            _ => {
                accepted.problem(410, "link_expired");
                assert_eq!(revoked.status.as_u16(), 204);
                in_.problem(401, "wrong_credentials");
            }
        }
    }
}

#[tokio::test]
async fn who_may_invite_whom() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    for (inviter, role, status, code) in [
        ("owner@northwind.example", "owner", 201, ""),
        ("owner@northwind.example", "sales", 422, "invalid_body"),
        ("admin@northwind.example", "owner", 403, "forbidden"),
        ("admin@northwind.example", "admin", 201, ""),
        ("channel_manager@northwind.example", "viewer", 403, "forbidden"),
        ("viewer@northwind.example", "viewer", 403, "forbidden"),
        ("admin@alder.example", "admin", 201, ""),
        ("admin@alder.example", "owner", 422, "invalid_body"),
        ("admin@alder.example", "channel_manager", 422, "invalid_body"),
        ("sales@alder.example", "learner", 403, "forbidden"),
    ] {
        let email = format!("new-{role}-{}", inviter.replace('@', "-at-")) + "@new.example";
        let answer = invite(&server.login(inviter).await, &email, role).await;
        assert_eq!(answer.status.as_u16(), status, "{inviter} {role} {answer:?}");
        if status != 201 {
            let problem = answer.problem(status, code);
            assert!(status != 422 || problem["errors"][0]["pointer"] == "/role", "{problem}");
            assert!(Mailbox::of(&email).letters(&server).await.is_empty(), "{email}");
        }
    }
    // Whoever sees the members sees the invitations.
    let manager = server.login("channel_manager@northwind.example").await;
    let seen = manager.get("/api/v1/invitations").await.ok();
    assert_eq!(seen["items"].as_array().unwrap().len(), 2);
    let viewer = server.login("viewer@northwind.example").await;
    viewer.get("/api/v1/invitations").await.problem(403, "forbidden");
}

#[tokio::test]
async fn an_invitation_of_another_organisation_is_not_there() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let owner = server.login("owner@northwind.example").await;
    let mut mailbox = Mailbox::of("nova@northwind.example");
    let invitation = invite(&owner, &mailbox.address, "viewer").await.ok();
    for stranger in ["owner@southgate.example", "admin@alder.example"] {
        let stranger = server.login(stranger).await;
        revoke(&stranger, &invitation).await.problem(404, "not_found");
        let list = stranger.get("/api/v1/invitations").await.ok();
        assert_eq!(list["items"], json!([]));
    }
    let token = mailbox.letter(&server).await.token();
    accept(&server, &token, Some(CHOSEN)).await.ok();
}
