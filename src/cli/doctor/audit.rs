//! The audit log's chains.

use std::{
    io::{IsTerminal, Write},
    path::Path,
};

use guildhall_spine::{
    audit::{AuditReport, verify, verify_checkpoint},
    db::Db,
};

use super::Findings;

pub(super) async fn check(findings: &mut Findings, db: &Db, checkpoint: Option<&Path>) {
    let watched = std::io::stderr().is_terminal();
    let show = |report: &AuditReport| {
        if watched {
            let mut out = std::io::stderr();
            let _ = write!(
                out,
                "\r{} chains, {} entries, {} events\x1b[K",
                report.chains, report.entries, report.events
            );
        }
    };
    let verified = verify(db.pool(), show).await;
    if watched {
        eprint!("\r\x1b[K");
    }
    match verified {
        Err(error) => findings.fail("audit", format!("the audit log can't be read: {error}")),
        Ok(report) if report.faults.is_empty() => {
            let AuditReport {
                chains,
                entries,
                events,
                ..
            } = report;
            findings.ok(
                "audit",
                format!("{entries} entries in {chains} chains are whole, and each of {events} events has its own"),
            );
        }
        Ok(report) => {
            for fault in report.faults {
                findings.fail("audit", fault.to_string());
            }
        }
    }
    if let Some(file) = checkpoint {
        hold_against(findings, db, file).await;
    }
}

async fn hold_against(findings: &mut Findings, db: &Db, file: &Path) {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => return findings.fail("checkpoint", format!("{}: {error}", file.display())),
    };
    match verify_checkpoint(db.pool(), &text).await {
        Ok(proven) => {
            let (org, no, at) = (proven.organisation_id, proven.no, proven.at);
            findings.ok("checkpoint", format!("{org}: entry {no} is what it was on {at}"));
        }
        Err(fault) => findings.fail("checkpoint", fault.to_string()),
    }
}
