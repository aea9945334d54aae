//! Writing deals. Each function is one step of a command, inside its transaction.

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{Currency, DealFormId, DealId, LeadId, OrgId, ProductId, ProgramId, UserId};
use guildhall_spine::{db::Tx, http::Problem};
use rust_decimal::Decimal;
use serde_json::Value;

use super::conflict::Level;
use super::draft::Draft;
use super::events::DealFacts;
use super::state::DealStatus;
use super::wire::{CloseReason, RejectReason, in_currency};

/// A deal that this transaction has locked.
#[derive(Debug)]
pub(crate) struct Locked {
    pub(crate) id: DealId,
    pub(crate) vendor_id: OrgId,
    pub(crate) partner_id: OrgId,
    pub(crate) status: DealStatus,
    pub(crate) version: i64,
}

/// A deal as it was just written.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) id: DealId,
    pub(crate) vendor_id: OrgId,
    pub(crate) partner_id: OrgId,
    customer_name: String,
    status: DealStatus,
    amount: Decimal,
    currency: String,
    version: i64,
    note: Option<String>,
    reason: Option<RejectReason>,
    closed_on: Option<NaiveDate>,
    close_reason: Option<CloseReason>,
}

/// What becomes of a deal by a word of one side.
#[derive(Debug)]
pub(super) struct Verdict<'a> {
    pub(super) status: DealStatus,
    pub(super) by: Option<UserId>,
    pub(super) note: Option<&'a str>,
    pub(super) reason: Option<RejectReason>,
    /// The gravest conflict, when it was looked for.
    pub(super) conflict_level: Option<Level>,
}

impl Written {
    /// What is announced of it.
    pub(crate) fn facts(&self) -> DealFacts {
        DealFacts {
            deal_id: self.id,
            vendor_id: self.vendor_id,
            partner_id: self.partner_id,
            customer_name: self.customer_name.clone(),
            status: self.status,
            amount: in_currency(self.amount, &self.currency).to_string(),
            currency: self.currency.clone(),
            version: self.version,
            note: self.note.clone(),
            reason: self.reason,
            closed_on: self.closed_on,
            close_reason: self.close_reason,
            rule: None,
            ended_because: None,
            appeal_id: None,
            changed: Vec::new(),
        }
    }
}

/// Locks the deal until the transaction ends, if `org` is one of its sides.
pub(crate) async fn lock(tx: &mut Tx, id: DealId, org: OrgId) -> Result<Option<Locked>, sqlx::Error> {
    sqlx::query_as!(
        Locked,
        r#"SELECT id AS "id: DealId", vendor_id AS "vendor_id: OrgId", partner_id AS "partner_id: OrgId",
                  status AS "status: DealStatus", version
           FROM deal WHERE id = $1 AND (vendor_id = $2 OR partner_id = $2) FOR NO KEY UPDATE"#,
        id.uuid(),
        org.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await
}

/// Locks the deal until the transaction ends, for a deadline or a rule, which act for no organisation.
pub(super) async fn lock_any(tx: &mut Tx, id: DealId) -> Result<Option<Locked>, sqlx::Error> {
    sqlx::query_as!(
        Locked,
        r#"SELECT id AS "id: DealId", vendor_id AS "vendor_id: OrgId", partner_id AS "partner_id: OrgId",
                  status AS "status: DealStatus", version
           FROM deal WHERE id = $1 FOR NO KEY UPDATE"#,
        id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await
}

/// Who registers, and where.
#[derive(Debug)]
pub(crate) struct Registrant {
    pub(crate) vendor: OrgId,
    pub(crate) partner: OrgId,
    pub(crate) user: Option<UserId>,
}

/// Where a new deal belongs.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) program: ProgramId,
    pub(super) lead: Option<LeadId>,
    /// The form that it was checked by.
    pub(super) form: Option<DealFormId>,
    /// Until when the vendor should have decided.
    pub(super) decide_by: DateTime<Utc>,
}

/// Stores a new deal.
pub(super) async fn insert(
    tx: &mut Tx,
    by: &Registrant,
    place: &Place,
    draft: &Draft,
    level: Level,
) -> Result<Written, sqlx::Error> {
    let (id, at): (DealId, _) = (tx.new_id(), tx.now());
    let written = sqlx::query_as!(
        Written,
        r#"INSERT INTO deal (id, vendor_id, partner_id, submitted_by, status, customer_name, customer_key, customer_keys,
                             customer_domain, customer_country, currency, amount, expected_close, note, conflict_level,
                             created_at, updated_at, program_id, lead_id, form_id, custom, decision_due_at)
           VALUES ($1, $2, $3, $4, 'submitted', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, $16, $17, $18, $19,
                   $20)
           RETURNING id AS "id: DealId", vendor_id AS "vendor_id: OrgId", partner_id AS "partner_id: OrgId",
                     customer_name, status AS "status: DealStatus", amount, currency, version,
                     NULL AS "note: String", NULL AS "reason: RejectReason",
                     NULL::date AS closed_on, NULL AS "close_reason: CloseReason""#,
        id.uuid(),
        by.vendor.uuid(),
        by.partner.uuid(),
        by.user.map(UserId::uuid),
        draft.name,
        draft.key.as_str(),
        &draft.keys.to_stored(),
        draft.domain.as_ref().map(|domain| domain.as_str()),
        draft.country,
        draft.currency.code(),
        draft.amount,
        draft.expected_close,
        draft.note,
        level.as_str(),
        at,
        place.program.uuid(),
        place.lead.map(LeadId::uuid),
        place.form.map(DealFormId::uuid),
        Value::Object(draft.custom.values.clone()),
        place.decide_by,
    )
    .fetch_one(&mut **tx)
    .await?;
    insert_parts(tx, written.id, by.vendor, draft).await?;
    Ok(written)
}

async fn insert_parts(tx: &mut Tx, deal: DealId, vendor: OrgId, draft: &Draft) -> Result<(), sqlx::Error> {
    let lines = &draft.lines;
    let contacts = &draft.contacts;
    sqlx::query!(
        "WITH lines AS (
             INSERT INTO deal_line (deal_id, no, product, quantity, unit_amount, amount, product_id)
             SELECT $1, l.no, l.product, l.quantity, l.unit_amount, l.amount, l.product_id
             FROM unnest($2::text[], $3::numeric[], $4::numeric[], $5::numeric[], $12::uuid[])
                  WITH ORDINALITY l (product, quantity, unit_amount, amount, product_id, no)
         )
         INSERT INTO deal_contact (deal_id, no, vendor_id, name, title, email, email_key, phone)
         SELECT $1, c.no, $6, c.name, nullif(c.title, ''), c.email, c.email_key, nullif(c.phone, '')
         FROM unnest($7::text[], $8::text[], $9::text[], $10::text[], $11::text[])
              WITH ORDINALITY c (name, title, email, email_key, phone, no)",
        deal.uuid(),
        &lines.iter().map(|line| line.product.clone()).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.quantity).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.unit_amount).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.amount).collect::<Vec<_>>(),
        vendor.uuid(),
        &contacts
            .iter()
            .map(|(contact, _)| contact.name.clone())
            .collect::<Vec<_>>(),
        &contacts
            .iter()
            .map(|(contact, _)| contact.title.clone().unwrap_or_default())
            .collect::<Vec<_>>(),
        &contacts
            .iter()
            .map(|(contact, _)| contact.email.clone())
            .collect::<Vec<_>>(),
        &contacts
            .iter()
            .map(|(_, key)| key.as_str().to_owned())
            .collect::<Vec<_>>(),
        &contacts
            .iter()
            .map(|(contact, _)| contact.phone.clone().unwrap_or_default())
            .collect::<Vec<_>>(),
        &lines
            .iter()
            .map(|line| line.product_id.map(ProductId::uuid))
            .collect::<Vec<_>>() as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Puts `draft` in the place of what the deal was.
pub(crate) async fn rewrite(
    tx: &mut Tx,
    deal: &Locked,
    status: DealStatus,
    draft: &Draft,
    level: Level,
) -> Result<Written, sqlx::Error> {
    let at = tx.now();
    let written = sqlx::query_as!(
        Written,
        r#"WITH lines AS (DELETE FROM deal_line WHERE deal_id = $1),
                contacts AS (DELETE FROM deal_contact WHERE deal_id = $1)
           UPDATE deal SET status = $3, customer_name = $4, customer_key = $5, customer_keys = $6, customer_domain = $7,
                  customer_country = $8, currency = $9, amount = $10, expected_close = $11, note = $12,
                  conflict_level = $13, version = version + 1, updated_at = $14, custom = $15
           WHERE id = $1 AND version = $2
           RETURNING id AS "id: DealId", vendor_id AS "vendor_id: OrgId", partner_id AS "partner_id: OrgId",
                     customer_name, status AS "status: DealStatus", amount, currency, version,
                     NULL AS "note: String", NULL AS "reason: RejectReason",
                     NULL::date AS closed_on, NULL AS "close_reason: CloseReason""#,
        deal.id.uuid(),
        deal.version,
        status.as_str(),
        draft.name,
        draft.key.as_str(),
        &draft.keys.to_stored(),
        draft.domain.as_ref().map(|domain| domain.as_str()),
        draft.country,
        draft.currency.code(),
        draft.amount,
        draft.expected_close,
        draft.note,
        level.as_str(),
        at,
        Value::Object(draft.custom.values.clone()),
    )
    .fetch_one(&mut **tx)
    .await?;
    insert_parts(tx, deal.id, deal.vendor_id, draft).await?;
    Ok(written)
}

/// Stores a verdict. A deal that is over lets go of its name keys, so that no search meets them.
pub(super) async fn decide(tx: &mut Tx, deal: &Locked, verdict: &Verdict<'_>) -> Result<Written, sqlx::Error> {
    let at = tx.now();
    sqlx::query_as!(
        Written,
        r#"UPDATE deal SET status = $3, decided_by = $4, decided_at = $5::timestamptz, decision_note = $6, decision_reason = $7,
                  conflict_level = coalesce($8, conflict_level),
                  customer_keys = CASE WHEN $9 THEN customer_keys ELSE '{}' END,
                  decision_due_at = CASE WHEN $3 = 'info_requested' THEN decision_due_at END,
                  decision_paused_at = CASE WHEN $3 = 'info_requested' THEN $5::timestamptz END,
                  version = version + 1, updated_at = $5
           WHERE id = $1 AND version = $2
           RETURNING id AS "id: DealId", vendor_id AS "vendor_id: OrgId", partner_id AS "partner_id: OrgId",
                     customer_name, status AS "status: DealStatus", amount, currency, version,
                     decision_note AS note, decision_reason AS "reason: RejectReason",
                     closed_on, close_reason AS "close_reason: CloseReason""#,
        deal.id.uuid(),
        deal.version,
        verdict.status.as_str(),
        verdict.by.map(UserId::uuid),
        at,
        verdict.note,
        verdict.reason.map(RejectReason::as_str),
        verdict.conflict_level.map(Level::as_str),
        verdict.status.is_live(),
    )
    .fetch_one(&mut **tx)
    .await
}

/// How a deal ends.
#[derive(Debug)]
pub(super) struct Ending<'a> {
    pub(super) status: DealStatus,
    pub(super) by: Option<UserId>,
    pub(super) on: NaiveDate,
    pub(super) amount: Option<Decimal>,
    pub(super) reason: Option<CloseReason>,
    pub(super) note: Option<&'a str>,
}

/// Stores how a deal ended.
pub(super) async fn close(tx: &mut Tx, deal: &Locked, ending: &Ending<'_>) -> Result<Written, sqlx::Error> {
    let at = tx.now();
    sqlx::query_as!(
        Written,
        r#"UPDATE deal SET status = $3, decided_by = $4, decided_at = $5, decision_note = $6, decision_reason = NULL,
                  closed_on = $7, close_reason = $8, amount = coalesce($9, amount), customer_keys = '{}',
                  version = version + 1, updated_at = $5
           WHERE id = $1 AND version = $2
           RETURNING id AS "id: DealId", vendor_id AS "vendor_id: OrgId", partner_id AS "partner_id: OrgId",
                     customer_name, status AS "status: DealStatus", amount, currency, version,
                     decision_note AS note, decision_reason AS "reason: RejectReason",
                     closed_on, close_reason AS "close_reason: CloseReason""#,
        deal.id.uuid(),
        deal.version,
        ending.status.as_str(),
        ending.by.map(UserId::uuid),
        at,
        ending.note,
        ending.on,
        ending.reason.map(CloseReason::as_str),
        ending.amount,
    )
    .fetch_one(&mut **tx)
    .await
}

/// Stores another amount or date, and says which of them it was; nothing if both are as they were.
pub(super) async fn revise(
    tx: &mut Tx,
    deal: &Locked,
    revision: &super::revise::Revision,
) -> Result<Option<(Written, Vec<&'static str>)>, sqlx::Error> {
    let before = sqlx::query!("SELECT amount, expected_close FROM deal WHERE id = $1", deal.id.uuid())
        .fetch_one(&mut **tx)
        .await?;
    let mut changed = Vec::new();
    if revision.amount.is_some_and(|amount| amount != before.amount) {
        changed.push("amount");
    }
    if revision
        .expected_close
        .is_some_and(|date| date != before.expected_close)
    {
        changed.push("expected_close");
    }
    if changed.is_empty() {
        return Ok(None);
    }
    let at = tx.now();
    let written = sqlx::query_as!(
        Written,
        r#"UPDATE deal SET amount = coalesce($3, amount), expected_close = coalesce($4, expected_close),
                  version = version + 1, updated_at = $5
           WHERE id = $1 AND version = $2
           RETURNING id AS "id: DealId", vendor_id AS "vendor_id: OrgId", partner_id AS "partner_id: OrgId",
                     customer_name, status AS "status: DealStatus", amount, currency, version,
                     NULL AS "note: String", NULL AS "reason: RejectReason",
                     closed_on, close_reason AS "close_reason: CloseReason""#,
        deal.id.uuid(),
        deal.version,
        revision.amount,
        revision.expected_close,
        at,
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(Some((written, changed)))
}

/// The currency of a locked deal.
pub(super) async fn currency(tx: &mut Tx, deal: DealId) -> Result<Currency, Problem> {
    let code = sqlx::query_scalar!("SELECT currency FROM deal WHERE id = $1", deal.uuid())
        .fetch_one(&mut **tx)
        .await?;
    Currency::from_code(&code).ok_or_else(|| Problem::internal("a deal has no currency"))
}

/// Lets the approvals of one vendor go one after the other: what one finds, no other changes before it is done.
pub(super) async fn take_turns(tx: &mut Tx, vendor: OrgId) -> Result<(), sqlx::Error> {
    let turn = format!("deal approval {}", vendor.uuid());
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", turn)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// How many of `others` were ever found to conflict with `deal`.
pub(super) async fn known_conflicts(tx: &mut Tx, deal: DealId, others: &[uuid::Uuid]) -> Result<usize, sqlx::Error> {
    let known = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM deal_conflict
           WHERE (deal_id = $1 AND other_deal_id = ANY ($2)) OR (other_deal_id = $1 AND deal_id = ANY ($2))"#,
        deal.uuid(),
        others,
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(usize::try_from(known).unwrap_or(0))
}

/// The error code of a constraint that a verdict ran into.
pub(super) fn protected(error: sqlx::Error) -> Problem {
    let constraint = error.as_database_error().and_then(|fault| fault.constraint());
    if constraint == Some("deal_customer_protected") {
        return Problem::new(
            super::code::CUSTOMER_PROTECTED,
            "Reject this registration, or withdraw the approved one first.",
        );
    }
    let detail = match constraint {
        Some("deal_account_protected") => {
            "The deal is linked with one of your own accounts, and another deal with that account is approved already: \
             reject this one, end that protection first, or take the link away (POST /api/v1/deals/{id}/link-account)."
        }
        Some("deal_opportunity_protected") => {
            "The conflict desk found that the deal is of one opportunity with another that is approved already: reject \
             this one, or end that protection first."
        }
        _ => return error.into(),
    };
    Problem::new(super::code::OPPORTUNITY_PROTECTED, detail)
}

/// The same for an approval that a rule gives while the partner waits: it is told no more than that somebody was faster.
pub(super) fn overtaken(error: sqlx::Error) -> Problem {
    let constraint = error.as_database_error().and_then(|fault| fault.constraint());
    if constraint.is_some_and(|name| name.ends_with("_protected")) {
        let detail = "Something else was approved at the same moment. Send the request again: then the vendor decides.";
        return Problem::new(super::code::OPPORTUNITY_PROTECTED, detail);
    }
    error.into()
}

/// Whether another deal protects what this one is known to be of: one of the vendor's own accounts, or an opportunity.
pub(super) async fn is_taken(tx: &mut Tx, id: DealId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM deal o WHERE o.direct_account_id = d.direct_account_id AND o.status = 'approved')
               OR EXISTS (SELECT FROM deal o WHERE o.opportunity_id = d.opportunity_id AND o.status = 'approved')
                  AS "taken!"
           FROM deal d WHERE d.id = $1"#,
        id.uuid(),
    )
    .fetch_one(&mut **tx)
    .await
}

/// Moves a locked deal without a new last word on it.
pub(super) async fn move_to(tx: &mut Tx, deal: &Locked, status: DealStatus) -> Result<Written, sqlx::Error> {
    let at = tx.now();
    sqlx::query_as!(
        Written,
        r#"UPDATE deal SET status = $3, version = version + 1, updated_at = $4
           WHERE id = $1 AND version = $2
           RETURNING id AS "id: DealId", vendor_id AS "vendor_id: OrgId", partner_id AS "partner_id: OrgId",
                     customer_name, status AS "status: DealStatus", amount, currency, version,
                     NULL AS "note: String", decision_reason AS "reason: RejectReason",
                     closed_on, close_reason AS "close_reason: CloseReason""#,
        deal.id.uuid(),
        deal.version,
        status.as_str(),
        at,
    )
    .fetch_one(&mut **tx)
    .await
}

/// Has rivals find a locked deal by its name again.
pub(super) async fn hold_name(tx: &mut Tx, deal: DealId, keys: &[i64]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE deal SET customer_keys = $2 WHERE id = $1 AND customer_keys = '{}'",
        deal.uuid(),
        keys
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Says that what both sides see of a locked deal has changed beside its own fields.
pub(super) async fn touch(tx: &mut Tx, deal: DealId) -> Result<(), sqlx::Error> {
    let at = tx.now();
    sqlx::query!(
        "UPDATE deal SET version = version + 1, updated_at = $2 WHERE id = $1",
        deal.uuid(),
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The customer's legal name.
pub(super) async fn customer_name(tx: &mut Tx, deal: DealId) -> Result<String, sqlx::Error> {
    sqlx::query_scalar!("SELECT customer_name FROM deal WHERE id = $1", deal.uuid())
        .fetch_one(&mut **tx)
        .await
}
