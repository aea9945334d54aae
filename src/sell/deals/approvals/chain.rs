//! Routing a deal when it is submitted: the first rule that applies approves it or makes its chain.

use chrono::TimeDelta;
use guildhall_kernel::{ApprovalStepId, Currency, DealId, OrgId};
use guildhall_onboard::api::{Tier, active_partnership};
use guildhall_spine::{
    db::Tx,
    event::{self, Origin},
    http::Problem,
    identity::Actor,
    timer,
};

use super::escalate;
use super::rows::{Voice, voices};
use crate::deals::code;
use crate::deals::conflict::Level;
use crate::deals::found::Found;
use crate::deals::grant::{Grant, grant, weigh};
use crate::deals::notices::DealApprovalStarted;
use crate::deals::policy::{
    self, Approver, Certifications, Chain, Facts, Order, Rule, RuleOutcome, Step, Terms, route,
};
use crate::deals::rows::{self, Locked};

/// Whether a submission under these terms may end in an approval, and so has to take its turn among them.
pub(in crate::deals) fn needs_turn(terms: &Terms) -> bool {
    terms.rules.iter().any(|rule| rule.outcome == RuleOutcome::AutoApprove)
}

/// Makes void what was asked and voted about a deal that comes a second time.
pub(in crate::deals) async fn void(tx: &mut Tx, deal: DealId) -> Result<(), Problem> {
    sqlx::query!(
        "WITH steps AS (DELETE FROM approval_step WHERE deal_id = $1)
         UPDATE deal SET routed_by = NULL WHERE id = $1 AND routed_by IS NOT NULL",
        deal.uuid(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Decides what happens to a deal that was just submitted, or submitted again.
pub(in crate::deals) async fn on_submit(
    tx: &mut Tx,
    origin: &Origin,
    deal: DealId,
    found: &Found,
    terms: &Terms,
    tier: Tier,
) -> Result<(), Problem> {
    if terms.rules.is_empty() {
        return Ok(());
    }
    let facts = facts(tx, deal, found.level(), tier).await?;
    let (rule, _) = route(&terms.rules, &facts);
    let Some(rule) = rule else { return Ok(()) };
    sqlx::query!("UPDATE deal SET routed_by = $2 WHERE id = $1", deal.uuid(), rule.name)
        .execute(&mut **tx)
        .await?;
    match rule.chain() {
        _ if rule.outcome == RuleOutcome::AutoApprove => approve_at_once(tx, origin, deal, found, rule).await,
        Some(chain) => begin(tx, origin, deal, &rule.name, &chain).await,
        None => Ok(()),
    }
}

async fn facts(tx: &mut Tx, deal: DealId, conflict: Level, tier: Tier) -> Result<Facts, Problem> {
    let row = sqlx::query!(
        r#"SELECT d.amount, d.currency, d.customer_country, coalesce(c.certifications, '{}') AS "certifications!"
           FROM deal d LEFT JOIN lead_capability c ON c.vendor_id = d.vendor_id AND c.partner_id = d.partner_id
           WHERE d.id = $1"#,
        deal.uuid()
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(Facts {
        amount: row.amount,
        currency: Currency::from_code(&row.currency).ok_or_else(|| Problem::internal("a deal has no currency"))?,
        country: row.customer_country,
        tier,
        certifications: Certifications::of(row.certifications),
        conflict,
    })
}

/// An amendment that raises the amount is approved by somebody who has the last word on a registration of that amount:
/// whom the last step of the chain asks that the deal, as it has just been rewritten, would be routed to; where the steps
/// are asked at once, each of them. Otherwise a small deal would become a large one behind the back of those who are
/// asked about large ones.
///
/// # Errors
/// 403 `not_up_next`, naming who may.
pub(crate) async fn refuse_unasked(tx: &mut Tx, actor: &Actor, deal: &Locked, conflict: Level) -> Result<(), Problem> {
    let terms = policy::rows::of_deal(tx, deal.id).await?;
    let partnership = active_partnership(tx, deal.vendor_id, deal.partner_id).await?;
    let Some(partnership) = partnership.filter(|_| !terms.rules.is_empty()) else {
        return Ok(());
    };
    let facts = facts(tx, deal.id, conflict, partnership.tier).await?;
    let (Some(rule), _) = route(&terms.rules, &facts) else {
        return Ok(());
    };
    let Some(chain) = rule.chain() else { return Ok(()) };
    let voices = match actor.user {
        Some(user) => voices(tx, deal.vendor_id, user).await?,
        None => Vec::new(),
    };
    let last = match chain.order {
        Order::Sequence => chain.steps.len().saturating_sub(1),
        Order::Parallel => 0,
    };
    let asks = |approver: &Approver| {
        let asked = |voice: &Voice| approver.user_id == Some(voice.user) || approver.role.as_ref() == Some(&voice.role);
        voices.iter().any(asked)
    };
    let named = |step: &'_ Step| step.approvers.iter().chain(&step.escalate_to).any(asks);
    match chain.steps.iter().skip(last).find(|step| !named(step)) {
        None => Ok(()),
        Some(step) => {
            let detail = format!(
                "The amendment raises the amount to one that the rule {:?} has approved by its step {:?}: somebody whom \
                 that step asks approves the amendment.",
                rule.name, step.name
            );
            Err(Problem::new(code::NOT_UP_NEXT, detail).with("up_next", vec![step.name.clone()]))
        }
    }
}

/// A rule doesn't overrule an approved rival: that deal waits for a person. Its partner, who sends it, isn't told.
async fn approve_at_once(
    tx: &mut Tx,
    origin: &Origin,
    deal: DealId,
    found: &Found,
    rule: &Rule,
) -> Result<(), Problem> {
    if weigh(deal, &found.rivals, &[]).is_err() || rows::is_taken(tx, deal).await? {
        return Ok(());
    }
    let locked = rows::lock_any(tx, deal).await?.ok_or_else(Problem::not_found)?;
    let by_rule = Grant {
        by: None,
        note: None,
        acknowledged: &[],
        rule: Some(&rule.name),
    };
    grant(tx, origin, &locked, &by_rule).await
}

async fn begin(tx: &mut Tx, origin: &Origin, deal: DealId, rule: &str, chain: &Chain<'_>) -> Result<(), Problem> {
    let vendor: OrgId = sqlx::query_scalar!(
        r#"SELECT vendor_id AS "vendor: OrgId" FROM deal WHERE id = $1"#,
        deal.uuid()
    )
    .fetch_one(&mut **tx)
    .await?;
    let mut open_steps = Vec::new();
    for (no, step) in (0_i16..).zip(chain.steps) {
        let open = no == 0 || chain.order == Order::Parallel;
        let id = insert(tx, deal, no, step, open).await?;
        if open {
            open_steps.push(id);
        }
    }
    let started = DealApprovalStarted {
        deal_id: deal,
        vendor_id: vendor,
        rule: rule.to_owned(),
        open_steps,
    };
    event::append(tx, origin, deal, &[vendor.uuid()], &started).await?;
    Ok(())
}

async fn insert(tx: &mut Tx, deal: DealId, no: i16, step: &Step, open: bool) -> Result<ApprovalStepId, Problem> {
    let (id, now): (ApprovalStepId, _) = (tx.new_id(), tx.now());
    let needs = match step.needs {
        crate::deals::policy::Needs::All => "all",
        crate::deals::policy::Needs::Any => "any",
    };
    sqlx::query!(
        "INSERT INTO approval_step (id, deal_id, no, name, needs, status, opened_at, escalate_hours)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        id.uuid(),
        deal.uuid(),
        no,
        step.name,
        needs,
        if open { "open" } else { "waiting" },
        open.then_some(now),
        step.escalate_hours.map(i32::from),
    )
    .execute(&mut **tx)
    .await?;
    let named = step.approvers.iter().map(|approver| (approver, false));
    let escalation = step.escalate_to.iter().map(|approver| (approver, true));
    for (no, (approver, escalation)) in (0_i16..).zip(named.chain(escalation)) {
        insert_approver(tx, id, no, approver, escalation).await?;
    }
    if let Some(hours) = step.escalate_hours.filter(|_| open) {
        timer::set(tx, escalate::KIND, id, now + TimeDelta::hours(i64::from(hours)), &()).await?;
    }
    Ok(id)
}

async fn insert_approver(
    tx: &mut Tx,
    step: ApprovalStepId,
    no: i16,
    approver: &Approver,
    escalation: bool,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO approval_approver (step_id, no, user_id, role, escalation) VALUES ($1, $2, $3, $4, $5)",
        step.uuid(),
        no,
        approver.user_id.map(guildhall_kernel::UserId::uuid),
        approver.role,
        escalation,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
