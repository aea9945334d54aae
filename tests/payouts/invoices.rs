//! Invoices that the vendor writes for its payees, and what takes them back.

use guildhall_kernel::UserId;
use serde_json::{Value, json};

use super::bank::{camt054, name, pain002, send};
use super::till::{IBAN, OTHER_IBAN, Till, iban, profile, put};
use crate::support::{Answer, Caller};

/// Northwind writes invoices for payees in Germany, with tax; Alder has a tax number.
async fn billing() -> Till {
    let till = Till::open().await;
    let rule = json!({"country": "DE", "effective_from": "2020-01-01", "withholding_percent": "0",
        "without_form_percent": "0", "self_billing": true, "vat_percent": "19"});
    put(&till.maker, "/api/v1/payout-tax-rules", &rule).await.ok();
    put(&till.alder, "/api/v1/payout-profile", &taxed(IBAN, "DE123456789"))
        .await
        .ok();
    till
}

fn taxed(account: &str, tax_id: &str) -> Value {
    let mut profile = profile(&iban(account));
    (profile["tax_form"], profile["tax_id"]) = ("vat".into(), tax_id.into());
    profile
}

async fn document(who: &Caller, payout: &Value, which: &str) -> Answer {
    let id = payout["id"].as_str().unwrap();
    who.get(&format!("/api/v1/payouts/{id}/{which}")).await
}

fn is_pdf(answer: &Answer, number: &str) {
    assert!(answer.body.starts_with(b"%PDF-"), "{answer:?}");
    let name = answer.header("content-disposition");
    assert!(name.contains(&format!("{number}.pdf")), "{name}");
}

#[tokio::test]
async fn nothing_is_invoiced_for_what_did_not_arrive() {
    let till = billing().await;
    till.earn(till.scene.alder, "119.00").await;
    let failed = till.pay("pain001").await;
    let id = name(&till.payout(&failed).await);
    send(&till.maker, &pain002("A-1", &[(&id, "RJCT")])).await.ok();
    let returned = till.pay("pain001").await;
    let id = name(&till.payout(&returned).await);
    send(&till.maker, &camt054("N-1", &id, "119.00", false)).await.ok();
    send(&till.maker, &camt054("N-2", &id, "119.00", true)).await.ok();
    for batch in [failed, returned] {
        let payout = till.payout(&batch).await;
        for who in [&till.maker, &till.alder] {
            document(who, &payout, "invoice").await.problem(404, "not_found");
            // Nor is there anything to take back.
            document(who, &payout, "credit-note").await.problem(404, "no_invoice");
        }
        assert_eq!(payout["credit_note_no"], json!(null));
    }
    till.sound().await;
}

#[tokio::test]
async fn an_invoice_of_what_came_back_is_taken_back_by_a_credit_note() {
    let till = billing().await;
    let birch = till.server.login("finance@birch.example").await;
    put(&birch, "/api/v1/payout-profile", &taxed(OTHER_IBAN, "DE987654321"))
        .await
        .ok();
    till.rested().await;
    till.earn(till.scene.alder, "119.00").await;
    till.earn(till.scene.birch, "238.00").await;
    let batch = till.pay("pain001").await;
    let mut invoices = Vec::new();
    for payout in till.payouts(&batch).await {
        let invoice = document(&till.maker, &payout, "invoice").await;
        is_pdf(&invoice, payout["self_billing_no"].as_str().unwrap());
        document(&till.maker, &payout, "credit-note")
            .await
            .problem(404, "no_invoice");
        invoices.push((payout, invoice));
    }
    let words: Vec<String> = invoices.iter().map(|(payout, _)| name(payout)).collect();
    let words: Vec<(&str, &str)> = words.iter().map(|id| (id.as_str(), "RJCT")).collect();
    send(&till.maker, &pain002("A-1", &words)).await.ok();

    let year = till.server.clock.now().format("%Y").to_string();
    let mut numbers = Vec::new();
    for (payout, invoice) in &invoices {
        let kept = document(&till.maker, payout, "invoice").await;
        assert!(kept.body == invoice.body, "an invoice that was drawn stays");
        let path = format!("/api/v1/payouts/{}", payout["id"].as_str().unwrap());
        let number = till.maker.get(&path).await.ok()["credit_note_no"]
            .as_str()
            .unwrap()
            .to_owned();
        let first = document(&till.maker, payout, "credit-note").await;
        is_pdf(&first, &number);
        // Whatever the parties are called later.
        till.sql("UPDATE organisation SET name = name || ' renamed'").await;
        let again = document(&till.checker, payout, "credit-note").await;
        assert!(first.body == again.body && first.header("etag") == again.header("etag"));
        numbers.push(number);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, [format!("SC-{year}-000001"), format!("SC-{year}-000002")]);
    till.sound().await;

    // The next has the next number; nobody else's eyes see any of it.
    let again = till.pay("pain001").await;
    let payouts = till.payouts(&again).await;
    let alders = payouts
        .iter()
        .find(|payout| payout["partner_id"] == json!(till.scene.alder))
        .unwrap();
    is_pdf(
        &document(&till.alder, alders, "invoice").await,
        alders["self_billing_no"].as_str().unwrap(),
    );
    send(&till.maker, &pain002("A-2", &[(&name(alders), "RJCT")]))
        .await
        .ok();
    is_pdf(
        &document(&till.alder, alders, "credit-note").await,
        &format!("SC-{year}-000003"),
    );
    let southgate = till.server.login("finance@southgate.example").await;
    for who in [&birch, &southgate] {
        document(who, alders, "credit-note").await.problem(404, "not_found");
    }
    till.sound().await;
}

#[tokio::test]
async fn a_persons_invoice_is_for_the_vendor_and_the_person() {
    let till = billing().await;
    let seller = till.server.login("sales@alder.example").await;
    put(
        &seller,
        "/api/v1/payout-profile/mine",
        &taxed(OTHER_IBAN, "DE555666777"),
    )
    .await
    .ok();
    till.rested().await;
    let consent = json!({"given": true});
    put(&till.alder, "/api/v1/payee-consents", &consent).await.ok();
    let mut db = till.server.database.connect().await;
    let user: UserId = sqlx::query_scalar("SELECT id FROM user_account WHERE email = 'sales@alder.example'")
        .fetch_one(&mut db)
        .await
        .unwrap();
    till.earn_as(till.scene.alder, Some(user), "119.00").await;
    let batch = till.pay("pain001").await;
    let payout = till.payout(&batch).await;
    let admin = till.server.login("admin@alder.example").await;
    let colleague = till.server.login("technical@alder.example").await;
    // The employer sees the payout, and not the number that is on its invoice.
    let path = format!("/api/v1/payouts/{}", payout["id"].as_str().unwrap());
    assert_eq!(admin.get(&path).await.ok()["net"], "119.00");
    let employers = [&admin, &till.alder, &colleague];
    for who in employers {
        document(who, &payout, "invoice").await.problem(404, "not_found");
    }
    let number = payout["self_billing_no"].as_str().unwrap();
    let own = document(&seller, &payout, "invoice").await;
    is_pdf(&own, number);
    assert!(own.body == document(&till.maker, &payout, "invoice").await.body);
    send(&till.maker, &pain002("A-1", &[(&name(&payout), "RJCT")]))
        .await
        .ok();
    for who in employers {
        document(who, &payout, "credit-note").await.problem(404, "not_found");
        document(who, &payout, "invoice").await.problem(404, "not_found");
    }
    assert!(
        document(&seller, &payout, "credit-note")
            .await
            .body
            .starts_with(b"%PDF-")
    );
    till.sound().await;
}
