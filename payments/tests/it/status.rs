//! Status files of banks.

use std::time::Instant;

use guildhall_kernel::Currency;
use guildhall_payments::status::{Kind, Outcome, Report, StatusFault, StatusFile, meaning, read};
use proptest::prelude::*;

use crate::schema::assert_valid;

const PAIN002: &str = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.12";

/// A `pain.002` with what it says of the group, of the payment information and of transfers.
fn pain002(group: &str, payment: &str, transfers: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="{PAIN002}"><CstmrPmtStsRpt>
<GrpHdr><MsgId>BANK-77</MsgId><CreDtTm>2026-03-03T10:00:00Z</CreDtTm></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>GH-17</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>{group}</OrgnlGrpInfAndSts>
<OrgnlPmtInfAndSts><OrgnlPmtInfId>GH-17</OrgnlPmtInfId>{payment}
{transfers}</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"#
    )
}

fn transfer(id: &str, status: &str, rest: &str) -> String {
    format!("<TxInfAndSts><OrgnlEndToEndId>{id}</OrgnlEndToEndId><TxSts>{status}</TxSts>{rest}</TxInfAndSts>")
}

/// Reads a file that the published schema takes.
fn valid(document: &str) -> StatusFile {
    assert_valid("pain.002.001.12", document.as_bytes());
    read(document.as_bytes()).unwrap()
}

fn rejected(code: &str, text: &str) -> Outcome {
    Outcome::Rejected {
        code: code.to_owned(),
        text: text.to_owned(),
    }
}

fn returned(code: &str, text: &str) -> Outcome {
    Outcome::Returned {
        code: code.to_owned(),
        text: text.to_owned(),
    }
}

#[test]
fn each_status_of_a_transfer_has_an_outcome() {
    for (status, outcome) in [
        ("RCVD", Outcome::Accepted),
        ("ACTC", Outcome::Accepted),
        ("ACCP", Outcome::Accepted),
        ("ACSP", Outcome::Accepted),
        ("ACWC", Outcome::Accepted),
        ("PDNG", Outcome::Accepted),
        ("ACSC", Outcome::Settled),
        ("ACCC", Outcome::Settled),
        ("RJCT", rejected("MS03", meaning("MS03").unwrap())),
        ("CANC", rejected("MS03", meaning("MS03").unwrap())),
    ] {
        let file = valid(&pain002("", "", &transfer("po-1", status, "")));
        assert_eq!(file.reports[0].outcome, outcome, "{status}");
        assert_eq!((file.kind, file.message_id.as_str()), (Kind::Pain002, "BANK-77"));
    }
    // Neither paid nor returned: a person must ask the bank.
    let file = valid(&pain002("", "", &transfer("po-1", "BLCK", "")));
    assert!(file.reports.is_empty());
    assert_eq!(file.unclear[0].end_to_end_id.as_deref(), Some("po-1"));
    assert!(file.unclear[0].what.contains("BLCK"));
    assert_eq!(file.unclear[0].line, 6);
}

#[test]
fn a_rejection_says_why_and_how_much() {
    let reason = "<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>Konto</AddtlInf><AddtlInf>aufgelöst &amp; zu</AddtlInf></StsRsnInf>
        <AcctSvcrRef>REF-9</AcctSvcrRef><OrgnlTxRef><Amt><InstdAmt Ccy=\"EUR\">0125.50</InstdAmt></Amt></OrgnlTxRef>";
    let codes = "<StsRsnInf><Rsn><Prtry>XT99</Prtry></Rsn></StsRsnInf>";
    let known = "<StsRsnInf><Rsn><Cd>AC06</Cd></Rsn></StsRsnInf>";
    let transfers = [
        transfer("po-1", "RJCT", reason),
        transfer("po-2", "RJCT", codes),
        transfer("po-3", "RJCT", known),
    ]
    .concat();
    let file = valid(&pain002(
        "<GrpSts>PART</GrpSts>",
        "<PmtInfSts>PART</PmtInfSts>",
        &transfers,
    ));
    let whole = file.whole.unwrap();
    assert_eq!(
        (whole.message_id.as_str(), whole.outcome, whole.in_part),
        ("GH-17", Outcome::Accepted, true)
    );
    let first = &file.reports[0];
    assert_eq!(first.outcome, rejected("AC04", "Konto aufgelöst & zu"));
    let amount = first.amount.unwrap();
    assert_eq!(
        (amount.amount.to_string().as_str(), amount.currency),
        ("125.5", Currency::EUR)
    );
    assert_eq!(first.entry_reference.as_deref(), Some("REF-9"));
    assert_eq!(file.reports[1].outcome, rejected("XT99", ""));
    assert_eq!(file.reports[2].outcome, rejected("AC06", "the account is blocked"));
}

#[test]
fn a_whole_file_may_be_rejected_in_the_group_or_the_payment() {
    let reason = "<StsRsnInf><Rsn><Cd>DU01</Cd></Rsn></StsRsnInf>";
    for (group, payment) in [
        (format!("<GrpSts>RJCT</GrpSts>{reason}"), String::new()),
        (String::new(), format!("<PmtInfSts>RJCT</PmtInfSts>{reason}")),
    ] {
        let bare = "<TxInfAndSts><OrgnlEndToEndId>po-1</OrgnlEndToEndId></TxInfAndSts>";
        let file = valid(&pain002(&group, &payment, bare));
        let outcome = rejected("DU01", "the message id was used before");
        assert_eq!(file.whole.unwrap().outcome, outcome);
        // A transfer without a status of its own has that of what it is part of.
        assert_eq!(file.reports[0].outcome, outcome);
    }
}

#[test]
fn no_status_is_borrowed_from_others() {
    let bare = "<TxInfAndSts><OrgnlEndToEndId>po-1</OrgnlEndToEndId></TxInfAndSts>";
    // The payment information's own status stands before the group's, also where it says nothing of this payment.
    let file = valid(&pain002("<GrpSts>ACSC</GrpSts>", "<PmtInfSts>PART</PmtInfSts>", bare));
    assert_eq!(
        (file.reports.len(), file.unclear[0].what.as_str()),
        (0, "a payment without TxSts")
    );
    let second = format!("</OrgnlPmtInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>GH-18</OrgnlPmtInfId>{bare}");
    let file = valid(&pain002("", "<PmtInfSts>ACSC</PmtInfSts>", &second));
    assert_eq!((file.reports.len(), file.unclear.len()), (0, 1));
    // What another namespace calls TxSts is something else.
    let foreign = transfer("po-1", "ACSC", "").replace("<TxSts>", "<x:TxSts xmlns:x=\"urn:x\">RJCT</x:TxSts><TxSts>");
    assert_eq!(
        read(pain002("", "", &foreign).as_bytes()).unwrap().reports[0].outcome,
        Outcome::Settled
    );
}

const CAMT054: &str = include_str!("camt.054.xml");

#[test]
fn debits_settle_and_credits_return() {
    let file = read(CAMT054.as_bytes()).unwrap();
    assert_eq!(
        (file.kind, file.message_id.as_str()),
        (Kind::Camt054, "CAMT-2026-03-04")
    );
    let told: Vec<(&str, &Outcome, Option<String>, &str)> = file
        .reports
        .iter()
        .map(
            |Report {
                 end_to_end_id,
                 outcome,
                 amount,
                 entry_reference,
                 ..
             }| {
                let amount = amount.map(|amount| format!("{} {}", amount.amount, amount.currency.code()));
                (
                    end_to_end_id.as_str(),
                    outcome,
                    amount,
                    entry_reference.as_deref().unwrap_or_default(),
                )
            },
        )
        .collect();
    let settled = Outcome::Settled;
    let closed = returned("AC04", "the account is closed");
    let reversed = returned("MS03", "the bank gave no reason");
    assert_eq!(
        told,
        [
            ("po-1", &settled, Some("100 EUR".to_owned()), "TX-1"),
            ("po-2", &settled, Some("25.5 EUR".to_owned()), "ENTRY-1"),
            ("po-3", &settled, Some("7 EUR".to_owned()), "ENTRY-2"),
            ("po-1", &closed, Some("100 EUR".to_owned()), "ENTRY-3"),
            ("po-3", &reversed, Some("7 EUR".to_owned()), "ENTRY-4"),
        ]
    );
    assert!(
        file.reports
            .iter()
            .all(|report| report.booked_on.unwrap().to_string() == "2026-03-04")
    );
    assert_eq!(file.batches.len(), 1);
    let batch = &file.batches[0];
    assert_eq!((batch.message_id.as_str(), batch.count), ("GH-18", Some(250)));
    assert_eq!(batch.amount.unwrap().amount.to_string(), "9000");
    let not_provided = CAMT054.lines().position(|line| line.contains("NOTPROVIDED")).unwrap() + 1;
    assert_eq!(file.unclear[0].line, not_provided);
    let unclear: Vec<&str> = file.unclear.iter().map(|entry| entry.what.as_str()).collect();
    assert_eq!(
        unclear,
        [
            "a payment without EndToEndId",
            "a debit that reverses or returns a credit"
        ]
    );
}

#[test]
fn what_an_entry_leaves_out_is_not_made_up() {
    let without = |part: &str| read(CAMT054.replace(part, "").as_bytes()).unwrap();
    // A return by its bank transaction code alone.
    let file = without("<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>");
    assert_eq!(file.reports[3].end_to_end_id, "po-1");
    assert_eq!(file.reports[3].outcome, returned("MS03", "the bank gave no reason"));
    // The first of two payments is unclear: the line is its own.
    let file = read(CAMT054.replacen("<EndToEndId>po-1</EndToEndId>", "", 1).as_bytes()).unwrap();
    let first = CAMT054.lines().position(|line| line.contains("<TxDtls>")).unwrap() + 1;
    assert_eq!(
        (file.unclear[0].line, file.unclear[0].what.as_str()),
        (first, "a payment without EndToEndId")
    );
    // The sum of several payments is not the amount of one.
    let file = without("<AmtDtls><TxAmt><Amt Ccy=\"EUR\">25.50</Amt></TxAmt></AmtDtls>");
    assert_eq!(file.reports[1].amount, None);
}

/// Versions differ in the namespace, the prefix in taste; the status had no code of its own before version 8.
#[test]
fn older_versions_and_prefixes_say_the_same() {
    let new = read(CAMT054.as_bytes()).unwrap();
    let prefixed = CAMT054
        .replace("</", "</n:")
        .replace("<", "<n:")
        .replace("<n:/n:", "</n:")
        .replace("<n:?", "<?")
        .replace("<n:!", "<!")
        .replace("xmlns=", "xmlns:n=");
    let old = CAMT054
        .replace("camt.054.001.08", "camt.054.001.04")
        .replace("<Sts><Cd>BOOK</Cd></Sts>", "<Sts>BOOK</Sts>");
    let statement = CAMT054
        .replace("camt.054.001.08", "camt.053.001.08")
        .replace("BkToCstmrDbtCdtNtfctn", "BkToCstmrStmt")
        .replace("Ntfctn>", "Stmt>");
    for (document, kind) in [
        (prefixed, Kind::Camt054),
        (old, Kind::Camt054),
        (statement, Kind::Camt053),
    ] {
        let file = read(document.as_bytes()).unwrap();
        assert_eq!(file.kind, kind);
        assert_eq!(
            (&file.reports, &file.batches),
            (&new.reports, &new.batches),
            "{document}"
        );
    }
}

#[test]
fn what_is_no_status_file_is_refused_with_its_place() {
    let good = pain002("", "", &transfer("po-1", "ACSC", ""));
    let deep = format!("<Document xmlns=\"{PAIN002}\">{}", "<a>".repeat(100));
    let bomb = format!(
        "<!DOCTYPE d [<!ENTITY a \"aaaa\">]>\n{}",
        good.trim_start_matches(|c| c != '\n').trim()
    );
    for (document, says) in [
        (String::new(), "line 1: not well-formed XML: it ends"),
        ("hello".to_owned(), "not well-formed XML"),
        ("<html/>".to_owned(), "this is \"html\", not pain.002"),
        (
            good.replace("pain.002.001.12", "pain.001.001.09"),
            "pain.001.001.09\", not pain.002",
        ),
        (good.replace("</CstmrPmtStsRpt>", ""), "line 6: not well-formed XML"),
        (
            good.replace("</CstmrPmtStsRpt></Document>", ""),
            "line 6: not well-formed XML: it ends before",
        ),
        (
            good.replace("<MsgId>BANK-77</MsgId>", ""),
            "CstmrPmtStsRpt/GrpHdr/MsgId is missing",
        ),
        (good.replace("BANK-77", "&bank;"), "line 3: an entity is not allowed"),
        (bomb, "line 1: a document type is not allowed"),
        (deep, "line 1: elements are nested more than 48 deep"),
    ] {
        let fault = read(document.as_bytes()).unwrap_err().to_string();
        assert!(fault.contains(says), "{fault} should say {says}");
    }
    assert_eq!(read(b"<a>\xff</a>"), Err(StatusFault::Encoding { at: 3 }));
}

#[test]
fn a_wrong_amount_is_for_a_person_and_spoils_nothing_else() {
    let amount = |text: &str, currency: &str| {
        let fields = format!("<OrgnlTxRef><Amt><InstdAmt Ccy=\"{currency}\">{text}</InstdAmt></Amt></OrgnlTxRef>");
        transfer("po-1", "ACSC", &fields)
    };
    for (text, currency) in [
        ("1e3", "EUR"),
        ("-1", "EUR"),
        ("0.001", "EUR"),
        ("1", "XYZ"),
        ("1", ""),
        ("9".repeat(40).as_str(), "EUR"),
    ] {
        let document = pain002("", "", &[amount(text, currency), transfer("po-2", "ACSC", "")].concat());
        let file = read(document.as_bytes()).unwrap();
        assert_eq!(file.unclear.len(), 1, "{text} {currency}");
        assert_eq!(file.unclear[0].end_to_end_id.as_deref(), Some("po-1"));
        assert_eq!(file.reports.len(), 1);
    }
}

#[test]
fn fifty_thousand_statuses_are_read() {
    let all: String = (0..50_000)
        .map(|number| transfer(&format!("po-{number}"), "ACSC", "\n"))
        .collect();
    let document = pain002("", "", &all);
    let begun = Instant::now();
    let file = read(document.as_bytes()).unwrap();
    println!("50 000 statuses, {} bytes in {:?}", document.len(), begun.elapsed());
    assert_eq!(file.reports.len(), 50_000);
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }

    /// A file cut off or with a byte changed is refused, or says no more than the whole one.
    #[test]
    fn a_damaged_file_is_answered(at in 0..CAMT054.len(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = CAMT054.as_bytes().to_vec();
        if cut {
            bytes.truncate(at);
            if CAMT054[at..].trim().is_empty() {
                return Ok(());
            }
            prop_assert!(read(&bytes).is_err());
        } else {
            bytes[at] = byte;
            if let Ok(file) = read(&bytes) {
                prop_assert!(file.reports.len() <= 6);
            }
        }
    }
}
