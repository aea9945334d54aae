//! `camt.054`, bank to customer debit credit notification, and `camt.053`, statement, which has the same entries.

use super::record::{Record, explained};
use super::walker::{Step, Walker};
use super::{Batch, Kind, Outcome, Report, StatusFault, StatusFile, Unclear};

/// Where the message has what.
struct Paths {
    message_id: &'static str,
    entry: &'static str,
    details: &'static str,
}

const NOTIFICATION: Paths = Paths {
    message_id: "BkToCstmrDbtCdtNtfctn/GrpHdr/MsgId",
    entry: "BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry",
    details: "BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry/NtryDtls/TxDtls",
};

const STATEMENT: Paths = Paths {
    message_id: "BkToCstmrStmt/GrpHdr/MsgId",
    entry: "BkToCstmrStmt/Stmt/Ntry",
    details: "BkToCstmrStmt/Stmt/Ntry/NtryDtls/TxDtls",
};

pub(super) fn read(mut walker: Walker<'_>) -> Result<StatusFile, StatusFault> {
    let kind = walker.kind();
    let paths = if kind == Kind::Camt053 {
        &STATEMENT
    } else {
        &NOTIFICATION
    };
    let mut file = Reading::default();
    while let Some(step) = walker.next()? {
        let leaf = match step {
            Step::Opened => {
                if walker.path() == paths.details || walker.path() == paths.entry {
                    file.line = walker.line();
                }
                continue;
            }
            Step::Closed(leaf) => leaf,
        };
        let path = walker.path();
        if let Some(field) = below(path, paths.details) {
            file.details.add(field, leaf);
        } else if path == paths.details {
            file.details_read += 1;
            // The amount of the only payment may stand at the entry: wait whether it is the only one.
            let payment = (file.line, std::mem::take(&mut file.details));
            if let Some(earlier) = file.waiting.replace(payment) {
                file.payment(&earlier, false);
            }
        } else if let Some(field) = below(path, paths.entry) {
            file.entry.add(field, leaf);
        } else if path == paths.entry {
            file.entry();
        } else if path == paths.message_id {
            file.message_id = leaf.text;
        }
    }
    if file.message_id.is_empty() {
        return Err(StatusFault::Missing {
            element: paths.message_id,
        });
    }
    let Reading {
        message_id,
        reports,
        batches,
        unclear,
        ..
    } = file;
    Ok(StatusFile {
        kind,
        message_id,
        whole: None,
        reports,
        batches,
        unclear,
    })
}

fn below<'a>(path: &'a str, element: &str) -> Option<&'a str> {
    path.strip_prefix(element)?.strip_prefix('/')
}

#[derive(Default)]
struct Reading {
    message_id: String,
    line: usize,
    entry: Record,
    details: Record,
    details_read: usize,
    waiting: Option<(usize, Record)>,
    reports: Vec<Report>,
    batches: Vec<Batch>,
    unclear: Vec<Unclear>,
}

impl Reading {
    fn entry(&mut self) {
        match self.waiting.take() {
            Some(payment) => self.payment(&payment, self.details_read == 1),
            None => self.batch(),
        }
        self.details_read = 0;
        self.entry.clear();
    }

    /// An entry is final when it is booked. `Sts` had no `Cd` before version 8.
    fn is_booked(&self) -> bool {
        self.entry.any(&["Sts/Cd", "Sts"]) == Some("BOOK")
    }

    fn payment(&mut self, (line, details): &(usize, Record), only: bool) {
        if !self.is_booked() {
            return;
        }
        match self.report(details, only) {
            Ok(Some(report)) => self.reports.push(report),
            Ok(None) => {}
            Err(what) => {
                let end_to_end_id = details.get("Refs/EndToEndId").map(str::to_owned);
                self.unclear.push(Unclear {
                    line: *line,
                    end_to_end_id,
                    what,
                });
            }
        }
    }

    /// What became of the payment; nothing of money that only came in.
    fn report(&self, details: &Record, only: bool) -> Result<Option<Report>, String> {
        let entry = &self.entry;
        let side = details.get("CdtDbtInd").or(entry.get("CdtDbtInd")).unwrap_or_default();
        let reversal = matches!(entry.get("RvslInd"), Some("true" | "1"));
        let family = ["BkTxCd/Domn/Fmly/SubFmlyCd"];
        let returned = details.any(&family).or(entry.any(&family)) == Some("RRTN");
        let reason = details.reason("RtrInf");
        let outcome = match (side, reversal || returned, reason) {
            ("DBIT", false, None) => Outcome::Settled,
            ("CRDT", _, Some((code, text))) => Outcome::Returned { code, text },
            ("CRDT", true, None) => {
                let (code, text) = explained("MS03", "");
                Outcome::Returned { code, text }
            }
            ("CRDT", false, None) => return Ok(None),
            ("DBIT", ..) => return Err("a debit that reverses or returns a credit".to_owned()),
            _ => return Err("an entry that is neither CRDT nor DBIT".to_owned()),
        };
        let id = details.get("Refs/EndToEndId").filter(|id| *id != "NOTPROVIDED");
        let id = id.ok_or("a payment without EndToEndId")?;
        // By version: TxDtls/Amt since 3, AmtDtls before and beside it.
        let mut amount = details.amount(&["Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt"])?;
        if amount.is_none() && only {
            amount = entry.amount(&["Amt"])?;
        }
        let reference = details
            .get("Refs/AcctSvcrRef")
            .or(entry.any(&["AcctSvcrRef", "NtryRef"]));
        Ok(Some(Report {
            end_to_end_id: id.to_owned(),
            outcome,
            amount,
            booked_on: entry.day(&["BookgDt/Dt", "BookgDt/DtTm"]),
            entry_reference: reference.map(str::to_owned),
        }))
    }

    /// An entry without payments: the debit of a whole file, if it names one.
    fn batch(&mut self) {
        let entry = &self.entry;
        let debit = entry.get("CdtDbtInd") == Some("DBIT") && !matches!(entry.get("RvslInd"), Some("true" | "1"));
        let named = entry.any(&["NtryDtls/Btch/PmtInfId", "NtryDtls/Btch/MsgId"]);
        let (true, true, Some(message_id)) = (self.is_booked(), debit, named) else {
            return;
        };
        match entry.amount(&["NtryDtls/Btch/TtlAmt", "Amt"]) {
            Ok(amount) => self.batches.push(Batch {
                message_id: message_id.to_owned(),
                count: entry.get("NtryDtls/Btch/NbOfTxs").and_then(|count| count.parse().ok()),
                amount,
                booked_on: entry.day(&["BookgDt/Dt", "BookgDt/DtTm"]),
                entry_reference: entry.any(&["AcctSvcrRef", "NtryRef"]).map(str::to_owned),
            }),
            Err(what) => self.unclear.push(Unclear {
                line: self.line,
                end_to_end_id: None,
                what,
            }),
        }
    }
}
