//! Invoices that earnings are made of.

use guildhall_kernel::Clock;
use serde_json::json;

use super::{Play, counts, import};
use crate::support::consumed;

#[tokio::test]
async fn invoices_come_in_once_and_earn() {
    let play = Play::set().await;
    let finance = play.server.login("finance@northwind.example").await;
    let spec =
        json!({"type": "commission", "trigger": "invoiced", "rules": [{"name": "all", "rate": {"percent": "10"}}]});
    let made = finance
        .post("/api/v1/incentives/plans", &json!({"name": "Commission", "spec": spec}))
        .await;
    let publish = format!("{}/publish", made.header("location"));
    finance.post_at(&publish, &made.header("etag"), &json!({})).await.ok();
    let (alder, cedar) = (play.scene.alder, play.scene.cedar);
    let today = Clock::system().now().date_naive();
    let good = format!("I-1,{alder},{today},EUR,1000.00\nI-2,{alder},{today},EUR,55.50\n");
    let bad = format!(
        "I-3,{cedar},{today},EUR,1.00\nI-4,{alder},soon,EUR,1.00\nI-5,{alder},{today},EUR,1.001\nI-1,{alder},{today},EUR,1.00\n"
    );
    let file = format!("reference,partner_id,sold_on,currency,amount\n{good}{bad}");
    let asked = json!({"kind": "sales", "mode": "per_row"});
    let (ended, faults) = import(&finance, file, asked.clone()).await;
    assert_eq!(
        (counts(&ended), faults),
        (
            (6, 4, 2),
            [
                "4 partner_id unknown",
                "5 sold_on malformed",
                "6 amount amount",
                "7 - repeated"
            ]
            .map(str::to_owned)
            .to_vec()
        )
    );
    let later = format!("reference,partner_id,sold_on,currency,amount\nI-1,{alder},{today},EUR,7.00\n");
    let (_, faults) = import(&finance, later, asked).await;
    assert_eq!(faults, ["2 reference already_exists"]);
    consumed(&mut play.server.database.connect().await, "incentives").await;
    let partner = play.server.login("finance@alder.example").await;
    let earned = partner.get("/api/v1/earnings").await.ok();
    let amounts: Vec<_> = earned["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["amount"])
        .collect();
    assert_eq!(amounts, ["5.55", "100.00"]);
    play.manager
        .post(
            "/api/v1/imports",
            &json!({"kind": "sales", "file_id": "file_01kaqv6r3gf5ht2x0m8c9ezw4n", "mode": "per_row"}),
        )
        .await
        .problem(403, "forbidden");
}
