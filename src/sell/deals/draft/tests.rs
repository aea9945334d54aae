use super::*;

fn unchecked() -> Unchecked {
    let line = |quantity: &str, unit_amount: &str| LineDraft {
        name: Some("Edge gateway".to_owned()),
        quantity: quantity.to_owned(),
        unit_amount: Some(unit_amount.to_owned()),
        ..LineDraft::default()
    };
    Unchecked {
        vendor: uuid::Uuid::nil().into(),
        customer: CustomerDraft {
            name: "Contoso GmbH".to_owned(),
            domain: Some("https://www.contoso.example/".to_owned()),
            country: "DE".to_owned(),
        },
        products: vec![line("3", "0.335"), line("0.5", "0.05")],
        currency: Currency::EUR,
        expected_close: date("2027-01-31"),
        note: None,
        contacts: Vec::new(),
        custom: serde_json::Map::new(),
    }
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn lines_are_rounded_half_to_even_each_and_then_summed() {
    let draft = unchecked().check(None, None).unwrap();
    let amounts: Vec<String> = draft.lines.iter().map(|line| line.amount.to_string()).collect();
    assert_eq!(amounts, ["1.00", "0.02"]);
    assert_eq!(draft.amount.to_string(), "1.02");
    assert_eq!(
        draft.domain.map(|domain| domain.to_string()),
        Some("contoso.example".to_owned())
    );
}

#[test]
fn numbers_that_are_no_plain_decimals_are_refused() {
    for text in [
        "",
        "-1",
        "1e3",
        "1_000",
        "0.00001",
        "10000000000",
        "+1",
        " 1",
        "NaN",
        "1.2.3",
        ".",
        "1.",
        ".5",
        "00001",
        "-0.5",
    ] {
        let mut draft = unchecked();
        draft.products[0].unit_amount = Some(text.to_owned());
        assert!(draft.check(None, None).is_err(), "{text:?}");
    }
    let mut largest = unchecked();
    largest.products[0].unit_amount = Some("9999999999.0000".to_owned());
    assert!(largest.check(None, None).is_ok());
}

#[test]
fn a_close_in_the_past_or_too_far_ahead_is_refused() {
    let close = |text: &str| {
        Unchecked {
            expected_close: date(text),
            ..unchecked()
        }
        .check(Some(date("2026-11-23")), None)
    };
    assert!(close("2026-11-22").is_ok() && close("2029-11-20").is_ok());
    assert!(close("2026-11-21").is_err() && close("2030-01-01").is_err());
    assert!(unchecked().check(Some(date("2026-11-23")), None).is_ok());
}
