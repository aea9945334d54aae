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

/// The deal, if `org` is one of its sides.
pub(crate) async fn load(db: impl PgExecutor<'_>, id: DealId, org: OrgId) -> Result<Option<View>, sqlx::Error> {
    sqlx::query_file_as!(View, "deals/view.sql", id.uuid(), org.uuid(),)
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
