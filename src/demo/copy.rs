//! Rows in the text format of COPY (PostgreSQL manual, COPY, "Text Format").

use std::fmt::{Display, Write};

use chrono::{DateTime, SecondsFormat, Utc};
use sqlx::PgConnection;

/// Something that is a row.
pub(super) trait Copied {
    /// The statement that takes such rows.
    const INTO: &'static str;

    /// Appends the fields in the order of the statement's columns.
    fn write(&self, rows: &mut Rows);
}

/// Rows of one table, ready to be sent.
#[derive(Debug, Default)]
pub(super) struct Rows {
    text: String,
    /// How many.
    pub(super) count: u64,
}

impl Rows {
    /// The rows of `items`.
    pub(super) fn of<T: Copied>(items: impl IntoIterator<Item = T>) -> Self {
        let mut rows = Self::default();
        for item in items {
            item.write(&mut rows);
        }
        rows
    }

    /// A field whose text has neither tabs, line ends nor backslashes.
    pub(super) fn plain(&mut self, value: impl Display) -> &mut Self {
        // Writing to a String does not fail.
        let _ = write!(self.text, "{value}");
        self.text.push('\t');
        self
    }

    pub(super) fn plain_or_null(&mut self, value: Option<impl Display>) -> &mut Self {
        match value {
            Some(value) => self.plain(value),
            None => self.plain("\\N"),
        }
    }

    pub(super) fn time(&mut self, at: DateTime<Utc>) -> &mut Self {
        self.plain(at.to_rfc3339_opts(SecondsFormat::Micros, true))
    }

    pub(super) fn time_or_null(&mut self, at: Option<DateTime<Utc>>) -> &mut Self {
        match at {
            Some(at) => self.time(at),
            None => self.plain("\\N"),
        }
    }

    /// A field of any text.
    pub(super) fn text(&mut self, value: &str) -> &mut Self {
        for c in value.chars() {
            match c {
                '\\' => self.text.push_str("\\\\"),
                '\t' => self.text.push_str("\\t"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                c => self.text.push(c),
            }
        }
        self.text.push('\t');
        self
    }

    pub(super) fn text_or_null(&mut self, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(value),
            None => self.plain("\\N"),
        }
    }

    /// A field of an array of numbers.
    pub(super) fn numbers(&mut self, values: &[i64]) -> &mut Self {
        let values: Vec<String> = values.iter().map(i64::to_string).collect();
        self.plain(format_args!("{{{}}}", values.join(",")))
    }

    /// A field of bytes.
    pub(super) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.text.push_str("\\\\x");
        for byte in value {
            let _ = write!(self.text, "{byte:02x}");
        }
        self.text.push('\t');
        self
    }

    /// Ends the row.
    pub(super) fn end(&mut self) {
        self.text.pop();
        self.text.push('\n');
        self.count += 1;
    }

    /// The bytes as they go over the wire.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Sends the rows by `statement`.
    ///
    /// # Errors
    /// When the database refuses one: then it has taken none.
    pub(super) async fn send(&self, db: &mut PgConnection, statement: &str) -> Result<(), sqlx::Error> {
        let mut copy = db.copy_in_raw(statement).await?;
        copy.send(self.as_bytes()).await?;
        copy.finish().await?;
        Ok(())
    }
}
