//! Statements of earnings.

use guildhall_documents::{DocumentFault, Paper, Statement, statement};
use guildhall_kernel::Currency;
use proptest::prelude::*;
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

use crate::reader::Read;
use crate::sample::{self, decimal, group};

fn quarter() -> Statement {
    sample::statement(vec![
        group("Commission", 0..40),
        group("Rebate", 40..44),
        group("SPIFF", 44..46),
    ])
}

/// The bytes are part of what is promised: a statement drawn again years later is the one that was sent. A change of this
/// hash means that every statement changes its bytes; it follows a change of the drawing, of krilla, its compressor or fonts.
const QUARTER: &str = "8e75d2682ebbf7d88f7b924bce4c27e5379c7a9bba11ca7bfcbf6f9f7cdb5ae8";

#[test]
fn the_same_statement_is_the_same_bytes() {
    let quarter = quarter();
    let (one, other) = std::thread::scope(|scope| {
        let one = scope.spawn(|| statement(&quarter).unwrap());
        let other = scope.spawn(|| statement(&quarter).unwrap());
        (one.join().unwrap(), other.join().unwrap())
    });
    assert!(one == other);
    assert_eq!(hex::encode(Sha256::digest(&one)), QUARTER);
}

#[test]
fn figures_and_parties_stand_on_the_first_page() {
    let read = Read::new(&statement(&quarter()).unwrap());
    let page = read.page(1);
    for text in [
        "Statement of earnings",
        "1 July \u{2013} 30 September 2026",
        "ST-2026-Q3-00042",
        "Σύμβουλοι Αιγαίου Α.Ε.",
        "Northwind Systems GmbH",
        "EL094019245",
        "1,520.75",
        "59,664.07",
        "\u{2212}3,520.75",
        "57,664.07",
    ] {
        assert!(page.contains(text), "{text} is missing from {page}");
    }
}

#[test]
fn every_line_stands_once_and_each_page_says_which_it_is() {
    let long = sample::statement(vec![group("Commission", 0..200), group("Bonus", 200..201)]);
    let read = Read::new(&statement(&long).unwrap());
    let text = read.text();
    for line in long.groups.iter().flat_map(|group| &group.lines) {
        assert_eq!(text.matches(&line.id).count(), 1, "{}", line.id);
    }
    for page in 1..=read.pages() {
        let of = format!("Page {page} of {}", read.pages());
        assert!(read.page(page).contains(&of), "{of}");
    }
    assert!(read.pages() > 8);
}

#[test]
fn sums_are_carried_from_page_to_page() {
    let long = sample::statement(vec![group("Commission", 0..120)]);
    let read = Read::new(&statement(&long).unwrap());
    let after = |page: &str, label: &str| {
        let (_, rest) = page.split_once(label)?;
        rest.split_whitespace()
            .next()
            .map(|sum| decimal(&sum.replace(',', "").replace('\u{2212}', "-")))
    };
    let (mut turns, mut drawn) = (0, 0);
    for number in 1..read.pages() {
        let (page, next) = (read.page(number), read.page(number + 1));
        let Some(carried) = after(&page, "Carried forward") else {
            continue;
        };
        assert_eq!(Some(carried), after(&next, "Brought forward"));
        assert!(next.contains("Deal or invoice, id"), "the header is repeated");
        let lines = &long.groups[0].lines;
        drawn += lines.iter().filter(|line| page.contains(&line.id)).count();
        assert_eq!(carried, lines[..drawn].iter().map(|line| line.amount).sum::<Decimal>());
        turns += 1;
    }
    assert!(turns > 3);
}

#[test]
fn a_statement_without_lines_is_one_page() {
    let read = Read::new(&statement(&sample::statement(vec![])).unwrap());
    assert_eq!(read.pages(), 1);
    assert!(read.text().contains("Closing balance"));
}

#[test]
fn the_file_is_tagged_named_and_dated_by_its_input() {
    let quarter = quarter();
    let read = Read::new(&statement(&quarter).unwrap());
    assert_eq!(read.language(), "en-GB");
    let metadata = read.metadata();
    for text in [
        "Statement of earnings ST-2026-Q3-00042",
        "2026-10-05",
        "pdfuaid:part",
        "pdfaid:part",
    ] {
        assert!(metadata.contains(text), "{text} is missing from {metadata}");
    }
    // A header and a total for each of five tables, six rows of the balance, 46 lines and 2 payouts.
    assert_eq!(read.elements(b"TR"), 5 * 2 + 5 + 46 + 2);
    assert_eq!(read.elements(b"Table"), 5);
    assert_eq!(read.elements(b"TH"), 3 + 3 * 5 + 5);
}

#[test]
fn the_paper_is_the_one_asked_for() {
    let mut short = sample::statement(vec![]);
    assert_eq!(Read::new(&statement(&short).unwrap()).size(), (595.276, 841.89));
    short.paper = Paper::Letter;
    assert_eq!(Read::new(&statement(&short).unwrap()).size(), (612.0, 792.0));
}

#[test]
fn amounts_show_the_minor_unit_of_their_currency() {
    let mut yen = sample::statement(vec![]);
    (yen.currency, yen.opening, yen.closing) = (Currency::JPY, decimal("1234567"), decimal("1234567"));
    assert!(Read::new(&statement(&yen).unwrap()).text().contains("1,234,567 "));
    yen.closing = decimal("1234567.5");
    assert!(matches!(statement(&yen), Err(DocumentFault::TooFine { .. })));
}

#[test]
fn what_does_not_add_up_is_not_drawn() {
    let off = |change: fn(&mut Statement)| {
        let mut quarter = quarter();
        change(&mut quarter);
        statement(&quarter).unwrap_err().to_string()
    };
    let unbalanced = off(|quarter| quarter.closing += decimal("0.01"));
    assert!(
        unbalanced.starts_with("the closing balance is 57664.08, but"),
        "{unbalanced}"
    );
    let unfit = off(|quarter| quarter.payouts[1].withheld = decimal("2000.01"));
    assert!(
        unfit.starts_with("payout pay_01h455vb4pex5vsknk084sn02r withholds 2000.01 of 2000.00"),
        "{unfit}"
    );
    let backwards = off(|quarter| quarter.to = sample::day("2026-06-30"));
    assert!(backwards.starts_with("the period ends on 2026-06-30"), "{backwards}");
    assert!(off(|quarter| quarter.number = " ".to_owned()).starts_with("the document has no number"));
    let large = off(|quarter| quarter.opening = Decimal::MAX);
    assert!(large.contains("out of range") || large.contains("finer"), "{large}");
}

#[test]
fn long_names_are_wrapped_and_lose_nothing() {
    let mut one = sample::statement(vec![group("Commission", 0..1)]);
    let what =
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft and its nine subsidiaries";
    one.groups[0].lines[0].what = what.to_owned();
    let text = Read::new(&statement(&one).unwrap()).text();
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    assert!(bare(&text).contains(&bare(what)), "{text}");
}

/// What the font lacks is drawn as a replacement, and is the original text for a search or a screen reader.
#[test]
fn scripts_that_the_font_lacks_are_kept_as_text() {
    let mut one = sample::statement(vec![group("Commission", 0..1)]);
    // The first text that a glyph shows is in the font's own table; only what differs from it has to be noted.
    one.vendor.address = vec!["\u{5d0}".to_owned()];
    for name in [
        "\u{6771}\u{4eac}",
        "\u{5d7}\u{5d1}\u{5e8}\u{5d4}",
        "\u{1f389}\u{1f468}\u{200d}\u{1f469}",
    ] {
        one.groups[0].lines[0].what = name.to_owned();
        let read = Read::new(&statement(&one).unwrap());
        assert_eq!(read.replaced(1), name);
    }
    one.partner.name = "\u{0}\u{e000}\u{ffff}\u{202e}\u{f0000}".to_owned();
    assert!(statement(&one).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn no_text_and_no_amount_makes_it_fail(text in "(?s).{0,60}", cents in any::<i64>(), count in 0..4u64) {
        let mut any = sample::statement(vec![group("Commission", 0..count), group(&text, 0..1)]);
        any.partner.name.clone_from(&text);
        any.partner.address = vec![text.clone(); 3];
        any.notes = vec![text.repeat(3)];
        let line = &mut any.groups[1].lines[0];
        let amount = Decimal::new(cents, 2);
        any.closing += amount - line.amount;
        (line.what, line.plan, line.id, line.amount) = (text.clone(), text.clone(), text.clone(), amount);
        any.groups[1].title = text;
        let bytes = statement(&any);
        prop_assert!(bytes.is_ok(), "{:?}", bytes.err());
    }
}
