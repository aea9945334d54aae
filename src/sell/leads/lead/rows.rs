//! Reading and writing leads inside a command.

use chrono::{DateTime, Utc};
use guildhall_kernel::{Currency, DealId, LeadId, OrgId};
use guildhall_spine::{access::OrgKind, db::Tx, http::Problem};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::draft::Source;
use super::events::LeadFacts;
use super::stage::Stage;

/// A lead that this transaction has locked.
#[derive(Clone, Debug)]
pub(in crate::leads) struct Lead {
    pub(in crate::leads) id: LeadId,
    pub(in crate::leads) vendor_id: OrgId,
    pub(in crate::leads) stage: Stage,
    pub(in crate::leads) version: i64,
    pub(in crate::leads) partner_id: Option<OrgId>,
    pub(in crate::leads) company_name: String,
    pub(in crate::leads) domain: Option<String>,
    pub(in crate::leads) country: Option<String>,
    pub(in crate::leads) industry: Option<String>,
    pub(in crate::leads) product: Option<String>,
    pub(in crate::leads) amount: Option<Decimal>,
    pub(in crate::leads) currency: Option<String>,
    pub(in crate::leads) contact_name: Option<String>,
    pub(in crate::leads) contact_title: Option<String>,
    pub(in crate::leads) contact_email: Option<String>,
    pub(in crate::leads) contact_phone: Option<String>,
    pub(in crate::leads) source: Source,
    pub(in crate::leads) score: i16,
    pub(in crate::leads) round: i32,
    pub(in crate::leads) contact_due_at: Option<DateTime<Utc>>,
}

impl Lead {
    /// What is announced of it to the vendor.
    pub(in crate::leads) fn facts(&self) -> LeadFacts {
        LeadFacts {
            lead_id: self.id,
            vendor_id: self.vendor_id,
            partner_id: None,
            company_name: self.company_name.clone(),
            stage: self.stage,
            source: self.source,
            version: self.version,
            reason: None,
            due_at: None,
            deal_id: None,
        }
    }

    /// What is announced of it to the vendor and a partner.
    pub(in crate::leads) fn facts_for(&self, partner: OrgId) -> LeadFacts {
        LeadFacts {
            partner_id: Some(partner),
            ..self.facts()
        }
    }

    /// What it may be worth.
    pub(in crate::leads) fn money(&self) -> Option<(Decimal, Currency)> {
        Some((self.amount?, Currency::from_code(self.currency.as_deref()?)?))
    }
}

macro_rules! leads {
    ($condition:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Lead,
            r#"SELECT l.id AS "id: LeadId", l.vendor_id AS "vendor_id: OrgId", l.stage AS "stage: Stage", l.version,
                      l.partner_id AS "partner_id: OrgId", l.company_name, l.domain, l.country, l.industry, l.product,
                      l.amount, l.currency, l.contact_name, l.contact_title, l.contact_email, l.contact_phone,
                      l.source AS "source: Source", l.score, l.round, l.contact_due_at
               FROM lead l WHERE "# + $condition,
            $($argument),+
        )
    };
}

/// Lets what hands out the leads of one vendor go one after the other: turns, capacities and duplicates are then read
/// and written as if alone. Always taken before a lead is locked.
pub(in crate::leads) async fn take_turns(tx: &mut Tx, vendor: OrgId) -> Result<(), sqlx::Error> {
    let turn = format!("leads of {}", vendor.uuid());
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", turn)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Whose lead it is.
pub(in crate::leads) async fn vendor_of(tx: &mut Tx, id: LeadId) -> Result<Option<OrgId>, sqlx::Error> {
    let vendor = sqlx::query_scalar!("SELECT vendor_id FROM lead WHERE id = $1", id.uuid())
        .fetch_optional(&mut **tx)
        .await?;
    Ok(vendor.map(OrgId::from))
}

/// Locks the lead until the transaction ends.
pub(in crate::leads) async fn lock(tx: &mut Tx, id: LeadId) -> Result<Lead, Problem> {
    let lead = leads!("l.id = $1 FOR NO KEY UPDATE", id.uuid())
        .fetch_optional(&mut **tx)
        .await?;
    lead.ok_or_else(Problem::not_found)
}

/// Locks these leads.
pub(in crate::leads) async fn lock_all(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<Lead>, sqlx::Error> {
    leads!("l.id = ANY ($1) ORDER BY l.id FOR NO KEY UPDATE", ids)
        .fetch_all(&mut **tx)
        .await
}

/// Locks the oldest leads of the vendor that no partner has and none is asked about, `most` of them, after `after`.
pub(in crate::leads) async fn lock_waiting(
    tx: &mut Tx,
    vendor: OrgId,
    after: Uuid,
    most: i64,
) -> Result<Vec<Lead>, sqlx::Error> {
    leads!(
        "l.vendor_id = $1 AND l.stage IN ('new', 'returned') AND l.id > $2 ORDER BY l.id LIMIT $3 FOR NO KEY UPDATE",
        vendor.uuid(),
        after,
        most,
    )
    .fetch_all(&mut **tx)
    .await
}

/// The leads of the vendor that came in a period, the oldest first, for a simulation.
pub(in crate::leads) async fn of_period(
    db: &sqlx::PgPool,
    vendor: OrgId,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    most: i64,
) -> Result<Vec<Lead>, sqlx::Error> {
    // Ids rise with time, so the period is a range of the vendor's index.
    leads!(
        "l.vendor_id = $1 AND l.id >= $2 AND l.created_at >= $3 AND l.created_at < $4 AND l.stage <> 'quarantined'
         ORDER BY l.id LIMIT $5",
        vendor.uuid(),
        first_id(from),
        from,
        to,
        most,
    )
    .fetch_all(db)
    .await
}

/// The lowest id of that millisecond (RFC 9562, section 5.7), less a minute for clocks that differ.
fn first_id(at: DateTime<Utc>) -> Uuid {
    let millis = u128::try_from(at.timestamp_millis() - 60_000).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}

/// Whether the organisation may see the lead: the vendor its own, a partner those that it is asked about or has while it
/// is active in the vendor's program.
pub(in crate::leads) async fn is_seen(
    db: impl sqlx::PgExecutor<'_>,
    org: OrgId,
    kind: OrgKind,
    id: LeadId,
) -> Result<bool, sqlx::Error> {
    match kind {
        OrgKind::Vendor => {
            sqlx::query_scalar!(
                r#"SELECT EXISTS (SELECT FROM lead WHERE id = $1 AND vendor_id = $2) AS "seen!""#,
                id.uuid(),
                org.uuid()
            )
            .fetch_one(db)
            .await
        }
        OrgKind::Partner => {
            sqlx::query_scalar!(
                r#"SELECT EXISTS (SELECT FROM lead_offer o
                                  JOIN partnership s ON s.vendor_id = o.vendor_id AND s.partner_id = o.partner_id
                                                        AND s.status = 'active'
                                  WHERE o.partner_id = $2 AND o.lead_id = $1
                                    AND o.state IN ('open', 'accepted', 'done')) AS "seen!""#,
                id.uuid(),
                org.uuid()
            )
            .fetch_one(db)
            .await
        }
    }
}

/// What becomes of a lead.
#[derive(Clone, Copy, Debug)]
pub(in crate::leads) struct Change<'a> {
    pub(in crate::leads) stage: Stage,
    pub(in crate::leads) partner: Option<OrgId>,
    pub(in crate::leads) contact_due_at: Option<DateTime<Utc>>,
    pub(in crate::leads) reason: Option<&'a str>,
    pub(in crate::leads) note: Option<&'a str>,
    pub(in crate::leads) deal: Option<DealId>,
}

impl Change<'_> {
    /// Nobody's, in this stage.
    pub(in crate::leads) const fn to(stage: Stage) -> Self {
        Self {
            stage,
            partner: None,
            contact_due_at: None,
            reason: None,
            note: None,
            deal: None,
        }
    }
}

/// Stores what becomes of a locked lead, and keeps `lead` as the database has it.
pub(in crate::leads) async fn advance(tx: &mut Tx, lead: &mut Lead, change: &Change<'_>) -> Result<(), sqlx::Error> {
    let at = tx.now();
    lead.version = sqlx::query_scalar!(
        "UPDATE lead SET stage = $3, partner_id = $4, contact_due_at = $5, reason = $6, reason_note = $7, deal_id = $8,
                version = version + 1, updated_at = $9
         WHERE id = $1 AND version = $2 RETURNING version",
        lead.id.uuid(),
        lead.version,
        change.stage.as_str(),
        change.partner.map(OrgId::uuid),
        change.contact_due_at,
        change.reason,
        change.note,
        change.deal.map(DealId::uuid),
        at,
    )
    .fetch_one(&mut **tx)
    .await?;
    lead.stage = change.stage;
    lead.partner_id = change.partner;
    lead.contact_due_at = change.contact_due_at;
    Ok(())
}
