//! CSV as people have it: with or without a byte order mark, with commas, semicolons or tabs, with any line ends.

use std::io::Read;

use bytes::Bytes;
use csv::{ByteRecord, Reader, ReaderBuilder};
use guildhall_spine::http::Problem;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

/// What a header must fit in.
const HEAD: usize = 64 * 1024;
const MOST_COLUMNS: usize = 500;
const LONGEST_NAME: usize = 200;
/// A cell over this size is refused with its row.
pub(super) const LARGEST_CELL: usize = 64 * 1024;
const BOM: &[u8] = b"\xef\xbb\xbf";
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// How a file is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) delimiter: u8,
    pub(super) columns: Vec<String>,
}

/// Looks at a file while it comes in: whether it is UTF-8 throughout, and what its header says.
#[derive(Default)]
pub(super) struct Inspector {
    head: Vec<u8>,
    /// Bytes of a character that goes on in the next part.
    begun: Vec<u8>,
    lines: u64,
    pub(super) size: u64,
    /// Of the content.
    pub(super) digest: Sha256,
}

fn refuse(code: &'static str, message: impl Into<String>) -> Problem {
    Problem::field("", code, message)
}

impl Inspector {
    /// Takes the next part of the file.
    ///
    /// # Errors
    /// 422 with `utf16` or `not_utf8`.
    pub(super) fn push(&mut self, part: &[u8]) -> Result<(), Problem> {
        self.size += u64::try_from(part.len()).unwrap_or(u64::MAX);
        self.digest.update(part);
        let wanted = HEAD.saturating_sub(self.head.len());
        self.head.extend(part.iter().take(wanted));
        if self.head.starts_with(&[0xff, 0xfe]) || self.head.starts_with(&[0xfe, 0xff]) {
            return Err(refuse(
                "utf16",
                "is UTF-16: save it as UTF-8 (in Excel: CSV UTF-8) and send it again",
            ));
        }
        let mut bytes = std::mem::take(&mut self.begun);
        bytes.extend_from_slice(part);
        let (good, bad) = match std::str::from_utf8(&bytes) {
            Ok(_) => (bytes.len(), false),
            Err(fault) => (fault.valid_up_to(), fault.error_len().is_some()),
        };
        let (text, rest) = bytes.split_at(good);
        let nul = text.iter().position(|byte| *byte == 0);
        let (read, _) = text.split_at(nul.unwrap_or(text.len()));
        self.lines += u64::try_from(read.iter().filter(|byte| **byte == b'\n').count()).unwrap_or(0);
        if nul.is_some() {
            let message = format!("has a NUL character in line {}: save it as UTF-8 text", self.lines + 1);
            return Err(refuse("nul", message));
        }
        if bad {
            return Err(self.not_utf8());
        }
        self.begun = rest.to_vec();
        Ok(())
    }

    fn not_utf8(&self) -> Problem {
        let message = format!(
            "is not UTF-8 from line {} on (Latin-1 or Windows-1252, perhaps): save it as UTF-8 and send it again",
            self.lines + 1
        );
        refuse("not_utf8", message)
    }

    /// The header, once the whole file is there.
    ///
    /// # Errors
    /// 422 for a file without one, or with one that names a column twice.
    pub(super) fn finish(self) -> Result<Header, Problem> {
        if !self.begun.is_empty() {
            return Err(self.not_utf8());
        }
        let head = self.head.strip_prefix(BOM).unwrap_or(&self.head);
        let delimiter = delimiter(head);
        let mut reader = reader(delimiter, head);
        let mut record = ByteRecord::new();
        let found = reader.read_byte_record(&mut record).unwrap_or(false);
        if !found || record.iter().all(<[u8]>::is_empty) {
            return Err(refuse("no_header", "has no first row with the names of its columns"));
        }
        let columns: Vec<String> = record
            .iter()
            .map(|name| String::from_utf8_lossy(name).trim().to_owned())
            .collect();
        check_columns(&columns)?;
        Ok(Header { delimiter, columns })
    }
}

fn check_columns(columns: &[String]) -> Result<(), Problem> {
    if columns.len() > MOST_COLUMNS {
        return Err(refuse(
            "too_many_columns",
            format!("has more than {MOST_COLUMNS} columns"),
        ));
    }
    for (place, name) in columns.iter().enumerate() {
        if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
            let message = format!(
                "the name of column {} must have at most {LONGEST_NAME} characters, in one line",
                place + 1
            );
            return Err(refuse("bad_header", message));
        }
        let earlier = columns.iter().take(place).any(|other| other == name);
        if earlier && !name.is_empty() {
            return Err(refuse(
                "duplicate_header",
                format!("has two columns {name:?}: rename one"),
            ));
        }
    }
    Ok(())
}

/// What stands most often in the first row, outside quotes.
fn delimiter(head: &[u8]) -> u8 {
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut quoted = false;
    for byte in head {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            byte if !quoted => {
                for (count, delimiter) in counts.iter_mut().zip(DELIMITERS) {
                    *count += usize::from(*byte == delimiter);
                }
            }
            _ => {}
        }
    }
    // The first of those that tie.
    let best = counts.iter().rev().max().copied().unwrap_or(0);
    let found = counts.iter().zip(DELIMITERS).find(|(count, _)| **count == best);
    found.map_or(b',', |(_, delimiter)| delimiter)
}

fn reader<R: Read>(delimiter: u8, from: R) -> Reader<R> {
    ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(from)
}

/// A row of the file, with the cells that are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawRow {
    /// As a spreadsheet counts: the header is row 1.
    pub(super) no: i64,
    /// The wanted cells, trimmed; an empty one is none.
    pub(super) cells: Vec<Option<String>>,
    /// Why the row can't be used, when it can't: a place among the file's columns, a code, words.
    pub(super) fault: Option<(Option<usize>, &'static str, String)>,
}

/// What is read of a file.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) header: Header,
    /// Places among the file's columns.
    pub(super) places: Vec<Option<usize>>,
    /// Rows after the header that were dealt with before.
    pub(super) skip: u64,
    /// Rows handed on together.
    pub(super) chunk: usize,
}

/// Reads rows out of the parts of a file, and hands them on in chunks, on a thread that may block. Memory is taken for one
/// chunk in hand, one on its way, and the largest single row.
pub(super) fn read(
    parts: mpsc::Receiver<std::io::Result<Bytes>>,
    wanted: &Wanted,
    chunks: &mpsc::Sender<Result<Vec<RawRow>, String>>,
) {
    let source = Parts {
        parts,
        rest: Bytes::new(),
        begun: false,
    };
    let mut reader = reader(wanted.header.delimiter, source);
    let mut record = ByteRecord::new();
    let mut rows = Vec::with_capacity(wanted.chunk);
    let mut no: i64 = 0;
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(fault) => {
                let _ = chunks.blocking_send(Err(fault.to_string()));
                return;
            }
        }
        no += 1;
        let dealt_with = u64::try_from(no - 1).is_ok_and(|before| before <= wanted.skip);
        if no == 1 || dealt_with {
            continue;
        }
        rows.push(row(no, &record, wanted));
        if record.as_slice().len() > HEAD {
            // A giant row's memory isn't kept for the small ones after it.
            record = ByteRecord::new();
        }
        if rows.len() >= wanted.chunk && chunks.blocking_send(Ok(std::mem::take(&mut rows))).is_err() {
            return;
        }
    }
    if !rows.is_empty() {
        let _ = chunks.blocking_send(Ok(rows));
    }
}

fn row(no: i64, record: &ByteRecord, wanted: &Wanted) -> RawRow {
    let fault = row_fault(record, &wanted.header);
    let cell = |place: &Option<usize>| {
        let text = std::str::from_utf8(record.get((*place)?)?).ok()?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    RawRow {
        no,
        cells: if fault.is_none() {
            wanted.places.iter().map(cell).collect()
        } else {
            Vec::new()
        },
        fault,
    }
}

fn row_fault(record: &ByteRecord, header: &Header) -> Option<(Option<usize>, &'static str, String)> {
    if let Some(place) = record.iter().position(|cell| cell.len() > LARGEST_CELL) {
        let message = "has more than 64 kB: a quote that isn't closed, perhaps".to_owned();
        return Some((Some(place), "cell_too_large", message));
    }
    if record.len() != header.columns.len() {
        let message = format!("has {} cells, and the header {}", record.len(), header.columns.len());
        return Some((None, "ragged", message));
    }
    None
}

/// The parts of a file as one stream, without the byte order mark.
struct Parts {
    parts: mpsc::Receiver<std::io::Result<Bytes>>,
    rest: Bytes,
    begun: bool,
}

impl Read for Parts {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.rest.is_empty() {
            match self.parts.blocking_recv() {
                Some(part) => self.rest = part?,
                None => return Ok(0),
            }
            if !self.begun {
                self.begun = true;
                if self.rest.starts_with(BOM) {
                    self.rest = self.rest.slice(BOM.len()..);
                }
            }
        }
        let length = self.rest.len().min(buffer.len());
        let part = self.rest.split_to(length);
        if let Some(to) = buffer.get_mut(..length) {
            to.copy_from_slice(&part);
        }
        Ok(length)
    }
}

/// A cell for a file that a spreadsheet opens: what it would take for a formula begins with an apostrophe (OWASP: CSV
/// injection).
pub(super) fn harmless(text: &str) -> std::borrow::Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inspect(bytes: &[u8], part: usize) -> Result<Header, Problem> {
        let mut inspector = Inspector::default();
        for part in bytes.chunks(part) {
            inspector.push(part)?;
        }
        inspector.finish()
    }

    fn rows(text: &'static [u8], part: usize, skip: u64) -> Vec<RawRow> {
        let header = inspect(text, part).unwrap();
        let wanted = Wanted {
            places: (0..header.columns.len()).map(Some).collect(),
            header,
            skip,
            chunk: 2,
        };
        let (send_part, parts) = mpsc::channel(1);
        let (send, mut chunks) = mpsc::channel(1);
        std::thread::spawn(move || {
            for part in text.chunks(part) {
                send_part.blocking_send(Ok(Bytes::from_static(part))).unwrap();
            }
        });
        std::thread::spawn(move || read(parts, &wanted, &send));
        let mut all = Vec::new();
        while let Some(chunk) = chunks.blocking_recv() {
            all.extend(chunk.unwrap());
        }
        all
    }

    fn code(result: Result<Header, Problem>) -> &'static str {
        result.unwrap_err().errors()[0].code
    }

    #[test]
    fn every_delimiter_and_a_byte_order_mark_are_understood() {
        for (text, delimiter) in [
            ("\u{feff}name,country\nx,DE", b','),
            ("name;country\r\nx;DE", b';'),
            ("name\tcountry\rx\tDE", b'\t'),
            ("\"name\";country\n", b';'),
        ] {
            let header = inspect(text.as_bytes(), 1000).unwrap();
            assert_eq!(
                header,
                Header {
                    delimiter,
                    columns: vec!["name".into(), "country".into()]
                },
                "{text:?}"
            );
        }
        assert_eq!(inspect(b"\"a,b,c\";d\n", 3).unwrap().columns, ["a,b,c", "d"]);
    }

    #[test]
    fn what_is_not_utf8_is_named() {
        assert_eq!(code(inspect(b"\xff\xfen\0a\0", 2)), "utf16");
        assert_eq!(code(inspect(b"n\0a\0", 2)), "nul");
        assert_eq!(code(inspect(b"name\nM\xfcller\n", 3)), "not_utf8");
        assert_eq!(code(inspect(b"name\nM\xc3", 3)), "not_utf8");
        for part in 1..12 {
            assert!(inspect("name\nMüller, 株式会社\n".as_bytes(), part).is_ok(), "{part}");
        }
        assert_eq!(code(inspect(b"", 3)), "no_header");
        assert_eq!(code(inspect(b"a,b,a\n", 3)), "duplicate_header");
    }

    #[test]
    fn rows_are_read_across_parts_and_line_ends_and_counted_as_a_spreadsheet_counts() {
        let text: &'static [u8] = "\u{feff}a,b\r\n1,\"two\nlines\"\r3\n=cmd|x, 4 \n\n,\"5\"\"\"\r\n".as_bytes();
        for part in [1, 3, 7, 1000] {
            let rows = rows(text, part, 0);
            let cells: Vec<_> = rows.iter().map(|row| (row.no, row.cells.clone())).collect();
            let some = |text: &str| Some(text.to_owned());
            assert_eq!(
                cells,
                [
                    (2, vec![some("1"), some("two\nlines")]),
                    (3, vec![]),
                    (4, vec![some("=cmd|x"), some("4")]),
                    (5, vec![None, some("5\"")]),
                ]
            );
            assert_eq!(rows[1].fault.as_ref().unwrap().1, "ragged");
        }
        assert_eq!(rows(text, 5, 2).first().unwrap().no, 4);
        assert_eq!(rows(text, 5, 4), []);
    }

    #[test]
    fn formulas_are_made_harmless() {
        for text in ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\tx"] {
            assert_eq!(harmless(text), format!("'{text}"));
        }
        assert_eq!(harmless("Acme = good"), "Acme = good");
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300), part in 1..40_usize) {
            let _ = inspect(&bytes, part);
        }
    }
}
