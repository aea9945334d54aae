//! A statement as CSV: the opening balance, the lines, what payouts took, the closing balance. `amount` of all rows but the
//! last sums to that of the last.

use async_trait::async_trait;
use axum::response::Response;
use guildhall_spine::{
    App,
    http::{
        Problem,
        export::{Cell, Format, Heading, Row, Source, export},
    },
};
use rust_decimal::Decimal;

use super::get::Head;
use super::rows::{self, Key, Line};
use super::view::{StatementLine, StatementPayout};
use crate::method::{Named, shown};

/// Lines that are read at once.
const PAGE: i64 = 4000;

const COLUMNS: &[&str] = &[
    "row",
    "at",
    "kind",
    "cause",
    "plan",
    "plan_version",
    "reference",
    "reason",
    "earned_on",
    "status",
    "id",
    "root_id",
    "amount",
    "withheld",
    "fees",
    "paid",
    "in_transit",
    "currency",
];

/// Where the file is.
enum Place {
    Opening,
    Lines(Option<Key>),
    End,
    Done,
}

/// The rows of a statement.
struct Rows {
    app: App,
    head: Head,
    place: Place,
    /// The lines, where they were read already.
    lines: Option<Vec<Line>>,
    /// The sum of the rows so far.
    sum: Decimal,
}

/// Answers with the file. `lines` are those of a month that isn't over, read at one moment; otherwise they are read as the
/// file goes on.
///
/// # Errors
/// When the first rows can't be read.
pub(super) async fn answer(app: &App, head: Head, lines: Option<Vec<Line>>) -> Result<Response, Problem> {
    let period = &head.period;
    let heading = Heading {
        name: format!("statement-{}-{}", period.month, period.currency),
        columns: COLUMNS.iter().map(|name| (*name).to_owned()).collect(),
    };
    let rows = Rows {
        app: app.clone(),
        head,
        place: Place::Opening,
        lines,
        sum: Decimal::ZERO,
    };
    export(Format::Csv, heading, rows).await
}

#[async_trait]
impl Source for Rows {
    async fn next(&mut self) -> Result<Vec<Row>, Problem> {
        loop {
            match self.place {
                Place::Opening => {
                    self.place = Place::Lines(None);
                    self.sum = self.head.sums.opening;
                    return Ok(vec![self.bound("opening", self.head.sums.opening)]);
                }
                Place::Lines(after) => {
                    let lines = match self.lines.as_mut() {
                        Some(lines) => std::mem::take(lines),
                        None => self.read(after).await?,
                    };
                    match lines.last().map(Line::key) {
                        Some(key) => {
                            self.place = Place::Lines(Some(key));
                            self.sum += lines.iter().map(|line| line.amount).sum::<Decimal>();
                            return Ok(lines.into_iter().map(|line| self.line(line)).collect());
                        }
                        None => self.place = Place::End,
                    }
                }
                Place::End => {
                    self.place = Place::Done;
                    return self.end();
                }
                Place::Done => return Ok(Vec::new()),
            }
        }
    }
}

impl Rows {
    async fn read(&self, after: Option<Key>) -> Result<Vec<Line>, Problem> {
        let mut conn = self.app.db.pool().acquire().await?;
        Ok(rows::lines(&mut conn, &self.head.place, after, PAGE).await?)
    }

    /// The payouts and the closing balance. What doesn't add up breaks the download off before its end.
    fn end(&self) -> Result<Vec<Row>, Problem> {
        let reached = self.sum - self.head.sums.taken;
        if reached != self.head.sums.closing {
            return Err(Problem::internal(format!(
                "the rows of statement {} lead to {reached}, and its closing balance is {}",
                self.head.period.id, self.head.sums.closing
            )));
        }
        let payouts = self.head.payouts.iter();
        let currency = &self.head.period.currency;
        let mut rows: Vec<Row> = payouts
            .map(|one| self.payout(StatementPayout::of(one, currency)))
            .collect();
        rows.push(self.bound("closing", self.head.sums.closing));
        Ok(rows)
    }

    fn bound(&self, row: &str, amount: Decimal) -> Row {
        let mut cells = vec![Cell::from(row)];
        cells.resize(12, Cell::Empty);
        cells.push(shown(amount, &self.head.period.currency).into());
        cells.resize(17, Cell::Empty);
        cells.push(self.currency());
        cells
    }

    fn line(&self, line: Line) -> Row {
        let kind = line.kind;
        let line = StatementLine::of(line, &self.head.period.currency);
        vec![
            "line".into(),
            line.posted_at.into(),
            kind.as_str().into(),
            line.cause.as_str().into(),
            line.plan.into(),
            line.plan_version.map(i64::from).into(),
            line.reference.into(),
            line.reason.into(),
            line.earned_on.into(),
            line.status.as_str().into(),
            line.earning_id.to_string().into(),
            line.root_id.to_string().into(),
            line.amount.into(),
            Cell::Empty,
            Cell::Empty,
            Cell::Empty,
            Cell::Empty,
            self.currency(),
        ]
    }

    fn payout(&self, payout: StatementPayout) -> Row {
        let mut cells: Row = vec!["payout".into(), payout.at.into()];
        cells.resize(9, Cell::Empty);
        cells.extend([
            payout.step.as_str().into(),
            payout.payout_id.to_string().into(),
            Cell::Empty,
        ]);
        cells.push((-payout.taken).into());
        cells.extend([payout.withheld, payout.fees, payout.paid, payout.in_transit].map(Cell::from));
        cells.push(self.currency());
        cells
    }

    fn currency(&self) -> Cell {
        self.head.period.currency.clone().into()
    }
}
