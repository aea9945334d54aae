//! Files of returns.

use chrono::NaiveDate;
use guildhall_kernel::{Currency, Money};
use rust_decimal::Decimal;

use super::layout::{COLUMNS, hash};
use crate::status::{Kind, MOST_BYTES, Outcome, Report, StatusFault, StatusFile, Unclear, meaning};

/// Reads a file of returns (NACHA Operating Rules, Appendix Four): each entry that came back with an addenda record of type
/// 99 is a report. Notifications of change (type 98) and returned debits are for a person. Control records must agree.
///
/// # Errors
/// A file that is too large, isn't of records of 94 columns in their order, or whose controls don't agree.
pub fn read_returns(bytes: &[u8]) -> Result<StatusFile, StatusFault> {
    if bytes.len() > MOST_BYTES {
        return Err(StatusFault::TooLarge { is: bytes.len() });
    }
    if let Some(at) = bytes
        .iter()
        .position(|byte| !matches!(byte, b' '..=b'~' | b'\r' | b'\n'))
    {
        return Err(StatusFault::Encoding { at });
    }
    let text = std::str::from_utf8(bytes).map_err(|fault| StatusFault::Encoding {
        at: fault.valid_up_to(),
    })?;
    let mut reading = Reading::default();
    for (place, record) in records(text).enumerate() {
        let line = place + 1;
        reading
            .record(line, record)
            .map_err(|what| StatusFault::Record { line, what })?;
    }
    reading.finish()
}

/// Records by line, or one after the other without line ends.
fn records(text: &str) -> Box<dyn Iterator<Item = &str> + '_> {
    if text.contains('\n') {
        Box::new(text.lines().filter(|line| !line.trim().is_empty()))
    } else {
        let text = text.trim_end_matches('\r');
        Box::new((0..text.len().div_ceil(COLUMNS)).map(move |record| {
            let from = record * COLUMNS;
            text.get(from..text.len().min(from + COLUMNS)).unwrap_or_default()
        }))
    }
}

/// Columns of a record, from 1, without the spaces around. Transports cut spaces off the ends of lines.
fn columns(record: &str, from: usize, to: usize) -> &str {
    record.get(from - 1..to.min(record.len())).unwrap_or_default().trim()
}

fn number(record: &str, from: usize, to: usize, field: &str) -> Result<u64, String> {
    let digits = columns(record, from, to);
    let right = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = right.then(|| digits.parse().ok()).flatten();
    number.ok_or_else(|| format!("{field} (columns {from} to {to}) is no number"))
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
struct Control {
    records: u64,
    hash: u64,
    debits: u64,
    credits: u64,
}

struct Entry {
    line: usize,
    credit: bool,
    cents: u64,
    identification: String,
}

#[derive(Default)]
struct Reading {
    message_id: String,
    day: Option<NaiveDate>,
    in_batch: bool,
    ended: bool,
    batch: Control,
    file: Control,
    batches: u64,
    entry: Option<Entry>,
    reports: Vec<Report>,
    unclear: Vec<Unclear>,
}

impl Reading {
    fn record(&mut self, line: usize, record: &str) -> Result<(), String> {
        if record.len() > COLUMNS && !columns(record, COLUMNS + 1, record.len()).is_empty() {
            return Err(format!("it has {} columns, not {COLUMNS}", record.len()));
        }
        let kind = record.get(..1).unwrap_or_default();
        match kind {
            _ if self.ended => match record.bytes().all(|byte| byte == b'9') {
                true => Ok(()),
                false => Err("there is more after the file control record".to_owned()),
            },
            "1" if line == 1 => self.header(record),
            _ if line == 1 => Err("the first record is no file header (type 1)".to_owned()),
            "5" if !self.in_batch => {
                self.in_batch = true;
                self.batch = Control::default();
                Ok(())
            }
            "6" if self.in_batch => self.entry(line, record),
            "7" if self.in_batch => self.addenda(line, record),
            "8" if self.in_batch => self.batch_control(record),
            "9" if !self.in_batch => self.file_control(record),
            _ => Err(format!("a record of type {kind:?} can't stand here")),
        }
    }

    fn header(&mut self, record: &str) -> Result<(), String> {
        let part = |from, to| columns(record, from, to);
        self.day = NaiveDate::parse_from_str(part(24, 29), "%y%m%d").ok();
        if self.day.is_none() {
            return Err("File Creation Date (columns 24 to 29) is no date".to_owned());
        }
        let parts = [part(4, 13), part(14, 23), part(24, 29), part(30, 33), part(34, 34)];
        self.message_id = parts.join(" ");
        Ok(())
    }

    fn entry(&mut self, line: usize, record: &str) -> Result<(), String> {
        self.without_addenda();
        let code = number(record, 2, 3, "Transaction Code")?;
        let cents = number(record, 30, 39, "Amount")?;
        // Tens: 2 checking, 3 savings, 4 ledger, 5 loan. Units up to 4: credits, of which 1 is a return.
        let credit = code % 10 <= 4;
        self.batch.records += 1;
        self.batch.hash += number(record, 4, 11, "Receiving DFI Identification")?;
        if credit {
            self.batch.credits += cents;
        } else {
            self.batch.debits += cents;
        }
        let identification = columns(record, 40, 54).to_owned();
        self.entry = Some(Entry {
            line,
            credit,
            cents,
            identification,
        });
        Ok(())
    }

    fn without_addenda(&mut self) {
        if let Some(entry) = self.entry.take() {
            self.unclear(
                entry.line,
                &entry.identification,
                "an entry that says no reason for its return".to_owned(),
            );
        }
    }

    fn unclear(&mut self, line: usize, identification: &str, what: String) {
        let end_to_end_id = (!identification.is_empty()).then(|| identification.to_owned());
        self.unclear.push(Unclear {
            line,
            end_to_end_id,
            what,
        });
    }

    fn addenda(&mut self, line: usize, record: &str) -> Result<(), String> {
        self.batch.records += 1;
        let Some(entry) = self.entry.take() else {
            return Err("an addenda record without its entry".to_owned());
        };
        let (kind, code) = (columns(record, 2, 3), columns(record, 4, 6));
        let id = entry.identification.clone();
        match kind {
            "99" if !entry.credit => self.unclear(line, &id, format!("a returned debit, {code}")),
            "99" if id.is_empty() => self.unclear(line, &id, format!("a return without identification, {code}")),
            "99" => {
                let own = columns(record, 36, 79);
                let text = if own.is_empty() {
                    meaning(code).unwrap_or_default()
                } else {
                    own
                };
                let amount = Decimal::from(entry.cents) / Decimal::ONE_HUNDRED;
                self.reports.push(Report {
                    end_to_end_id: id,
                    outcome: Outcome::Returned {
                        code: code.to_owned(),
                        text: text.to_owned(),
                    },
                    amount: Some(Money::new(amount, Currency::USD)),
                    booked_on: self.day,
                    entry_reference: Some(columns(record, 7, 21).to_owned()),
                });
            }
            "98" => {
                let what = format!(
                    "the bank asks to change the account's particulars, {code}: {}",
                    changed(code)
                );
                self.unclear(line, &id, what);
            }
            _ => self.unclear(line, &id, format!("an addenda record of type {kind:?}")),
        }
        Ok(())
    }

    fn batch_control(&mut self, record: &str) -> Result<(), String> {
        self.without_addenda();
        let theirs = Control {
            records: number(record, 5, 10, "Entry/Addenda Count")?,
            hash: number(record, 11, 20, "Entry Hash")?,
            debits: number(record, 21, 32, "Total Debit")?,
            credits: number(record, 33, 44, "Total Credit")?,
        };
        let ours = self.batch;
        agree(theirs, ours)?;
        self.file.records += ours.records;
        self.file.hash += ours.hash;
        self.file.debits += ours.debits;
        self.file.credits += ours.credits;
        self.batches += 1;
        self.in_batch = false;
        Ok(())
    }

    fn file_control(&mut self, record: &str) -> Result<(), String> {
        let theirs = Control {
            records: number(record, 14, 21, "Entry/Addenda Count")?,
            hash: number(record, 22, 31, "Entry Hash")?,
            debits: number(record, 32, 43, "Total Debit")?,
            credits: number(record, 44, 55, "Total Credit")?,
        };
        agree(theirs, self.file)?;
        if number(record, 2, 7, "Batch Count")? != self.batches {
            return Err(format!("Batch Count is not {}, the number of batches", self.batches));
        }
        self.ended = true;
        Ok(())
    }

    fn finish(self) -> Result<StatusFile, StatusFault> {
        if !self.ended {
            return Err(StatusFault::Missing {
                element: "the file control record (type 9)",
            });
        }
        Ok(StatusFile {
            kind: Kind::NachaReturns,
            message_id: self.message_id,
            whole: None,
            reports: self.reports,
            batches: Vec::new(),
            unclear: self.unclear,
        })
    }
}

fn agree(theirs: Control, ours: Control) -> Result<(), String> {
    let ours = Control {
        hash: hash(ours.hash),
        ..ours
    };
    match () {
        () if theirs.records != ours.records => Err(format!("Entry/Addenda Count is not {}", ours.records)),
        () if theirs.hash != ours.hash => Err(format!("Entry Hash is not {}", ours.hash)),
        () if theirs.debits != ours.debits => Err(format!("Total Debit is not {} cents", ours.debits)),
        () if theirs.credits != ours.credits => Err(format!("Total Credit is not {} cents", ours.credits)),
        () => Ok(()),
    }
}

/// What a notification of change corrects (Appendix Five).
fn changed(code: &str) -> &'static str {
    match code {
        "C01" => "the account number",
        "C02" => "the routing number",
        "C03" => "the routing and the account number",
        "C04" => "the name",
        "C05" => "checking or savings",
        "C06" => "the account number, and checking or savings",
        "C07" => "the routing number, the account number, and checking or savings",
        "C09" => "the identification number",
        _ => "see the bank's file",
    }
}
