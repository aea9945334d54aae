//! What is in force: settled when the deal is won, set by a decision, read by earnings.

use chrono::{DateTime, Utc};
use guildhall_kernel::{DealId, OrgId};
use guildhall_spine::{
    db::Tx,
    event::Origin,
    http::{Checks, Problem},
};
use sqlx::PgConnection;

use super::events::{self, CreditAgreed, CreditLocked, OwnCreditAgreed, OwnCreditLocked};
use super::propose::{parties, refuse_strangers};
use super::rows::{self, DealFacts, Draft};
use super::rules::{self, ShareDraft};
use super::stored::{self, Agreement};
use super::view::Source;
use super::{Share, code};

/// How the credit of a deal is shared.
#[derive(Clone, Debug)]
pub struct InForce {
    /// Which of the deal's agreements it is among those that came into force, from 1; `None` for the default of a deal
    /// that isn't won.
    pub revision: Option<i32>,
    /// Since when it is settled, because the deal was won.
    pub locked_at: Option<DateTime<Utc>>,
    /// The shares; those of a role sum to 100.
    pub shares: Vec<Share>,
}

/// How the credit of a deal is shared now.
///
/// # Errors
/// 404 when there is no such deal, or when the database fails.
pub async fn credit_of(conn: &mut PgConnection, deal: DealId) -> Result<InForce, Problem> {
    let facts = rows::deal(conn, deal).await?;
    let current = stored::in_force(conn, deal).await?;
    Ok(InForce {
        revision: current.as_ref().and_then(|one| one.revision),
        locked_at: facts.locked_at,
        shares: match current {
            Some(current) => current.shares,
            None => rules::by_default(facts.partner_id, &facts.roles),
        },
    })
}

/// Settles the credit of a deal that was just won, as part of `tx`, which holds the deal's lock: what is in force stays,
/// or else the default becomes the first revision. Open proposals lapse. Does nothing the second time.
///
/// # Errors
/// When the database fails.
pub(crate) async fn lock_credit(tx: &mut Tx, origin: &Origin, deal: DealId) -> Result<(), Problem> {
    let at = tx.now();
    let locked = sqlx::query!(
        "INSERT INTO credit_lock (deal_id, locked_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        deal.uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    if locked.rows_affected() == 0 {
        return Ok(());
    }
    rows::lapse(tx, deal).await?;
    let facts = rows::deal(tx, deal).await?;
    let agreement = match stored::in_force(tx, deal).await? {
        Some(agreement) => agreement,
        None => {
            let shares = rules::by_default(facts.partner_id, &facts.roles);
            put(tx, &facts, Source::Default, None, &shares).await?
        }
    };
    events::in_force::<CreditLocked, OwnCreditLocked>(tx, origin, &agreement, true).await
}

/// Shares the credit of a deal as the vendor decided a conflict of registrations, as part of `tx`. Open proposals
/// lapse.
///
/// # Errors
/// 422 with pointers below `/shares` for shares that can't be; 409 `credit_locked` once the deal is won.
pub async fn set_by_decision(
    tx: &mut Tx,
    origin: &Origin,
    deal: DealId,
    shares: &[ShareDraft],
    note: Option<&str>,
) -> Result<(), Problem> {
    let facts = rows::lock_deal(tx, deal).await?;
    if facts.locked_at.is_some() {
        let detail = "Propose an agreement instead, with POST /api/v1/deals/{id}/credit, that everyone signs.";
        return Err(Problem::new(code::CREDIT_LOCKED, detail));
    }
    let mut checks = Checks::default();
    let shares = rules::check(shares, &mut checks);
    checks.done()?;
    refuse_strangers(tx, &facts, facts.vendor_id, &shares).await?;
    rows::lapse(tx, deal).await?;
    let agreement = put(tx, &facts, Source::Decision, note, &shares).await?;
    events::in_force::<CreditAgreed, OwnCreditAgreed>(tx, origin, &agreement, false).await
}

/// Puts shares in force without a proposal.
async fn put(
    tx: &mut Tx,
    deal: &DealFacts,
    source: Source,
    note: Option<&str>,
    shares: &[Share],
) -> Result<Agreement, Problem> {
    let by: OrgId = deal.vendor_id;
    let draft = Draft {
        source,
        by,
        user: None,
        note,
        shares,
        parties: parties(tx, deal, by, shares).await?,
    };
    let id = rows::insert(tx, deal, &draft).await?;
    rows::put_in_force(tx, deal.id, id).await?;
    let stored = stored::agreement(tx, by, id).await?;
    stored.ok_or_else(|| Problem::internal("an agreement vanished inside its own transaction"))
}
