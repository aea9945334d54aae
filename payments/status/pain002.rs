//! `pain.002`, customer payment status report.

use super::record::{Record, explained};
use super::walker::{Step, Walker};
use super::{Kind, Outcome, Report, StatusFault, StatusFile, Unclear, Whole};

const GROUP: &str = "CstmrPmtStsRpt/OrgnlGrpInfAndSts";
const PAYMENT: &str = "CstmrPmtStsRpt/OrgnlPmtInfAndSts";
const TRANSFER: &str = "CstmrPmtStsRpt/OrgnlPmtInfAndSts/TxInfAndSts";

pub(super) fn read(mut walker: Walker<'_>) -> Result<StatusFile, StatusFault> {
    let mut file = Reading::default();
    let mut line = 0;
    while let Some(step) = walker.next()? {
        let leaf = match step {
            Step::Opened => {
                if walker.path() == TRANSFER {
                    line = walker.line();
                }
                continue;
            }
            Step::Closed(leaf) => leaf,
        };
        let path = walker.path();
        if let Some(field) = below(path, TRANSFER) {
            file.transfer.add(field, leaf);
        } else if let Some(field) = below(path, PAYMENT) {
            if field == "TxInfAndSts" {
                file.transfer(line);
            } else {
                file.payment.add(field, leaf);
            }
        } else if path == PAYMENT {
            file.payment();
        } else if let Some(field) = below(path, GROUP) {
            file.group.add(field, leaf);
        } else if path == GROUP {
            file.group();
        } else if path == "CstmrPmtStsRpt/GrpHdr/MsgId" {
            file.message_id = leaf.text;
        }
    }
    if file.message_id.is_empty() {
        return Err(StatusFault::Missing {
            element: "CstmrPmtStsRpt/GrpHdr/MsgId",
        });
    }
    Ok(StatusFile {
        kind: Kind::Pain002,
        message_id: file.message_id,
        whole: file.whole,
        reports: file.reports,
        batches: Vec::new(),
        unclear: file.unclear,
    })
}

fn below<'a>(path: &'a str, element: &str) -> Option<&'a str> {
    path.strip_prefix(element)?.strip_prefix('/')
}

#[derive(Default)]
struct Reading {
    message_id: String,
    group: Record,
    payment: Record,
    transfer: Record,
    whole: Option<Whole>,
    reports: Vec<Report>,
    unclear: Vec<Unclear>,
}

impl Reading {
    /// What is said of the whole file, before anything of its payments.
    fn group(&mut self) {
        if let Some(status) = self.group.get("GrpSts") {
            self.say(status.to_owned(), self.group.reason("StsRsnInf"));
        }
    }

    /// What is said of a payment information. Our files have one, of the file's id, so that it is the whole file.
    fn payment(&mut self) {
        if let Some(status) = self.payment.get("PmtInfSts") {
            self.say(status.to_owned(), self.payment.reason("StsRsnInf"));
        }
        self.payment.clear();
    }

    fn say(&mut self, status: String, reason: Option<(String, String)>) {
        let message_id = self.group.get("OrgnlMsgId").unwrap_or_default().to_owned();
        let in_part = status == "PART";
        match outcome(if in_part { "ACTC" } else { &status }, reason) {
            Some(outcome) => {
                self.whole = Some(Whole {
                    message_id,
                    outcome,
                    in_part,
                })
            }
            None => {
                let what = format!("the status {status:?} of the file {message_id:?} is unknown");
                self.unclear.push(Unclear {
                    line: 1,
                    end_to_end_id: None,
                    what,
                });
            }
        }
    }

    fn transfer(&mut self, line: usize) {
        match self.report() {
            Ok(report) => self.reports.push(report),
            Err(what) => {
                let end_to_end_id = self.transfer.get("OrgnlEndToEndId").map(str::to_owned);
                self.unclear.push(Unclear {
                    line,
                    end_to_end_id,
                    what,
                });
            }
        }
        self.transfer.clear();
    }

    fn report(&self) -> Result<Report, String> {
        let record = &self.transfer;
        let id = record.get("OrgnlEndToEndId").filter(|id| *id != "NOTPROVIDED");
        let id = id.ok_or("a payment without OrgnlEndToEndId")?;
        // Without a status of its own, a payment has that of what it is part of, unless that is only true of others.
        let (status, reason) = match (
            record.get("TxSts"),
            self.payment.get("PmtInfSts"),
            self.group.get("GrpSts"),
        ) {
            (Some(status), ..) => (status, record.reason("StsRsnInf")),
            (None, Some("PART"), _) | (None, None, Some("PART") | None) => {
                return Err("a payment without TxSts".to_owned());
            }
            (None, Some(status), _) => (status, self.payment.reason("StsRsnInf")),
            (None, None, Some(status)) => (status, self.group.reason("StsRsnInf")),
        };
        let outcome = outcome(status, reason).ok_or_else(|| format!("the status {status:?} is unknown"))?;
        Ok(Report {
            end_to_end_id: id.to_owned(),
            outcome,
            amount: record.amount(&["OrgnlTxRef/Amt/InstdAmt", "OrgnlTxRef/IntrBkSttlmAmt"])?,
            booked_on: record.day(&["OrgnlTxRef/IntrBkSttlmDt", "AccptncDtTm"]),
            entry_reference: record.any(&["AcctSvcrRef", "StsId"]).map(str::to_owned),
        })
    }
}

/// By `ExternalPaymentTransactionStatus1Code` and `ExternalPaymentGroupStatus1Code`. `BLCK` (neither paid nor to be
/// returned) and what is not in the sets, a person must read.
fn outcome(status: &str, reason: Option<(String, String)>) -> Option<Outcome> {
    match status {
        "RCVD" | "ACTC" | "ACCP" | "ACFC" | "ACSP" | "ACWC" | "ACWP" | "PATC" | "PDNG" => Some(Outcome::Accepted),
        "ACSC" | "ACCC" => Some(Outcome::Settled),
        "RJCT" | "CANC" => {
            let (code, text) = reason.unwrap_or_else(|| explained("MS03", ""));
            Some(Outcome::Rejected { code, text })
        }
        _ => None,
    }
}
