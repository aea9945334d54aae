//! The file's bytes.

use std::io::{self, Write};

use super::check::check;
use super::layout::{BLOCK, COLUMNS, Line, bank, hash};
use super::{Entry, Fault, File, Tally};
use crate::account::UsAccountKind;

/// Credits only.
const SERVICE_CLASS: &str = "220";

/// Why a file wasn't finished. What was written until then is no file: throw it away.
#[derive(Debug, thiserror::Error)]
pub enum WriteFault {
    /// An order that can't be written.
    #[error(transparent)]
    Order(#[from] Fault),
    /// The entries written aren't those that were counted.
    #[error(
        "{counted} entries of {expected} cents were counted, {written} of {cents} written: count again, nothing was sent"
    )]
    Differs {
        /// How many were counted.
        counted: u64,
        /// What they added up to, in cents.
        expected: u64,
        /// How many were written.
        written: u64,
        /// What those add up to, in cents.
        cents: u64,
    },
    /// The output failed.
    #[error("can't write the payment file: {0}")]
    Output(#[from] io::Error),
}

/// The second pass over a file: writes the entries that a [`Tally`] has counted, in the order given. Lines end with `\n`.
#[derive(Debug)]
pub struct Writer<W: Write> {
    out: W,
    tally: Tally,
    entries: u64,
    cents: u64,
    hash: u64,
    lines: u64,
}

impl<W: Write> Writer<W> {
    /// Writes the file's and the batch's headers.
    ///
    /// # Errors
    /// [`Fault::Empty`] and failures of the output.
    pub fn start(out: W, tally: Tally) -> Result<Self, WriteFault> {
        if tally.entries == 0 {
            return Err(Fault::Empty.into());
        }
        let headers = [file_header(&tally.file), batch_header(&tally.file)];
        let mut writer = Self {
            out,
            tally,
            entries: 0,
            cents: 0,
            hash: 0,
            lines: 0,
        };
        for header in headers {
            writer.line(header)?;
        }
        Ok(writer)
    }

    /// Writes an entry. Returns its trace number, which a return names.
    ///
    /// # Errors
    /// The entry is wrong or was not counted; failures of the output.
    pub fn push(&mut self, entry: &Entry) -> Result<String, WriteFault> {
        self.cents += check(entry)?;
        self.entries += 1;
        if self.entries > self.tally.entries || self.cents > self.tally.cents {
            return Err(self.differs());
        }
        let trace = format!("{}{:07}", bank(self.tally.file.bank.as_str()), self.entries);
        self.hash += bank(entry.routing.as_str()).parse::<u64>().unwrap_or_default();
        let cents = check(entry)?;
        let with_addenda = !entry.addenda.is_empty();
        let line = Line::new("6")
            .code(
                2,
                match entry.kind {
                    UsAccountKind::Checking => "22",
                    UsAccountKind::Savings => "32",
                },
            )
            .code(9, entry.routing.as_str())
            .code(17, entry.account.as_str())
            .number(10, cents)
            .code(15, &entry.identification)
            .text(22, &entry.name)
            .code(2, "")
            .code(1, if with_addenda { "1" } else { "0" })
            .code(15, &trace);
        self.line(line)?;
        if with_addenda {
            let line = Line::new("705")
                .text(80, &entry.addenda)
                .number(4, 1)
                .number(7, self.entries);
            self.line(line)?;
        }
        Ok(trace)
    }

    /// Ends the file and gives the output back, flushed.
    ///
    /// # Errors
    /// [`WriteFault::Differs`] if the entries written aren't those counted; failures of the output.
    pub fn finish(mut self) -> Result<W, WriteFault> {
        let records = self.lines - 2;
        if (self.entries, self.cents, records) != (self.tally.entries, self.tally.cents, self.tally.records) {
            return Err(self.differs());
        }
        let file = &self.tally.file;
        let batch = Line::new("8")
            .code(3, SERVICE_CLASS)
            .number(6, records)
            .number(10, hash(self.hash))
            .number(12, 0)
            .number(12, self.cents)
            .code(10, &file.company_id)
            .code(19, "")
            .code(6, "")
            .code(8, bank(file.bank.as_str()))
            .number(7, u64::from(file.batch_number));
        self.line(batch)?;
        let blocks = (self.lines + 1).div_ceil(BLOCK);
        let control = Line::new("9")
            .number(6, 1)
            .number(6, blocks)
            .number(8, records)
            .number(10, hash(self.hash))
            .number(12, 0)
            .number(12, self.cents);
        self.line(control)?;
        while self.lines < blocks * BLOCK {
            self.line(Line::new(&"9".repeat(COLUMNS)))?;
        }
        self.out.flush()?;
        Ok(self.out)
    }

    fn differs(&self) -> WriteFault {
        WriteFault::Differs {
            counted: self.tally.entries,
            expected: self.tally.cents,
            written: self.entries,
            cents: self.cents,
        }
    }

    fn line(&mut self, line: Line) -> io::Result<()> {
        self.lines += 1;
        self.out.write_all(line.finish().as_bytes())
    }
}

fn file_header(file: &File) -> Line {
    Line::new("1")
        .code(2, "01")
        .right(10, file.destination.as_str())
        .right(10, &file.origin)
        .code(10, &file.created_at.format("%y%m%d%H%M").to_string())
        .code(1, &file.modifier.to_string())
        .code(3, "094")
        .code(2, "10")
        .code(1, "1")
        .text(23, &file.destination_name)
        .text(23, &file.origin_name)
        .code(8, "")
}

fn batch_header(file: &File) -> Line {
    Line::new("5")
        .code(3, SERVICE_CLASS)
        .text(16, &file.company_name)
        .code(20, "")
        .code(10, &file.company_id)
        .code(3, file.class.code())
        .text(10, &file.description)
        .code(6, "")
        .code(6, &file.effective_date.format("%y%m%d").to_string())
        // The settlement date, which the operator fills in.
        .code(3, "")
        .code(1, "1")
        .code(8, bank(file.bank.as_str()))
        .number(7, u64::from(file.batch_number))
}

/// Checks all entries, then writes the file. Give it a buffered output.
///
/// # Errors
/// What is wrong with which field, before a byte is written; failures of the output.
pub fn write<W: Write>(out: W, file: &File, entries: &[Entry]) -> Result<W, WriteFault> {
    let mut tally = Tally::new(file)?;
    for entry in entries {
        tally.add(entry)?;
    }
    let mut writer = Writer::start(out, tally)?;
    for entry in entries {
        writer.push(entry)?;
    }
    writer.finish()
}
