//! A file that comes a second time.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Play, counts, ended, every, import, start, upload};
use crate::support::{Answer, Caller};

const HEADER: &str = "partner,customer_name,customer_country,amount,currency,expected_close\n";

async fn ask(caller: &Caller, file: &str, mut asked: Value) -> Answer {
    asked["file_id"] = upload(caller, file.to_owned()).await.ok()["id"].clone();
    caller.post("/api/v1/imports", &asked).await
}

async fn deals(caller: &Caller) -> usize {
    every(caller, "/api/v1/deals").await.len()
}

#[tokio::test]
async fn deals_of_one_content_come_once_unless_they_are_to_come_again() {
    let play = Play::set().await;
    let rows = "alder,Ash,DE,1,EUR,2027-01-31\nalder,Beech,Germany,1,EUR,2027-01-31\n";
    let file = format!("{HEADER}{rows}");
    let all = json!({"kind": "deals", "mode": "all_or_nothing"});
    let each = json!({"kind": "deals", "mode": "per_row"});
    let dry = json!({"kind": "deals", "mode": "per_row", "dry_run": true});
    // What stored nothing stands in nobody's way.
    for (asked, status) in [(&dry, "finished"), (&all, "refused"), (&dry, "finished")] {
        let (ended, _) = import(&play.manager, file.clone(), asked.clone()).await;
        assert_eq!(ended["status"], status);
    }
    let (first, _) = import(&play.manager, file.clone(), each.clone()).await;
    assert_eq!(counts(&first), (2, 1, 1));
    let again = ask(&play.manager, &file, each.clone()).await;
    let problem = again.problem(409, "already_exists");
    assert_eq!(problem["import_id"], first["id"]);
    assert_eq!(ask(&play.manager, &file, all).await.status, 409);
    assert_eq!(deals(&play.manager).await, 1);
    let (tried, _) = import(&play.manager, file.clone(), dry).await;
    assert_eq!(counts(&tried), (2, 1, 0));
    // Of a file from before its content was noted, it is known that it is the same file.
    let mut same = each.clone();
    same["file_id"] = first["file_id"].clone();
    let mut db = play.server.database.connect().await;
    sqlx::query("UPDATE import_file SET digest = NULL")
        .execute(&mut db)
        .await
        .unwrap();
    play.manager
        .post("/api/v1/imports", &same)
        .await
        .problem(409, "already_exists");
    let mut meant = each.clone();
    meant["again"] = json!(true);
    let (meant, _) = import(&play.manager, file.clone(), meant).await;
    assert_eq!((counts(&meant), deals(&play.manager).await), ((2, 1, 1), 2));
    let (other, _) = import(&play.manager, file.replace("Germany", "DE"), each).await;
    assert_eq!((counts(&other), deals(&play.manager).await), ((2, 0, 2), 4));
}

#[tokio::test]
async fn of_many_who_import_one_content_at_once_one_does() {
    let play = Play::set().await;
    let file = format!("{HEADER}alder,Ash,DE,1,EUR,2027-01-31\n");
    let each = json!({"kind": "deals", "mode": "per_row"});
    let mut calls = JoinSet::new();
    for _ in 0..6 {
        let (manager, file, each) = (play.manager.clone(), file.clone(), each.clone());
        calls.spawn(async move { ask(&manager, &file, each).await });
    }
    let answers = calls.join_all().await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!((made.len(), refused.len()), (1, 5));
    for answer in refused {
        answer.problem(409, "already_exists");
    }
    ended(&play.manager, &made[0].header("location")).await;
    assert_eq!(deals(&play.manager).await, 1);
    // Whether another organisation has such a file is nobody's to learn.
    let alder = play.server.login("admin@alder.example").await;
    let own =
        "vendor,customer_name,customer_country,amount,currency,expected_close\nnorthwind,Elm,DE,1,EUR,2027-01-31\n";
    let birch = play.server.login("admin@birch.example").await;
    for partner in [&alder, &birch] {
        let path = start(partner, own, each.clone()).await;
        assert_eq!(counts(&ended(partner, &path).await), (1, 0, 1));
    }
}
