//! Self-billing invoices and credit notes.

use guildhall_documents::{DocumentFault, Invoice, InvoiceKind, TaxCategory, TaxTotal, invoice};
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

use crate::reader::Read;
use crate::sample::{self, decimal, invoice_line};

const INVOICE: &str = "0d0917a45181b3533890ec98f0f1273d9af2a6e2950b47ba4ed2ffd0e9cec5a5";

#[test]
fn the_same_invoice_is_the_same_bytes() {
    let bytes = invoice(&sample::invoice()).unwrap();
    assert_eq!(hex::encode(Sha256::digest(&bytes)), INVOICE);
}

/// The particulars of Directive 2006/112/EC, Article 226, in the order in which it lists them.
#[test]
fn what_article_226_asks_for_stands_on_it() {
    let text = Read::new(&invoice(&sample::invoice()).unwrap()).text();
    for particular in [
        "2026-10-05",
        "SB-2026-000731",
        "EL094019245",
        "DE811234567",
        "Σύμβουλοι Αιγαίου Α.Ε.",
        "Northwind Systems GmbH",
        "Hansaring 12",
        "Resale commission, third quarter 2026",
        "1 July \u{2013} 30 September 2026",
        "24\u{a0}% S",
        "2,000.00",
        "EUR 592.00",
        "EUR 4,042.00",
        "Exempt: vocational training, Article 132(1)(i)",
        "Self-billing: drawn up by Northwind Systems GmbH in the name and on behalf of Σύμβουλοι Αιγαίου Α.Ε.",
    ] {
        let particular = particular.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(&particular), "{particular} is missing from {text}");
    }
    assert!(!text.contains("Reverse charge"));
}

#[test]
fn a_credit_note_names_the_invoice_that_it_amends() {
    let mut note = sample::invoice();
    note.kind = InvoiceKind::CreditNote {
        of: "SB-2026-000655".to_owned(),
        issued: sample::day("2026-07-05"),
    };
    note.lines = vec![invoice_line(
        "Commission reversed",
        "1",
        "420.00",
        "0",
        TaxCategory::ReverseCharge,
    )];
    let text = Read::new(&invoice(&note).unwrap()).text();
    for part in [
        "Self-billing credit note",
        "Amends invoice SB-2026-000655 of 5 July 2026",
        "Amount credited",
        "EUR 420.00",
        "Reverse charge: the customer is liable for the tax",
    ] {
        assert!(text.contains(part), "{part} is missing from {text}");
    }
}

#[test]
fn totals_are_by_category_and_rate() {
    let mut bill = sample::invoice();
    bill.lines
        .push(invoice_line("More of it", "1", "10.00", "24.0", TaxCategory::Standard));
    let total = |category, rate, net, tax| TaxTotal {
        category,
        rate: decimal(rate),
        net: decimal(net),
        tax: decimal(tax),
    };
    assert_eq!(
        bill.totals().unwrap(),
        [
            total(TaxCategory::Standard, "14", "800.00", "112.00"),
            total(TaxCategory::Standard, "24", "2010.00", "482.40"),
            total(TaxCategory::Exempt, "0", "650.00", "0.00"),
        ]
    );
}

#[test]
fn what_contradicts_itself_is_not_drawn() {
    type Change = fn(&mut Invoice);
    let cases: [(Change, &str); 9] = [
        (|bill| bill.number.clear(), "the document has no number"),
        (
            |bill| bill.lines[0].net = decimal("2000.01"),
            "line 1 has the net amount 2000.01",
        ),
        (|bill| bill.lines[0].tax = decimal("480.02"), "line 1 has 480.02 of tax"),
        (
            |bill| bill.lines[2].rate = decimal("24"),
            "line 3 has a rate of 24 % in category E",
        ),
        (
            |bill| bill.lines[0].rate = Decimal::ZERO,
            "line 1 has a rate of 0 % in category S",
        ),
        (
            |bill| bill.exemption_reason = None,
            "exempt lines (category E) need the reason",
        ),
        (
            |bill| bill.seller.tax_id = None,
            "category S needs the tax id of the seller",
        ),
        (
            |bill| bill.supplied = Some((sample::day("2026-10-01"), sample::day("2026-07-01"))),
            "the period ends on 2026-07-01",
        ),
        (
            |bill| bill.lines[0].tax = decimal("480.005"),
            "the tax of line 1 is 480.005, finer than",
        ),
    ];
    for (change, told) in cases {
        let mut bill = sample::invoice();
        change(&mut bill);
        let fault = invoice(&bill).unwrap_err().to_string();
        assert!(fault.starts_with(told), "{fault}");
    }
    let mut bill = sample::invoice();
    bill.lines = vec![invoice_line(
        "Commission",
        "1",
        "420.00",
        "0",
        TaxCategory::ReverseCharge,
    )];
    bill.buyer.tax_id = None;
    assert!(matches!(
        invoice(&bill),
        Err(DocumentFault::NoTaxId { who: "buyer", .. })
    ));
}

#[test]
fn an_invoice_of_many_lines_carries_its_sums() {
    let mut bill = sample::invoice();
    bill.lines = (1..=100)
        .map(|_| invoice_line("Commission", "3", "0.335", "24", TaxCategory::Standard))
        .collect();
    let read = Read::new(&invoice(&bill).unwrap());
    assert!(read.pages() > 1);
    assert!(read.page(1).contains("Carried forward"));
    assert!(read.text().contains("EUR 124.00"));
}
