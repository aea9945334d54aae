//! Draws an invoice: title and parties, the lines, the tax by rate and the sums, then what has to be mentioned.

use rust_decimal::Decimal;

use super::{Invoice, InvoiceKind, TaxCategory, TaxTotal};
use crate::DocumentFault;
use crate::face::{BODY, FIGURE_STRONG, Faces, Ink, STRONG, Style};
use crate::figures::{Figures, long, period, quantity, short, sum};
use crate::masthead::{Masthead, masthead};
use crate::paper::MARGIN;
use crate::pdf::{About, write};
use crate::sheet::{Owner, ROOT, Sheet};
use crate::table::{Cell, Column, Table};

/// Draws a self-billing invoice or credit note as a PDF.
///
/// It always bears the words "Self-billing" (Directive 2006/112/EC, Article 226(10a)) and, with lines of category AE,
/// "Reverse charge" (Article 226(11a)). It is written in English, which an administration may ask to have translated
/// (Article 248a).
///
/// # Errors
/// [`DocumentFault`], as [`Invoice::totals`] says.
pub fn invoice(invoice: &Invoice) -> Result<Vec<u8>, DocumentFault> {
    let totals = invoice.totals()?;
    let faces = Faces::load()?;
    let title = format!("{} {}", title(&invoice.kind), invoice.number);
    let running = format!("{title} \u{b7} {}", invoice.seller.name);
    let mut sheet = Sheet::new(&faces, invoice.paper, &running);
    let lead = match &invoice.kind {
        InvoiceKind::SelfBilling => "Drawn up by the customer on behalf of the supplier".to_owned(),
        InvoiceKind::CreditNote { of, issued } => format!("Amends invoice {of} of {}", long(*issued)),
    };
    masthead(&mut sheet, &head(invoice, &lead));
    let figures = Figures::new(invoice.currency);
    lines(&mut sheet, invoice, figures)?;
    taxes(&mut sheet, invoice, &totals, figures)?;
    sums(&mut sheet, invoice, &totals, figures)?;
    mentions(&mut sheet, invoice, &totals);
    let about = About {
        title: &format!("{title}, {}", invoice.seller.name),
        subject: &format!("Self-billing, {}", invoice.currency.code()),
        author: &invoice.buyer.name,
        id: &format!(
            "invoice\n{}\n{}\n{}",
            invoice.buyer.name, invoice.seller.name, invoice.number
        ),
        issued: invoice.issued,
    };
    write(sheet, &about)
}

const fn title(kind: &InvoiceKind) -> &'static str {
    match kind {
        InvoiceKind::SelfBilling => "Self-billing invoice",
        InvoiceKind::CreditNote { .. } => "Self-billing credit note",
    }
}

fn head<'a>(invoice: &'a Invoice, lead: &'a str) -> Masthead<'a> {
    let mut facts = vec![("Number", invoice.number.clone()), ("Issued", short(invoice.issued))];
    facts.extend(invoice.supplied.map(|(from, to)| ("Supplied", period(from, to))));
    facts.push(("Currency", invoice.currency.code().to_owned()));
    facts.extend(invoice.payout.clone().map(|payout| ("Payout", payout)));
    Masthead {
        title: title(&invoice.kind),
        lead,
        facts,
        parties: [("Supplier", &invoice.seller), ("Customer", &invoice.buyer)],
    }
}

fn percent(rate: Decimal) -> String {
    format!("{}\u{a0}%", quantity(rate, 0))
}

fn lines(sheet: &mut Sheet<'_>, invoice: &Invoice, figures: Figures) -> Result<(), DocumentFault> {
    let columns = [
        Column::left("Supply", 0.0),
        Column::right("Quantity", 52.0),
        Column::left("Unit", 42.0),
        Column::right("Unit price", 68.0),
        Column::left("Tax rate", 54.0),
        Column::right("Tax", 64.0),
        Column::right("Net amount", 68.0),
    ];
    let mut table = Table::start(sheet, &columns, 0, 2, figures);
    let places = guildhall_kernel::Money::exponent(invoice.currency);
    for line in &invoice.lines {
        let cells = vec![
            Cell::new(&*line.description),
            Cell::new(quantity(line.quantity, 0)),
            Cell::new(&*line.unit),
            Cell::new(quantity(line.unit_price, places)),
            Cell::new(format!("{} {}", percent(line.rate), line.category.code())),
            Cell::new(figures.amount(line.tax)),
            Cell::new(figures.amount(line.net)),
        ];
        table.row(sheet, cells, &[line.tax, line.net])?;
    }
    table.total(sheet, "Total of lines");
    Ok(())
}

fn taxes(sheet: &mut Sheet<'_>, invoice: &Invoice, totals: &[TaxTotal], figures: Figures) -> Result<(), DocumentFault> {
    if totals.is_empty() {
        return Ok(());
    }
    sheet.heading(&format!("{} by rate", invoice.tax_name), Table::least());
    let columns = [
        Column::left("Category", 0.0),
        Column::right("Rate", 72.0),
        Column::right("Taxable amount", 96.0),
        Column::right("Tax", 86.0),
    ];
    let mut table = Table::start(sheet, &columns, 0, 2, figures);
    for total in totals {
        let cells = vec![
            Cell::new(format!("{} ({})", total.category.name(), total.category.code())),
            Cell::new(percent(total.rate)),
            Cell::new(figures.amount(total.net)),
            Cell::new(figures.amount(total.tax)),
        ];
        table.row(sheet, cells, &[total.net, total.tax])?;
    }
    table.total(sheet, "Total");
    Ok(())
}

/// The sums: without tax, tax, and what is owed (EN 16931-1, BG-22).
fn sums(sheet: &mut Sheet<'_>, invoice: &Invoice, totals: &[TaxTotal], figures: Figures) -> Result<(), DocumentFault> {
    let net = sum(totals.iter().map(|total| total.net), "the lines")?;
    let tax = sum(totals.iter().map(|total| total.tax), "the tax")?;
    let owed = sum([net, tax], "the invoice")?;
    let last = match invoice.kind {
        InvoiceKind::SelfBilling => "Amount payable",
        InvoiceKind::CreditNote { .. } => "Amount credited",
    };
    let taxed = format!("Total {}", invoice.tax_name);
    let rows: [(&str, Decimal, Style); 3] = [
        ("Total without tax", net, BODY),
        (&taxed, tax, BODY),
        (last, owed, FIGURE_STRONG),
    ];
    sheet.y += 16.0;
    sheet.need(84.0);
    let (width, measure) = (260.0, sheet.paper.measure());
    let left = MARGIN + measure - width;
    for (label, amount, style) in rows {
        let node = sheet.paragraph_node(ROOT);
        if style.bold {
            sheet.y += 3.0;
            sheet.rule(left, sheet.y, width, 0.8, Ink::Strong);
            sheet.y += 5.0;
        }
        let baseline = sheet.y + style.ascent();
        let label_style = if style.bold { STRONG } else { style };
        sheet.block(
            (left, baseline - label_style.ascent()),
            width / 2.0,
            label_style,
            &format!("{label} "),
            1,
            Owner::Node(node),
        );
        let text = figures.with_code(amount);
        sheet.flush_right(MARGIN + measure, baseline, width / 2.0, style, &text, Owner::Node(node));
        sheet.y += style.leading() + 2.0;
    }
    Ok(())
}

/// What the law asks to be mentioned, the terms of payment and the further notices.
fn mentions(sheet: &mut Sheet<'_>, invoice: &Invoice, totals: &[TaxTotal]) {
    let has = |category| totals.iter().any(|total| total.category == category);
    sheet.heading("Notices", 0.0);
    let drawn_up = format!(
        "Self-billing: drawn up by {} in the name and on behalf of {}",
        invoice.buyer.name, invoice.seller.name
    );
    let mut notices = vec![drawn_up];
    if has(TaxCategory::ReverseCharge) {
        notices.push("Reverse charge: the customer is liable for the tax".to_owned());
    }
    if has(TaxCategory::IntraCommunity) {
        notices.push("Intra-Community supply, exempt (Directive 2006/112/EC, Article 138)".to_owned());
    }
    if has(TaxCategory::Export) {
        notices.push("Export, exempt (Directive 2006/112/EC, Article 146)".to_owned());
    }
    if has(TaxCategory::OutOfScope) {
        notices.push(format!("Outside the scope of {}", invoice.tax_name));
    }
    let exempt = invoice.exemption_reason.iter().filter(|_| has(TaxCategory::Exempt));
    notices.extend(exempt.map(|reason| format!("Exempt: {reason}")));
    notices.extend(invoice.payment_terms.iter().map(|terms| format!("Payment: {terms}")));
    notices.extend(
        invoice
            .payout
            .iter()
            .map(|payout| format!("Settled by payout {payout}")),
    );
    for notice in notices.iter().chain(&invoice.notices) {
        sheet.paragraph(BODY, notice);
        sheet.y += 4.0;
    }
}
