//! A batch as an ISO 20022 credit transfer file.

use chrono::{DateTime, Utc};
use guildhall_kernel::{Currency, Money};
use guildhall_payments::{
    Destination,
    pain001::{Address, Debtor, Initiation, Service, Transfer, write},
};
use guildhall_spine::http::Problem;

use super::PayoutBatch;
use super::payees::{Payee, without_prefix};
use crate::{codes, settings::BankAccount};

/// The bytes of the file.
pub(super) fn bytes(
    batch: &PayoutBatch,
    debtor: &BankAccount,
    payees: &[Payee],
    at: DateTime<Utc>,
) -> Result<Vec<u8>, Problem> {
    let currency = Currency::from_code(&batch.currency).ok_or_else(|| Problem::internal("a batch has no currency"))?;
    let service = service(currency, debtor, payees);
    let transfers = payees.iter().map(|payee| transfer(payee, currency, service));
    let transfers = transfers.collect::<Result<Vec<_>, _>>()?;
    let initiation = Initiation {
        message_id: without_prefix(batch.id),
        created_at: at,
        initiator: service.name(&debtor.name),
        debtor: Debtor {
            name: service.name(&debtor.name),
            iban: debtor.iban.clone(),
            bic: debtor.bic.clone(),
            address: debtor.country.clone().map(|country| Address {
                country,
                ..Address::default()
            }),
        },
        execution_date: batch.execution_date,
        currency,
        service,
        batch_booking: true,
        category_purpose: None,
    };
    // About what a transfer takes.
    let room = Vec::with_capacity(transfers.len().saturating_mul(700));
    write(room, &initiation, &transfers).map_err(|fault| Problem::new(codes::FILE_REFUSED, format!("{fault}.")))
}

/// SEPA when all of the file can go by it: a file goes by one service.
fn service(currency: Currency, debtor: &BankAccount, payees: &[Payee]) -> Service {
    let sepa = payees.iter().all(|payee| match &payee.destination {
        Destination::Iban { iban, .. } => Service::of(currency, &debtor.iban, iban) == Service::Sepa,
        _ => false,
    });
    if sepa { Service::Sepa } else { Service::Other }
}

fn transfer(payee: &Payee, currency: Currency, service: Service) -> Result<Transfer, Problem> {
    let Destination::Iban { iban, bic, holder, .. } = &payee.destination else {
        return Err(Problem::internal("a payout by file goes to no bank account"));
    };
    let id = without_prefix(payee.payout);
    Ok(Transfer {
        instruction_id: id.clone(),
        end_to_end_id: id,
        amount: Money::new(payee.net, currency),
        creditor: service.name(holder),
        address: None,
        iban: iban.clone(),
        bic: bic.clone(),
        remittance: format!("Payout {}", payee.payout),
    })
}
