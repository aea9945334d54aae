use chrono::{Days, NaiveDate, TimeDelta};
use guildhall_incentivize::recalculations::Piece;
use guildhall_kernel::RecalculationId;
use serde_json::{Value, json};

use super::play::{Play, of_invoices};
use crate::support::{TestServer, until};

impl Play {
    /// Computes everything of today anew; returns the run when it is through.
    pub(super) async fn anew(&self) -> Value {
        let today = self.today();
        let body = json!({"from": today, "to": today});
        let run = self
            .finance
            .post("/api/v1/incentives/recalculations", &body)
            .await
            .header("location");
        until("the run is through", async || {
            let now = self.finance.get(&run).await.ok();
            (now["status"] == "finished").then_some(now)
        })
        .await
    }

    fn today(&self) -> NaiveDate {
        self.server.app().clock.now().date_naive()
    }
}

#[tokio::test]
async fn computing_anew_posts_what_is_missing_and_nothing_the_second_time() {
    let play = Play::begin().await;
    let mut spec = of_invoices();
    spec["currency"] = json!("EUR");
    play.plan("Commission", spec).await;
    play.invoice("I-1", "1000.00").await.ok();
    let body = json!({"kind": "invoice", "reference": "I-2", "partner_id": play.scene.alder, "currency": "USD",
        "sold_on": play.today(), "lines": [{"name": "Box", "amount": "110.00"}]});
    play.sale(body).await.ok();
    assert_eq!(play.amounts(&play.alder).await, json!(["100.00"]));
    let mut db = play.server.database.connect().await;
    sqlx::query("INSERT INTO exchange_rate VALUES ('00000000-0000-0000-0000-000000000000', 'USD', $1, 1.1)")
        .bind(play.today())
        .execute(&mut db)
        .await
        .unwrap();
    let run = play.anew().await;
    assert_eq!(json!([run["sales"], run["lines"]]), json!([2, 1]));
    assert_eq!(play.amounts(&play.alder).await, json!(["100.00", "10.00"]));
    assert_eq!(play.earnings(&play.alder).await[1]["cause"], "recalculation");
    assert_eq!(
        play.finance.get("/api/v1/incentives/faults").await.ok()["items"],
        json!([])
    );
    let again = play.anew().await;
    assert_eq!(json!([again["sales"], again["lines"]]), json!([2, 0]));
    play.sound().await;
}

#[tokio::test]
async fn a_run_that_was_interrupted_goes_on_where_it_was() {
    let play = Play::begin().await;
    for no in 1..=5 {
        play.invoice(&format!("I-{no}"), "100.00").await.ok();
    }
    play.accrued().await;
    play.plan("Commission", of_invoices()).await;
    let app = play.server.app();
    let mut tx = app.db.begin().await.unwrap();
    let id: RecalculationId = tx.new_id();
    let (today, at) = (play.today(), tx.now());
    sqlx::query(
        "INSERT INTO recalculation (id, vendor_id, from_day, to_day, day, after, started_at)
         VALUES ($1, $2, $3, $3, $4, '00000000-0000-0000-0000-000000000000', $5)",
    )
    .bind(id)
    .bind(play.scene.northwind)
    .bind(today)
    .bind(today - Days::new(1))
    .bind(at)
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let piece = async |keep: bool| {
        let mut tx = app.db.begin().await.unwrap();
        let more = guildhall_incentivize::recalculations::piece(&mut tx, id, 2)
            .await
            .unwrap();
        match keep {
            true => tx.commit().await.unwrap(),
            false => tx.rollback().await.unwrap(),
        }
        more
    };
    assert_eq!(piece(true).await, Piece::Posted(2));
    assert_eq!(
        piece(false).await,
        Piece::Posted(2),
        "the second piece is lost with its process"
    );
    assert_eq!(play.earnings(&play.alder).await.len(), 2);
    assert_eq!(piece(true).await, Piece::Posted(2));
    assert_eq!(piece(true).await, Piece::Last);
    assert_eq!(piece(true).await, Piece::Last, "it is through");
    assert_eq!(
        play.amounts(&play.alder).await,
        json!(["10.00", "10.00", "10.00", "10.00", "10.00"])
    );
    play.sound().await;
}

#[tokio::test]
async fn a_contest_pays_its_prizes_when_it_is_over_and_corrects_them_after_a_refund() {
    let server = TestServer::builder().manual_clock().start().await;
    let play = Play::on(server).await;
    let spec = json!({"type": "bonus", "trigger": "invoiced", "currency": "EUR", "period": {"every": "month"},
        "contest": {"measure": "revenue", "prizes": [{"from": 1, "to": 1, "amount": "500.00"}, {"from": 2, "to": 2, "amount": "200.00"}]}});
    let plan = play.plan("Sprint", spec).await;
    let of = async |partner: guildhall_kernel::OrgId, reference: &str, amount: &str| {
        let body = json!({"kind": "invoice", "reference": reference, "partner_id": partner, "currency": "EUR",
            "sold_on": play.today(), "lines": [{"name": "Box", "amount": amount}]});
        play.sale(body).await.header("location")
    };
    let first = play.today();
    let best = of(play.scene.alder, "I-1", "900.00").await;
    of(play.scene.birch, "I-2", "800.00").await;
    play.accrued().await;
    let board = play.alder.get(&format!("{plan}/leaderboard")).await.ok();
    assert_eq!(
        json!([
            board["places"][0]["total"],
            board["places"][1]["total"],
            board["places"][1]["partner_id"]
        ]),
        json!(["900", "800", null])
    );
    let etag = play.finance.etag(&plan).await;
    let close = json!({"on": first});
    play.finance
        .post_at(&format!("{plan}/close"), &etag, &close)
        .await
        .problem(409, "period_open");
    play.server.app().clock.advance(TimeDelta::days(40));
    let play = Play {
        finance: play.server.login("finance@northwind.example").await,
        alder: play.server.login("finance@alder.example").await,
        birch: play.server.login("finance@birch.example").await,
        ..play
    };
    until("the prizes are there", async || {
        (play.earnings(&play.alder).await.len() == 1).then_some(())
    })
    .await;
    assert_eq!(play.amounts(&play.alder).await, json!(["500.00"]));
    assert_eq!(play.amounts(&play.birch).await, json!(["200.00"]));
    let refund = json!({"kind": "refund", "reference": "R-1", "on": first, "amount": "200.00"});
    play.reverse(&best, refund).await.ok();
    play.accrued().await;
    // Ids of one moment and two transactions have no order.
    play.server.app().clock.advance(TimeDelta::seconds(1));
    let etag = play.finance.etag(&plan).await;
    let closed = play.finance.post_at(&format!("{plan}/close"), &etag, &close).await.ok();
    assert_eq!(closed["lines"], 2);
    assert_eq!(play.amounts(&play.alder).await, json!(["500.00", "-300.00"]));
    assert_eq!(play.amounts(&play.birch).await, json!(["200.00", "300.00"]));
    play.sound().await;
}
