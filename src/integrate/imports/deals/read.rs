//! From the cells of a row to a registration.

use chrono::{Datelike, NaiveDate};
use guildhall_sell::api::{BulkDeal, BulkLine, CloseReason, DealStatus};
use guildhall_spine::{access::OrgKind, http::FieldError};
use serde_json::json;

use super::fields::LINES;
use crate::imports::kind::Cells;

/// A day as it is written. Beyond these years it is a slip, and the database may not hold it.
fn plausible(text: &str) -> Option<NaiveDate> {
    let date = text.parse::<NaiveDate>().ok();
    date.filter(|date| (1970..2200).contains(&date.year()))
}

/// The cells as a registration. Notes what can't be read.
pub(super) fn read(org: OrgKind, cells: &Cells<'_>, faults: &mut Vec<FieldError>) -> BulkDeal {
    let mut refuse = |field: &str, code: &'static str, message: String| {
        faults.push(FieldError {
            pointer: format!("/{field}"),
            code,
            message,
        });
    };
    let mut date = |field: &str| {
        let text = cells.get(field)?;
        let date = plausible(text);
        if date.is_none() {
            refuse(field, "date", "must be a date like 2026-11-23".to_owned());
        }
        date
    };
    let (expected_close, closed_on) = (date("expected_close"), date("closed_on"));
    let status = status(org, cells, &mut refuse);
    let close_reason = cells.get("close_reason").and_then(|text| {
        let reason = serde_json::from_value::<CloseReason>(json!(text.to_lowercase()));
        if reason.is_err() {
            let message = "must be price, product, competitor, timing, budget, no_decision, relationship or other";
            refuse("close_reason", "unknown", message.to_owned());
        }
        reason.ok()
    });
    BulkDeal {
        customer_name: cells.text("customer_name"),
        customer_domain: cells.owned("customer_domain"),
        customer_country: cells.text("customer_country"),
        currency: cells.text("currency"),
        amount: cells.text("amount"),
        product: cells.owned("product"),
        lines: lines(cells),
        expected_close: expected_close.unwrap_or_default(),
        status,
        closed_on,
        close_reason,
        note: cells.owned("note"),
        contact_name: cells.owned("contact_name"),
        contact_email: cells.owned("contact_email"),
        answers: cells.free(),
    }
}

/// Where the deal stands. A partner brings registrations alone.
fn status(org: OrgKind, cells: &Cells<'_>, refuse: &mut impl FnMut(&str, &'static str, String)) -> DealStatus {
    let taken: &[DealStatus] = match org {
        OrgKind::Vendor => &[
            DealStatus::Submitted,
            DealStatus::Approved,
            DealStatus::Won,
            DealStatus::Lost,
        ],
        OrgKind::Partner => &[DealStatus::Submitted],
    };
    let Some(text) = cells.get("status") else {
        return DealStatus::Submitted;
    };
    let named = taken.iter().find(|status| status.as_str() == text.to_lowercase());
    named.copied().unwrap_or_else(|| {
        let names: Vec<&str> = taken.iter().map(|status| status.as_str()).collect();
        refuse("status", "unknown", format!("must be {}", names.join(", ")));
        DealStatus::Submitted
    })
}

/// The lines; none for a row that only says what was sold, for the amount.
fn lines(cells: &Cells<'_>) -> Vec<BulkLine> {
    let line = |(no, columns): (usize, [&str; 4])| {
        let cells = columns.map(|column| cells.owned(column));
        cells.iter().any(Option::is_some).then(|| BulkLine::new(no, cells))
    };
    let [first, ..] = LINES;
    let plain = |column: &&str| *column == "product" || cells.get(column).is_none();
    let others = LINES.as_flattened().iter().skip(first.len());
    if first.iter().all(plain) && others.copied().all(|column| cells.get(column).is_none()) {
        return Vec::new();
    }
    (1..).zip(LINES).filter_map(line).collect()
}
