//! Carrying out what a file says.

use std::collections::HashSet;

use guildhall_kernel::{OrgId, PayoutId};
use guildhall_payments::{
    Outcome, Report,
    status::{Batch, StatusFile, Whole},
};
use guildhall_spine::{db::Tx, event::Origin, http::Problem};

use super::rounds::rounds;
use super::{StatusClash, StatusFileResult, UnclearEntry, rows};
use crate::payouts::{
    PayoutStatus,
    apply::{Became, Told, apply},
    rules::Word,
};

/// Names that are none of the vendor's payouts, told one by one.
const TOLD: usize = 1000;

/// Carries out what `file` says of payouts of `vendor`.
pub(super) async fn take_in(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    mut file: StatusFile,
) -> Result<StatusFileResult, Problem> {
    let mut result = StatusFileResult {
        kind: Some(file.kind.into()),
        message_id: std::mem::take(&mut file.message_id),
        ..StatusFileResult::default()
    };
    result.unclear = file.unclear.drain(..).map(UnclearEntry::from).collect();
    if let Some(whole) = file.whole.take() {
        spread_whole(tx, vendor, &whole, &mut file.reports, &mut result).await?;
    }
    let mut seen = HashSet::new();
    for batch in std::mem::take(&mut file.batches) {
        // A debit is told once; a file that repeats it would be spread as often.
        if !seen.insert(batch.message_id.clone()) {
            continue;
        }
        spread_batch(tx, vendor, &batch, &mut file.reports, &mut result).await?;
    }
    let words = resolve(tx, vendor, file.reports, &mut result).await?;
    for round in rounds(words) {
        let became = apply(tx, origin, vendor, &round, None).await?;
        for (told, became) in round.iter().zip(became) {
            result.count(told.payout, became);
        }
    }
    Ok(result)
}

/// What is said of the whole file holds for each payment that has no report of its own.
async fn spread_whole(
    tx: &mut Tx,
    vendor: OrgId,
    whole: &Whole,
    reports: &mut Vec<Report>,
    result: &mut StatusFileResult,
) -> Result<(), Problem> {
    let Some(batch) = rows::batch_of(&whole.message_id) else {
        result.unknown(whole.message_id.clone());
        return Ok(());
    };
    let (names, _) = rows::sent_of(tx, vendor, batch).await?;
    if names.is_empty() {
        result.unknown(whole.message_id.clone());
    }
    // Accepted in part says nothing of the rest that is final.
    let own: HashSet<String> = reports.iter().map(|report| report.end_to_end_id.clone()).collect();
    reports.extend(
        names
            .into_iter()
            .filter(|name| !own.contains(name))
            .map(|name| plain(name, &whole.outcome)),
    );
    Ok(())
}

/// One debit of a whole file settles its payments, if it is of all of them.
async fn spread_batch(
    tx: &mut Tx,
    vendor: OrgId,
    batch: &Batch,
    reports: &mut Vec<Report>,
    result: &mut StatusFileResult,
) -> Result<(), Problem> {
    let (names, sum) = match rows::batch_of(&batch.message_id) {
        Some(id) => rows::sent_of(tx, vendor, id).await?,
        None => (Vec::new(), None),
    };
    if names.is_empty() {
        result.unknown(batch.message_id.clone());
        return Ok(());
    }
    let whole = batch
        .count
        .is_none_or(|count| usize::try_from(count) == Ok(names.len()))
        && batch.amount.is_some()
        && batch.amount == sum;
    if whole {
        reports.extend(names.into_iter().map(|name| plain(name, &Outcome::Settled)));
    } else {
        result.unclear.push(UnclearEntry {
            line: 0,
            end_to_end_id: None,
            what: format!(
                "a debit of file {} is not of its count and sum: ask the bank for the payments",
                batch.message_id
            ),
        });
    }
    Ok(())
}

fn plain(end_to_end_id: String, outcome: &Outcome) -> Report {
    Report {
        end_to_end_id,
        outcome: outcome.clone(),
        amount: None,
        booked_on: None,
        entry_reference: None,
    }
}

/// The reports as words on the vendor's payouts.
async fn resolve(
    tx: &mut Tx,
    vendor: OrgId,
    reports: Vec<Report>,
    result: &mut StatusFileResult,
) -> Result<Vec<Told>, Problem> {
    let names: HashSet<&str> = reports.iter().map(|report| report.end_to_end_id.as_str()).collect();
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let known = rows::named(tx, vendor, &names).await?;
    let mut words = Vec::with_capacity(reports.len());
    for report in reports {
        match (known.get(&report.end_to_end_id), &report.outcome) {
            (None, _) => result.unknown(report.end_to_end_id),
            (Some(_), Outcome::Accepted) => result.accepted += 1,
            (Some(payout), _) => words.extend(told(*payout, report)),
        }
    }
    Ok(words)
}

/// What a report says of a payout; nothing when it is only on its way.
pub(crate) fn told(payout: PayoutId, report: Report) -> Option<Told> {
    let (word, why) = match report.outcome {
        Outcome::Accepted => return None,
        Outcome::Settled => (Word::Paid, None),
        Outcome::Rejected { code, text } => (Word::Failed, Some((code, text))),
        Outcome::Returned { code, text } => (Word::Returned, Some((code, text))),
    };
    let (code, reason) = why.unzip();
    Some(Told {
        payout,
        word,
        code,
        reason,
        reference: report.entry_reference,
        amount: report.amount,
    })
}

impl StatusFileResult {
    fn unknown(&mut self, name: String) {
        self.unknown_count += 1;
        if self.unknown.len() < TOLD {
            self.unknown.push(name);
        }
    }

    fn count(&mut self, payout_id: PayoutId, became: Became) {
        match became {
            Became::Changed(PayoutStatus::Paid) => self.paid += 1,
            Became::Changed(PayoutStatus::Failed) => self.failed += 1,
            Became::Changed(PayoutStatus::Returned) => self.returned += 1,
            Became::Changed(PayoutStatus::Stopped) => self.stopped += 1,
            Became::Changed(_) | Became::Unchanged => self.unchanged += 1,
            Became::Clash(status) => self.clashes.push(StatusClash { payout_id, status }),
            Became::Unknown => self.unknown(payout_id.to_string()),
        }
    }
}

impl From<guildhall_payments::status::Unclear> for UnclearEntry {
    fn from(unclear: guildhall_payments::status::Unclear) -> Self {
        Self {
            line: unclear.line,
            end_to_end_id: unclear.end_to_end_id,
            what: unclear.what,
        }
    }
}
