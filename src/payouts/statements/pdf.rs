//! A statement as PDF.

use axum::response::Response;
use chrono::{DateTime, NaiveDate, Utc};
use guildhall_documents::{
    EarningGroup, Paper, Party, Statement as Document, StatementLine as DrawnLine, StatementPayout as DrawnPayout,
    statement as draw,
};
use guildhall_incentivize::api::{EarningCause, EarningKind};
use guildhall_kernel::Currency;
use guildhall_spine::http::Problem;

use super::get::file;
use super::view::{Statement, StatementLine, StatementPayout};
use super::{PayoutStep, StatementStatus};

/// Draws the statement and answers with it.
///
/// # Errors
/// 500 when it can't be drawn.
pub(super) async fn answer(statement: Statement, now: DateTime<Utc>) -> Result<Response, Problem> {
    let summary = &statement.summary;
    let name = format!("statement-{}-{}", summary.month, summary.currency);
    let document = document(statement, now.date_naive())?;
    let drawn = tokio::task::spawn_blocking(move || draw(&document)).await;
    file(drawn.map_err(Problem::internal)?.map_err(Problem::internal)?, &name)
}

fn document(statement: Statement, today: NaiveDate) -> Result<Document, Problem> {
    let summary = statement.summary;
    let currency = Currency::from_code(&summary.currency);
    let currency = currency.ok_or_else(|| Problem::internal("a statement has no currency"))?;
    let mut groups: Vec<EarningGroup> = statement
        .groups
        .into_iter()
        .map(|group| drawn(group.kind, group.lines))
        .collect();
    groups.push(fees(&statement.payouts));
    let mut notes = Vec::new();
    if summary.interim {
        notes.push("Interim: the month is not over, and there will be more.".to_owned());
    }
    let standing = &statement.standing;
    notes.push(format!(
        "The closing balance stands as follows: {standing}. What was sent stays part of it until it arrives."
    ));
    notes.push(
        "Days are those of posting, in UTC. A correction stands in the statement of the month in which it was made."
            .to_owned(),
    );
    let party = |name: String| Party {
        name,
        ..Party::default()
    };
    let mut partner = party(summary.partner);
    if let Some(user) = summary.user_id {
        partner.address = vec![format!("for its employee {user}")];
    }
    Ok(Document {
        number: if summary.interim {
            format!("{} (interim)", summary.number)
        } else {
            summary.number
        },
        issued: if summary.interim {
            today
        } else {
            summary.to.succ_opt().unwrap_or(summary.to)
        },
        paper: Paper::A4,
        vendor: party(summary.vendor),
        partner,
        from: summary.from,
        to: summary.to,
        currency,
        opening: summary.opening,
        groups,
        payouts: statement
            .payouts
            .iter()
            .map(|one| payout(one, &summary.currency))
            .collect(),
        closing: summary.closing,
        notes,
    })
}

fn drawn(kind: EarningKind, lines: Vec<StatementLine>) -> EarningGroup {
    EarningGroup {
        title: title(kind).to_owned(),
        lines: lines.into_iter().map(line).collect(),
    }
}

fn line(line: StatementLine) -> DrawnLine {
    let version = line
        .plan_version
        .map(|no| format!(", version {no}"))
        .unwrap_or_default();
    DrawnLine {
        on: line.posted_at.date_naive(),
        id: line.earning_id.to_string(),
        what: line.reason.unwrap_or_else(|| what(line.cause).to_owned()),
        plan: line.plan.map(|plan| format!("{plan}{version}")).unwrap_or_default(),
        status: status(line.status).to_owned(),
        reference: line.reference,
        amount: line.amount,
    }
}

/// What payouts kept for their cost lowers the balance as a line does.
fn fees(payouts: &[StatementPayout]) -> EarningGroup {
    let charged = payouts.iter().filter(|one| !one.fees.is_zero());
    let lines = charged.map(|one| DrawnLine {
        on: one.at.date_naive(),
        id: one.payout_id.to_string(),
        what: "Fee of a payout".to_owned(),
        plan: String::new(),
        status: happened(one.step).to_owned(),
        reference: None,
        amount: -one.fees,
    });
    EarningGroup {
        title: "Fees".to_owned(),
        lines: lines.collect(),
    }
}

fn payout(payout: &StatementPayout, currency: &str) -> DrawnPayout {
    let moved = match payout.step {
        PayoutStep::Sent => format!(", {} {currency} on the way", payout.in_transit),
        PayoutStep::Failed => format!(", {} {currency} back", -payout.in_transit),
        PayoutStep::Paid | PayoutStep::Returned => String::new(),
    };
    DrawnPayout {
        on: payout.at.date_naive(),
        reference: format!("{} {}{moved}", payout.payout_id, happened(payout.step)),
        amount: payout.withheld + payout.paid,
        withheld: payout.withheld,
    }
}

const fn title(kind: EarningKind) -> &'static str {
    match kind {
        EarningKind::Commission => "Commission",
        EarningKind::Rebate => "Rebates",
        EarningKind::Spiff => "SPIFFs",
        EarningKind::Bonus => "Bonuses",
        EarningKind::Mdf => "Market development funds",
        EarningKind::Adjustment => "Adjustments",
    }
}

const fn what(cause: EarningCause) -> &'static str {
    match cause {
        EarningCause::Sale => "Sale",
        EarningCause::Reversal => "Refund or chargeback",
        EarningCause::Correction => "Correction of a sale",
        EarningCause::Recalculation => "Computed anew",
        EarningCause::TrueUp => "True-up of the year",
        EarningCause::Prize => "Prize",
        EarningCause::Claim => "Claim",
        EarningCause::Adjustment => "Adjustment",
        EarningCause::Reimbursement => "Reimbursement",
    }
}

const fn status(status: StatementStatus) -> &'static str {
    match status {
        StatementStatus::Accrued => "Accrued",
        StatementStatus::Held => "Held",
        StatementStatus::Approved => "Approved",
        StatementStatus::Payable => "Payable",
        StatementStatus::InTransit => "Sent",
        StatementStatus::Paid => "Paid",
    }
}

const fn happened(step: PayoutStep) -> &'static str {
    match step {
        PayoutStep::Sent => "sent",
        PayoutStep::Paid => "arrived",
        PayoutStep::Failed => "failed",
        PayoutStep::Returned => "came back",
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use rust_decimal::Decimal;
    use uuid::Uuid;

    use super::super::{
        balance::{Owed, balance},
        month::Month,
        rows::{Gone, Period},
    };
    use super::*;

    fn cents(amount: i64) -> Decimal {
        Decimal::new(amount, 2)
    }

    fn gone(step: PayoutStep, withheld: i64, fees: i64, paid: i64, in_transit: i64) -> Gone {
        Gone {
            at: "2026-11-20T10:00:00Z".parse().unwrap(),
            payout_id: Uuid::from_u128(9).into(),
            step,
            taken: cents(withheld + fees + paid),
            withheld: cents(withheld),
            fees: cents(fees),
            paid: cents(paid),
            in_transit: cents(in_transit),
        }
    }

    /// 100.00 were owed; the payouts took what they took.
    fn drawn_at(payouts: &[Gone], now: DateTime<Utc>) -> Document {
        let taken: Decimal = payouts.iter().map(|one| one.taken).sum();
        let period = Period {
            id: 7,
            vendor_id: Uuid::from_u128(1).into(),
            partner_id: Uuid::from_u128(2).into(),
            user_id: None,
            currency: "EUR".to_owned(),
            month: Month::parse("2026-11").unwrap(),
            opening: Owed {
                payable: cents(10_000),
                ..Owed::default()
            },
            change: Owed {
                payable: -taken,
                ..Owed::default()
            },
            vendor_name: "Northwind".to_owned(),
            partner_name: "Alder".to_owned(),
        };
        let sums = balance(&period, &[], payouts).unwrap();
        let statement = Statement::of(&period, now, &sums, &[], Vec::new(), payouts);
        document(statement, now.date_naive()).unwrap()
    }

    #[test]
    fn a_payout_with_tax_and_a_fee_is_drawn_at_each_step() {
        let sent = gone(PayoutStep::Sent, 1_000, 50, 0, 8_950);
        let paid = gone(PayoutStep::Paid, 0, 0, 8_950, -8_950);
        let returned = gone(PayoutStep::Returned, -1_000, -50, -8_950, 0);
        let failed = gone(PayoutStep::Failed, -1_000, -50, 0, -8_950);
        for (steps, closing) in [
            (vec![sent], 8_950),
            (vec![sent, failed], 10_000),
            (vec![sent, paid], 0),
            (vec![sent, paid, returned], 10_000),
        ] {
            let document = drawn_at(&steps, "2027-01-05T00:00:00Z".parse().unwrap());
            assert_eq!(document.closing, cents(closing));
            assert_eq!(document.issued.to_string(), "2026-12-01");
            assert!(draw(&document).unwrap().starts_with(b"%PDF-"), "{steps:?}");
        }
        let document = drawn_at(&[sent], "2027-01-05T00:00:00Z".parse().unwrap());
        assert_eq!(document.groups[0].lines[0].amount, cents(-50));
        assert_eq!(
            [document.payouts[0].amount, document.payouts[0].withheld],
            [cents(1_000); 2]
        );
    }

    #[test]
    fn a_month_that_lasts_says_so_and_bears_the_day_of_asking() {
        let day = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let (over, lasts) = (
            drawn_at(&[], day("2027-01-05T00:00:00Z")),
            drawn_at(&[], day("2026-11-30T23:00:00Z")),
        );
        assert_eq!([over.number, lasts.number], ["ST-2026-11-7", "ST-2026-11-7 (interim)"]);
        assert_eq!(
            [over.issued.to_string(), lasts.issued.to_string()],
            ["2026-12-01", "2026-11-30"]
        );
        assert!(lasts.notes[0].starts_with("Interim"));
    }
}
