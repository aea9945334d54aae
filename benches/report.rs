//! What a run found: tables for people, the same as JSON for machines.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::time::Duration;

use crate::Failure;
use crate::machine::Machine;

/// Everything one run measured.
#[derive(Serialize)]
pub(crate) struct Report {
    machine: Machine,
    tables: Vec<Table>,
    figures: Vec<Figure>,
    notes: Vec<String>,
}

/// One table of results; its cells are already formatted with their units in the column heads.
#[derive(Serialize)]
pub(crate) struct Table {
    title: String,
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

/// One number the project holds itself to, or reports beside those.
#[derive(Serialize)]
pub(crate) struct Figure {
    name: &'static str,
    value: f64,
    unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<Target>,
    #[serde(skip_serializing_if = "Option::is_none")]
    met: Option<bool>,
}

/// The bound a figure must keep.
#[derive(Serialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    /// The value may not be lower.
    AtLeast(f64),
    /// The value may not be higher.
    AtMost(f64),
}

impl Target {
    fn admits(self, value: f64) -> bool {
        match self {
            Target::AtLeast(bound) => value >= bound,
            Target::AtMost(bound) => value <= bound,
        }
    }
}

impl Report {
    /// Starts a report by printing the facts of the machine it is made on.
    pub(crate) fn new() -> Self {
        let machine = Machine::read();
        println!("{machine}");
        Self {
            machine,
            tables: Vec::new(),
            figures: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Prints the table and keeps it.
    pub(crate) fn table(&mut self, table: Table) {
        print!("{}", table.render());
        self.tables.push(table);
    }

    /// Keeps a figure that has no target.
    pub(crate) fn figure(&mut self, name: &'static str, value: f64, unit: &'static str) {
        self.figures.push(Figure {
            name,
            value,
            unit,
            target: None,
            met: None,
        });
    }

    /// Keeps a figure and whether it stays within its target.
    pub(crate) fn bounded(&mut self, name: &'static str, value: f64, unit: &'static str, target: Target) {
        self.figures.push(Figure {
            name,
            value,
            unit,
            target: Some(target),
            met: Some(target.admits(value)),
        });
    }

    /// Keeps a remark a reader of the figures needs, such as a part that was left out.
    pub(crate) fn note(&mut self, note: String) {
        println!("\nnote: {note}");
        self.notes.push(note);
    }

    /// Prints every figure against its target.
    pub(crate) fn print_summary(&self) {
        if self.figures.is_empty() {
            return;
        }
        let mut table = Table::new("Figures and targets", &["figure", "value", "unit", "target", "met"]);
        for figure in &self.figures {
            let target = match figure.target {
                Some(Target::AtLeast(bound)) => format!(">= {bound}"),
                Some(Target::AtMost(bound)) => format!("<= {bound}"),
                None => String::new(),
            };
            let met = match figure.met {
                Some(true) => "yes",
                Some(false) => "NO",
                None => "",
            };
            table.row([
                figure.name.to_owned(),
                format!("{:.2}", figure.value),
                figure.unit.to_owned(),
                target,
                met.to_owned(),
            ]);
        }
        print!("{}", table.render());
    }

    /// The whole report as indented JSON.
    pub(crate) fn to_json(&self) -> Result<String, Failure> {
        Ok(serde_json::to_string_pretty(self)?)
    }
}

impl Table {
    /// An empty table; the columns' heads carry the units.
    pub(crate) fn new(title: impl Into<String>, columns: &[&'static str]) -> Self {
        Self {
            title: title.into(),
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row, one cell for each column.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.to_vec());
    }

    fn render(&self) -> String {
        let mut widths: Vec<usize> = self.columns.iter().map(|head| head.chars().count()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let heads: Vec<String> = self.columns.iter().map(|head| (*head).to_owned()).collect();
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        let mut text = format!("\n### {}\n\n", self.title);
        for row in [&heads, &rule].into_iter().chain(&self.rows) {
            text.push('|');
            for (cell, width) in row.iter().zip(&widths) {
                text.push_str(&format!(" {cell:<width$} |"));
            }
            text.push('\n');
        }
        text
    }
}

/// A histogram of latencies in microseconds, up to a minute, to three digits.
pub(crate) fn latencies() -> Result<Histogram<u64>, Failure> {
    Ok(Histogram::new_with_bounds(1, 60_000_000, 3)?)
}

/// Adds one latency; anything above a minute counts as a minute.
pub(crate) fn record(histogram: &mut Histogram<u64>, latency: Duration) {
    histogram.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
}

/// The latency at a quantile, in milliseconds.
pub(crate) fn quantile_ms(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    Duration::from_micros(histogram.value_at_quantile(quantile)).as_secs_f64() * 1_000.0
}

/// A count as a float; exact for every count a bounded run can reach.
pub(crate) fn float(count: u64) -> f64 {
    Duration::from_secs(count).as_secs_f64()
}

/// A duration divided by a number of operations, in microseconds.
pub(crate) fn micros_each(total: Duration, count: u64) -> f64 {
    total.as_secs_f64() * 1_000_000.0 / float(count.max(1))
}

/// The median, lowest and highest of some values; zeros when there are none.
pub(crate) fn spread(values: &[f64]) -> (f64, f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
    let last = sorted.len().saturating_sub(1);
    let median = f64::midpoint(at(last / 2), at(sorted.len() / 2));
    (median, at(0), at(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        assert_eq!(spread(&[4.0, 1.0, 3.0, 2.0]), (2.5, 1.0, 4.0));
        assert_eq!(spread(&[3.0, 1.0, 2.0]), (2.0, 1.0, 3.0));
        assert_eq!(spread(&[]), (0.0, 0.0, 0.0));
    }

    #[test]
    fn targets_admit_their_bound() {
        assert!(Target::AtLeast(0.7).admits(0.7) && !Target::AtLeast(0.7).admits(0.69));
        assert!(Target::AtMost(25.0).admits(25.0) && !Target::AtMost(25.0).admits(25.1));
    }
}
