//! Reading rates in the shape of the European Central Bank's `eurofxref-hist.csv`: a row a day, a column a currency,
//! each cell the number of units that one euro bought, `N/A` where there is none.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use guildhall_kernel::parse_decimal;
use guildhall_spine::http::FieldError;
use rust_decimal::Decimal;

/// A rate of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DayRate {
    pub(super) day: NaiveDate,
    pub(super) currency: String,
    pub(super) rate: Decimal,
}

/// Faults that are told at once.
const MOST_FAULTS: usize = 100;
const MOST_COLUMNS: usize = 300;

#[derive(Default)]
struct Faults(Vec<FieldError>);

impl Faults {
    /// Notes what is wrong in a row (a line of the file, from 1) and a column (by its head, or its number).
    fn note(&mut self, row: u64, column: &str, code: &'static str, message: impl Into<String>) {
        if self.0.len() < MOST_FAULTS {
            let column: String = column.chars().take(20).collect();
            self.0.push(FieldError {
                pointer: format!("/{row}/{}", column.replace('~', "~0").replace('/', "~1")),
                code,
                message: message.into(),
            });
        }
    }
}

/// All rates of a file.
///
/// # Errors
/// Up to 100 faults, each with its row and column as a pointer (`/12/USD`); then nothing of the file is good.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<DayRate>, Vec<FieldError>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let mut faults = Faults::default();
    let mut rates = Vec::new();
    let mut currencies = None;
    let mut days = BTreeSet::new();
    for record in reader.byte_records() {
        let record = match record {
            Ok(record) => record,
            Err(_) => {
                faults.note(0, "", "malformed", "must be CSV (RFC 4180)");
                break;
            }
        };
        let row = record.position().map_or(0, csv::Position::line);
        let cells: Vec<String> = record
            .iter()
            .map(|cell| String::from_utf8_lossy(cell).into_owned())
            .collect();
        match &currencies {
            None => currencies = Some(head(row, &cells, &mut faults)),
            Some(currencies) => line(row, &cells, currencies, &mut days, &mut faults, &mut rates),
        }
    }
    if faults.0.is_empty() && rates.is_empty() {
        faults.note(
            1,
            "Date",
            "empty",
            "has no rates: send a head of Date and currencies, then a row a day",
        );
    }
    if faults.0.is_empty() { Ok(rates) } else { Err(faults.0) }
}

/// The currencies of the columns after the first; the file of the European Central Bank ends each row with a comma.
fn head(row: u64, cells: &[String], faults: &mut Faults) -> Vec<String> {
    let (first, rest) = cells
        .split_first()
        .map_or(("", cells), |(first, rest)| (first.as_str(), rest));
    if !first.eq_ignore_ascii_case("date") {
        faults.note(row, "1", "head", "must be Date: the first row names the columns");
    }
    let rest = match rest.split_last() {
        Some((last, rest)) if last.is_empty() => rest,
        _ => rest,
    };
    if rest.len() > MOST_COLUMNS {
        faults.note(
            row,
            "1",
            "length",
            format!("must have at most {MOST_COLUMNS} currencies"),
        );
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    for (place, code) in (2..).zip(rest) {
        let column = format!("{place}");
        if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) || code == "EUR" {
            faults.note(
                row,
                &column,
                "currency",
                "must be a currency of three capital letters (ISO 4217), not EUR",
            );
        } else if !seen.insert(code) {
            faults.note(row, code, "repeated", "stands in two columns");
        }
    }
    rest.to_vec()
}

fn line(
    row: u64,
    cells: &[String],
    currencies: &[String],
    days: &mut BTreeSet<NaiveDate>,
    faults: &mut Faults,
    rates: &mut Vec<DayRate>,
) {
    let Some((first, rest)) = cells.split_first() else {
        return;
    };
    let Some(day) = date(first) else {
        faults.note(row, "Date", "date", "must be a day, like 2026-11-20");
        return;
    };
    if !days.insert(day) {
        faults.note(row, "Date", "repeated", format!("{day} stands in two rows"));
    }
    if rest.len() < currencies.len() {
        let message = format!(
            "has {} cells after the date, and the head {}",
            rest.len(),
            currencies.len()
        );
        faults.note(row, "Date", "length", message);
        return;
    }
    if rest.iter().skip(currencies.len()).any(|cell| !cell.is_empty()) {
        faults.note(
            row,
            &format!("{}", currencies.len() + 2),
            "length",
            "stands beyond the last currency",
        );
    }
    for (currency, cell) in currencies.iter().zip(rest) {
        if cell.is_empty() || cell == "N/A" {
            continue;
        }
        match parse_decimal(cell).ok().filter(|rate| sensible(*rate)) {
            Some(rate) => rates.push(DayRate {
                day,
                currency: currency.clone(),
                rate,
            }),
            None => faults.note(
                row,
                currency,
                "rate",
                "must be a number above 0 with at most 10 decimals, or N/A",
            ),
        }
    }
}

/// Between what conversion can carry without losing a digit that counts.
fn sensible(rate: Decimal) -> bool {
    rate > Decimal::ZERO && rate.scale() <= 10 && rate < Decimal::new(10_000_000_000, 0)
}

/// A day as the history has it, or as the file of one day does (`20 November 2026`).
fn date(text: &str) -> Option<NaiveDate> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .or_else(|_| NaiveDate::parse_from_str(text, "%d %B %Y"))
        .ok()?;
    let sensible = NaiveDate::from_ymd_opt(1970, 1, 1)? <= day && day <= NaiveDate::from_ymd_opt(2200, 1, 1)?;
    sensible.then_some(day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(text: &str) -> Vec<(String, &'static str)> {
        let faults = read(text.as_bytes()).unwrap_err();
        faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    #[test]
    fn the_central_banks_file_is_read_with_all_its_habits() {
        let text = "\u{feff}Date,USD,JPY,CYP,\r\n2026-11-20,1.0875,163.21,N/A,\r\n2026-11-19,1.0860,162.9,N/A,\n";
        let rates = read(text.as_bytes()).unwrap();
        assert_eq!(rates.len(), 4);
        assert_eq!(
            (rates[0].currency.as_str(), rates[0].rate.to_string()),
            ("USD", "1.0875".to_owned())
        );
        let one_day = "Date, USD, JPY, \n20 November 2026, 1.0875, 163.21, \n";
        assert_eq!(read(one_day.as_bytes()).unwrap().len(), 2);
    }

    #[test]
    fn each_fault_is_told_by_its_row_and_column() {
        let text = "Date,USD,JPY\n2026-11-20,1.0,x\n2026-13-01,1,1\n2026-11-20,0,1\n2026-11-18,1\n2026-11-17,1,1,9\n";
        let expected = [
            ("/2/JPY", "rate"),
            ("/3/Date", "date"),
            ("/4/Date", "repeated"),
            ("/4/USD", "rate"),
            ("/5/Date", "length"),
            ("/6/4", "length"),
        ];
        assert_eq!(told(text), expected.map(|(place, code)| (place.to_owned(), code)));
        assert_eq!(told("Day,US,EUR,USD,USD\n").len(), 4);
        assert_eq!(told("Date,USD\n2026-11-20,=1+1\n"), [("/2/USD".to_owned(), "rate")]);
        assert_eq!(told("")[0].1, "empty");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
            let mut text = b"Date,USD,JPY\n2026-11-20,".to_vec();
            text.extend(&bytes);
            if let Ok(rates) = read(&text) {
                prop_assert!(rates.iter().all(|rate| rate.rate > Decimal::ZERO));
            }
        }
    }
}
