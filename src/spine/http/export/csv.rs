//! RFC 4180, with formulas made harmless.

use bytes::Bytes;
use chrono::SecondsFormat;
use futures_util::{StreamExt, stream};

use super::{Begun, Bytestream, Cell, Heading, Row, Source, broken};
use crate::http::Problem;

/// Where a download is.
enum Place<S> {
    Head(Heading, Begun<S>),
    Rows(Begun<S>),
    End,
}

pub(super) fn stream<S: Source>(heading: Heading, begun: Begun<S>) -> Bytestream {
    stream::unfold(Place::Head(heading, begun), |place| async move {
        match place {
            Place::Head(heading, begun) => {
                let head = heading.columns.into_iter().map(Cell::from).collect();
                Some((written(&[head]), Place::Rows(begun)))
            }
            Place::Rows(mut begun) => match begun.next().await {
                Ok(rows) if rows.is_empty() => None,
                Ok(rows) => Some((written(&rows), Place::Rows(begun))),
                Err(problem) => Some((Err(broken(&problem)), Place::End)),
            },
            Place::End => None,
        }
    })
    .boxed()
}

fn written(rows: &[Row]) -> Result<Bytes, std::io::Error> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .flexible(true)
        .from_writer(Vec::new());
    let text = |error: &dyn std::fmt::Display| broken(&Problem::internal(error));
    for row in rows {
        let cells = row.iter().map(field);
        writer.write_record(cells).map_err(|error| text(&error))?;
    }
    writer.into_inner().map(Bytes::from).map_err(|error| text(&error))
}

fn field(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => harmless(text),
        Cell::Number(number) => number.to_string(),
        // A year before 1 has a sign.
        Cell::Date(day) => harmless(&day.to_string()),
        Cell::Time(at) => at.to_rfc3339_opts(SecondsFormat::Millis, true),
    }
}

/// A text that a spreadsheet takes for a formula when it opens a CSV file (OWASP, "CSV Injection"), full-width signs
/// and an invisible mark in front included, gets an apostrophe, which makes it a text there.
fn harmless(text: &str) -> String {
    let begins = |c: char| {
        matches!(
            c,
            '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠' | '\u{feff}'
        )
    };
    if text.starts_with(begins) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;

    fn lines(rows: &[Row]) -> String {
        String::from_utf8(written(rows).unwrap().to_vec()).unwrap()
    }

    #[test]
    fn formulas_become_texts_and_numbers_stay_numbers() {
        let row = vec![
            Cell::from("=cmd|' /C calc'!A0"),
            Cell::from("@SUM(1)"),
            Cell::from("\tx"),
            Cell::Number(Decimal::new(-125, 2)),
            Cell::from("a \"b\", c"),
            Cell::Empty,
        ];
        assert_eq!(
            lines(&[row]),
            "'=cmd|' /C calc'!A0,'@SUM(1),'\tx,-1.25,\"a \"\"b\"\", c\",\r\n"
        );
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_back_and_none_of_it_is_a_formula(texts in prop::collection::vec(".{0,30}", 2..6)) {
            let row: Row = texts.iter().map(|text| Cell::from(text.as_str())).collect();
            let text = lines(&[row]);
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
            let read = reader.records().next().unwrap().unwrap();
            prop_assert_eq!(read.len(), texts.len());
            for (read, sent) in read.iter().zip(&texts) {
                prop_assert!(!read.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']));
                prop_assert_eq!(read.strip_prefix('\'').filter(|_| !sent.starts_with('\'')).unwrap_or(read), sent);
            }
        }
    }
}
