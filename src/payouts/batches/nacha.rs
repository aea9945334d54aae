//! A batch as a NACHA ACH file.

use chrono::{DateTime, Utc};
use guildhall_kernel::{Currency, Money};
use guildhall_payments::{
    Destination, RoutingNumber,
    nacha::{Class, Entry, File, company_name, identification, name, write},
};
use guildhall_spine::http::Problem;

use super::PayoutBatch;
use super::payees::Payee;
use crate::{codes, settings::AchPayer};

/// The bytes of the file.
pub(super) fn bytes(
    batch: &PayoutBatch,
    payer: &AchPayer,
    payees: &[Payee],
    at: DateTime<Utc>,
) -> Result<Vec<u8>, Problem> {
    let routing = RoutingNumber::parse(&payer.routing).map_err(Problem::internal)?;
    let entries = payees.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    let file = File {
        destination: routing.clone(),
        destination_name: payer.bank_name.to_uppercase(),
        origin: payer.origin.clone(),
        origin_name: payer.company_name.to_uppercase(),
        created_at: at.naive_utc(),
        modifier: modifier(batch),
        company_name: company_name(&payer.company_name),
        company_id: payer.company_id.clone(),
        class: class(payees),
        description: "PAYOUT".to_owned(),
        effective_date: batch.execution_date,
        bank: routing,
        batch_number: 1,
    };
    write(Vec::with_capacity(entries.len().saturating_mul(190)), &file, &entries)
        .map_err(|fault| Problem::new(codes::FILE_REFUSED, format!("{fault}.")))
}

/// Tells files of one day apart; drawn from the batch's id, so that the same batch makes the same bytes.
fn modifier(batch: &PayoutBatch) -> char {
    let letters = b'A'..=b'Z';
    let place = usize::try_from(batch.id.uuid().as_u128() % 26).unwrap_or_default();
    letters.map(char::from).nth(place).unwrap_or('A')
}

/// A file is of one class: of people when it pays nobody else.
fn class(payees: &[Payee]) -> Class {
    if payees.iter().all(|payee| payee.person) {
        Class::Person
    } else {
        Class::Company
    }
}

fn entry(payee: &Payee) -> Result<Entry, Problem> {
    let Destination::UsAch {
        routing,
        account,
        kind,
        holder,
    } = &payee.destination
    else {
        return Err(Problem::internal(
            "a payout by ACH goes to no account of the United States",
        ));
    };
    Ok(Entry {
        identification: identification(payee.payout.uuid()),
        routing: routing.clone(),
        account: account.clone(),
        kind: *kind,
        name: name(holder),
        amount: Money::new(payee.net, Currency::USD),
        addenda: String::new(),
    })
}
