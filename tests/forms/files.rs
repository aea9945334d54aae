//! Files and attachments.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Stage, fields, pointers, publish, send_file, with_custom};
use crate::support::{TestServer, until};

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n";

fn id(answer: &Value) -> String {
    answer["id"].as_str().unwrap().to_owned()
}

/// How many files the store holds.
fn stored(server: &TestServer) -> usize {
    fn count(folder: &std::path::Path) -> usize {
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        entries
            .map(|entry| entry.unwrap().path())
            .map(|path| if path.is_dir() { count(&path) } else { 1 })
            .sum()
    }
    count(&server.data().join("files"))
}

#[tokio::test]
async fn a_file_is_what_its_content_says_and_comes_back_as_a_download() {
    let stage = Stage::set().await;
    let sent = send_file(&stage.rep, "L%C3%B6sung%20%22A%22.pdf", PDF).await;
    assert_eq!(sent.status.as_u16(), 201);
    assert_eq!(sent.ok()["media_type"], "application/pdf");
    let path = sent.header("location");
    let back = stage.rep.get(&path).await;
    assert_eq!((back.status.as_u16(), &back.body[..]), (200, PDF));
    assert_eq!(
        [
            back.header("content-type"),
            back.header("x-content-type-options"),
            back.header("content-disposition"),
        ],
        [
            "application/pdf",
            "nosniff",
            "attachment; filename=\"file\"; filename*=UTF-8''L%C3%B6sung%20%22A%22.pdf",
        ]
    );
    assert!(back.header("content-security-policy").contains("sandbox"));
    let tag = back.header("etag");
    let known = [("if-none-match", tag.as_str())];
    let unchanged = stage.rep.send(axum::http::Method::GET, &path, &known, "").await;
    assert_eq!(unchanged.status.as_u16(), 304);
}

#[tokio::test]
async fn what_runs_lies_or_is_too_much_is_refused_and_leaves_nothing() {
    let stage = Stage::set().await;
    for (name, bytes, code) in [
        ("tool.pdf", &b"MZ\x90\x00\x03\x00\x00\x00\x04"[..], "file_type_refused"),
        (
            "page.txt",
            b"<!DOCTYPE html><script>alert(1)</script>",
            "file_type_refused",
        ),
        (
            "draw.csv",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
            "file_type_refused",
        ),
        ("page.html", b"just words", "file_name_mismatch"),
        ("site.png", PDF, "file_name_mismatch"),
        ("note.txt", b"caf\xe9", "file_type_refused"),
        ("note.txt", b"ends in \xe2\x82", "file_type_refused"),
    ] {
        send_file(&stage.rep, name, bytes).await.problem(415, code);
    }
    // Text as far as anybody looks for its kind, and then something else.
    let mut later = vec![b'a'; 40_000];
    later.extend_from_slice(b"\x00\x01\x02");
    send_file(&stage.rep, "note.txt", later)
        .await
        .problem(415, "file_type_refused");
    for name in ["", "..%2Fa.txt", ".txt", "a%00.txt", "%E2%80%AE.txt"] {
        send_file(&stage.rep, name, "words").await.problem(400, "invalid_query");
    }
    send_file(&stage.rep, "a.txt", "").await.problem(400, "invalid_query");
    let mut large = PDF.to_vec();
    large.resize(25 * 1024 * 1024 + 1, b' ');
    send_file(&stage.rep, "a.pdf", large)
        .await
        .problem(413, "body_too_large");
    let learner = stage.server.login("learner@alder.example").await;
    send_file(&learner, "a.txt", "words").await.problem(403, "forbidden");
    assert_eq!(stored(&stage.server), 0);
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM file")
        .fetch_one(&mut stage.server.database.connect().await)
        .await
        .unwrap();
    assert_eq!(rows, 0);
}

#[tokio::test]
async fn an_attached_file_is_for_both_sides_of_the_deal_and_nobody_else() {
    let stage = Stage::set().await;
    let deal = stage.deal("acme").await;
    let sent = send_file(&stage.rep, "plan.pdf", PDF).await;
    let path = sent.header("location");
    stage.manager.get(&path).await.problem(404, "not_found");
    let attach = json!({"file_id": sent.ok()["id"]});
    let there = format!("{deal}/attachments");
    let shown = stage.rep.post(&there, &attach).await.ok();
    assert_eq!(
        (&shown["name"], &shown["organisation"]["name"], &shown["by"]["name"]),
        (&json!("plan.pdf"), &json!("Alder"), &json!("Alder sales"))
    );
    stage.rep.post(&there, &attach).await.ok();
    assert_eq!(stage.manager.get(&there).await.ok()["items"], json!([shown]));
    assert_eq!(&stage.manager.get(&path).await.body[..], PDF);
    let finance = stage.server.login("finance@alder.example").await;
    assert_eq!(&finance.get(&path).await.body[..], PDF);
    finance.post(&there, &attach).await.problem(403, "forbidden");
    let learner = stage.server.login("learner@alder.example").await;
    learner.get(&path).await.problem(403, "forbidden");
    for stranger in ["sales@birch.example", "owner@southgate.example"] {
        let stranger = stage.server.login(stranger).await;
        stranger.get(&path).await.problem(404, "not_found");
        stranger.get(&there).await.problem(404, "not_found");
    }
    // A file that is on a deal is on no other, and the other side's is not one's own.
    let other = format!("{}/attachments", stage.deal("other").await);
    assert_eq!(
        pointers(&stage.rep.post(&other, &attach).await),
        ["/file_id unknown_file"]
    );
    assert_eq!(
        stage.heard(&stage.manager, "deal.attachment").await,
        ["deal.attachment_added"]
    );

    let removal = format!("/api/v1/deal-attachments/{}", id(&sent.ok()));
    stage.manager.delete(&removal).await.problem(403, "forbidden");
    assert_eq!(stage.rep.delete(&removal).await.status.as_u16(), 204);
    stage.manager.get(&path).await.problem(404, "not_found");
    stage.rep.delete(&removal).await.problem(404, "not_found");
    until("its bytes are gone", async || {
        (stored(&stage.server) == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_file_that_answers_the_form_is_attached_with_it_and_stays() {
    let stage = Stage::set().await;
    let vendor = stage.scene.northwind;
    publish(&stage.manager, vendor, &fields()).await.ok();
    let file = id(&send_file(&stage.rep, "plan.pdf", PDF).await.ok());
    let body = with_custom(vendor, "acme", json!({"budget": "1", "plan": file}));
    let birch = stage.server.login("sales@birch.example").await;
    assert_eq!(
        pointers(&birch.post("/api/v1/deals", &body).await),
        ["/custom/plan unknown_file"]
    );
    let deal = stage.rep.post("/api/v1/deals", &body).await;
    assert_eq!(deal.ok()["custom"]["plan"], json!(file));
    let path = deal.header("location");
    let list = stage.manager.get(&format!("{path}/attachments")).await.ok();
    assert_eq!(list["items"][0]["file_id"], json!(file));
    let removal = format!("/api/v1/deal-attachments/{file}");
    stage.rep.delete(&removal).await.problem(409, "file_in_use");
    let cleared = json!({"custom": {"plan": null}});
    stage
        .rep
        .patch(&path, &stage.rep.etag(&path).await, &cleared)
        .await
        .ok();
    assert_eq!(stage.rep.delete(&removal).await.status.as_u16(), 204);
}

#[tokio::test]
async fn a_file_that_nobody_attaches_goes_by_itself() {
    let server = TestServer::builder().manual_clock().start().await;
    let stage = Stage::on(server).await;
    let deal = stage.deal("acme").await;
    let (lost, kept) = (
        send_file(&stage.rep, "lost.pdf", PDF).await,
        send_file(&stage.rep, "kept.pdf", PDF).await,
    );
    let attach = json!({"file_id": kept.ok()["id"]});
    stage.rep.post(&format!("{deal}/attachments"), &attach).await.ok();
    assert_eq!(stored(&stage.server), 2);
    stage.server.clock.advance(TimeDelta::hours(25));
    until("the file is gone", async || (stored(&stage.server) == 1).then_some(())).await;
    let rep = stage.server.login("sales@alder.example").await;
    rep.get(&lost.header("location")).await.problem(404, "not_found");
    assert_eq!(&rep.get(&kept.header("location")).await.body[..], PDF);
    let waiting = send_file(&rep, "again.pdf", PDF).await.header("location");
    assert_eq!(rep.delete(&waiting).await.status.as_u16(), 204);
    rep.get(&waiting).await.problem(404, "not_found");
    rep.delete(&kept.header("location")).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_deal_and_an_organisation_have_so_many_files_and_no_more() {
    let stage = Stage::set().await;
    let there = format!("{}/attachments", stage.deal("acme").await);
    let mut last = json!({});
    for n in 0..51 {
        let file = send_file(&stage.rep, &format!("{n}.txt"), "words").await.ok();
        last = json!({"file_id": file["id"]});
        let attached = stage.rep.post(&there, &last).await;
        assert_eq!(attached.status.is_success(), n < 50, "{n}");
    }
    assert_eq!(
        pointers(&stage.rep.post(&there, &last).await),
        ["/file_id too_many_files"]
    );
    // The one that found no place waits already.
    for n in 1..100 {
        send_file(&stage.rep, &format!("{n}.txt"), "words").await.ok();
    }
    send_file(&stage.rep, "a.txt", "words")
        .await
        .problem(409, "too_many_files");
    send_file(&stage.manager, "a.txt", "words").await.ok();
}

#[tokio::test]
async fn a_stranger_gets_at_no_file_by_any_way() {
    let stage = Stage::set().await;
    let deal = stage.deal("acme").await;
    let waiting = send_file(&stage.rep, "waiting.pdf", PDF).await;
    let attached = send_file(&stage.rep, "attached.pdf", PDF).await;
    let there = format!("{deal}/attachments");
    stage
        .rep
        .post(&there, &json!({"file_id": attached.ok()["id"]}))
        .await
        .ok();
    let birch = stage.server.login("sales@birch.example").await;
    let theirs = birch
        .post(
            "/api/v1/deals",
            &with_custom(stage.scene.northwind, "elsewhere", json!({})),
        )
        .await
        .header("location");
    let southgate = stage.server.login("owner@southgate.example").await;
    for file in [&waiting, &attached] {
        let (path, id) = (file.header("location"), id(&file.ok()));
        for stranger in [&birch, &southgate] {
            stranger.get(&path).await.problem(404, "not_found");
            stranger.delete(&path).await.problem(404, "not_found");
            let removal = format!("/api/v1/deal-attachments/{id}");
            stranger.delete(&removal).await.problem(404, "not_found");
        }
        // Attaching it to a deal of one's own, or naming it in an answer, makes it nobody's to read.
        let attach = json!({"file_id": id});
        let refused = birch.post(&format!("{theirs}/attachments"), &attach).await;
        assert_eq!(pointers(&refused), ["/file_id unknown_file"]);
        birch.get(&path).await.problem(404, "not_found");
        stage
            .server
            .anonymous()
            .get(&path)
            .await
            .problem(401, "unauthenticated");
    }
    // The vendor sees what is attached to its deal, and not what waits.
    stage
        .manager
        .get(&waiting.header("location"))
        .await
        .problem(404, "not_found");
    assert_eq!(&stage.manager.get(&attached.header("location")).await.body[..], PDF);
    // Another kind's id, and a file of another store, are no files.
    for other in [
        deal.replace("/deals/", "/files/"),
        "/api/v1/files/..%2F..%2Fsecret.keys".to_owned(),
    ] {
        stage.rep.get(&other).await.problem(404, "not_found");
    }
    let csv = [("content-type", "text/csv")];
    let import = stage
        .manager
        .send(
            axum::http::Method::POST,
            "/api/v1/import-files",
            &csv,
            "name,country\nA,DE\n",
        )
        .await;
    let import = import.header("location").replace("/import-files/", "/files/");
    assert!(import.contains("/files/file_"), "{import}");
    stage.manager.get(&import).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_download_is_the_whole_file_under_a_harmless_name() {
    let stage = Stage::set().await;
    for (name, taken) in [
        ("a%22;filename=evil.exe;x=%22.pdf", true),
        ("a%27%27%25.pdf", true),
        ("%F0%9F%93%84%20plan.pdf", true),
        ("a.html%3F.pdf", true),
        ("a%0D%0ASet-Cookie:%20a=b.pdf", false),
        ("a%0A.pdf", false),
        ("..%5C..%5Ca.pdf", false),
        ("%2E%2E%2Fa.pdf", false),
        (".htaccess.pdf", false),
        ("a%C2%85.pdf", false),
    ] {
        let sent = send_file(&stage.rep, name, PDF).await;
        if !taken {
            sent.problem(400, "invalid_query");
            continue;
        }
        let back = stage.rep.get(&sent.header("location")).await;
        let disposition = back.header("content-disposition");
        let encoded = disposition.strip_prefix("attachment; filename=\"file\"; filename*=UTF-8''");
        let harmless = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '%');
        assert!(encoded.is_some_and(|name| name.chars().all(harmless)), "{disposition}");
        assert!(back.header("set-cookie").is_empty());
    }
    // Markup that comes late stays text, for a program to keep and not for a browser to show.
    let text = "words\n<script>alert(document.domain)</script>\n";
    let path = send_file(&stage.rep, "notes.txt", text).await.header("location");
    let part = [("range", "bytes=0-3"), ("accept", "text/html")];
    let back = stage.rep.send(axum::http::Method::GET, &path, &part, "").await;
    assert_eq!((back.status.as_u16(), &back.body[..]), (200, text.as_bytes()));
    assert_eq!(
        [
            back.header("content-type"),
            back.header("x-content-type-options"),
            back.header("x-frame-options"),
            back.header("content-security-policy"),
            back.header("content-range"),
        ],
        [
            "text/plain",
            "nosniff",
            "DENY",
            "default-src 'none'; sandbox; frame-ancestors 'none'",
            "",
        ]
    );
    let head = stage.rep.send(axum::http::Method::HEAD, &path, &[], "").await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
}

#[tokio::test]
async fn many_files_at_once_do_not_pass_the_limit_together() {
    let stage = Stage::set().await;
    let send = |n: usize| {
        let rep = stage.rep.clone();
        async move { send_file(&rep, &format!("{n}.txt"), "words").await.status.as_u16() }
    };
    for n in 0..96 {
        assert_eq!(send(n).await, 201);
    }
    let mut sending = tokio::task::JoinSet::new();
    for n in 96..108 {
        sending.spawn(send(n));
    }
    let mut answers = sending.join_all().await;
    answers.sort_unstable();
    assert_eq!(answers, [vec![201; 4], vec![409; 8]].concat());
    assert_eq!(stored(&stage.server), 100, "what was refused left nothing");
}
