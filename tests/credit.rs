//! Who gets the credit for a deal.

use guildhall_kernel::{DealId, OrgId};
use guildhall_sell::api::{ShareDraft, credit_of, set_by_decision};
use serde_json::{Value, json};

use crate::support::{Answer, Caller, Scene, TestServer, audited, deal_body, until};

struct Play {
    server: TestServer,
    scene: Scene,
    vendor: Caller,
    alder: Caller,
    birch: Caller,
    /// The address of an approved deal of Alder's.
    deal: String,
}

async fn play() -> Play {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let vendor = server.login("channel_manager@northwind.example").await;
    let alder = server.login("sales@alder.example").await;
    let birch = server.login("sales@birch.example").await;
    let body = deal_body(scene.northwind, "Acme", "acme.example");
    let made = alder.post("/api/v1/deals", &body).await;
    let deal = made.header("location");
    let approved = vendor
        .post_at(&format!("{deal}/approve"), &made.header("etag"), &json!({}))
        .await;
    approved.ok();
    Play {
        server,
        scene,
        vendor,
        alder,
        birch,
        deal,
    }
}

fn shares(of: &[(OrgId, &str, &str)]) -> Value {
    let shares: Vec<Value> = of
        .iter()
        .map(|(partner, role, percent)| json!({"partner_id": partner, "role": role, "percent": percent}))
        .collect();
    json!({"shares": shares})
}

async fn answer(caller: &Caller, agreement: &str, word: &str) -> Answer {
    let etag = caller.etag(agreement).await;
    caller.post_at(&format!("{agreement}/{word}"), &etag, &json!({})).await
}

impl Play {
    async fn propose(&self, by: &Caller, of: &[(OrgId, &str, &str)]) -> Answer {
        by.post(&format!("{}/credit", self.deal), &shares(of)).await
    }

    async fn credit(&self, by: &Caller) -> Value {
        by.get(&format!("{}/credit", self.deal)).await.ok()
    }

    async fn win(&self) {
        let etag = self.vendor.etag(&self.deal).await;
        let won = json!({"outcome": "won"});
        self.vendor
            .post_at(&format!("{}/close", self.deal), &etag, &won)
            .await
            .ok();
    }

    fn id(&self) -> DealId {
        self.deal.rsplit('/').next().unwrap().parse().unwrap()
    }
}

/// Role, partner and percent of each share in force.
fn in_force(credit: &Value) -> Value {
    let shares = credit["in_force"]["shares"].as_array().unwrap();
    let short = shares
        .iter()
        .map(|one| json!([one["role"], one["partner"]["id"], one["percent"]]));
    short.collect()
}

#[tokio::test]
async fn an_agreement_counts_once_everyone_whom_it_concerns_has_signed() {
    let play = play().await;
    let Scene { alder, birch, .. } = play.scene;
    let at_first = play.credit(&play.alder).await;
    assert_eq!(at_first["in_force"]["source"], "default");
    assert_eq!(in_force(&at_first), json!([["sourced", alder, "100.00"]]));
    play.birch
        .get(&format!("{}/credit", play.deal))
        .await
        .problem(404, "not_found");
    let halves = [(alder, "sourced", "66.67"), (birch, "sourced", "33.33")];
    let proposed = play.propose(&play.vendor, &halves).await;
    let path = proposed.header("location");
    assert_eq!(
        json!([proposed.ok()["status"], proposed.ok()["unsigned"]]),
        json!(["proposed", 2])
    );
    play.propose(&play.vendor, &halves).await.problem(409, "proposal_open");
    answer(&play.vendor, &path, "accept").await.problem(409, "illegal_move");
    answer(&play.vendor, &path, "decline")
        .await
        .problem(409, "illegal_move");
    let etag = play.alder.etag(&path).await;
    let signed = answer(&play.birch, &path, "accept").await.ok();
    assert_eq!(signed["unsigned"], 0, "who else has to sign is not for Birch to know");
    assert_eq!(play.vendor.get(&path).await.ok()["unsigned"], 1);
    assert_eq!(
        play.alder.etag(&path).await,
        etag,
        "nor is it for Alder that Birch signed"
    );
    assert_eq!(
        in_force(&play.credit(&play.vendor).await),
        json!([["sourced", alder, "100.00"]])
    );
    assert_eq!(answer(&play.alder, &path, "accept").await.ok()["status"], "in_force");
    play.alder
        .post_at(&format!("{path}/accept"), &etag, &json!({}))
        .await
        .problem(412, "stale_version");
    let now = play.credit(&play.vendor).await;
    assert_eq!(
        in_force(&now),
        json!([["sourced", alder, "66.67"], ["sourced", birch, "33.33"]])
    );
    assert_eq!(json!([now["in_force"]["revision"], now["locked_at"]]), json!([1, null]));
}

#[tokio::test]
async fn a_partner_sees_its_own_share_and_the_rest_as_one_unless_the_program_opens_them() {
    let play = play().await;
    let Scene { alder, birch, .. } = play.scene;
    let path = play
        .propose(&play.vendor, &[(alder, "sourced", "60"), (birch, "sourced", "40")])
        .await
        .header("location");
    answer(&play.birch, &path, "accept").await.ok();
    answer(&play.alder, &path, "accept").await.ok();
    let seen = play.credit(&play.alder).await;
    assert_eq!(
        in_force(&seen),
        json!([["sourced", alder, "60.00"], ["sourced", null, "40.00"]])
    );
    audited(&mut play.server.database.connect().await).await;
    let told = play.alder.get("/api/v1/events?topics=co_sell&since=0-0").await.ok();
    let kinds: Vec<&Value> = told["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["kind"])
        .collect();
    assert_eq!(kinds, ["credit.proposed", "credit.own_agreed"], "{told}");
    assert!(!told.to_string().contains("40.00"), "{told}");
    for text in [seen, told, play.alder.get(&path).await.ok()] {
        let text = text.to_string();
        assert!(!text.contains(&birch.to_string()) && !text.contains("Birch"), "{text}");
    }
    let program = guildhall_kernel::id_text("prog", play.scene.northwind.uuid()).unwrap();
    let rules = format!("/api/v1/programs/{program}/credit-rules");
    let etag = play.vendor.etag(&rules).await;
    let opened = play.vendor.patch(&rules, &etag, &json!({"shares_open": true})).await;
    assert_eq!(opened.ok()["roles"], json!(["sourced"]));
    assert_eq!(
        in_force(&play.credit(&play.alder).await),
        json!([["sourced", alder, "60.00"], ["sourced", birch, "40.00"]])
    );
    play.alder.get(&rules).await.problem(404, "not_found");
}

#[tokio::test]
async fn what_is_won_is_locked_and_changes_by_agreement_alone() {
    let play = play().await;
    let Scene { alder, birch, .. } = play.scene;
    let open = play
        .propose(&play.alder, &[(alder, "sourced", "100.00")])
        .await
        .header("location");
    play.win().await;
    let locked = play.credit(&play.alder).await;
    assert!(locked["locked_at"].is_string(), "{locked}");
    assert_eq!(
        json!([locked["in_force"]["source"], locked["in_force"]["revision"]]),
        json!(["default", 1])
    );
    answer(&play.vendor, &open, "accept").await.problem(409, "illegal_move");
    let told = until("the credit is locked in the events", async || {
        let page = play.vendor.get("/api/v1/events?topics=co_sell&since=0-0").await.ok();
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["kind"] == "credit.locked")
            .cloned()
    })
    .await;
    assert_eq!(
        told["data"]["shares"],
        json!([{"partner_id": alder, "role": "sourced", "percent": "100.00"}])
    );
    let deal = play.id();
    let mut tx = play.server.app().db.begin().await.unwrap();
    let draft = ShareDraft {
        partner_id: birch,
        role: guildhall_sell::api::CreditRole::Sourced,
        percent: "100".to_owned(),
    };
    let refused = set_by_decision(&mut tx, &Default::default(), deal, &[draft], None).await;
    assert_eq!(refused.unwrap_err().code().name, "credit_locked");
    tx.rollback().await.unwrap();
    let path = play
        .propose(&play.vendor, &[(alder, "sourced", "50"), (birch, "sourced", "50")])
        .await
        .header("location");
    answer(&play.alder, &path, "accept").await.ok();
    answer(&play.birch, &path, "accept").await.ok();
    let mut conn = play.server.app().db.pool().acquire().await.unwrap();
    let credit = credit_of(&mut conn, deal).await.unwrap();
    assert_eq!((credit.revision, credit.shares.len()), (Some(2), 2));
    assert!(credit.locked_at.is_some());
    let history = play.credit(&play.vendor).await["history"].clone();
    let kinds: Vec<Value> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["status"], one["revision"]]))
        .collect();
    assert_eq!(json!(kinds), json!([["superseded", 1], ["lapsed", null]]));
}

#[tokio::test]
async fn shares_that_can_not_be_are_refused_and_nothing_is_stored() {
    let play = play().await;
    let Scene {
        northwind,
        alder,
        birch,
        cedar,
        ..
    } = play.scene;
    let refused = async |by: &Caller, of: &[(OrgId, &str, &str)]| {
        let problem = play.propose(by, of).await.problem(422, "invalid_body");
        let errors = problem["errors"].as_array().unwrap();
        let said = errors.iter().map(|error| json!([error["pointer"], error["code"]]));
        json!(said.collect::<Vec<_>>())
    };
    let unknown = json!([["/shares/0/partner_id", "unknown_partner"]]);
    let v = &play.vendor;
    assert_eq!(
        refused(v, &[(cedar, "sourced", "100")]).await,
        unknown,
        "another vendor's"
    );
    assert_eq!(
        refused(v, &[(northwind, "sourced", "100")]).await,
        unknown,
        "no partner"
    );
    assert_eq!(
        refused(&play.alder, &[(birch, "sourced", "100")]).await,
        unknown,
        "not in the deal, as far as Alder knows"
    );
    assert_eq!(
        refused(v, &[(alder, "sourced", "99.99")]).await,
        json!([["/shares", "sum"]])
    );
    assert_eq!(
        refused(v, &[(alder, "sourced", "50"), (alder, "sourced", "50")]).await,
        json!([["/shares/1", "duplicate"]])
    );
    assert_eq!(
        refused(v, &[(alder, "sourced", "-1")]).await,
        json!([["/shares/0/percent", "percent"]])
    );
    assert_eq!(
        refused(v, &[(alder, "fulfilled", "100")]).await,
        json!([["/shares", "missing_role"]])
    );
    let credit = play.credit(v).await;
    assert_eq!(json!([credit["proposals"], credit["history"]]), json!([[], []]));
}

#[tokio::test]
async fn the_database_holds_the_sum_whoever_writes() {
    let play = play().await;
    play.win().await;
    let mut db = play.server.database.connect().await;
    let agreement: uuid::Uuid = sqlx::query_scalar("SELECT id FROM credit_agreement")
        .fetch_one(&mut db)
        .await
        .unwrap();
    let more =
        sqlx::query("INSERT INTO credit_share (agreement_id, role, partner_id, percent) VALUES ($1, 'sourced', $2, 1)")
            .bind(agreement)
            .bind(play.scene.birch)
            .execute(&mut db)
            .await;
    assert!(more.unwrap_err().to_string().contains("sum to 101.00"));
    for change in ["UPDATE credit_share SET percent = 50", "DELETE FROM credit_share"] {
        let refused = sqlx::query(change).execute(&mut db).await.unwrap_err();
        assert!(refused.to_string().contains("stay"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signature_and_the_close_at_the_same_instant_leave_one_truth() {
    let play = play().await;
    let Scene { alder, birch, .. } = play.scene;
    let path = play
        .propose(&play.vendor, &[(alder, "sourced", "50"), (birch, "sourced", "50")])
        .await
        .header("location");
    answer(&play.birch, &path, "accept").await.ok();
    let (signed, ()) = tokio::join!(answer(&play.alder, &path, "accept"), play.win());
    let credit = play.credit(&play.vendor).await;
    assert!(credit["locked_at"].is_string());
    let split = in_force(&credit).as_array().unwrap().len() == 2;
    assert_eq!(signed.status.is_success(), split, "{:?} {credit}", signed.body);
    if !split {
        let code = signed.json()["code"].clone();
        assert!(code == "stale_version" || code == "illegal_move", "{code}");
    }
}

#[tokio::test]
async fn a_decision_of_a_conflict_shares_the_credit() {
    let play = play().await;
    let Scene { alder, birch, .. } = play.scene;
    let open = play
        .propose(&play.vendor, &[(alder, "sourced", "100")])
        .await
        .header("location");
    let share = |partner_id: OrgId, percent: &str| ShareDraft {
        partner_id,
        role: guildhall_sell::api::CreditRole::Sourced,
        percent: percent.to_owned(),
    };
    let mut tx = play.server.app().db.begin().await.unwrap();
    let drafts = [share(alder, "70"), share(birch, "30")];
    set_by_decision(&mut tx, &Default::default(), play.id(), &drafts, Some("Both found it."))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let credit = play.credit(&play.birch).await;
    assert_eq!(credit["in_force"]["source"], "decision");
    assert_eq!(
        in_force(&credit),
        json!([["sourced", birch, "30.00"], ["sourced", null, "70.00"]])
    );
    assert_eq!(play.vendor.get(&open).await.ok()["status"], "lapsed");
}
