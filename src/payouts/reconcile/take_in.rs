//! Carrying out what a file says.

use std::collections::HashSet;

use guildhall_kernel::{OrgId, PayoutId};
use guildhall_payments::{
    Outcome, Report,
    status::{Batch, StatusFile, Whole},
};
use guildhall_spine::{db::Tx, event::Origin, http::Problem};

use super::rounds::{bounded, rounds};
use super::{StatusClash, StatusFileResult, UnclearEntry, rows};
use crate::payouts::{
    PayoutStatus,
    apply::{Became, Told, apply},
    rules::Word,
};

/// Unknown names, clashes and unclear entries that are told one by one; of the rest, how many there are.
const TOLD: usize = 1000;
/// The longest text of a file that is told again, in characters. Identifications have 35 (ISO 20022, `Max35Text`).
const LONGEST: usize = 200;
/// The longest name of a payment at the bank that is kept, in characters.
const REFERENCE: usize = 100;
/// Debits of whole files that are looked at. Each is looked up, while the vendor's ledger is held.
const DEBITS: usize = 1000;

/// Carries out what `file` says of payouts of `vendor`.
pub(super) async fn take_in(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    mut file: StatusFile,
) -> Result<StatusFileResult, Problem> {
    let mut result = StatusFileResult {
        kind: Some(file.kind.into()),
        message_id: cut(&file.message_id, LONGEST),
        ..StatusFileResult::default()
    };
    for one in file.unclear.drain(..) {
        result.unclear(one.line, one.end_to_end_id.as_deref(), &one.what);
    }
    if let Some(whole) = file.whole.take() {
        spread_whole(tx, vendor, &whole, &mut file.reports, &mut result).await?;
    }
    let mut seen = HashSet::new();
    for batch in std::mem::take(&mut file.batches) {
        // A debit is told once; a file that repeats it would be spread as often.
        if !seen.insert(batch.message_id.clone()) {
            continue;
        }
        if seen.len() > DEBITS {
            let what =
                format!("the file debits more than {DEBITS} files: the rest was left out, ask for a file for each");
            result.unclear(0, None, &what);
            break;
        }
        spread_batch(tx, vendor, &batch, &mut file.reports, &mut result).await?;
    }
    let words = resolve(tx, vendor, file.reports, &mut result).await?;
    let (words, many) = bounded(words);
    for (payout, count) in many {
        let what =
            format!("the file says {count} things of the payment: nothing of it was done, ask the bank which is true");
        result.unclear(0, Some(&payout.to_string()), &what);
    }
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
        result.unknown(&whole.message_id);
        return Ok(());
    };
    let (names, _) = rows::sent_of(tx, vendor, batch).await?;
    if names.is_empty() {
        result.unknown(&whole.message_id);
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
        result.unknown(&batch.message_id);
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
        let what = format!(
            "a debit of file {} is not of its count and sum: ask the bank for the payments",
            batch.message_id
        );
        result.unclear(0, None, &what);
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
            (None, _) => result.unknown(&report.end_to_end_id),
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
        reference: report.entry_reference.map(|reference| cut(&reference, REFERENCE)),
        amount: report.amount,
    })
}

impl StatusFileResult {
    fn unknown(&mut self, name: &str) {
        self.unknown_count += 1;
        if self.unknown.len() < TOLD {
            self.unknown.push(cut(name, LONGEST));
        }
    }

    fn unclear(&mut self, line: usize, end_to_end_id: Option<&str>, what: &str) {
        self.unclear_count += 1;
        if self.unclear.len() < TOLD {
            self.unclear.push(UnclearEntry {
                line,
                end_to_end_id: end_to_end_id.map(|id| cut(id, LONGEST)),
                what: cut(what, LONGEST),
            });
        }
    }

    fn clash(&mut self, payout_id: PayoutId, status: PayoutStatus) {
        self.clash_count += 1;
        if self.clashes.len() < TOLD {
            self.clashes.push(StatusClash { payout_id, status });
        }
    }

    fn count(&mut self, payout_id: PayoutId, became: Became) {
        match became {
            Became::Changed(PayoutStatus::Paid) => self.paid += 1,
            Became::Changed(PayoutStatus::Failed) => self.failed += 1,
            Became::Changed(PayoutStatus::Returned) => self.returned += 1,
            Became::Changed(PayoutStatus::Stopped) => self.stopped += 1,
            Became::Changed(_) | Became::Unchanged => self.unchanged += 1,
            Became::Clash(status) => self.clash(payout_id, status),
            Became::Unknown => self.unknown(&payout_id.to_string()),
        }
    }
}

/// The text, or its beginning where it is longer than `most` characters.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + "…",
    }
}
