//! Records of 94 columns.

use crate::characters::latin_cut;

/// The columns of a record.
pub(super) const COLUMNS: usize = 94;
/// Records in a block.
pub(super) const BLOCK: u64 = 10;

/// A record in the making, from left to right.
pub(super) struct Line(String);

impl Line {
    pub(super) fn new(kind: &str) -> Self {
        let mut line = String::with_capacity(COLUMNS + 1);
        line.push_str(kind);
        Self(line)
    }

    /// A field with letters: from the left, filled with spaces.
    pub(super) fn text(mut self, width: usize, text: &str) -> Self {
        let text = latin_cut(text, width).to_ascii_uppercase();
        self.0.push_str(&format!("{text:<width$}"));
        self
    }

    /// A field with a code, as it is.
    pub(super) fn code(mut self, width: usize, code: &str) -> Self {
        self.0.push_str(&format!("{code:<width$}"));
        self
    }

    /// A field with a code, from the right.
    pub(super) fn right(mut self, width: usize, code: &str) -> Self {
        self.0.push_str(&format!("{code:>width$}"));
        self
    }

    /// A field with a number: from the right, filled with zeros.
    pub(super) fn number(mut self, width: usize, number: u64) -> Self {
        self.0.push_str(&format!("{number:0width$}"));
        self
    }

    /// The record, with the end of its line.
    pub(super) fn finish(mut self) -> String {
        let fill = COLUMNS.saturating_sub(self.0.len());
        self.0.push_str(&" ".repeat(fill));
        self.0.push('\n');
        self.0
    }
}

/// The first eight digits of a routing number, which identify the bank; the ninth is the check digit.
pub(super) fn bank(routing: &str) -> &str {
    routing.get(..8).unwrap_or_default()
}

/// The sum of banks' identifications, of which the last ten digits are kept (entry hash).
pub(super) const fn hash(sum: u64) -> u64 {
    sum % 10_000_000_000
}
