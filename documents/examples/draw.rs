//! Draws the documents of the tests into a folder, to be looked at: `cargo run --example draw -- FOLDER`.

use std::path::PathBuf;

use guildhall_documents::{InvoiceKind, Paper, TaxCategory, invoice, statement};

#[expect(clippy::unwrap_used, reason = "it belongs to the tests")]
#[path = "../tests/sample.rs"]
mod sample;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name the folder to draw into")?);
    let mut quarter = sample::statement(vec![
        sample::group("Commission", 0..40),
        sample::group("Rebate", 40..44),
        sample::group("SPIFF", 44..46),
    ]);
    std::fs::write(folder.join("statement.pdf"), statement(&quarter)?)?;
    quarter.paper = Paper::Letter;
    if let Some(line) = quarter.groups.first_mut().and_then(|group| group.lines.first_mut()) {
        line.what = "東京株式会社 🎉 مرحبا commission on a deal with a name that goes on for long enough to be wrapped"
            .to_owned();
    }
    std::fs::write(folder.join("letter.pdf"), statement(&quarter)?)?;
    std::fs::write(folder.join("empty.pdf"), statement(&sample::statement(vec![]))?)?;
    let mut bill = sample::invoice();
    std::fs::write(folder.join("invoice.pdf"), invoice(&bill)?)?;
    bill.kind = InvoiceKind::CreditNote {
        of: "SB-2026-000655".to_owned(),
        issued: sample::day("2026-07-05"),
    };
    bill.lines = vec![sample::invoice_line(
        "Commission reversed after a refund",
        "1",
        "420.00",
        "0",
        TaxCategory::ReverseCharge,
    )];
    std::fs::write(folder.join("credit.pdf"), invoice(&bill)?)?;
    let large = sample::statement(vec![sample::group("Commission", 0..5000)]);
    let start = std::time::Instant::now();
    let bytes = statement(&large)?;
    println!("5 000 lines: {} bytes in {:?}", bytes.len(), start.elapsed());
    std::fs::write(folder.join("large.pdf"), bytes)?;
    Ok(())
}
