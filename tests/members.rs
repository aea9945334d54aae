//! Members: roles that hold at once, and organisations that are never without someone to lead them.

use serde_json::{Value, json};

use crate::support::{Answer, Caller, PASSWORD, Scene, Socket, TestServer, join};

/// The membership of the person with this address.
async fn member(caller: &Caller, email: &str) -> String {
    let members = caller.get("/api/v1/members?limit=100").await.ok();
    let members = members["items"].as_array().unwrap();
    let found = members.iter().find(|one| one["user"]["email"] == email).unwrap();
    format!("/api/v1/members/{}", found["id"].as_str().unwrap())
}

async fn set_role(caller: &Caller, path: &str, role: &str) -> Answer {
    let etag = caller.get(path).await.header("etag");
    caller.patch(path, &etag, &json!({"role": role})).await
}

async fn leaders(server: &TestServer, org: guildhall_kernel::OrgId, role: &str) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM membership WHERE org_id = $1 AND role = $2")
        .bind(org)
        .bind(role)
        .fetch_one(&mut server.database.connect().await)
        .await
        .unwrap()
}

#[tokio::test]
async fn another_role_holds_for_the_tokens_that_are_there() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let admin = server.login("admin@alder.example").await;
    let person = server.login("learner@alder.example").await;
    let mut socket = Socket::open(&person).await;
    person.get("/api/v1/deals").await.problem(403, "forbidden");
    let path = member(&admin, "learner@alder.example").await;
    let changed = set_role(&admin, &path, "sales").await.ok();
    assert_eq!(json!([changed["role"], changed["version"]]), json!(["sales", 2]));
    person.get("/api/v1/deals").await.ok();
    let me = person.get("/api/v1/me").await.ok();
    assert_eq!(me["role"], "sales");
    assert!(me["permissions"].as_array().unwrap().contains(&json!("deals:submit")));
    assert_eq!(socket.closed().await, 4003, "what it may hear has changed");
    set_role(&admin, &path, "learner").await.ok();
    person.get("/api/v1/deals").await.problem(403, "forbidden");
}

#[tokio::test]
async fn a_removed_member_is_out_at_once_and_stays_in_elsewhere() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let (alder, birch) = (
        server.login("admin@alder.example").await,
        server.login("admin@birch.example").await,
    );
    join(&server, &birch, "admin@alder.example", "sales").await;
    join(&server, &birch, "sales@alder.example", "sales").await;
    let log_in = async |organisation| {
        let body = json!({"email": "sales@alder.example", "password": PASSWORD, "organisation_id": organisation});
        server.anonymous().post("/api/v1/auth/login", &body).await.ok()
    };
    let (there, elsewhere) = (log_in(scene.alder).await, log_in(scene.birch).await);
    let caller = |signed_in: &Value| server.with_token(signed_in["access_token"].as_str().unwrap());
    let (person, at_birch) = (caller(&there), caller(&elsewhere));
    let mut socket = Socket::open(&person).await;
    let ticket = person.post("/api/v1/live/tickets", &json!({})).await.ok();
    person.get("/api/v1/deals").await.ok();

    let path = member(&alder, "sales@alder.example").await;
    assert_eq!(alder.delete(&path).await.status.as_u16(), 204);
    person.get("/api/v1/deals").await.problem(401, "unauthenticated");
    person.get("/api/v1/me").await.problem(401, "unauthenticated");
    at_birch.get("/api/v1/deals").await.ok();
    assert_eq!(socket.closed().await, 4003);
    let path_with_ticket = format!("/api/v1/live?ticket={}", ticket["ticket"].as_str().unwrap());
    let refused = Socket::try_open(server.address, &path_with_ticket, None).await;
    assert_eq!(refused.err(), Some(401), "nor does a ticket of before let in");

    let body = json!({"refresh_token": there["refresh_token"]});
    let refreshed = server.anonymous().post("/api/v1/auth/refresh", &body).await.ok();
    assert_eq!(refreshed["organisation"], json!(null));
    let nowhere = caller(&refreshed);
    nowhere.get("/api/v1/deals").await.problem(403, "no_organisation");
    let back = json!({"organisation_id": scene.alder});
    nowhere
        .post("/api/v1/auth/switch-org", &back)
        .await
        .problem(404, "not_found");
    alder.get(&path).await.problem(404, "not_found");
    alder.delete(&path).await.problem(404, "not_found");
}

#[tokio::test]
async fn members_of_another_organisation_are_not_there() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let owner = server.login("owner@northwind.example").await;
    let path = member(&owner, "viewer@northwind.example").await;
    for stranger in ["owner@southgate.example", "admin@alder.example"] {
        let stranger = server.login(stranger).await;
        stranger.get(&path).await.problem(404, "not_found");
        stranger.delete(&path).await.problem(404, "not_found");
        let change = json!({"role": "admin"});
        stranger.patch(&path, "\"v1\"", &change).await.problem(404, "not_found");
    }
    assert_eq!(owner.get(&path).await.ok()["role"], "viewer");
}

#[tokio::test]
async fn only_an_owner_touches_owners() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let admin = server.login("admin@northwind.example").await;
    let owner = member(&admin, "owner@northwind.example").await;
    let viewer = member(&admin, "viewer@northwind.example").await;
    admin.delete(&owner).await.problem(403, "forbidden");
    set_role(&admin, &owner, "viewer").await.problem(403, "forbidden");
    set_role(&admin, &viewer, "owner").await.problem(403, "forbidden");
    let unknown = set_role(&admin, &viewer, "sales").await.problem(422, "invalid_body");
    assert_eq!(unknown["errors"][0]["pointer"], "/role");
    let manager = server.login("channel_manager@northwind.example").await;
    set_role(&manager, &viewer, "content").await.problem(403, "forbidden");
    manager.delete(&viewer).await.problem(403, "forbidden");
}

#[tokio::test]
async fn the_last_leader_stays() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    for (org, leader, role, email, other) in [
        (
            scene.northwind,
            "owner@northwind.example",
            "owner",
            "admin@northwind.example",
            "viewer",
        ),
        (
            scene.alder,
            "admin@alder.example",
            "admin",
            "sales@alder.example",
            "learner",
        ),
    ] {
        let caller = server.login(leader).await;
        let own = member(&caller, leader).await;
        set_role(&caller, &own, other).await.problem(409, "last_leader");
        caller.delete(&own).await.problem(409, "last_leader");
        let second = member(&caller, email).await;
        set_role(&caller, &second, role).await.ok();
        // One whose account is suspended can lead nobody.
        let mut db = server.database.connect().await;
        let set_status = "UPDATE user_account SET status = $2 WHERE email = $1";
        for (status, refused) in [("suspended", true), ("active", false)] {
            sqlx::query(set_status)
                .bind(email)
                .bind(status)
                .execute(&mut db)
                .await
                .unwrap();
            let answer = caller.delete(&own).await;
            assert_eq!(answer.status.as_u16(), if refused { 409 } else { 204 }, "{answer:?}");
        }
        assert_eq!(leaders(&server, org, role).await, 1);
    }
}

#[tokio::test]
async fn of_two_leaders_who_go_for_each_other_at_the_same_instant_one_stays() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    for (round, (org, name, role, colleague, lesser)) in [
        (scene.northwind, "northwind", "owner", "admin", "viewer"),
        (scene.southgate, "southgate", "owner", "admin", "viewer"),
        (scene.alder, "alder", "admin", "sales", "learner"),
        (scene.birch, "birch", "admin", "sales", "learner"),
        (scene.cedar, "cedar", "admin", "sales", "learner"),
    ]
    .into_iter()
    .enumerate()
    {
        let emails = [format!("{role}@{name}.example"), format!("{colleague}@{name}.example")];
        let first = server.login(&emails[0]).await;
        let paths = [member(&first, &emails[0]).await, member(&first, &emails[1]).await];
        set_role(&first, &paths[1], role).await.ok();
        let second = server.login(&emails[1]).await;
        let etags = [first.etag(&paths[0]).await, first.etag(&paths[1]).await];
        let change = json!({"role": lesser});
        // Removals, demotions, and one of each.
        let answers = match round % 3 {
            0 => <[Answer; 2]>::from(tokio::join!(first.delete(&paths[1]), second.delete(&paths[0]))),
            1 => <[Answer; 2]>::from(tokio::join!(
                first.patch(&paths[1], &etags[1], &change),
                second.patch(&paths[0], &etags[0], &change)
            )),
            _ => <[Answer; 2]>::from(tokio::join!(
                first.delete(&paths[1]),
                second.patch(&paths[0], &etags[0], &change)
            )),
        };
        let done = answers.iter().filter(|answer| answer.status.is_success()).count();
        assert_eq!(done, 1, "{name} {answers:?}");
        let lost = answers.iter().find(|answer| !answer.status.is_success()).unwrap();
        assert!(lost.status.is_client_error(), "{name} {lost:?}");
        assert_eq!(leaders(&server, org, role).await, 1, "{name}");
    }
}
