//! Payment files against the schemas that ISO 20022's Registration Authority publishes, by `xmllint` (libxml2).

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Instant;

use guildhall_kernel::{Currency, Money};
use guildhall_payments::pain001::{
    Address, Debtor, Fault, Initiation, Service, Tally, Transfer, WriteFault, Writer, write,
};
use guildhall_payments::{Bic, Iban};
use proptest::prelude::*;
use rust_decimal::Decimal;

/// What is wrong with the document by the schema of that name.
fn validate(schema: &str, document: &[u8]) -> Result<(), String> {
    let path = format!("{}/tests/schemas/{schema}.xsd", env!("CARGO_MANIFEST_DIR"));
    let mut xmllint = Command::new("xmllint")
        .args(["--nonet", "--noout", "--schema", &path, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("xmllint is not installed: script/test installs it (package libxml2-utils)");
    let mut input = xmllint.stdin.take().unwrap();
    // A schema that can't be read makes xmllint end before it reads the document.
    let _ = input.write_all(document);
    drop(input);
    let output = xmllint.wait_with_output().unwrap();
    if output.status.success() {
        return Ok(());
    }
    let start = String::from_utf8_lossy(&document[..document.len().min(4000)]).into_owned();
    Err(format!("{}\n{start}", String::from_utf8_lossy(&output.stderr)))
}

/// Asserts that the document is valid by the schema of that name.
pub(crate) fn assert_valid(schema: &str, document: &[u8]) {
    if let Err(fault) = validate(schema, document) {
        panic!("not valid by {schema}: {fault}");
    }
}

fn order(service: Service, currency: Currency) -> Initiation {
    Initiation {
        message_id: "GH-2026-02-17".to_owned(),
        created_at: "2026-03-02T09:30:15.5Z".parse().unwrap(),
        initiator: "Vendor & Töchter GmbH".to_owned(),
        debtor: Debtor {
            name: "Vendor & Töchter GmbH".to_owned(),
            iban: Iban::parse("DE89370400440532013000").unwrap(),
            bic: Some(Bic::parse("COBADEFFXXX").unwrap()),
            address: Some(Address {
                street: Some("Hauptstraße".to_owned()),
                building: Some("7b".to_owned()),
                postcode: Some("50667".to_owned()),
                town: Some("Köln".to_owned()),
                country: "DE".to_owned(),
            }),
        },
        execution_date: "2026-03-03".parse().unwrap(),
        currency,
        service,
        batch_booking: true,
        category_purpose: Some("SUPP".to_owned()),
    }
}

fn transfer(number: usize, amount: &str) -> Transfer {
    Transfer {
        instruction_id: format!("17-{number}"),
        end_to_end_id: format!("po-{number}"),
        amount: Money::new(amount.parse().unwrap(), Currency::EUR),
        creditor: "Łódź <Partner> \"B.V.\"".to_owned(),
        address: None,
        iban: Iban::parse("NL91ABNA0417164300").unwrap(),
        bic: None,
        remittance: "Commission & rebate, February 2026".to_owned(),
    }
}

fn file(order: &Initiation, transfers: &[Transfer]) -> Result<String, String> {
    write(Vec::new(), order, transfers)
        .map(|bytes| String::from_utf8(bytes).unwrap())
        .map_err(|fault| fault.to_string())
}

#[test]
fn a_sepa_file_is_valid_and_says_what_was_ordered() {
    let order = order(Service::Sepa, Currency::EUR);
    let document = file(
        &order,
        &[transfer(1, "0.01"), transfer(2, "999999999.99"), transfer(3, "100")],
    )
    .unwrap();
    assert_valid("pain.001.001.09", document.as_bytes());
    assert_eq!(document.matches("<NbOfTxs>3</NbOfTxs>").count(), 2);
    assert_eq!(document.matches("<CtrlSum>1000000100.00</CtrlSum>").count(), 2);
    for part in [
        "<CreDtTm>2026-03-02T09:30:15Z</CreDtTm>",
        "<SvcLvl><Cd>SEPA</Cd></SvcLvl>",
        "<ReqdExctnDt><Dt>2026-03-03</Dt></ReqdExctnDt>",
        "<Nm>Vendor + Tochter GmbH</Nm>",
        "<BICFI>COBADEFFXXX</BICFI>",
        "<ChrgBr>SLEV</ChrgBr>",
        "<EndToEndId>po-2</EndToEndId>",
        "<InstdAmt Ccy=\"EUR\">100.00</InstdAmt>",
        "<Nm>Lodz .Partner. .B.V..</Nm>",
        "<Ustrd>Commission + rebate, February 2026</Ustrd>",
    ] {
        assert!(document.contains(part), "{part} is missing in {document}");
    }
}

#[test]
fn the_same_order_makes_the_same_bytes() {
    let (order, transfers) = (
        order(Service::Sepa, Currency::EUR),
        [transfer(1, "5"), transfer(2, "7.5")],
    );
    assert_eq!(file(&order, &transfers), file(&order, &transfers));
}

#[test]
fn outside_sepa_no_service_level_is_asked_for() {
    for (currency, amount, written) in [(Currency::JPY, "1500", "1500"), (Currency::KWD, "1.5", "1.500")] {
        let mut order = order(Service::Other, currency);
        order.debtor.bic = None;
        order.category_purpose = None;
        let mut abroad = transfer(1, amount);
        abroad.amount.currency = currency;
        abroad.iban = Iban::parse("KW81CBKU0000000000001234560101").unwrap();
        abroad.bic = Some(Bic::parse("CBKUKWKW").unwrap());
        abroad.address = Some(Address {
            country: "KW".to_owned(),
            ..Address::default()
        });
        abroad.remittance = String::new();
        let document = file(&order, &[abroad]).unwrap();
        assert_valid("pain.001.001.09", document.as_bytes());
        assert!(
            document.contains(&format!("Ccy=\"{}\">{written}<", currency.code())),
            "{document}"
        );
        assert!(document.contains("<ChrgBr>SHAR</ChrgBr>") && document.contains("<Id>NOTPROVIDED</Id>"));
        assert!(!document.contains("PmtTpInf") && !document.contains("RmtInf"));
    }
}

#[test]
fn a_sepa_address_without_a_town_is_left_out() {
    let mut order = order(Service::Sepa, Currency::EUR);
    let written = |order: &Initiation| file(order, &[transfer(1, "5")]).unwrap();
    assert!(written(&order).contains("<TwnNm>Koln</TwnNm>"));
    order.debtor.address.as_mut().unwrap().town = None;
    assert!(!written(&order).contains("PstlAdr"));
}

#[test]
fn the_validator_does_refuse() {
    let document = file(&order(Service::Sepa, Currency::EUR), &[transfer(1, "5")]).unwrap();
    let broken = document.replace("<PmtMtd>TRF</PmtMtd>", "<PmtMtd>CASH</PmtMtd>");
    assert!(
        validate("pain.001.001.09", broken.as_bytes())
            .unwrap_err()
            .contains("PmtMtd")
    );
}

/// Each fault names the field, and the transfer if it is of one.
#[test]
fn limits_are_checked_before_a_byte_is_written() {
    type Change = fn(&mut Initiation, &mut Transfer);
    let cases: [(Change, &str); 24] = [
        (
            |order, _| order.message_id.clear(),
            "MsgId must have 1 to 35 characters, it has 0",
        ),
        (
            |order, _| order.message_id = "x".repeat(36),
            "MsgId must have 1 to 35 characters, it has 36",
        ),
        (|order, _| order.message_id = "GH_1".to_owned(), "MsgId has '_' at 3"),
        (
            |order, _| order.message_id = "/GH".to_owned(),
            "MsgId must not start or end with a slash",
        ),
        (
            |order, _| order.initiator = "\u{301}".to_owned(),
            "InitgPty/Nm must have 1 to 70 characters, it has 0",
        ),
        (
            |order, _| order.debtor.name = "x".repeat(71),
            "Dbtr/Nm must have 1 to 70 characters, it has 71",
        ),
        (
            |order, _| order.category_purpose = Some("SUPPL".to_owned()),
            "CtgyPurp/Cd must be a code of 1 to 4",
        ),
        (
            |order, _| order.debtor.address.as_mut().unwrap().town = Some("x".repeat(36)),
            "PstlAdr/TwnNm must have 1 to 35",
        ),
        (
            |order, _| order.debtor.address.as_mut().unwrap().country = "Germany".to_owned(),
            "Dbtr/PstlAdr must be given with",
        ),
        (
            |order, _| order.currency = Currency::USD,
            "must be in EUR between countries of SEPA, not USD",
        ),
        (
            |order, _| order.debtor.iban = Iban::parse("TR330006100519786457841326").unwrap(),
            "countries of SEPA, not TR",
        ),
        (
            |_, transfer| transfer.end_to_end_id = "é".to_owned(),
            "EndToEndId has 'é' at 1",
        ),
        (
            |_, transfer| transfer.end_to_end_id = "a//b".to_owned(),
            "EndToEndId must not start or end with a slash",
        ),
        (
            |_, transfer| transfer.instruction_id = "x".repeat(36),
            "InstrId must have 1 to 35 characters, it has 36: transfer po-1",
        ),
        (
            |_, transfer| transfer.creditor = " ".to_owned(),
            "Cdtr/Nm must have 1 to 70 characters, it has 0: transfer po-1",
        ),
        (
            |_, transfer| transfer.remittance = "ж".repeat(71),
            "RmtInf/Ustrd must have 1 to 140 characters, it has 142",
        ),
        (
            |_, transfer| transfer.amount.amount = Decimal::ZERO,
            "InstdAmt 0: must be more than zero: po-1",
        ),
        (
            |_, transfer| transfer.amount.amount = Decimal::NEGATIVE_ONE,
            "must be more than zero",
        ),
        (
            |_, transfer| transfer.amount.amount = "0.005".parse().unwrap(),
            "rounded to the 2 decimals of EUR",
        ),
        (
            |_, transfer| transfer.amount.amount = "1000000000".parse().unwrap(),
            "at most 999999999.99",
        ),
        (
            |_, transfer| transfer.amount.currency = Currency::USD,
            "the file is in EUR, the transfer in USD",
        ),
        (
            |_, transfer| transfer.iban = Iban::parse("TR330006100519786457841326").unwrap(),
            "countries of SEPA, not TR: use Service::of: transfer po-1",
        ),
        (
            |_, transfer| transfer.end_to_end_id = "po-2".to_owned(),
            "EndToEndId is that of another transfer of the file: po-2",
        ),
        (
            |_, transfer| transfer.instruction_id = "17-2".to_owned(),
            "InstrId is that of another transfer",
        ),
    ];
    for (change, says) in cases {
        let (mut order, mut wrong) = (order(Service::Sepa, Currency::EUR), transfer(1, "5"));
        change(&mut order, &mut wrong);
        let mut out = Vec::new();
        let fault = write(&mut out, &order, &[transfer(2, "5"), wrong])
            .unwrap_err()
            .to_string();
        assert!(fault.contains(says), "{fault} should say {says}");
        assert!(out.is_empty(), "bytes were written before: {fault}");
    }
    let no_transfer = write(Vec::new(), &order(Service::Sepa, Currency::EUR), &[]).unwrap_err();
    assert!(matches!(no_transfer, WriteFault::Order(Fault::Empty)));
}

/// A batch that changes between counting and writing makes no file.
#[test]
fn what_is_written_must_be_what_was_counted() {
    let order = order(Service::Sepa, Currency::EUR);
    let start = || {
        let mut tally = Tally::new(&order).unwrap();
        tally.add(&transfer(1, "5")).unwrap();
        tally.add(&transfer(2, "5")).unwrap();
        Writer::start(Vec::new(), tally).unwrap()
    };
    let mut fewer = start();
    fewer.push(&transfer(1, "5")).unwrap();
    assert!(matches!(
        fewer.finish(),
        Err(WriteFault::Differs {
            counted: 2,
            written: 1,
            ..
        })
    ));
    let mut less = start();
    less.push(&transfer(1, "5")).unwrap();
    less.push(&transfer(2, "4.99")).unwrap();
    assert!(matches!(less.finish(), Err(WriteFault::Differs { .. })));
    let mut more = start();
    more.push(&transfer(1, "5")).unwrap();
    assert!(matches!(
        more.push(&transfer(2, "5.01")),
        Err(WriteFault::Differs { .. })
    ));
}

#[test]
fn fifty_thousand_transfers_are_one_valid_file() {
    let order = order(Service::Sepa, Currency::EUR);
    let one = |number| Transfer {
        creditor: "Partner B.V.".to_owned(),
        remittance: "Commission 2026-02".to_owned(),
        ..transfer(number, "12.34")
    };
    let transfers: Vec<Transfer> = (0..50_000).map(one).collect();
    let begun = Instant::now();
    let document = write(Vec::new(), &order, &transfers).unwrap();
    println!("50 000 transfers, {} bytes in {:?}", document.len(), begun.elapsed());
    assert!(begun.elapsed().as_secs() < 30);
    assert_valid("pain.001.001.09", &document);
    let document = String::from_utf8(document).unwrap();
    assert_eq!(document.matches("<CtrlSum>617000.00</CtrlSum>").count(), 2);
}

fn any_transfers() -> impl Strategy<Value = Vec<Transfer>> {
    let ibans = prop::sample::select(vec![
        "NL91ABNA0417164300",
        "FR1420041010050500013M02606",
        "MT84MALT011000012345MTLCAST001S",
    ]);
    let one = (
        1i64..99_999_999_999,
        "[\\PC]{1,40}",
        "[\\PC]{0,60}",
        ibans,
        "[A-Za-z0-9?:().,'+ -]{0,20}",
    );
    prop::collection::vec(one, 1..8).prop_map(|all| {
        all.into_iter()
            .enumerate()
            .map(|(number, (cents, creditor, remittance, iban, id))| Transfer {
                end_to_end_id: format!("e{id}{number}"),
                amount: Money::new(Decimal::new(cents, 2), Currency::EUR),
                creditor: format!("N {creditor}"),
                remittance: if remittance.trim().is_empty() {
                    String::new()
                } else {
                    format!("R {remittance}")
                },
                iban: Iban::parse(iban).unwrap(),
                ..transfer(number, "1")
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_file_that_is_written_is_valid(transfers in any_transfers()) {
        let document = file(&order(Service::Sepa, Currency::EUR), &transfers).unwrap();
        assert_valid("pain.001.001.09", document.as_bytes());
        let sum: Decimal = transfers.iter().map(|transfer| transfer.amount.amount).sum();
        let total = format!("<CtrlSum>{sum}</CtrlSum>");
        prop_assert_eq!(document.matches(&total).count(), 2);
    }
}
