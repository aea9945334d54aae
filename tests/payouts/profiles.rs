use chrono::TimeDelta;
use guildhall_kernel::UserId;
use serde_json::json;

use super::till::{IBAN, OTHER_IBAN, Till, iban, profile, put};
use crate::support::TestServer;

#[tokio::test]
async fn a_changed_destination_needs_the_password_and_rests() {
    let server = TestServer::builder().manual_clock().start().await;
    let mut till = Till::with(server).await;
    till.earn(till.scene.alder, "100.00").await;
    let mut wrong = profile(&iban(OTHER_IBAN));
    wrong["password"] = "not it".into();
    put(&till.alder, "/api/v1/payout-profile", &wrong)
        .await
        .problem(422, "invalid_body");
    let set = till.profile(&till.alder, &iban(OTHER_IBAN)).await.ok();
    assert_eq!(
        json!([set["destination"], set["version"]]),
        json!(["NL** **** 4300", 2])
    );
    let resting = till.try_propose("pain001").await.problem(409, "nothing_to_pay");
    assert_eq!(resting["skipped"], json!({"cooling_off": 1}));
    till.server.clock.advance(TimeDelta::hours(72));
    (till.maker, till.alder) = (
        till.server.login("finance@northwind.example").await,
        till.server.login("finance@alder.example").await,
    );
    let same = till.profile(&till.alder, &iban(OTHER_IBAN)).await.ok();
    assert_eq!(
        same["usable_from"], set["usable_from"],
        "the same destination doesn't rest again"
    );
    till.propose("pain001").await;
}

#[tokio::test]
async fn all_admins_are_told_and_no_number_is_in_the_clear() {
    let till = Till::open().await;
    till.profile(&till.alder, &iban(OTHER_IBAN)).await.ok();
    let mut db = till.server.database.connect().await;
    let letters: Vec<(String, String)> = sqlx::query_as(
        "SELECT recipient, coalesce(body, '') FROM mail WHERE template = 'payout_profile_changed' ORDER BY id",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    assert!(
        letters.iter().all(|(to, _)| to == "admin@alder.example") && letters.len() == 2,
        "{letters:?}"
    );
    let event: serde_json::Value =
        sqlx::query_scalar("SELECT data FROM event WHERE kind = 'payout_profile.changed' ORDER BY seq DESC LIMIT 1")
            .fetch_one(&mut db)
            .await
            .unwrap();
    assert_eq!(event["destination_changed"], true);
    for table in [
        "payout_secret",
        "payout_destination",
        "payout_profile",
        "payout_settings",
        "event",
        "mail",
    ] {
        let dump: Option<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "SELECT string_agg(t::text, ' ') FROM {table} t"
        )))
        .fetch_one(&mut db)
        .await
        .unwrap();
        let dump = dump.unwrap_or_default();
        for number in [IBAN, OTHER_IBAN, "4400532013", "0417164300"] {
            let hex: String = number.bytes().map(|byte| format!("{byte:02x}")).collect();
            assert!(!dump.contains(number) && !dump.contains(&hex), "{table}");
        }
    }
}

#[tokio::test]
async fn a_key_or_a_seller_cannot_say_where_money_goes() {
    let till = Till::open().await;
    let seller = till.server.login("sales@alder.example").await;
    till.profile(&seller, &iban(OTHER_IBAN)).await.problem(403, "forbidden");
    till.profile(&till.maker, &iban(OTHER_IBAN))
        .await
        .problem(403, "forbidden");
    let bad = till
        .profile(&till.alder, &iban("DE89370400440532013001"))
        .await
        .problem(422, "invalid_body");
    let told = bad["errors"][0].to_string();
    assert!(
        told.contains("/destination") && !told.contains("370400440532013001"),
        "{told}"
    );
    let south = till.server.login("finance@southgate.example").await;
    assert_eq!(south.get("/api/v1/payout-profiles").await.ok()["items"], json!([]));
}

#[tokio::test]
async fn a_person_is_paid_by_the_employers_leave() {
    let till = Till::open().await;
    let seller = till.server.login("sales@alder.example").await;
    put(&seller, "/api/v1/payout-profile/mine", &profile(&iban(OTHER_IBAN)))
        .await
        .ok();
    till.rested().await;
    let mut db = till.server.database.connect().await;
    let user: UserId = sqlx::query_scalar("SELECT id FROM user_account WHERE email = 'sales@alder.example'")
        .fetch_one(&mut db)
        .await
        .unwrap();
    till.earn_as(till.scene.alder, Some(user), "50.00").await;
    let refused = till.try_propose("pain001").await.problem(409, "nothing_to_pay");
    assert_eq!(refused["skipped"], json!({"no_consent": 1}));
    let consent = json!({"vendor_id": till.scene.northwind, "given": true});
    put(&till.alder, "/api/v1/payee-consents", &consent).await.ok();
    assert_eq!(
        till.alder.get("/api/v1/payee-consents").await.ok()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let batch = till.pay("pain001").await;
    assert_eq!(till.payout(&batch).await["user_id"], json!(user));
    assert_eq!(
        seller.get("/api/v1/payouts/mine").await.ok()["items"][0]["net"],
        "50.00"
    );
    assert_eq!(till.told().await, ["payout.sent", "reward.sent"]);
    let other = till.server.login("technical@alder.example").await;
    assert_eq!(other.get("/api/v1/payouts/mine").await.ok()["items"], json!([]));
    till.sound().await;
}

#[tokio::test]
async fn a_form_that_was_checked_is_checked_again_when_it_changes() {
    let till = Till::open().await;
    let mut form = profile(&iban(IBAN));
    (form["tax_form"], form["tax_id"]) = ("vat".into(), "DE123456789".into());
    put(&till.alder, "/api/v1/payout-profile", &form).await.ok();
    let list = format!("/api/v1/payout-profiles?partner_id={}", till.scene.alder);
    let status = async || till.maker.get(&list).await.ok()["items"][0]["tax_status"].clone();
    let id = till.maker.get(&list).await.ok()["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let verify = async || {
        let path = format!("/api/v1/payout-profiles/{id}/tax-status");
        till.maker
            .post(&path, &json!({"status": "verified", "note": "seen"}))
            .await
            .ok();
        assert_eq!(status().await, "verified");
    };
    verify().await;
    // What is no part of the form leaves it be: currency, minimum, and the destination.
    let mut same = profile(&iban(OTHER_IBAN));
    (same["tax_form"], same["minimum_payout"]) = ("vat".into(), "20.00".into());
    put(&till.alder, "/api/v1/payout-profile", &same).await.ok();
    assert_eq!(status().await, "verified");
    for (field, value) in [("country", "FR"), ("tax_form", "w8bene"), ("tax_id", "FR40303265045")] {
        same[field] = value.into();
        put(&till.alder, "/api/v1/payout-profile", &same).await.ok();
        assert_eq!(status().await, "missing", "{field}");
        verify().await;
    }
}
