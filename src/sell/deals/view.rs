//! Reading one deal: everything that its page shows in one query.

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{DealFormId, DealId, OrgId, ProductId, UserId};
use guildhall_spine::{access::Permissions, http::Problem};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Map, Value};
use sqlx::{PgExecutor, types::Json};

use super::conflict::Level;
use super::standing::Standing;
use super::state::{DealStatus, Move};
use super::wire::{
    CloseReason, Closing, ConflictSummary, Customer, Deal, DealContact, DealLead, DealLine, DealPerson, Decision,
    FormVersion, Party, RejectReason, in_currency,
};
use crate::leads::lead::draft::Source as LeadSource;

/// A deal as the database has it, for one of its two sides.
#[derive(Debug)]
pub(crate) struct View {
    pub(super) id: DealId,
    pub(crate) version: i64,
    status: DealStatus,
    vendor_id: OrgId,
    vendor_name: String,
    partner_id: OrgId,
    partner_name: String,
    customer_name: String,
    customer_domain: Option<String>,
    customer_country: String,
    currency: String,
    amount: Decimal,
    expected_close: NaiveDate,
    note: Option<String>,
    submitted_by: Option<UserId>,
    submitted_by_name: Option<String>,
    decided_by: Option<UserId>,
    decided_by_name: Option<String>,
    decided_at: Option<DateTime<Utc>>,
    decision_note: Option<String>,
    decision_reason: Option<RejectReason>,
    closed_on: Option<NaiveDate>,
    close_reason: Option<CloseReason>,
    conflict_level: Level,
    form_id: Option<DealFormId>,
    form_version: Option<i32>,
    custom: Json<Map<String, Value>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    products: Json<Vec<StoredLine>>,
    contacts: Json<Vec<DealContact>>,
    rivals: Option<Json<Rivals>>,
    lead: Option<Json<Attribution>>,
    standing: Json<Standing>,
}

/// The lead that a deal came from.
#[derive(Debug, Deserialize)]
struct Attribution {
    id: uuid::Uuid,
    source: LeadSource,
    campaign: Option<String>,
    reference: Option<String>,
}

#[derive(Debug, Deserialize)]
struct StoredLine {
    product_id: Option<uuid::Uuid>,
    name: String,
    quantity: Decimal,
    unit_amount: Decimal,
    amount: Decimal,
}

/// The vendor's view of the deal's conflicts.
#[derive(Debug, Deserialize)]
struct Rivals {
    level: Option<Level>,
    count: i64,
    /// The last time that a conflict came, went or met a rival that had changed.
    changed_at: Option<DateTime<Utc>>,
}

/// The deal, if `org` is one of its sides. Rivals are read for the vendor only. Names come by sub-selects: a join of one
/// row with a small table is planned as a merge, which reads that table up to the id.
#[expect(clippy::too_many_lines, reason = "one query")]
pub(crate) async fn load(db: impl PgExecutor<'_>, id: DealId, org: OrgId) -> Result<Option<View>, sqlx::Error> {
    sqlx::query_as!(
        View,
        r#"SELECT d.id AS "id: DealId", d.version, d.status AS "status: DealStatus",
                  d.vendor_id AS "vendor_id: OrgId",
                  (SELECT name FROM organisation WHERE id = d.vendor_id) AS "vendor_name!",
                  d.partner_id AS "partner_id: OrgId",
                  (SELECT name FROM organisation WHERE id = d.partner_id) AS "partner_name!",
                  d.customer_name, d.customer_domain, d.customer_country, d.currency, d.amount, d.expected_close, d.note,
                  d.submitted_by AS "submitted_by: UserId",
                  (SELECT name FROM user_account WHERE id = d.submitted_by) AS submitted_by_name,
                  d.decided_by AS "decided_by: UserId",
                  (SELECT name FROM user_account WHERE id = d.decided_by) AS decided_by_name, d.decided_at, d.decision_note,
                  d.decision_reason AS "decision_reason: RejectReason",
                  d.closed_on, d.close_reason AS "close_reason: CloseReason",
                  d.conflict_level AS "conflict_level: Level", d.created_at, d.updated_at,
                  d.form_id AS "form_id: DealFormId",
                  (SELECT no FROM deal_form WHERE id = d.form_id) AS form_version,
                  d.custom AS "custom: Json<Map<String, Value>>",
                  (SELECT coalesce(json_agg(json_build_object('product_id', l.product_id, 'name', l.product,
                              'quantity', l.quantity::text, 'unit_amount', l.unit_amount::text, 'amount', l.amount::text) ORDER BY l.no), '[]')
                   FROM deal_line l WHERE l.deal_id = d.id) AS "products!: Json<Vec<StoredLine>>",
                  (SELECT coalesce(json_agg(json_build_object('name', c.name, 'title', c.title, 'email', c.email,
                              'phone', c.phone) ORDER BY c.no), '[]')
                   FROM deal_contact c WHERE c.deal_id = d.id) AS "contacts!: Json<Vec<DealContact>>",
                  CASE WHEN d.vendor_id = $2 THEN (
                      SELECT json_build_object(
                                 'level', (array_agg(c.level ORDER BY c.score DESC) FILTER (WHERE c.now))[1],
                                 'count', count(*) FILTER (WHERE c.now), 'changed_at', max(c.changed_at))
                      FROM (SELECT k.level, k.score, greatest(k.found_at, o.updated_at) AS changed_at,
                                   k.score > 0 AND d.status IN ('submitted', 'info_requested', 'approved')
                                   AND o.status IN ('submitted', 'info_requested', 'approved') AS now
                            FROM (SELECT other_deal_id AS id, level, score, found_at
                                  FROM deal_conflict WHERE deal_id = d.id
                                  UNION ALL
                                  SELECT deal_id, level, score, found_at
                                  FROM deal_conflict WHERE other_deal_id = d.id) k
                            JOIN deal o ON o.id = k.id
                            UNION ALL
                            SELECT k.level, k.score, greatest(k.found_at, a.updated_at),
                                   d.status IN ('submitted', 'info_requested', 'approved') AND a.stage = 'open'
                            FROM deal_direct_conflict k JOIN direct_account a ON a.id = k.account_id
                            WHERE k.deal_id = d.id) c)
                  END AS "rivals: Json<Rivals>",
                  (SELECT json_build_object('id', t.id, 'source', t.source, 'campaign', t.campaign,
                              'reference', t.reference)
                   FROM lead t WHERE t.id = d.lead_id) AS "lead: Json<Attribution>",
                  json_build_object('due_at', d.decision_due_at, 'paused_at', d.decision_paused_at,
                      'overdue_at', d.decision_overdue_at, 'protected_until', d.protected_until,
                      'progress_at', d.progress_at, 'ended_because', d.ended_because,
                      'extensions', (SELECT count(*) FROM deal_extension e
                                     WHERE e.deal_id = d.id AND e.status = 'approved'),
                      'appeal', (SELECT json_build_object('statement', a.statement, 'appealed_at', a.appealed_at,
                                            'outcome', a.outcome, 'decided_at', a.decided_at)
                                 FROM deal_appeal a WHERE a.deal_id = d.id ORDER BY a.id DESC LIMIT 1),
                      'rule', CASE WHEN d.vendor_id = $2 THEN d.routed_by END,
                      'steps', CASE WHEN d.vendor_id = $2 THEN (
                          SELECT json_agg(json_build_object('id', s.id, 'name', s.name, 'needs', s.needs,
                                     'status', s.status, 'escalated_at', s.escalated_at, 'approvers', (
                                         SELECT json_agg(json_build_object('role', v.role, 'escalation', v.escalation,
                                             'approved', v.approved, 'voted_at', v.voted_at, 'note', v.note,
                                             'user', (SELECT json_build_object('id', id, 'name', name)
                                                      FROM user_account WHERE id = v.user_id),
                                             'voted_by', (SELECT json_build_object('id', id, 'name', name)
                                                          FROM user_account WHERE id = v.voted_by),
                                             'voted_for', (SELECT json_build_object('id', id, 'name', name)
                                                           FROM user_account WHERE id = v.voted_for)) ORDER BY v.no)
                                         FROM approval_approver v WHERE v.step_id = s.id)) ORDER BY s.no)
                          FROM approval_step s WHERE s.deal_id = d.id) END) AS "standing!: Json<Standing>"
           FROM deal d
           WHERE d.id = $1 AND (d.vendor_id = $2 OR d.partner_id = $2)"#,
        id.uuid(),
        org.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// The deal just written, for the answer.
pub(crate) async fn reload(db: impl PgExecutor<'_>, id: DealId, org: OrgId) -> Result<View, Problem> {
    load(db, id, org)
        .await?
        .ok_or_else(|| Problem::internal("a deal vanished inside its own transaction"))
}

impl View {
    /// Whether what this side sees has changed without the deal itself: then its version says nothing of it.
    pub(super) fn outgrew_its_version(&self) -> bool {
        let changed_at = self.rivals.as_ref().and_then(|rivals| rivals.changed_at);
        changed_at.is_some_and(|changed_at| changed_at > self.updated_at)
    }

    /// The deal on the wire, for an actor with these permissions.
    #[expect(clippy::too_many_lines, reason = "one record, member by member")]
    pub(crate) fn into_deal(self, may: Permissions) -> Deal {
        let money = |amount| in_currency(amount, &self.currency);
        let lines = self.products.0.into_iter().map(|line| DealLine {
            product_id: line.product_id.map(ProductId::from),
            name: line.name,
            quantity: line.quantity.normalize(),
            unit_amount: money(line.unit_amount),
            amount: money(line.amount),
        });
        let rivals = self.rivals.map(|Json(rivals)| {
            rivals.level.map(|level| ConflictSummary {
                level,
                count: rivals.count,
            })
        });
        let (decision_clock, protection, appeal, approval) = self.standing.0.into_parts();
        Deal {
            id: self.id,
            version: self.version,
            status: self.status,
            vendor: Party {
                id: self.vendor_id,
                name: self.vendor_name,
            },
            partner: Party {
                id: self.partner_id,
                name: self.partner_name,
            },
            customer: Customer {
                name: self.customer_name,
                domain: self.customer_domain,
                country: self.customer_country,
            },
            products: lines.collect(),
            amount: money(self.amount),
            expected_close: self.expected_close,
            note: self.note,
            contacts: self.contacts.0,
            form: self
                .form_id
                .zip(self.form_version)
                .map(|(id, version)| FormVersion { id, version }),
            custom: self.custom.0,
            submitted_by: person(self.submitted_by, self.submitted_by_name),
            lead: self.lead.map(|Json(lead)| DealLead {
                id: lead.id.into(),
                source: lead.source,
                campaign: lead.campaign,
                reference: lead.reference,
            }),
            decision: self.decided_at.map(|at| Decision {
                by: person(self.decided_by, self.decided_by_name),
                at,
                reason: self.decision_reason,
                note: self.decision_note,
            }),
            decision_clock,
            protection,
            appeal,
            approval,
            closing: self.closed_on.map(|on| Closing {
                on,
                reason: self.close_reason,
            }),
            conflict_level: rivals.is_none().then_some(self.conflict_level),
            conflict: rivals,
            created_at: self.created_at,
            updated_at: self.updated_at,
            next: Move::open_to(self.status, may),
            currency: self.currency,
        }
    }
}

fn person(id: Option<UserId>, name: Option<String>) -> Option<DealPerson> {
    Some(DealPerson { id: id?, name: name? })
}
