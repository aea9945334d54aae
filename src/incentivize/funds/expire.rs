//! The end of a fund's period: what partners haven't asked for returns to the budget.

use std::collections::BTreeSet;

use async_trait::async_trait;
use guildhall_kernel::{FundId, OrgId};
use guildhall_spine::{
    App,
    db::Tx,
    event::{self, Batched, Origin},
    http::Problem,
    timer::{Due, Next, Timer},
};
use rust_decimal::Decimal;
use serde_json::json;

use super::events::{FundExpired, FundMoved, FundReturned};
use super::moves::{account, shift};
use super::rows::{self, Locked};
use crate::ledger::{self, AccountKind, Entry, Posting};
use crate::sales::rows::in_currency;

/// The kind of the deadline.
pub(super) const KIND: &str = "fund_expiry";

/// Ends funds whose period is over.
#[derive(Debug)]
pub struct FundTimer;

/// What a partner has when the period is over.
struct Part {
    partner: OrgId,
    available: Decimal,
    reserved: Decimal,
    reimbursed: Decimal,
}

#[async_trait]
impl Timer for FundTimer {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn ring(&self, _: &App, tx: &mut Tx, due: &Due) -> Result<Next, Problem> {
        let id = FundId::from(due.subject);
        let vendor = sqlx::query_scalar!(
            r#"SELECT vendor_id AS "vendor_id: OrgId" FROM fund WHERE id = $1"#,
            due.subject
        )
        .fetch_optional(&mut **tx)
        .await?;
        let Some(vendor) = vendor else {
            return Ok(Next::Done);
        };
        ledger::lock(tx, &BTreeSet::from([vendor])).await?;
        let fund = rows::lock(tx, vendor, id).await?;
        if fund.expired_at.is_none() {
            expire(tx, fund).await?;
        }
        Ok(Next::Done)
    }
}

async fn expire(tx: &mut Tx, mut fund: Locked) -> Result<(), Problem> {
    let parts = parts(tx, &fund).await?;
    let total: Decimal = parts.iter().map(|part| part.available).sum();
    if !total.is_zero() {
        ledger::post(tx, &[returning(&fund, &parts, total)]).await?;
        shift(tx, &fund, [-total, Decimal::ZERO, Decimal::ZERO]).await?;
    }
    let at = tx.now();
    sqlx::query!(
        "UPDATE fund SET expired_at = $2, version = version + 1, updated_at = $2 WHERE id = $1",
        fund.id.uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    fund.version += 1;
    let (origin, vendor) = (Origin::default(), fund.vendor.uuid());
    event::append(tx, &origin, fund.id, &[vendor], &FundExpired(fund.now())).await?;
    let returned: Vec<_> = parts
        .iter()
        .map(|part| Batched {
            subject: fund.id.into(),
            audiences: vec![vendor, part.partner.uuid()],
            event: FundReturned(part.moved(&fund)),
        })
        .collect();
    if returned.is_empty() {
        return Ok(());
    }
    event::append_all(tx, &origin, &returned).await
}

/// The partners that may still ask for something.
async fn parts(tx: &mut Tx, fund: &Locked) -> Result<Vec<Part>, Problem> {
    let parts = sqlx::query_as!(
        Part,
        r#"SELECT a.partner_id AS "partner!: OrgId",
                  coalesce(sum(b.balance) FILTER (WHERE a.kind = 'mdf_available'), 0) AS "available!",
                  coalesce(sum(b.balance) FILTER (WHERE a.kind = 'mdf_reserved'), 0) AS "reserved!",
                  coalesce(sum(b.balance) FILTER (WHERE a.kind = 'mdf_reimbursed'), 0) AS "reimbursed!"
           FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
           WHERE a.fund_id = $1 AND a.partner_id IS NOT NULL
           GROUP BY a.partner_id
           HAVING coalesce(sum(b.balance) FILTER (WHERE a.kind = 'mdf_available'), 0) > 0 ORDER BY a.partner_id"#,
        fund.id.uuid(),
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(parts)
}

fn returning(fund: &Locked, parts: &[Part], total: Decimal) -> Entry {
    let posting = |account, amount| Posting {
        account,
        amount,
        earning: None,
    };
    let mut postings: Vec<Posting> = parts
        .iter()
        .map(|part| {
            posting(
                account(fund.id, AccountKind::MdfAvailable, Some(part.partner)),
                -part.available,
            )
        })
        .collect();
    postings.push(posting(account(fund.id, AccountKind::MdfBudget, None), total));
    Entry {
        vendor: fund.vendor,
        currency: fund.currency,
        cause: "mdf.expiry",
        subject: fund.id.uuid(),
        key: format!("mdf.expiry:{}", fund.id),
        details: json!({"to": fund.to}),
        postings,
    }
}

impl Part {
    fn moved(&self, fund: &Locked) -> FundMoved {
        let written = |amount| in_currency(amount, fund.currency);
        FundMoved {
            fund_id: fund.id,
            vendor_id: fund.vendor,
            partner_id: self.partner,
            name: fund.name.clone(),
            reservation_id: None,
            earning_id: None,
            amount: written(self.available),
            currency: fund.currency.code().to_owned(),
            available: written(Decimal::ZERO),
            reserved: written(self.reserved),
            reimbursed: written(self.reimbursed),
        }
    }
}
