//! Partnerships: how a partner comes into a vendor's program, what its standing there allows, and who sees it.

use serde_json::{Value, json};

use crate::support::{Answer, Caller, Mailbox, PASSWORD, Scene, TestServer, accept, deal_body, until};

const PARTNERSHIPS: &str = "/api/v1/partnerships";

fn path(partnership: &Value) -> String {
    format!("{PARTNERSHIPS}/{}", partnership["id"].as_str().unwrap())
}

/// The partnership of the caller's with the company of this name.
async fn with(caller: &Caller, name: &str) -> String {
    let list = caller.get(PARTNERSHIPS).await.ok();
    let items = list["items"].as_array().unwrap();
    let theirs = |one: &&Value| one["partner"]["name"] == name || one["vendor"]["name"] == name;
    path(
        items
            .iter()
            .find(theirs)
            .unwrap_or_else(|| panic!("{name} is not in {list}")),
    )
}

async fn change(caller: &Caller, path: &str, change: &Value) -> Answer {
    let etag = caller.etag(path).await;
    caller.patch(path, &etag, change).await
}

async fn reply(caller: &Caller, path: &str, act: &str) -> Answer {
    let etag = caller.get(path).await.header("etag");
    caller.post_at(&format!("{path}/{act}"), &etag, &json!({})).await
}

#[tokio::test]
async fn a_company_that_is_new_here_is_a_partner_once_its_admin_follows_the_link() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let manager = server.login("channel_manager@northwind.example").await;
    let mut mailbox = Mailbox::of("jane@newpartner.example");
    let company = json!({"name": "Newpartner GmbH", "country": "DE", "admin_email": mailbox.address});
    let invited = manager
        .post(PARTNERSHIPS, &json!({"partner": company, "tier": "silver"}))
        .await;
    assert_eq!(
        (invited.status.as_u16(), invited.header("etag")),
        (201, "\"v1\"".to_owned())
    );
    let path = invited.header("location");
    let invited = invited.json();
    assert_eq!(
        json!([invited["status"], invited["tier"]]),
        json!(["invited", "silver"])
    );
    let early = change(&manager, &path, &json!({"status": "active"})).await;
    early.problem(409, "illegal_move");

    let letter = mailbox.letter(&server).await;
    assert_eq!(letter.subject, "Northwind invites you to Guildhall");
    accept(&server, &letter.token(), Some("correct horse battery staple"))
        .await
        .ok();
    assert_eq!(manager.get(&path).await.ok()["status"], "active");
    let signed_in = server
        .try_login(&mailbox.address, "correct horse battery staple")
        .await
        .ok();
    let jane = server.with_token(signed_in["access_token"].as_str().unwrap());
    assert_eq!(jane.get(&path).await.ok()["vendor"]["name"], "Northwind");
    let deal = deal_body(scene.northwind, "Acme", "acme.example");
    let deal = jane.post("/api/v1/deals", &deal).await.header("location");
    manager.get(&deal).await.ok();
}

#[tokio::test]
async fn a_new_company_that_is_invited_twice_at_once_is_made_once() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let manager = server.login("channel_manager@northwind.example").await;
    let company = json!({"partner": {"name": "Once GmbH", "country": "DE", "admin_email": "Ada@once.example"}});
    let (one, other) = tokio::join!(
        manager.post(PARTNERSHIPS, &company),
        manager.post(PARTNERSHIPS, &company)
    );
    let (made, refused) = if one.status == 201 { (one, other) } else { (other, one) };
    let refused = refused.problem(409, "already_exists");
    assert_eq!(refused["partnership_id"], made.ok()["id"]);
    let token = Mailbox::of("ada@once.example").letter(&server).await.token();
    change(&manager, &made.header("location"), &json!({"status": "ended"}))
        .await
        .ok();
    let late = accept(&server, &token, Some("correct horse battery staple")).await;
    late.problem(410, "link_expired");
    let southgate = server.login("channel_manager@southgate.example").await;
    assert_eq!(
        southgate.post(PARTNERSHIPS, &company).await.status,
        201,
        "another vendor's program"
    );
}

#[tokio::test]
async fn a_partner_that_is_here_answers_for_itself() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let manager = server.login("channel_manager@northwind.example").await;
    let (admin, sales) = (
        server.login("admin@cedar.example").await,
        server.login("sales@cedar.example").await,
    );
    let deal = deal_body(scene.northwind, "Acme", "acme.example");
    let outside = sales.post("/api/v1/deals", &deal).await.problem(422, "invalid_body");
    assert_eq!(
        (&outside["errors"][0]["pointer"], &outside["errors"][0]["code"]),
        (&json!("/vendor_id"), &json!("no_partnership"))
    );
    let invite = async || manager.post(PARTNERSHIPS, &json!({"partner_id": scene.cedar})).await;
    let path = invite().await.header("location");
    invite().await.problem(409, "already_exists");
    let letter = Mailbox::of("admin@cedar.example").letter(&server).await;
    assert_eq!(letter.subject, "Northwind invites Cedar to its partner program");
    assert!(Mailbox::of("sales@cedar.example").letters(&server).await.is_empty());
    sales.post("/api/v1/deals", &deal).await.problem(422, "invalid_body");

    let accept = format!("{path}/accept");
    let none = json!({});
    sales.post_at(&accept, "\"v1\"", &none).await.problem(403, "forbidden");
    let owner = server.login("owner@northwind.example").await;
    owner.post_at(&accept, "\"v1\"", &none).await.problem(403, "forbidden");
    admin.post(&accept, &none).await.problem(428, "precondition_required");
    admin
        .post_at(&accept, "\"v9\"", &none)
        .await
        .problem(412, "stale_version");
    let accepted = admin.post_at(&accept, "\"v1\"", &none).await.ok();
    assert_eq!(json!([accepted["status"], accepted["version"]]), json!(["active", 2]));
    reply(&admin, &path, "accept").await.problem(409, "illegal_move");
    reply(&admin, &path, "decline").await.problem(409, "illegal_move");
    assert_eq!(sales.post("/api/v1/deals", &deal).await.status.as_u16(), 201);
}

#[tokio::test]
async fn a_partner_that_declined_or_left_can_be_invited_anew() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let manager = server.login("channel_manager@northwind.example").await;
    let admin = server.login("admin@cedar.example").await;
    let mut earlier = None;
    for act in ["decline", "accept"] {
        let invited = manager.post(PARTNERSHIPS, &json!({"partner_id": scene.cedar})).await;
        let path = invited.header("location");
        assert_eq!(invited.ok()["status"], "invited");
        assert!(
            earlier.is_none_or(|before| before == path),
            "it is the same partnership"
        );
        let answered = reply(&admin, &path, act).await.ok();
        assert_eq!(answered["status"], if act == "decline" { "ended" } else { "active" });
        earlier = Some(path);
    }
    let path = earlier.unwrap();
    change(&manager, &path, &json!({"status": "ended"})).await.ok();
    change(&manager, &path, &json!({"status": "active"}))
        .await
        .problem(409, "illegal_move");
    let unknown = json!({"partner_id": scene.southgate});
    let refused = manager.post(PARTNERSHIPS, &unknown).await.problem(422, "invalid_body");
    assert_eq!(refused["errors"][0]["pointer"], "/partner_id", "a vendor is no partner");
}

#[tokio::test]
async fn a_suspended_partner_registers_nothing_and_wins_nothing() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let manager = server.login("channel_manager@northwind.example").await;
    let sales = server.login("sales@alder.example").await;
    let submit = async |number: usize| {
        let domain = format!("customer{number}.example");
        let body = deal_body(scene.northwind, &format!("Customer {number}"), &domain);
        sales.post("/api/v1/deals", &body).await
    };
    let deal = submit(1).await.header("location");
    let path = with(&manager, "Alder").await;
    change(&manager, &path, &json!({"status": "suspended"})).await.ok();
    let refused = submit(2).await.problem(422, "invalid_body");
    assert_eq!(refused["errors"][0]["pointer"], "/vendor_id");
    reply(&manager, &deal, "approve")
        .await
        .problem(409, "partnership_not_active");
    let etag = sales.get(&deal).await.header("etag");
    sales
        .patch(&deal, &etag, &json!({"note": "More of it."}))
        .await
        .problem(409, "partnership_not_active");
    assert_eq!(sales.get(&deal).await.ok()["status"], "submitted");
    let birch = server.login("sales@birch.example").await;
    let body = deal_body(scene.northwind, "Third", "third.example");
    assert_eq!(birch.post("/api/v1/deals", &body).await.status.as_u16(), 201);

    change(&manager, &path, &json!({"status": "active"})).await.ok();
    assert_eq!(submit(2).await.status.as_u16(), 201);
    assert_eq!(reply(&manager, &deal, "approve").await.ok()["status"], "approved");
}

#[tokio::test]
async fn a_suspension_waits_for_what_is_being_granted() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let manager = server.login("channel_manager@northwind.example").await;
    let sales = server.login("sales@alder.example").await;
    let path = with(&manager, "Alder").await;
    let since = manager.get("/api/v1/events").await.ok()["position"].clone();
    // Registering stops where the deal is written, after the partnership was looked at.
    let mut gate = server.database.connect().await;
    sqlx::raw_sql("BEGIN; LOCK TABLE deal IN EXCLUSIVE MODE")
        .execute(&mut gate)
        .await
        .unwrap();
    let waiting = async |wanted: i64| {
        let mut db = server.database.connect().await;
        let waiters =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        until("a request waits for a lock", async || {
            let waits: i64 = sqlx::query_scalar(waiters).fetch_one(&mut db).await.unwrap();
            (waits == wanted).then_some(())
        })
        .await;
    };
    let body = deal_body(scene.northwind, "Acme", "acme.example");
    let registering = tokio::spawn(async move { sales.post("/api/v1/deals", &body).await });
    waiting(1).await;
    let (vendor, place) = (manager.clone(), path.clone());
    let suspending = tokio::spawn(async move { change(&vendor, &place, &json!({"status": "suspended"})).await });
    waiting(2).await;
    sqlx::raw_sql("COMMIT").execute(&mut gate).await.unwrap();
    assert_eq!(registering.await.unwrap().status, 201);
    suspending.await.unwrap().ok();
    let told = format!("/api/v1/events?since={}", since.as_str().unwrap());
    let kinds = until("both are told", async || {
        let items = manager.get(&told).await.ok()["items"].as_array().unwrap().clone();
        // A log-in from before can become final after the position was taken.
        let kinds = items.iter().map(|event| event["kind"].clone());
        let kinds: Vec<Value> = kinds.filter(|kind| kind != "session.started").collect();
        kinds.contains(&json!("partnership.changed")).then_some(kinds)
    })
    .await;
    assert_eq!(kinds, ["deal.submitted", "partnership.changed"]);
}

#[tokio::test]
async fn the_vendor_sets_tier_and_account_manager_at_the_current_version() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let manager = server.login("channel_manager@northwind.example").await;
    let path = with(&manager, "Alder").await;
    let gold = json!({"tier": "gold"});
    for who in [
        "viewer@northwind.example",
        "finance@northwind.example",
        "admin@alder.example",
    ] {
        let caller = server.login(who).await;
        assert_eq!(caller.etag(&path).await, "\"v1\"", "{who}");
        caller.patch(&path, "\"v1\"", &gold).await.problem(403, "forbidden");
    }
    let headers = [("content-type", "application/json")];
    let bare = manager
        .send(axum::http::Method::PATCH, &path, &headers, gold.to_string())
        .await;
    bare.problem(428, "precondition_required");
    let silver = json!({"tier": "silver"});
    let both = tokio::join!(
        manager.patch(&path, "\"v1\"", &gold),
        manager.patch(&path, "\"v1\"", &silver)
    );
    let (won, lost) = if both.0.status.is_success() {
        both
    } else {
        (both.1, both.0)
    };
    lost.problem(412, "stale_version");
    let tier = won.ok()["tier"].clone();
    let seen = server.login("admin@alder.example").await.get(&path).await.ok();
    assert_eq!((&seen["tier"], &seen["version"]), (&tier, &json!(2)));
    let malformed = change(&manager, &path, &json!({"tier": "diamond"})).await;
    assert_eq!(malformed.problem(422, "invalid_body")["errors"][0]["pointer"], "/tier");

    let user = async |email: &str| {
        let me = server.login(email).await.get("/api/v1/me").await.ok();
        me["user"]["id"].clone()
    };
    for stranger in ["owner@southgate.example", "admin@alder.example"] {
        let by = json!({"account_manager_id": user(stranger).await});
        let refused = change(&manager, &path, &by).await.problem(422, "invalid_body");
        assert_eq!(refused["errors"][0]["pointer"], "/account_manager_id");
    }
    let finance = user("finance@northwind.example").await;
    let set = change(&manager, &path, &json!({"account_manager_id": finance}))
        .await
        .ok();
    assert_eq!(
        json!([set["account_manager"]["name"], set["tier"]]),
        json!(["Northwind finance", tier])
    );
    let mut db = server.database.connect().await;
    let leave = "DELETE FROM membership m USING user_account u
                 WHERE u.id = m.user_id AND u.email = 'finance@northwind.example' AND m.org_id = $1";
    sqlx::query(leave).bind(scene.northwind).execute(&mut db).await.unwrap();
    assert_eq!(
        manager.get(&path).await.ok()["account_manager"],
        json!(null),
        "who left manages nothing"
    );
}

#[tokio::test]
async fn a_partnership_is_there_for_its_two_sides_alone() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let owner = server.login("owner@northwind.example").await;
    let path = with(&owner, "Alder").await;
    let invited = owner.post(PARTNERSHIPS, &json!({"partner_id": scene.cedar})).await.ok();
    for stranger in ["owner@southgate.example", "admin@birch.example"] {
        let stranger = server.login(stranger).await;
        for record in [&path, &self::path(&invited)] {
            stranger.get(record).await.problem(404, "not_found");
            for act in ["accept", "decline"] {
                let answer = stranger.post_at(&format!("{record}/{act}"), "\"v1\"", &json!({})).await;
                answer.problem(404, "not_found");
            }
        }
        let names = stranger.get(PARTNERSHIPS).await.ok();
        assert_eq!(names["items"].as_array().unwrap().len(), 1);
        assert!(!names.to_string().contains("Alder"), "{names}");
    }
    let other = server.login("owner@southgate.example").await;
    let gold = json!({"tier": "gold"});
    other.patch(&path, "\"v1\"", &gold).await.problem(404, "not_found");
    let signed_in = server.try_login("admin@alder.example", PASSWORD).await.ok();
    let alder = server.with_token(signed_in["access_token"].as_str().unwrap());
    assert_eq!(alder.get(PARTNERSHIPS).await.ok()["items"].as_array().unwrap().len(), 1);
    assert_eq!(owner.get(&path).await.ok()["tier"], "registered");
}
