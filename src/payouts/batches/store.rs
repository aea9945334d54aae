//! Writing a proposed batch: a constant number of statements whatever the number of payouts.

use chrono::NaiveDate;
use guildhall_kernel::{OrgId, PayoutBatchId, PayoutId, UserId};
use guildhall_spine::{db::Tx, http::Problem};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::payees::reference;
use super::rows::batch;
use super::rules::{Amounts, Owed, Profile};
use super::{BatchStatus, PayoutBatch, SkipReason};
use crate::method::{Named, PayMethod};

/// What is proposed.
pub(super) struct Proposal<'a> {
    pub(super) id: PayoutBatchId,
    pub(super) vendor: OrgId,
    pub(super) by: UserId,
    pub(super) currency: &'a str,
    pub(super) method: PayMethod,
    pub(super) execution_date: NaiveDate,
    pub(super) note: Option<&'a str>,
    pub(super) paid: &'a [(&'a Owed, &'a Profile, Amounts)],
    pub(super) skipped: &'a [(&'a Owed, SkipReason)],
}

/// Stores a batch with its payouts, their lines and who is left out, and takes the lines out of what is payable.
pub(super) async fn insert(tx: &mut Tx, proposal: &Proposal<'_>) -> Result<PayoutBatch, Problem> {
    let batch = head(tx, proposal).await?;
    payouts(tx, proposal).await?;
    lines(tx, proposal).await?;
    skips(tx, proposal).await?;
    Ok(batch)
}

async fn head(tx: &mut Tx, proposal: &Proposal<'_>) -> Result<PayoutBatch, Problem> {
    let at = tx.now();
    let sum = |part: fn(&Amounts) -> Decimal| {
        proposal
            .paid
            .iter()
            .map(|(_, _, amounts)| part(amounts))
            .sum::<Decimal>()
    };
    let gross: Decimal = proposal.paid.iter().map(|(owed, ..)| owed.gross).sum();
    let count = |many: usize| i32::try_from(many).map_err(Problem::internal);
    let head = batch!(
        "INSERT INTO payout_batch (id, vendor_id, currency, method, execution_date, note, status, payouts, skipped, gross,
                                   withheld, fees, net, proposed_by, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'proposed', $7, $8, $9, $10, $11, $12, $13, $14, $14)
         RETURNING",
        "",
        proposal.id.uuid(),
        proposal.vendor.uuid(),
        proposal.currency,
        proposal.method.as_str(),
        proposal.execution_date,
        proposal.note,
        count(proposal.paid.len())?,
        count(proposal.skipped.len())?,
        gross,
        sum(|amounts| amounts.withheld),
        sum(|amounts| amounts.fees),
        sum(|amounts| amounts.net),
        proposal.by.uuid(),
        at
    );
    Ok(head.fetch_one(&mut **tx).await?.shown())
}

async fn payouts(tx: &mut Tx, proposal: &Proposal<'_>) -> Result<(), Problem> {
    let at = tx.now();
    let paid = proposal.paid;
    let ids: Vec<Uuid> = paid.iter().map(|_| PayoutId::from(tx.new_id()).uuid()).collect();
    let facts = |field: fn(&Owed) -> Uuid| paid.iter().map(|(one, ..)| field(one)).collect::<Vec<_>>();
    let vat = paid
        .iter()
        .map(|(owed, ..)| owed.tax.and_then(|rule| rule.vat).unwrap_or(Decimal::NEGATIVE_ONE));
    let vat: Vec<Decimal> = vat.collect();
    let text = |field: fn(&Profile) -> &str| paid.iter().map(|(_, one, _)| field(one).to_owned()).collect::<Vec<_>>();
    let money = |field: fn(&Amounts) -> Decimal| paid.iter().map(|(.., one)| field(one)).collect::<Vec<_>>();
    sqlx::query!(
        "INSERT INTO payout (id, batch_id, vendor_id, partner_id, user_id, currency, method, status, gross, withheld, fees,
                             net, lines, profile_id, destination_id, masked, country, withholding_percent, self_billing,
                             vat_percent, end_to_end_id, created_at, updated_at)
         SELECT p.id, $1, $2, p.partner_id, nullif(p.user_id, $22), $3, $4, 'proposed', p.gross, p.withheld, p.fees, p.net, p.lines,
                p.profile_id, p.destination_id, p.masked, p.country, p.percent, p.self_billing, nullif(p.vat, -1), p.reference, $5, $5
         FROM unnest($6::uuid[], $7::uuid[], $8::uuid[], $9::numeric[], $10::numeric[], $11::numeric[], $12::numeric[],
                     $13::integer[], $14::uuid[], $15::uuid[], $16::text[], $17::text[], $18::numeric[], $19::bool[],
                     $20::numeric[], $21::text[])
              AS p (id, partner_id, user_id, gross, withheld, fees, net, lines, profile_id, destination_id, masked,
                    country, percent, self_billing, vat, reference)",
        proposal.id.uuid(),
        proposal.vendor.uuid(),
        proposal.currency,
        proposal.method.as_str(),
        at,
        &ids,
        &facts(|owed| owed.partner.uuid()),
        &facts(|owed| owed.user.map_or(Uuid::nil(), Uuid::from)),
        &paid.iter().map(|(owed, ..)| owed.gross).collect::<Vec<_>>(),
        &money(|one| one.withheld),
        &money(|one| one.fees),
        &money(|one| one.net),
        &paid.iter().map(|(owed, ..)| i32::try_from(owed.lines).unwrap_or(i32::MAX)).collect::<Vec<_>>(),
        &paid.iter().map(|(_, profile, _)| profile.id).collect::<Vec<_>>(),
        &paid.iter().map(|(_, profile, _)| profile.destination).collect::<Vec<_>>(),
        &text(|one| &one.masked),
        &text(|one| &one.country),
        &money(|one| one.percent),
        &paid.iter().map(|(owed, ..)| owed.tax.is_some_and(|rule| rule.self_billing)).collect::<Vec<_>>(),
        &vat,
        &ids.iter().map(|id| reference(proposal.method, (*id).into())).collect::<Vec<_>>(),
        Uuid::nil(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn lines(tx: &mut Tx, proposal: &Proposal<'_>) -> Result<(), Problem> {
    let at = tx.now();
    let (id, vendor) = (proposal.id.uuid(), proposal.vendor.uuid());
    sqlx::query!(
        "INSERT INTO payout_line (payout_id, earning_id, amount)
         SELECT p.id, e.id, e.amount
         FROM payout p
         JOIN earning e ON e.partner_id = p.partner_id AND e.vendor_id = $2 AND e.currency = $3 AND e.status = 'payable'
             AND coalesce(e.user_id, '00000000-0000-0000-0000-000000000000')
                 = coalesce(p.user_id, '00000000-0000-0000-0000-000000000000')
         WHERE p.batch_id = $1",
        id,
        vendor,
        proposal.currency
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "UPDATE earning e SET status = 'in_payout', payout_id = l.payout_id, version = e.version + 1, updated_at = $2
         FROM payout_line l JOIN payout p ON p.id = l.payout_id
         WHERE p.batch_id = $1 AND e.id = l.earning_id",
        id,
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn skips(tx: &mut Tx, proposal: &Proposal<'_>) -> Result<(), Problem> {
    let skipped = proposal.skipped;
    let numbers: Vec<i32> = (1..).take(skipped.len()).collect();
    sqlx::query!(
        "INSERT INTO payout_skip (batch_id, no, partner_id, user_id, reason, amount)
         SELECT $1, s.no, s.partner_id, nullif(s.user_id, $7), s.reason, s.amount
         FROM unnest($2::integer[], $3::uuid[], $4::uuid[], $5::text[], $6::numeric[])
              AS s (no, partner_id, user_id, reason, amount)",
        proposal.id.uuid(),
        &numbers,
        &skipped.iter().map(|(owed, _)| owed.partner.uuid()).collect::<Vec<_>>(),
        &skipped
            .iter()
            .map(|(owed, _)| owed.user.map_or(Uuid::nil(), Uuid::from))
            .collect::<Vec<_>>(),
        &skipped
            .iter()
            .map(|(_, reason)| reason.as_str().to_owned())
            .collect::<Vec<_>>(),
        &skipped.iter().map(|(owed, _)| owed.gross).collect::<Vec<_>>(),
        Uuid::nil(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
