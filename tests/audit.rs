//! The audit log: it grows with the events, nobody can change it unseen, and the checker names what was changed.

use std::sync::Arc;

use guildhall_kernel::{Entropy, EventId, OrgId};
use guildhall_spine::{
    audit::{AuditFault, AuditReport, Link, PLATFORM, verify},
    event::{Position, replay},
    identity::{SealedStore, SecondFactors, reseal_secrets},
    secret::Keyring,
};
use serde_json::value::RawValue;
use sqlx::{AssertSqlSafe, FromRow, PgConnection, types::Json};
use uuid::Uuid;

use crate::support::{Scene, TestServer, audited, deal_body};

/// A server on which Alder's rep has registered four deals, and Northwind's manager has approved one.
async fn with_history() -> (TestServer, Scene, PgConnection) {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let rep = server.login("sales@alder.example").await;
    let manager = server.login("channel_manager@northwind.example").await;
    let mut last = None;
    for n in 0..4 {
        let body = deal_body(
            scene.northwind,
            &format!("Customer {n}"),
            &format!("customer{n}.example"),
        );
        last = Some(rep.post("/api/v1/deals", &body).await);
    }
    let deal = last.unwrap();
    deal.ok();
    let approve = format!("{}/approve", deal.header("location"));
    manager
        .post_at(&approve, &deal.header("etag"), &serde_json::json!({}))
        .await
        .ok();
    let mut db = server.database.connect().await;
    audited(&mut db).await;
    (server, scene, db)
}

async fn check(server: &TestServer) -> AuditReport {
    verify(server.app().db.pool(), |_| {}).await.unwrap()
}

/// What is in a chain, in order.
async fn chain(db: &mut PgConnection, org: OrgId) -> Vec<(i64, EventId, String)> {
    sqlx::query_as("SELECT no, event_id, kind FROM audit_entry WHERE org_id = $1 ORDER BY no")
        .bind(org)
        .fetch_all(db)
        .await
        .unwrap()
}

/// Does what only the database's owner can: the triggers are switched off for one statement.
async fn tamper(db: &mut PgConnection, statement: &'static str, org: OrgId, no: i64) {
    sqlx::query("SET session_replication_role = replica")
        .execute(&mut *db)
        .await
        .unwrap();
    let done = sqlx::query(statement)
        .bind(org)
        .bind(no)
        .execute(&mut *db)
        .await
        .unwrap();
    assert_eq!(done.rows_affected(), 1, "{statement}");
    sqlx::query("SET session_replication_role = DEFAULT")
        .execute(&mut *db)
        .await
        .unwrap();
}

#[tokio::test]
async fn every_event_is_in_the_chain_of_everyone_it_is_for() {
    let (server, scene, mut db) = with_history().await;
    let deals = |chain: Vec<(i64, EventId, String)>| {
        assert!(
            chain.iter().zip(1..).all(|((no, ..), place)| *no == place),
            "a number is missing: {chain:?}"
        );
        chain
            .into_iter()
            .map(|(_, _, kind)| kind)
            .filter(|kind| kind.starts_with("deal."))
            .collect::<Vec<_>>()
    };
    let expected = [
        "deal.submitted",
        "deal.submitted",
        "deal.submitted",
        "deal.submitted",
        "deal.approved",
    ];
    assert_eq!(deals(chain(&mut db, scene.northwind).await), expected);
    assert_eq!(deals(chain(&mut db, scene.alder).await), expected);
    assert_eq!(chain(&mut db, scene.birch).await, []);
    let report = check(&server).await;
    assert_eq!(report.faults, []);
    let (events, entries): (i64, i64) =
        sqlx::query_as("SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM audit_entry)")
            .fetch_one(&mut db)
            .await
            .unwrap();
    assert_eq!(
        (report.events.cast_signed(), report.entries.cast_signed()),
        (events, entries)
    );
}

#[tokio::test]
async fn taking_every_event_again_adds_nothing() {
    let (server, _, mut db) = with_history().await;
    let count = "SELECT count(*) FROM audit_entry";
    let before: i64 = sqlx::query_scalar(count).fetch_one(&mut db).await.unwrap();
    let mut tx = server.app().db.begin().await.unwrap();
    assert!(replay(&mut tx, "audit", Position::START).await.unwrap());
    tx.commit().await.unwrap();
    audited(&mut db).await;
    assert_eq!(
        sqlx::query_scalar::<_, i64>(count).fetch_one(&mut db).await.unwrap(),
        before
    );
    assert_eq!(check(&server).await.faults, []);
}

#[tokio::test]
async fn the_database_refuses_to_change_an_entry() {
    let (server, _, mut db) = with_history().await;
    for statement in [
        "UPDATE audit_entry SET kind = 'x'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "UPDATE event SET kind = 'x'",
        "DELETE FROM event",
        "DELETE FROM event_audience",
    ] {
        let error = sqlx::query(statement).execute(&mut db).await.unwrap_err();
        assert!(error.to_string().contains("append-only"), "{statement}: {error}");
    }
    assert_eq!(check(&server).await.faults, []);
}

#[tokio::test]
async fn the_database_refuses_to_empty_a_month_of_a_log() {
    let (server, _, mut db) = with_history().await;
    // A month that is made while the server runs.
    sqlx::query("SELECT event_log_ensure(now() + interval '3 months')")
        .execute(&mut db)
        .await
        .unwrap();
    let logs: Vec<String> = sqlx::query_scalar(
        "SELECT relid::text FROM unnest(ARRAY['audit_entry', 'event', 'event_audience']) log, pg_partition_tree(log::regclass)",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    assert_eq!(
        logs.len(),
        3 * (1 + 1 + 4),
        "each with its default and four months: {logs:?}"
    );
    for log in logs {
        let truncate = AssertSqlSafe(format!("TRUNCATE {log}"));
        let error = sqlx::query(truncate).execute(&mut db).await.unwrap_err();
        assert!(error.to_string().contains("append-only"), "{log}: {error}");
    }
    assert_eq!(check(&server).await.faults, []);
}

#[tokio::test]
async fn a_rotation_of_keys_is_in_the_platforms_chain() {
    let (server, _, mut db) = with_history().await;
    let app = server.app();
    app.identity.keys.rotate(&app.db).await.unwrap();
    let new = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=".to_owned();
    let keys = [vec![new], app.config.secrets.keys.clone()].concat();
    let ring = Keyring::from_keys(&keys, Entropy::system()).unwrap();
    let stores: [Arc<dyn SealedStore>; 1] = [Arc::new(SecondFactors)];
    assert_eq!(
        reseal_secrets(&app.db, &ring, &stores).await.unwrap(),
        2,
        "two signing keys"
    );
    reseal_secrets(&app.db, &ring, &stores).await.unwrap();
    audited(&mut db).await;
    let kinds: Vec<String> = sqlx::query_scalar(
        "SELECT kind FROM audit_entry WHERE org_id = $1 AND kind IN ('signing_key.rotated', 'secrets.resealed') ORDER BY no",
    )
    .bind(PLATFORM)
    .fetch_all(&mut db)
    .await
    .unwrap();
    assert_eq!(kinds, ["signing_key.rotated", "secrets.resealed"]);
    assert_eq!(check(&server).await.faults, []);
}

#[tokio::test]
async fn an_edited_entry_is_named() {
    let (server, scene, mut db) = with_history().await;
    let event = chain(&mut db, scene.northwind).await[1].1;
    tamper(
        &mut db,
        r#"UPDATE audit_entry SET data = data || '{"customer_name": "Other"}' WHERE org_id = $1 AND no = $2"#,
        scene.northwind,
        2,
    )
    .await;
    assert_eq!(
        check(&server).await.faults,
        [AuditFault::Edited {
            org: scene.northwind,
            no: 2,
            event
        }]
    );
}

#[derive(FromRow)]
struct Entry {
    at: chrono::DateTime<chrono::Utc>,
    event_id: Uuid,
    event_tx: i64,
    event_seq: i64,
    kind: String,
    subject_kind: String,
    subject_id: Uuid,
    origin: Json<Box<RawValue>>,
    prev_hash: Vec<u8>,
}

#[tokio::test]
async fn an_entry_that_was_edited_together_with_its_hash_is_named() {
    let (server, scene, mut db) = with_history().await;
    let org = scene.alder;
    let entry: Entry = sqlx::query_as("SELECT * FROM audit_entry WHERE org_id = $1 AND no = 3")
        .bind(org)
        .fetch_one(&mut db)
        .await
        .unwrap();
    let forged = RawValue::from_string(r#"{"forged": true}"#.to_owned()).unwrap();
    let link = Link {
        org: org.uuid(),
        no: 3,
        at: entry.at,
        event_id: entry.event_id,
        position: Position {
            tx: entry.event_tx,
            seq: entry.event_seq,
        },
        kind: &entry.kind,
        subject_kind: &entry.subject_kind,
        subject_id: entry.subject_id,
        origin: &entry.origin.0,
        data: &forged,
        prev_hash: &entry.prev_hash,
    };
    let hash = link.hash().unwrap();
    sqlx::query("SET session_replication_role = replica")
        .execute(&mut db)
        .await
        .unwrap();
    sqlx::query("UPDATE audit_entry SET data = $2::jsonb, hash = $3 WHERE org_id = $1 AND no = 3")
        .bind(org)
        .bind(Json(&forged))
        .bind(hash.as_slice())
        .execute(&mut db)
        .await
        .unwrap();
    assert_eq!(check(&server).await.faults, [AuditFault::Rewritten { org, no: 3 }]);
}

#[tokio::test]
async fn a_removed_entry_is_named_with_the_event_that_it_was_about() {
    let (server, scene, mut db) = with_history().await;
    let event = chain(&mut db, scene.northwind).await[1].1;
    tamper(
        &mut db,
        "DELETE FROM audit_entry WHERE org_id = $1 AND no = $2",
        scene.northwind,
        2,
    )
    .await;
    let faults = check(&server).await.faults;
    assert_eq!(
        faults[0],
        AuditFault::Removed {
            org: scene.northwind,
            no: 2
        }
    );
    let [AuditFault::Unrecorded { org, event: lost, .. }] = &faults[1..] else {
        panic!("{faults:?}")
    };
    assert_eq!((*org, *lost), (scene.northwind, event));
}

#[tokio::test]
async fn a_chain_whose_end_was_cut_off_is_named_even_when_its_head_was_moved_back() {
    let (server, scene, mut db) = with_history().await;
    let entries = chain(&mut db, scene.northwind).await;
    let (no, event, _) = entries.last().unwrap().clone();
    tamper(
        &mut db,
        "DELETE FROM audit_entry WHERE org_id = $1 AND no = $2",
        scene.northwind,
        no,
    )
    .await;
    let faults = check(&server).await.faults;
    assert_eq!(
        faults[0],
        AuditFault::CutOff {
            org: scene.northwind,
            no,
            head: no
        }
    );

    let back = "UPDATE audit_head h SET no = e.no, hash = e.hash FROM audit_entry e
                WHERE h.org_id = $1 AND e.org_id = h.org_id AND e.no = $2";
    tamper(&mut db, back, scene.northwind, no - 1).await;
    let faults = check(&server).await.faults;
    let [
        AuditFault::Unrecorded {
            org,
            event: lost,
            put_aside: false,
            ..
        },
    ] = &faults[..]
    else {
        panic!("{faults:?}")
    };
    assert_eq!((*org, *lost), (scene.northwind, event));
}

#[tokio::test]
async fn a_chain_without_its_head_is_named() {
    let (server, scene, mut db) = with_history().await;
    let no = chain(&mut db, scene.alder).await.last().unwrap().0;
    tamper(
        &mut db,
        "DELETE FROM audit_head WHERE org_id = $1 AND no = $2",
        scene.alder,
        no,
    )
    .await;
    assert_eq!(
        check(&server).await.faults,
        [AuditFault::Headless { org: scene.alder, no }]
    );
}
