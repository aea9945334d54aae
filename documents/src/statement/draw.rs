//! Draws a statement: title and parties, the balance and how it moved, the lines by plan, the payouts, the notes.

use rust_decimal::Decimal;

use super::{EarningGroup, Statement, StatementPayout, Sums};
use crate::DocumentFault;
use crate::face::{BODY, CODE, FAINT, FIGURE, FIGURE_STRONG, Faces, Ink, LABEL};
use crate::figures::{Figures, period, short};
use crate::masthead::{Masthead, masthead};
use crate::paper::MARGIN;
use crate::pdf::{About, write};
use crate::sheet::{Owner, ROOT, Sheet};
use crate::table::{Cell, Column, Table};

/// Draws a statement of earnings as a PDF.
///
/// # Errors
/// [`DocumentFault`] if the figures don't add up or are finer than the currency's minor unit, the number is missing or
/// the period ends before it starts.
pub fn statement(statement: &Statement) -> Result<Vec<u8>, DocumentFault> {
    let sums = statement.checked()?;
    let faces = Faces::load()?;
    let title = format!("Statement of earnings {}", statement.number);
    let running = format!("{title} \u{b7} {}", statement.partner.name);
    let mut sheet = Sheet::new(&faces, statement.paper, &running);
    let period = period(statement.from, statement.to);
    masthead(&mut sheet, &head(statement, &period));
    let figures = Figures::new(statement.currency);
    balance(&mut sheet, statement, &sums, figures);
    movement(&mut sheet, statement, &sums, figures)?;
    for group in statement.groups.iter().filter(|group| !group.lines.is_empty()) {
        earnings(&mut sheet, group, figures)?;
    }
    if !statement.payouts.is_empty() {
        payouts(&mut sheet, &statement.payouts, figures)?;
    }
    notes(&mut sheet, &statement.notes);
    let about = About {
        title: &format!("{title}, {}", statement.partner.name),
        subject: &format!("{period}, {}", statement.currency.code()),
        author: &statement.vendor.name,
        id: &format!("statement\n{}\n{}", statement.vendor.name, statement.number),
        issued: statement.issued,
    };
    write(sheet, &about)
}

fn head<'a>(statement: &'a Statement, period: &'a str) -> Masthead<'a> {
    Masthead {
        title: "Statement of earnings",
        lead: period,
        facts: vec![
            ("Number", statement.number.clone()),
            ("Issued", short(statement.issued)),
            ("Currency", statement.currency.code().to_owned()),
        ],
        parties: [("For", &statement.partner), ("From", &statement.vendor)],
    }
}

/// The band of figures below the masthead.
fn balance(sheet: &mut Sheet<'_>, statement: &Statement, sums: &Sums, figures: Figures) {
    let (code, measure) = (statement.currency.code(), sheet.paper.measure());
    let mut cells = vec![
        ("Opening balance", statement.opening, FIGURE),
        ("Earned", sums.earned, FIGURE),
    ];
    if !sums.withheld.is_zero() {
        cells.push(("Tax withheld", sums.withheld, FIGURE));
    }
    cells.push(("Paid out", sums.paid, FIGURE));
    cells.push(("Closing balance", statement.closing, FIGURE_STRONG));
    let count = u16::try_from(cells.len()).map_or(1.0, f32::from);
    let width = measure / count;
    sheet.rule(MARGIN, sheet.y, measure, 0.8, Ink::Strong);
    let top = sheet.y + 9.0;
    let mut x = MARGIN;
    for (label, amount, style) in cells {
        let node = sheet.paragraph_node(ROOT);
        let label = format!("{label}, {code} ");
        sheet.block((x, top), width - 8.0, LABEL, &label, 1, Owner::Node(node));
        let text = figures.amount(amount);
        let wide = sheet.faces.width(&text, style);
        let fitted = wide.min(width - 8.0);
        sheet.flush_right(x + fitted, top + 27.0, fitted, style, &text, Owner::Node(node));
        x += width;
    }
    sheet.y = top + 38.0;
    sheet.rule(MARGIN, sheet.y, measure, 0.8, Ink::Strong);
}

/// The way from the opening to the closing balance.
fn movement(sheet: &mut Sheet<'_>, statement: &Statement, sums: &Sums, figures: Figures) -> Result<(), DocumentFault> {
    sheet.heading("How the balance moved", Table::least());
    let columns = [
        Column::left("Entry", 0.0),
        Column::right("Lines", 60.0),
        Column::right("Amount", 96.0),
    ];
    let mut table = Table::start(sheet, &columns, 0, 1, figures);
    let mut row = |sheet: &mut Sheet<'_>, what: &str, lines: Option<usize>, amount: Decimal| {
        let lines = lines.map(|lines| crate::figures::quantity(Decimal::from(lines), 0));
        let cells = vec![
            Cell::new(what),
            Cell::new(lines.unwrap_or_default()),
            Cell::new(figures.amount(amount)),
        ];
        table.row(sheet, cells, &[amount])
    };
    row(sheet, "Opening balance", None, statement.opening)?;
    for group in statement.groups.iter().filter(|group| !group.lines.is_empty()) {
        row(sheet, &group.title, Some(group.lines.len()), group.subtotal()?)?;
    }
    row(
        sheet,
        "Payouts, with the tax withheld from them",
        Some(statement.payouts.len()),
        -sums.taken,
    )?;
    table.total(sheet, "Closing balance");
    Ok(())
}

/// The lines of one kind of plan.
fn earnings(sheet: &mut Sheet<'_>, group: &EarningGroup, figures: Figures) -> Result<(), DocumentFault> {
    sheet.heading(&group.title, Table::least());
    let columns = [
        Column::left("Date", 56.0),
        Column::left("Earning", 0.0),
        Column::left("Deal or invoice, id", 130.0),
        Column::left("Status", 58.0),
        Column::right("Amount", 78.0),
    ];
    let mut table = Table::start(sheet, &columns, 1, 1, figures);
    for line in &group.lines {
        let cells = vec![
            Cell::new(short(line.on)),
            Cell::new(&*line.what).then(Some(&line.plan), FAINT),
            Cell::new(line.reference.as_deref().unwrap_or_default()).then(Some(&line.id), CODE),
            Cell::new(&*line.status),
            Cell::new(figures.amount(line.amount)),
        ];
        table.row(sheet, cells, &[line.amount])?;
    }
    table.total(sheet, &format!("Total of {}", group.title));
    Ok(())
}

fn payouts(sheet: &mut Sheet<'_>, payouts: &[StatementPayout], figures: Figures) -> Result<(), DocumentFault> {
    sheet.heading("Payouts", Table::least());
    let columns = [
        Column::left("Date", 56.0),
        Column::left("Reference", 0.0),
        Column::right("Before tax", 88.0),
        Column::right("Tax withheld", 88.0),
        Column::right("Paid", 78.0),
    ];
    let mut table = Table::start(sheet, &columns, 1, 3, figures);
    for payout in payouts {
        let paid = payout.amount - payout.withheld;
        let cells = vec![
            Cell::new(short(payout.on)),
            Cell::new(&*payout.reference),
            Cell::new(figures.amount(payout.amount)),
            Cell::new(figures.amount(payout.withheld)),
            Cell::new(figures.amount(paid)),
        ];
        table.row(sheet, cells, &[payout.amount, payout.withheld, paid])?;
    }
    table.total(sheet, "Total of payouts");
    Ok(())
}

/// Paragraphs at the end of a document.
fn notes(sheet: &mut Sheet<'_>, notes: &[String]) {
    if notes.iter().all(|note| note.trim().is_empty()) {
        return;
    }
    sheet.heading("Notes", 0.0);
    for note in notes {
        sheet.paragraph(BODY, note);
        sheet.y += 4.0;
    }
}
