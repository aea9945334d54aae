//! Whom to pay, with destinations opened: held in memory only while a file is written.

use guildhall_kernel::{Entity, Id, PayoutBatchId, PayoutId};
use guildhall_payments::{Destination, nacha};
use guildhall_spine::{App, db::Tx, http::Problem};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::{method::PayMethod, secrets};

/// Somebody to be paid.
pub(super) struct Payee {
    pub(super) payout: PayoutId,
    pub(super) net: Decimal,
    /// A person, rather than a company.
    pub(super) person: bool,
    pub(super) destination: Destination,
}

/// The payees of a batch's approved payouts, in the order of the payouts, and the payouts whose destination can't be opened.
pub(super) async fn approved(app: &App, tx: &mut Tx, batch: PayoutBatchId) -> Result<(Vec<Payee>, Vec<Uuid>), Problem> {
    let rows = sqlx::query!(
        r#"SELECT p.id, p.net, p.user_id IS NOT NULL AS "person!", d.secret_id, s.sealed
         FROM payout p
         JOIN payout_destination d ON d.id = p.destination_id
         JOIN payout_secret s ON s.id = d.secret_id
         WHERE p.batch_id = $1 AND p.status = 'approved' ORDER BY p.id"#,
        batch.uuid()
    )
    .fetch_all(&mut **tx)
    .await?;
    let (mut payees, mut unreadable) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in rows {
        match secrets::open(&app.keyring, row.secret_id, &row.sealed) {
            Ok(destination) => payees.push(Payee {
                payout: row.id.into(),
                net: row.net,
                person: row.person,
                destination,
            }),
            Err(_) => unreadable.push(row.id),
        }
    }
    Ok((payees, unreadable))
}

/// By what the payout is named towards banks and services: in a credit transfer its id without the prefix, 26 characters;
/// in an ACH file what fits there; at Stripe its UUID.
pub(crate) fn reference(method: PayMethod, payout: PayoutId) -> String {
    match method {
        PayMethod::Pain001 | PayMethod::Manual => without_prefix(payout),
        PayMethod::Nacha => nacha::identification(payout.uuid()),
        PayMethod::Stripe => payout.uuid().to_string(),
    }
}

/// The text of an id without its prefix.
pub(super) fn without_prefix<E: Entity>(id: Id<E>) -> String {
    let text = id.to_string();
    text.rsplit_once('_').map_or(text.clone(), |(_, rest)| rest.to_owned())
}
