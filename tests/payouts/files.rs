//! What files of banks may say, and of what.

use guildhall_kernel::Currency;
use serde_json::{Value, json};

use super::bank::{camt054, debits, name, pain002, send};
use super::stub::{becomes, open};
use super::till::{Till, put, put_at};

#[tokio::test]
async fn a_file_says_nothing_of_what_people_or_services_pay() {
    let till = Till::open().await;
    till.profile(&till.alder, &json!({"type": "manual", "note": "cheque"}))
        .await
        .ok();
    till.rested().await;
    till.earn(till.scene.alder, "100.00").await;
    let batch = till.pay("manual").await;
    let id = name(&till.payout(&batch).await);
    for file in [pain002("A-1", &[(&id, "RJCT")]), camt054("N-1", &id, "100.00", false)] {
        let result = send(&till.maker, &file).await.ok();
        assert_eq!(
            json!([result["unknown"], result["failed"], result["paid"]]),
            json!([[id], 0, 0])
        );
    }
    let whole = debits("camt.054", "N-2", &[(batch_name(&batch), 1, "100.00")]);
    assert_eq!(send(&till.maker, &whole).await.ok()["unknown_count"], 1);
    assert_eq!(till.payout(&batch).await["status"], "sent");

    let (till, _) = open(&[]).await;
    till.pay("stripe").await;
    let payout = becomes(&till, "paid").await;
    let id: guildhall_kernel::PayoutId = payout["id"].as_str().unwrap().parse().unwrap();
    for id in [name(&payout), id.uuid().to_string()] {
        let maker = till.server.login("finance@northwind.example").await;
        let result = send(&maker, &pain002("A-2", &[(&id, "RJCT")])).await.ok();
        assert_eq!(json!([result["unknown_count"], result["failed"]]), json!([1, 0]));
    }
    assert_eq!(till.ledger().await, json!({"paid": "100.00"}));
    till.sound().await;
}

#[tokio::test]
async fn a_payout_that_waits_for_a_person_is_ended_by_no_file() {
    let till = Till::open().await;
    till.earn(till.scene.alder, "100.00").await;
    let batch = till.pay("pain001").await;
    let id = name(&till.payout(&batch).await);
    let stopped = send(&till.maker, &camt054("N-1", &id, "99.00", false)).await.ok();
    assert_eq!(stopped["stopped"], 1, "{stopped}");
    let files = [
        pain002("A-1", &[(&id, "RJCT")]),
        camt054("N-2", &id, "100.00", false),
        camt054("N-3", &id, "100.00", true),
        debits("camt.053", "S-1", &[(batch_name(&batch), 1, "100.00")]),
    ];
    for file in files {
        let result = send(&till.maker, &file).await.ok();
        assert_eq!(result["unknown_count"], 1, "{result}");
        assert_eq!(till.payout(&batch).await["status"], "stopped");
    }
    assert_eq!(till.ledger().await, json!({"in_transit": "100.00"}));
    till.sound().await;
}

/// By what the bank knows a batch.
fn batch_name(batch: &str) -> &str {
    batch.rsplit_once("batch_").unwrap().1
}

#[tokio::test]
async fn a_debit_of_a_whole_file_settles_it_once_however_often_it_is_told() {
    for message in ["camt.053", "camt.054"] {
        let till = Till::open().await;
        till.earn(till.scene.alder, "100.00").await;
        let batch = till.pay("pain001").await;
        let debit = (batch_name(&batch), 1, "100.00");
        let other = send(&till.maker, &debits(message, "S-0", &[(debit.0, 1, "99.00")]))
            .await
            .ok();
        assert_eq!(json!([other["paid"], other["unclear_count"]]), json!([0, 1]), "{other}");
        let result = send(&till.maker, &debits(message, "S-1", &[debit, debit, debit]))
            .await
            .ok();
        assert_eq!(
            json!([result["paid"], result["unchanged"], result["unclear_count"]]),
            json!([1, 0, 0]),
            "{result}"
        );
        let later = send(&till.maker, &debits(message, "S-2", &[debit])).await.ok();
        assert_eq!(json!([later["paid"], later["unchanged"]]), json!([0, 1]), "{later}");
        assert_eq!(till.ledger().await, json!({"paid": "100.00"}));
        assert_eq!(till.told().await, ["payout.sent", "payout.paid"]);
        till.sound().await;
    }
}

#[tokio::test]
async fn a_payout_by_file_can_be_marked_paid_but_not_failed() {
    let till = Till::open().await;
    till.earn(till.scene.alder, "100.00").await;
    let file = till.pay("pain001").await;
    let ach = ach(&till).await;
    for batch in [file, ach] {
        let payout = till.payout(&batch).await;
        let path = format!("/api/v1/payouts/{}/settle", payout["id"].as_str().unwrap());
        let etag = format!("\"v{}\"", payout["version"]);
        let failed = json!({"outcome": "failed", "reason": "a guess"});
        till.maker
            .post_at(&path, &etag, &failed)
            .await
            .problem(409, "illegal_move");
        let paid = json!({"outcome": "paid", "reference": "statement 12"});
        let settled = till.maker.post_at(&path, &etag, &paid).await.ok();
        assert_eq!(
            json!([settled["status"], settled["reference"]]),
            json!(["paid", "statement 12"])
        );
        assert_eq!(till.maker.get(&batch).await.ok()["status"], "reconciled");
    }
    assert_eq!(till.ledger().await, json!({"paid": "350.00"}));
    till.sound().await;
}

/// Where a company of the United States is paid.
fn american(account: &str, kind: &str, holder: &str) -> Value {
    let destination =
        json!({"type": "us_ach", "routing": "011401533", "account": account, "kind": kind, "holder": holder});
    let mut profile = super::till::profile(&destination);
    (profile["currency"], profile["country"]) = ("USD".into(), "US".into());
    profile
}

/// Alder is paid 250 dollars by ACH; the batch's address.
async fn ach(till: &Till) -> String {
    let profile = american("123456789", "checking", "Alder Inc");
    put(&till.alder, "/api/v1/payout-profile", &profile).await.ok();
    till.rested().await;
    payer(till).await;
    till.earn_in(Currency::USD, till.scene.alder, None, "250.00").await;
    till.pay("nacha").await
}

/// Northwind has what its bank wants of ACH files.
async fn payer(till: &Till) {
    let path = "/api/v1/payout-settings";
    let nacha = json!({"routing": "021000021", "bank_name": "First Bank", "origin": "1234567890",
        "company_name": "Northwind", "company_id": "1234567890"});
    let settings = json!({"nacha": nacha, "minimums": {"EUR": "10.00"}});
    put_at(&till.checker, path, &till.checker.etag(path).await, &settings)
        .await
        .ok();
}

/// The columns of a record, from 1, as the NACHA Operating Rules count them.
fn columns(record: &str, from: usize, to: usize) -> &str {
    &record[from - 1..to]
}

fn number(record: &str, from: usize, to: usize) -> u64 {
    columns(record, from, to).parse().unwrap()
}

#[tokio::test]
async fn an_ach_file_is_what_its_bank_counts() {
    let till = Till::open().await;
    let birch = till.server.login("finance@birch.example").await;
    let savings = american("987654321", "savings", "Birch LLC");
    put(&birch, "/api/v1/payout-profile", &savings).await.ok();
    till.earn_in(Currency::USD, till.scene.birch, None, "74.75").await;
    let batch = ach(&till).await;
    let answer = till.maker.get(&format!("{batch}/file")).await;
    assert!(answer.header("content-disposition").ends_with(".ach\""));
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines.len().is_multiple_of(10) && lines.iter().all(|line| line.len() == 94),
        "{text}"
    );
    let kinds: String = lines.iter().map(|line| &line[..1]).collect();
    assert_eq!(kinds, "1566899999");
    assert!(
        lines[6..].iter().all(|line| line.bytes().all(|byte| byte == b'9')),
        "{text}"
    );

    // Credits to a checking and a savings account, in cents, in the order of the payouts.
    let entries = &lines[2..4];
    let mut paid: Vec<(&str, &str, u64)> = entries
        .iter()
        .map(|entry| {
            (
                columns(entry, 2, 3),
                columns(entry, 13, 29).trim(),
                number(entry, 30, 39),
            )
        })
        .collect();
    paid.sort_unstable();
    assert_eq!(paid, [("22", "123456789", 25_000), ("32", "987654321", 7_475)]);
    let payouts = till.payouts(&batch).await;
    assert_eq!(payouts.len(), 2);
    // The sum of the banks' numbers without their check digits, the last ten digits of it.
    let hash: u64 = entries.iter().map(|entry| number(entry, 4, 11)).sum();
    let today = till.server.clock.now().format("%y%m%d").to_string();
    assert_eq!(columns(lines[1], 70, 75), today);
    let batch_control = lines[4];
    assert_eq!(
        [
            number(batch_control, 5, 10),
            number(batch_control, 11, 20),
            number(batch_control, 21, 32),
            number(batch_control, 33, 44)
        ],
        [2, hash, 0, 32_475]
    );
    let file_control = lines[5];
    assert_eq!(
        [
            number(file_control, 2, 7),
            number(file_control, 8, 13),
            number(file_control, 14, 21),
            number(file_control, 22, 31),
            number(file_control, 32, 43),
            number(file_control, 44, 55)
        ],
        [1, 1, 2, hash, 0, 32_475]
    );
    assert_eq!(answer.body, till.maker.get(&format!("{batch}/file")).await.body);
    assert_eq!(till.ledger().await, json!({"in_transit": "324.75"}));

    // The bank sends Birch's back: the return names the entry by what stands in the file.
    let returned = returns(
        lines[1],
        entries.iter().find(|entry| columns(entry, 2, 3) == "32").unwrap(),
    );
    let result = send(&till.maker, &returned).await.ok();
    assert_eq!(
        json!([result["returned"], result["unknown_count"]]),
        json!([1, 0]),
        "{result}"
    );
    assert_eq!(till.ledger().await, json!({"in_transit": "250.00", "payable": "74.75"}));
    till.sound().await;
}

/// A bank's file that returns one entry: R03, no account.
fn returns(batch_header: &str, entry: &str) -> String {
    let (own, theirs, cents) = (columns(entry, 80, 94), "011401530000001", columns(entry, 30, 39));
    let lines = [
        "101 011401533 0210000212603051200B094101NORTHWIND              THEIR BANK".to_owned(),
        batch_header.to_owned(),
        // A credit to a savings account that comes back; it goes to our bank.
        format!("631021000021{}1{theirs}", columns(entry, 13, 78)),
        format!("799R03{own}      {}{:44}{theirs}", columns(entry, 4, 11), ""),
        format!(
            "8220000002{:010}{:012}{cents:0>12}1234567890{:25}021000020000001",
            2_100_002, 0, ""
        ),
        format!("900000100000100000002{:010}{:012}{cents:0>12}", 2_100_002, 0),
    ];
    lines.map(|line| format!("{line:<94}\n")).concat()
}

#[tokio::test]
async fn a_file_that_says_too_much_is_bounded() {
    let till = Till::open().await;
    till.earn(till.scene.alder, "100.00").await;
    let batch = till.pay("pain001").await;
    let payout = till.payout(&batch).await;
    let id = name(&payout);
    // More words on one payment than there are: each would be a round of its own.
    let many: Vec<(&str, &str)> = ["ACSC", "RJCT"]
        .into_iter()
        .cycle()
        .take(20_000)
        .map(|word| (&*id, word))
        .collect();
    let result = send(&till.maker, &pain002("A-1", &many)).await.ok();
    assert_eq!(
        json!([result["paid"], result["failed"], result["unclear_count"]]),
        json!([0, 0, 1]),
        "{result}"
    );
    let told = &result["unclear"][0];
    assert_eq!(told["end_to_end_id"], payout["id"], "{told}");
    assert!(told["what"].as_str().unwrap().contains("20000 things"), "{told}");
    assert_eq!(till.payout(&batch).await["status"], "sent");

    // Unclear and unknown entries, and names longer than a name is.
    let long = "9".repeat(100_000);
    let mut odd: Vec<(&str, &str)> = std::iter::repeat_n((&*id, "HUH?"), 3_000).collect();
    odd.push((&long, "RJCT"));
    let answer = send(&till.maker, &pain002("A-2", &odd)).await;
    let result = answer.ok();
    assert_eq!(
        json!([
            result["unclear_count"],
            result["unclear"].as_array().unwrap().len(),
            result["unknown_count"]
        ]),
        json!([3_000, 1_000, 1])
    );
    assert!(result["unknown"][0].as_str().unwrap().chars().count() < 250);
    let again = send(&till.maker, &pain002("A-2", &odd)).await.ok();
    assert_eq!(json!([again["repeated"], again["unclear_count"]]), json!([true, 3_000]));
    till.sound().await;
}

#[tokio::test]
async fn contradictions_are_counted_and_told_up_to_a_bound() {
    let till = Till::open().await;
    till.earn(till.scene.alder, "100.00").await;
    let batch = till.pay("pain001").await;
    let id = name(&till.payout(&batch).await);
    send(&till.maker, &pain002("A-1", &[(&id, "RJCT")])).await.ok();
    let late: Vec<(&str, &str)> = std::iter::repeat_n((&*id, "ACSC"), 8).collect();
    let result = send(&till.maker, &pain002("A-2", &late)).await.ok();
    assert_eq!(
        json!([result["clash_count"], result["clashes"].as_array().unwrap().len()]),
        json!([8, 8])
    );
    assert_eq!(result["clashes"][0]["status"], "failed");
    assert_eq!(
        till.told()
            .await
            .iter()
            .filter(|kind| *kind == "payout.contradicted")
            .count(),
        8
    );
    till.sound().await;
}
