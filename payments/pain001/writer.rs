//! The file's bytes.

use std::io::{self, Write};

use guildhall_kernel::Money;
use rust_decimal::Decimal;

use super::{Address, Fault, Service, Tally, Transfer};
use crate::account::Bic;
use crate::characters::latin;

/// Why a file wasn't finished. What was written until then is no file: throw it away.
#[derive(Debug, thiserror::Error)]
pub enum WriteFault {
    /// An order that can't be written.
    #[error(transparent)]
    Order(#[from] Fault),
    /// The transfers written aren't those that were counted.
    #[error(
        "{counted} transfers of {expected} were counted, {written} of {sum} written: count again, nothing was sent"
    )]
    Differs {
        /// How many were counted.
        counted: u64,
        /// What they added up to.
        expected: Decimal,
        /// How many were written.
        written: u64,
        /// What those add up to.
        sum: Decimal,
    },
    /// The output failed.
    #[error("can't write the payment file: {0}")]
    Output(#[from] io::Error),
}

/// The second pass over a file: writes the transfers that a [`Tally`] has counted, in the order given.
#[derive(Debug)]
pub struct Writer<W: Write> {
    out: W,
    tally: Tally,
    written: u64,
    sum: Decimal,
}

impl<W: Write> Writer<W> {
    /// Writes everything before the first transfer.
    ///
    /// # Errors
    /// [`Fault::Empty`] and failures of the output.
    pub fn start(out: W, tally: Tally) -> Result<Self, WriteFault> {
        if tally.count == 0 {
            return Err(Fault::Empty.into());
        }
        let mut writer = Self {
            out,
            tally,
            written: 0,
            sum: Decimal::ZERO,
        };
        writer.group_header()?;
        writer.payment_information()?;
        Ok(writer)
    }

    /// Writes a transfer.
    ///
    /// # Errors
    /// The transfer is wrong or was not counted; failures of the output.
    pub fn push(&mut self, transfer: &Transfer) -> Result<(), WriteFault> {
        self.tally.check(transfer)?;
        self.written += 1;
        self.sum = self.sum.checked_add(transfer.amount.amount).ok_or(Fault::Sum)?;
        if self.written > self.tally.count || self.sum > self.tally.sum {
            return Err(self.differs());
        }
        Ok(self.transfer(transfer)?)
    }

    /// Ends the file and gives the output back, flushed.
    ///
    /// # Errors
    /// [`WriteFault::Differs`] if fewer were written than counted; failures of the output.
    pub fn finish(mut self) -> Result<W, WriteFault> {
        if self.written != self.tally.count || self.sum != self.tally.sum {
            return Err(self.differs());
        }
        self.line(1, "</PmtInf>")?;
        self.line(0, "</CstmrCdtTrfInitn>")?;
        self.out.write_all(b"</Document>\n")?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn differs(&self) -> WriteFault {
        WriteFault::Differs {
            counted: self.tally.count,
            expected: self.tally.sum,
            written: self.written,
            sum: self.sum,
        }
    }

    fn group_header(&mut self) -> io::Result<()> {
        let order = self.tally.initiation.clone();
        self.out.write_all(
            b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
              <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09\">\n",
        )?;
        self.line(0, "<CstmrCdtTrfInitn>")?;
        self.line(1, "<GrpHdr>")?;
        self.element(2, "MsgId", &order.message_id)?;
        self.element(2, "CreDtTm", &order.created_at.format("%Y-%m-%dT%H:%M:%SZ").to_string())?;
        self.totals()?;
        self.line(2, "<InitgPty>")?;
        self.element(3, "Nm", &latin(&order.initiator))?;
        self.line(2, "</InitgPty>")?;
        self.line(1, "</GrpHdr>")
    }

    fn payment_information(&mut self) -> io::Result<()> {
        let order = self.tally.initiation.clone();
        self.line(1, "<PmtInf>")?;
        self.element(2, "PmtInfId", &order.message_id)?;
        self.element(2, "PmtMtd", "TRF")?;
        self.element(2, "BtchBookg", if order.batch_booking { "true" } else { "false" })?;
        self.totals()?;
        if order.service == Service::Sepa || order.category_purpose.is_some() {
            self.line(2, "<PmtTpInf>")?;
            if order.service == Service::Sepa {
                self.line(3, "<SvcLvl><Cd>SEPA</Cd></SvcLvl>")?;
            }
            if let Some(code) = &order.category_purpose {
                self.line(3, &format!("<CtgyPurp><Cd>{}</Cd></CtgyPurp>", code))?;
            }
            self.line(2, "</PmtTpInf>")?;
        }
        let day = order.execution_date.format("%Y-%m-%d");
        self.line(2, &format!("<ReqdExctnDt><Dt>{day}</Dt></ReqdExctnDt>"))?;
        self.party("Dbtr", &order.debtor.name, order.debtor.address.as_ref())?;
        let iban = order.debtor.iban.as_str();
        self.line(
            2,
            &format!(
                "<DbtrAcct><Id><IBAN>{iban}</IBAN></Id><Ccy>{}</Ccy></DbtrAcct>",
                order.currency.code()
            ),
        )?;
        match &order.debtor.bic {
            Some(bic) => self.agent("DbtrAgt", bic)?,
            // The element is mandatory; EPC132-08, AT-D002.
            None => self.line(
                2,
                "<DbtrAgt><FinInstnId><Othr><Id>NOTPROVIDED</Id></Othr></FinInstnId></DbtrAgt>",
            )?,
        }
        let charges = if order.service == Service::Sepa { "SLEV" } else { "SHAR" };
        self.element(2, "ChrgBr", charges)
    }

    fn transfer(&mut self, transfer: &Transfer) -> io::Result<()> {
        let currency = transfer.amount.currency;
        self.line(2, "<CdtTrfTxInf>")?;
        self.line(3, "<PmtId>")?;
        self.element(4, "InstrId", &transfer.instruction_id)?;
        self.element(4, "EndToEndId", &transfer.end_to_end_id)?;
        self.line(3, "</PmtId>")?;
        let amount = plain(transfer.amount);
        self.line(
            3,
            &format!("<Amt><InstdAmt Ccy=\"{}\">{amount}</InstdAmt></Amt>", currency.code()),
        )?;
        if let Some(bic) = &transfer.bic {
            self.agent("CdtrAgt", bic)?;
        }
        self.party("Cdtr", &transfer.creditor, transfer.address.as_ref())?;
        let iban = transfer.iban.as_str();
        self.line(3, &format!("<CdtrAcct><Id><IBAN>{iban}</IBAN></Id></CdtrAcct>"))?;
        if !transfer.remittance.is_empty() {
            let text = latin(&transfer.remittance);
            self.line(3, &format!("<RmtInf><Ustrd>{}</Ustrd></RmtInf>", text))?;
        }
        self.line(2, "</CdtTrfTxInf>")
    }

    fn totals(&mut self) -> io::Result<()> {
        let (count, sum) = (self.tally.count.to_string(), plain(self.tally.sum()));
        self.element(2, "NbOfTxs", &count)?;
        self.element(2, "CtrlSum", &sum.to_string())
    }

    fn party(&mut self, tag: &str, name: &str, address: Option<&Address>) -> io::Result<()> {
        let depth = if tag == "Dbtr" { 2 } else { 3 };
        self.line(depth, &format!("<{tag}>"))?;
        self.element(depth + 1, "Nm", &latin(name))?;
        // Since November 2026 SEPA takes an address only with its town and country (EPC132-08).
        let takes = |address: &&Address| self.tally.initiation.service != Service::Sepa || address.town.is_some();
        if let Some(address) = address.filter(takes) {
            self.line(depth + 1, "<PstlAdr>")?;
            for (tag, text) in [
                ("StrtNm", &address.street),
                ("BldgNb", &address.building),
                ("PstCd", &address.postcode),
                ("TwnNm", &address.town),
            ] {
                if let Some(text) = text {
                    self.element(depth + 2, tag, &latin(text))?;
                }
            }
            self.element(depth + 2, "Ctry", &address.country)?;
            self.line(depth + 1, "</PstlAdr>")?;
        }
        self.line(depth, &format!("</{tag}>"))
    }

    fn agent(&mut self, tag: &str, bic: &Bic) -> io::Result<()> {
        let depth = if tag == "DbtrAgt" { 2 } else { 3 };
        let bic = bic.as_str();
        self.line(
            depth,
            &format!("<{tag}><FinInstnId><BICFI>{bic}</BICFI></FinInstnId></{tag}>"),
        )
    }

    /// Nothing needs escaping: each text was checked for, or converted to, characters that mean nothing in XML.
    fn element(&mut self, depth: usize, tag: &str, text: &str) -> io::Result<()> {
        self.line(depth, &format!("<{tag}>{text}</{tag}>"))
    }

    /// A line of its own, so that two files can be compared, indented below `Document`'s child.
    fn line(&mut self, depth: usize, text: &str) -> io::Result<()> {
        writeln!(self.out, "{:1$}{text}", "", 2 * depth + 2)
    }
}

/// With exactly the decimals of the currency. The amount was checked to have no more.
fn plain(money: Money) -> Decimal {
    let mut amount = money.amount;
    amount.rescale(Money::exponent(money.currency));
    amount
}

/// Checks all transfers, then writes the file. Give it a buffered output.
///
/// # Errors
/// What is wrong with which field, before a byte is written; failures of the output.
pub fn write<W: Write>(out: W, initiation: &super::Initiation, transfers: &[Transfer]) -> Result<W, WriteFault> {
    let mut tally = Tally::new(initiation)?;
    for transfer in transfers {
        tally.add(transfer)?;
    }
    let mut writer = Writer::start(out, tally)?;
    for transfer in transfers {
        writer.push(transfer)?;
    }
    writer.finish()
}
