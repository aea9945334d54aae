//! Documents to draw: what the tests, and the example that shows them, have in common.

use chrono::{Days, NaiveDate};
use guildhall_documents::{
    EarningGroup, Invoice, InvoiceKind, InvoiceLine, Paper, Party, Statement, StatementLine, StatementPayout,
    TaxCategory,
};
use guildhall_kernel::Currency;
use rust_decimal::Decimal;

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub(crate) fn vendor() -> Party {
    Party {
        name: "Northwind Systems GmbH".to_owned(),
        address: ["Hansaring 12", "50670 Köln", "Germany"].map(str::to_owned).to_vec(),
        tax_id: Some("DE811234567".to_owned()),
        registration: Some("HRB 48121, Amtsgericht Köln".to_owned()),
    }
}

pub(crate) fn partner() -> Party {
    Party {
        name: "Σύμβουλοι Αιγαίου Α.Ε.".to_owned(),
        address: ["Λεωφόρος Νίκης 7", "546 24 Θεσσαλονίκη", "Greece"]
            .map(str::to_owned)
            .to_vec(),
        tax_id: Some("EL094019245".to_owned()),
        registration: None,
    }
}

/// The line of the given number: a reversal every seventh, amounts that differ.
pub(crate) fn line(number: u64) -> StatementLine {
    let cents = i64::try_from(number * 7919 % 1_234_567).unwrap() + 100;
    let reversal = number % 7 == 6;
    StatementLine {
        on: day("2026-07-01") + Days::new(number % 92),
        id: format!("earn_01h455vb4pex5vsknk{number:08}"),
        what: if reversal {
            format!("Refund of invoice line {number}, Analytics Suite")
        } else {
            format!("Commission on deal {number}, Analytics Suite, 25 seats")
        },
        plan: "EMEA resale 2026, version 3".to_owned(),
        status: if reversal { "Reversed" } else { "Approved" }.to_owned(),
        reference: (number % 5 != 4).then(|| format!("INV-2026-{number:06}")),
        amount: Decimal::new(if reversal { -cents } else { cents }, 2),
    }
}

pub(crate) fn group(title: &str, numbers: std::ops::Range<u64>) -> EarningGroup {
    EarningGroup {
        title: title.to_owned(),
        lines: numbers.map(line).collect(),
    }
}

/// A statement of the groups, with two payouts if there are any lines; its closing balance adds up.
pub(crate) fn statement(groups: Vec<EarningGroup>) -> Statement {
    let earned: Decimal = groups
        .iter()
        .flat_map(|group| &group.lines)
        .map(|line| line.amount)
        .sum();
    let payouts = if groups.is_empty() { vec![] } else { payouts() };
    let taken: Decimal = payouts.iter().map(|payout| payout.amount).sum();
    Statement {
        number: "ST-2026-Q3-00042".to_owned(),
        issued: day("2026-10-05"),
        paper: Paper::A4,
        vendor: vendor(),
        partner: partner(),
        from: day("2026-07-01"),
        to: day("2026-09-30"),
        currency: Currency::EUR,
        opening: decimal("1520.75"),
        groups,
        payouts,
        closing: decimal("1520.75") + earned - taken,
        notes: vec![
            "Amounts are in euro and don't include value added tax. Earnings on hold are part of the balance; they become \
             payable when the hold ends."
                .to_owned(),
            "Questions about a line can be raised as a dispute until 5 November 2026.".to_owned(),
        ],
    }
}

fn payouts() -> Vec<StatementPayout> {
    let payout = |on, reference: &str, amount, withheld| StatementPayout {
        on: day(on),
        reference: reference.to_owned(),
        amount: decimal(amount),
        withheld: decimal(withheld),
    };
    vec![
        payout("2026-07-15", "pay_01h455vb4pex5vsknk084sn02q", "1520.75", "0"),
        payout("2026-08-15", "pay_01h455vb4pex5vsknk084sn02r", "2000.00", "300.00"),
    ]
}

pub(crate) fn invoice_line(
    description: &str,
    quantity: &str,
    price: &str,
    rate: &str,
    category: TaxCategory,
) -> InvoiceLine {
    let net = (decimal(quantity) * decimal(price)).round_dp(2);
    InvoiceLine {
        description: description.to_owned(),
        quantity: decimal(quantity),
        unit: "unit".to_owned(),
        unit_price: decimal(price),
        net,
        rate: decimal(rate),
        tax: (net * decimal(rate) / Decimal::ONE_HUNDRED).round_dp(2),
        category,
    }
}

/// An invoice at two rates and one exemption: 3 450.00 without tax, 592.00 of tax.
pub(crate) fn invoice() -> Invoice {
    Invoice {
        number: "SB-2026-000731".to_owned(),
        kind: InvoiceKind::SelfBilling,
        issued: day("2026-10-05"),
        paper: Paper::A4,
        seller: partner(),
        buyer: vendor(),
        supplied: Some((day("2026-07-01"), day("2026-09-30"))),
        currency: Currency::EUR,
        tax_name: "VAT".to_owned(),
        lines: vec![
            invoice_line(
                "Resale commission, third quarter 2026",
                "1",
                "2000.00",
                "24",
                TaxCategory::Standard,
            ),
            invoice_line(
                "Onboarding services for Analytics Suite",
                "16",
                "50.00",
                "14",
                TaxCategory::Standard,
            ),
            invoice_line("Certification training", "2.5", "260.00", "0", TaxCategory::Exempt),
        ],
        exemption_reason: Some("vocational training, Article 132(1)(i) of Directive 2006/112/EC".to_owned()),
        notices: vec![],
        payment_terms: Some("by credit transfer within 14 days of issue".to_owned()),
        payout: Some("pay_01h455vb4pex5vsknk084sn02q".to_owned()),
    }
}
