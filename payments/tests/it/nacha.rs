//! ACH files against the table of their columns.

use std::time::Instant;

use guildhall_kernel::{Currency, Money};
use guildhall_payments::nacha::{
    Class, Entry, Fault, File, Tally, WriteFault, Writer, identification, read_returns, write,
};
use guildhall_payments::status::{Kind, Outcome};
use guildhall_payments::{RoutingNumber, UsAccount, UsAccountKind};
use proptest::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

fn routing(number: &str) -> RoutingNumber {
    RoutingNumber::parse(number).unwrap()
}

fn order() -> File {
    File {
        destination: routing("021000021"),
        destination_name: "JPMorgan Chase".to_owned(),
        origin: "1234567890".to_owned(),
        origin_name: "Vendor Inc".to_owned(),
        created_at: "2026-03-02T09:30:00".parse().unwrap(),
        modifier: 'A',
        company_name: "Vendor Inc".to_owned(),
        company_id: "1234567890".to_owned(),
        class: Class::Company,
        description: "Commission".to_owned(),
        effective_date: "2026-03-03".parse().unwrap(),
        bank: routing("021000021"),
        batch_number: 17,
    }
}

fn entry(number: usize, cents: i64) -> Entry {
    Entry {
        identification: format!("PO{number}"),
        routing: routing("011401533"),
        account: UsAccount::parse("123456789").unwrap(),
        kind: UsAccountKind::Checking,
        name: "Partner & Söhne LLC".to_owned(),
        amount: Money::new(Decimal::new(cents, 2), Currency::USD),
        addenda: String::new(),
    }
}

fn file(order: &File, entries: &[Entry]) -> String {
    String::from_utf8(write(Vec::new(), order, entries).unwrap()).unwrap()
}

/// A field by its columns in the Operating Rules, from 1.
fn columns(record: &str, from: usize, to: usize) -> &str {
    &record[from - 1..to]
}

fn number(record: &str, from: usize, to: usize) -> u64 {
    columns(record, from, to)
        .parse()
        .unwrap_or_else(|_| panic!("{from}-{to} of {record:?}"))
}

/// What the file says, read by the table of columns alone, with everything checked that the Rules let a bank check.
fn parsed(file: &str) -> Vec<(String, u64, String)> {
    let records: Vec<&str> = file.lines().collect();
    assert_eq!(records.len() % 10, 0, "blocks of ten");
    assert!(
        records.iter().all(|record| record.len() == 94 && record.is_ascii()),
        "{file}"
    );
    assert_eq!(
        (columns(records[0], 1, 3), columns(records[0], 35, 40)),
        ("101", "094101")
    );
    assert_eq!((columns(records[1], 1, 4), columns(records[1], 79, 79)), ("5220", "1"));
    let last = records
        .iter()
        .rposition(|record| !record.bytes().all(|byte| byte == b'9'))
        .unwrap();
    let (control, batch) = (records[last], records[last - 1]);
    assert_eq!((columns(control, 1, 1), columns(batch, 1, 4)), ("9", "8220"));
    assert!(records.len() - last <= 10, "no empty block");
    let mut entries = Vec::new();
    let (mut hash, mut credits, mut count) = (0, 0, 0);
    let mut body = records[2..last - 1].iter().peekable();
    while let Some(record) = body.next() {
        count += 1;
        assert_eq!(columns(record, 1, 1), "6");
        assert!(["22", "32"].contains(&columns(record, 2, 3)));
        hash += number(record, 4, 11);
        credits += number(record, 30, 39);
        let sequence = u64::try_from(entries.len()).unwrap() + 1;
        assert_eq!(
            columns(record, 80, 87),
            columns(records[1], 80, 87),
            "trace begins with the bank"
        );
        assert_eq!(number(record, 88, 94), sequence);
        let addenda = match columns(record, 79, 79) {
            "1" => {
                let addenda = body.next().unwrap();
                count += 1;
                assert_eq!((columns(addenda, 1, 3), number(addenda, 84, 87)), ("705", 1));
                assert_eq!(number(addenda, 88, 94), sequence);
                columns(addenda, 4, 83).trim_end().to_owned()
            }
            _ => String::new(),
        };
        entries.push((
            columns(record, 40, 54).trim_end().to_owned(),
            number(record, 30, 39),
            addenda,
        ));
    }
    let hash = hash % 10_000_000_000;
    assert_eq!(
        [number(batch, 5, 10), number(batch, 11, 20), number(batch, 21, 32)],
        [count, hash, 0]
    );
    assert_eq!(number(batch, 33, 44), credits);
    assert_eq!(columns(batch, 45, 54), columns(records[1], 41, 50));
    assert_eq!(columns(batch, 80, 94), columns(records[1], 80, 94));
    assert_eq!(
        [number(control, 2, 7), number(control, 8, 13)],
        [1, u64::try_from(records.len() / 10).unwrap()]
    );
    assert_eq!([number(control, 14, 21), number(control, 22, 31)], [count, hash]);
    assert_eq!([number(control, 32, 43), number(control, 44, 55)], [0, credits]);
    entries
}

#[test]
fn a_file_has_each_field_in_its_columns() {
    let mut savings = entry(2, 1);
    savings.kind = UsAccountKind::Savings;
    savings.addenda = "Rebate Q1 (2026)".to_owned();
    let text = file(&order(), &[entry(1, 125_050), savings]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "101 02100002112345678902603020930A094101JPMORGAN CHASE         VENDOR INC                     "
    );
    assert_eq!(
        lines[1],
        "5220VENDOR INC                          1234567890CCDCOMMISSION      260303   1021000020000017"
    );
    assert_eq!(
        lines[2],
        "622011401533123456789        0000125050PO1            PARTNER + SOHNE LLC     0021000020000001"
    );
    assert_eq!(
        lines[3],
        "632011401533123456789        0000000001PO2            PARTNER + SOHNE LLC     1021000020000002"
    );
    assert!(
        lines[4].starts_with("705REBATE Q1 (2026)  ") && lines[4].ends_with("00010000002"),
        "{}",
        lines[4]
    );
    assert_eq!(
        lines[5],
        "822000000300022803060000000000000000001250511234567890                         021000020000017"
    );
    assert!(
        lines[6].starts_with("9000001000001000000030002280306000000000000000000125051 "),
        "{}",
        lines[6]
    );
    assert_eq!(lines.len(), 10);
    assert!(lines[7..].iter().all(|line| *line == "9".repeat(94)));
    assert_eq!(
        parsed(&text),
        [
            ("PO1".to_owned(), 125_050, String::new()),
            ("PO2".to_owned(), 1, "REBATE Q1 (2026)".to_owned())
        ]
    );
    let people = file(
        &File {
            class: Class::Person,
            ..order()
        },
        &[entry(1, 1)],
    );
    assert_eq!(&people.lines().nth(1).unwrap()[50..53], "PPD");
}

#[test]
fn blocks_are_filled_to_ten() {
    for entries in 1..=30 {
        let all: Vec<Entry> = (0..entries).map(|number| entry(number, 100)).collect();
        let text = file(&order(), &all);
        assert_eq!(parsed(&text).len(), entries);
        assert_eq!(text.lines().count(), (entries + 4).div_ceil(10) * 10);
    }
}

#[test]
fn limits_are_checked_before_a_byte_is_written() {
    type Change = fn(&mut File, &mut Entry);
    let cases: [(Change, &str); 20] = [
        (
            |order, _| order.destination_name = "x".repeat(24),
            "Immediate Destination Name must have 1 to 23 characters, it has 24",
        ),
        (
            |order, _| order.origin_name.clear(),
            "Immediate Origin Name must have 1 to 23 characters, it has 0",
        ),
        (
            |order, _| order.origin = "12345678901".to_owned(),
            "Immediate Origin must have 1 to 10 characters, it has 11",
        ),
        (
            |order, _| order.company_name = "x".repeat(17),
            "Company Name must have 1 to 16 characters, it has 17",
        ),
        (
            |order, _| order.company_id = "12-345".to_owned(),
            "Company Identification must be capitals and digits",
        ),
        (
            |order, _| order.description = "Commissions".to_owned(),
            "Company Entry Description must have 1 to 10 characters, it has 11",
        ),
        (
            |order, _| order.modifier = 'a',
            "File ID Modifier must be A to Z or 0 to 9",
        ),
        (
            |order, _| order.batch_number = 10_000_000,
            "Batch Number must be 1 to 9999999",
        ),
        (|order, _| order.batch_number = 0, "Batch Number must be"),
        (
            |_, entry| entry.identification = "x".repeat(16),
            "Individual Identification Number must have 1 to 15 characters, it has 16",
        ),
        (
            |_, entry| entry.identification.clear(),
            "Individual Identification Number must have 1 to 15 characters, it has 0",
        ),
        (
            |_, entry| entry.identification = "PO_1".to_owned(),
            "Individual Identification Number must be letters, digits",
        ),
        (
            |_, entry| entry.identification = " PO1".to_owned(),
            "without spaces at the ends",
        ),
        (
            |_, entry| entry.identification = "PO2".to_owned(),
            "is that of another entry of the file: PO2",
        ),
        (
            |_, entry| entry.name = "x".repeat(23),
            "Individual Name must have 1 to 22 characters, it has 23: entry PO1",
        ),
        (
            |_, entry| entry.addenda = "x".repeat(81),
            "Payment Related Information must have 1 to 80 characters, it has 81",
        ),
        (
            |_, entry| entry.amount.amount = Decimal::ZERO,
            "Amount must be US dollars and whole cents, more than zero",
        ),
        (
            |_, entry| entry.amount.amount = "100000000".parse().unwrap(),
            "at most 99999999.99: PO1",
        ),
        (|_, entry| entry.amount.amount = "0.001".parse().unwrap(), "whole cents"),
        (|_, entry| entry.amount.currency = Currency::CAD, "US dollars"),
    ];
    for (change, says) in cases {
        let (mut order, mut wrong) = (order(), entry(1, 500));
        change(&mut order, &mut wrong);
        let mut out = Vec::new();
        let fault = write(&mut out, &order, &[entry(2, 500), wrong])
            .unwrap_err()
            .to_string();
        assert!(fault.contains(says), "{fault} should say {says}");
        assert!(out.is_empty(), "bytes were written before: {fault}");
    }
    assert!(matches!(
        write(Vec::new(), &order(), &[]),
        Err(WriteFault::Order(Fault::Empty))
    ));
    let most = entry(0, 9_999_999_999);
    let all: Vec<Entry> = (0..101)
        .map(|number| Entry {
            identification: number.to_string(),
            ..most.clone()
        })
        .collect();
    assert!(matches!(
        write(Vec::new(), &order(), &all),
        Err(WriteFault::Order(Fault::Sum))
    ));
}

#[test]
fn what_is_written_must_be_what_was_counted() {
    let start = || {
        let mut tally = Tally::new(&order()).unwrap();
        tally.add(&entry(1, 500)).unwrap();
        tally.add(&entry(2, 500)).unwrap();
        assert_eq!(tally.sum().amount, Decimal::TEN);
        Writer::start(Vec::new(), tally).unwrap()
    };
    let mut fewer = start();
    assert_eq!(fewer.push(&entry(1, 500)).unwrap(), "021000020000001");
    assert!(matches!(
        fewer.finish(),
        Err(WriteFault::Differs {
            counted: 2,
            written: 1,
            ..
        })
    ));
    let mut more = start();
    more.push(&entry(1, 501)).unwrap();
    assert!(matches!(more.push(&entry(2, 500)), Err(WriteFault::Differs { .. })));
    let mut with_addenda = start();
    with_addenda
        .push(&Entry {
            addenda: "x".to_owned(),
            ..entry(1, 500)
        })
        .unwrap();
    with_addenda.push(&entry(2, 500)).unwrap();
    assert!(matches!(with_addenda.finish(), Err(WriteFault::Differs { .. })));
}

#[test]
fn an_identification_fits_and_differs() {
    let one = identification(Uuid::parse_str("0195f7a0-1111-7abc-8def-0123456789ab").unwrap());
    assert_eq!(one, "AY8VVR14D2PF2DB");
    let other = identification(Uuid::parse_str("0195f7a0-1111-7abc-8def-0123456789ac").unwrap());
    assert_ne!(one, other);
    file(
        &order(),
        &[Entry {
            identification: one,
            ..entry(1, 1)
        }],
    );
}

#[test]
fn fifty_thousand_entries_are_one_file() {
    let one = |number| Entry {
        name: "Partner LLC".to_owned(),
        ..entry(number, 1234)
    };
    let entries: Vec<Entry> = (0..50_000).map(one).collect();
    let begun = Instant::now();
    let text = file(&order(), &entries);
    println!("50 000 entries, {} bytes in {:?}", text.len(), begun.elapsed());
    assert_eq!(parsed(&text).len(), 50_000);
}

/// A file of returns, from entries with their addenda, its controls computed.
fn returns(entries: &[(&str, &str)]) -> String {
    let mut text = String::new();
    let mut line = |record: String| text.push_str(&format!("{record:<94}\n"));
    line("101 123456789 0210000212603051200B094101VENDOR INC             JPMORGAN CHASE".to_owned());
    line("5220VENDOR INC                          1234567890CCDCOMMISSION      260303   1021000020000001".to_owned());
    let (mut records, mut hash, mut debits, mut credits) = (0, 0, 0, 0);
    for (entry, addenda) in entries {
        records += 1 + u64::from(!addenda.is_empty());
        hash += number(entry, 4, 11);
        match columns(entry, 3, 3) {
            "1" | "2" => credits += number(entry, 30, 39),
            _ => debits += number(entry, 30, 39),
        }
        line((*entry).to_owned());
        if !addenda.is_empty() {
            line((*addenda).to_owned());
        }
    }
    line(format!(
        "8220{records:06}{hash:010}{debits:012}{credits:012}1234567890{:25}021000020000001",
        ""
    ));
    line(format!("9000001000001{records:08}{hash:010}{debits:012}{credits:012}"));
    line("9".repeat(94));
    text
}

const RETURNED: &str = "621021000021123456789        0000125050PO1            PARTNER + SOHNE LLC     1011401530000001";
const REASON: &str = "799R03021000020000001      01140153                                            011401530000001";

#[test]
fn returns_are_read_as_reports() {
    let corrected = "621021000021123456789        0000000000PO2            PARTNER                 1011401530000002";
    let correction = "798C01021000020000002      01140153987654321                                   011401530000002";
    let debit = "626021000021123456789        0000000700PO3            PARTNER                 1011401530000003";
    let own_text = REASON.replace("01140153                     ", "01140153NO SUCH ACCOUNT, SIR.");
    let no_reason = RETURNED.replace("PO1", "PO4");
    let text = returns(&[
        (RETURNED, REASON),
        (corrected, correction),
        (debit, REASON),
        (&no_reason, ""),
        (RETURNED, &own_text),
    ]);
    let file = read_returns(text.as_bytes()).unwrap();
    assert_eq!(
        (file.kind, file.message_id.as_str()),
        (Kind::NachaReturns, "123456789 021000021 260305 1200 B")
    );
    assert_eq!(file.reports.len(), 2);
    let report = &file.reports[0];
    assert_eq!(report.end_to_end_id, "PO1");
    let text_of = |outcome: &Outcome| match outcome {
        Outcome::Returned { code, text } => format!("{code} {text}"),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        text_of(&report.outcome),
        "R03 no account, or its holder has another name"
    );
    assert_eq!(text_of(&file.reports[1].outcome), "R03 NO SUCH ACCOUNT, SIR.");
    assert_eq!(
        report.amount,
        Some(Money::new("1250.50".parse().unwrap(), Currency::USD))
    );
    assert_eq!(report.booked_on.unwrap().to_string(), "2026-03-05");
    assert_eq!(report.entry_reference.as_deref(), Some("021000020000001"));
    let unclear: Vec<String> = file
        .unclear
        .iter()
        .map(|entry| format!("{} {}", entry.end_to_end_id.as_deref().unwrap(), entry.what))
        .collect();
    assert_eq!(
        unclear,
        [
            "PO2 the bank asks to change the account's particulars, C01: the account number",
            "PO3 a returned debit, R03",
            "PO4 an entry that says no reason for its return",
        ]
    );
    // Without line ends, with others, and with the spaces at line ends cut off.
    for form in [
        text.replace('\n', ""),
        text.replace('\n', "\r\n"),
        text.lines().map(|line| format!("{}\n", line.trim_end())).collect(),
    ] {
        assert_eq!(read_returns(form.as_bytes()).unwrap(), file);
    }
}

#[test]
fn a_damaged_file_of_returns_is_refused_with_its_record() {
    let good = returns(&[(RETURNED, REASON)]);
    for (text, says) in [
        (String::new(), "the file control record (type 9) is missing"),
        (
            good.replace("101 1234", "201 1234"),
            "record 1: the first record is no file header",
        ),
        (
            good.replace("2603051200B", "2613051200B"),
            "record 1: File Creation Date",
        ),
        (
            good.replace("0000125050PO1", "0000125051PO1"),
            "record 5: Total Credit is not 125051 cents",
        ),
        (
            good.replace("621021000021", "621021000031"),
            "record 5: Entry Hash is not 2100003",
        ),
        (
            good.replace("0000125050PO1", "00001250x0PO1"),
            "record 3: Amount (columns 30 to 39) is no number",
        ),
        (good.replace(REASON, ""), "record 4: Entry/Addenda Count is not 1"),
        (
            good.replace(RETURNED, ""),
            "record 3: an addenda record without its entry",
        ),
        (
            good.replace("9000001000001", "9000002000001"),
            "record 6: Batch Count is not 1",
        ),
        (
            good.lines().take(5).map(|line| format!("{line}\n")).collect(),
            "record (type 9) is missing",
        ),
        (format!("{good}{RETURNED}\n"), "record 8: there is more after"),
        (good.replacen('\n', " x\n", 1), "record 1: it has 96 columns, not 94"),
        (
            good.replace("5220", "6220"),
            "record 2: a record of type \"6\" can't stand here",
        ),
    ] {
        let fault = read_returns(text.as_bytes()).unwrap_err().to_string();
        assert!(fault.contains(says), "{fault} should say {says}");
    }
    assert!(
        read_returns("1é".as_bytes())
            .unwrap_err()
            .to_string()
            .contains("from byte 1")
    );
}

fn any_entries() -> impl Strategy<Value = Vec<Entry>> {
    let banks = prop::sample::select(vec!["021000021", "011401533", "091000019", "322271627"]);
    let one = (
        1i64..9_999_999_999,
        banks,
        "[0-9A-Z-]{0,16}1",
        "\\PC{0,10}",
        "\\PC{0,20}",
        any::<bool>(),
    );
    prop::collection::vec(one, 1..40).prop_map(|all| {
        all.into_iter()
            .enumerate()
            .map(|(number, (cents, bank, account, name, addenda, savings))| Entry {
                routing: routing(bank),
                account: UsAccount::parse(&account).unwrap_or_else(|_| UsAccount::parse("1").unwrap()),
                kind: if savings {
                    UsAccountKind::Savings
                } else {
                    UsAccountKind::Checking
                },
                name: guildhall_payments::nacha::name(&format!("N {name}")),
                addenda: if addenda.trim().is_empty() {
                    String::new()
                } else {
                    format!("A {addenda}").chars().take(20).collect()
                },
                ..entry(number, cents)
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn any_file_that_is_written_is_read_back(entries in any_entries()) {
        let read = parsed(&file(&order(), &entries));
        prop_assert_eq!(read.len(), entries.len());
        for (read, entry) in read.iter().zip(&entries) {
            prop_assert_eq!(&read.0, &entry.identification);
            prop_assert_eq!(Decimal::new(i64::try_from(read.1).unwrap(), 2), entry.amount.amount);
        }
    }

    #[test]
    fn any_bytes_are_answered(text in "[ -~\n]{0,400}", bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let _ = (read_returns(text.as_bytes()), read_returns(&bytes));
    }
}
