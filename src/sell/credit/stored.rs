//! Reading agreements with their shares and those whom they concern.

use chrono::{DateTime, Utc};
use guildhall_kernel::{CreditAgreementId, DealId, OrgId};
use rust_decimal::Decimal;
use serde::Deserialize;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::view::{AgreementStatus, Source};
use super::{CreditRole, Share};

/// An agreement with its shares and those whom it concerns.
#[derive(Clone, Debug)]
pub(super) struct Agreement {
    pub(super) id: CreditAgreementId,
    pub(super) deal_id: DealId,
    pub(super) vendor_id: OrgId,
    pub(super) revision: Option<i32>,
    pub(super) status: AgreementStatus,
    pub(super) source: Source,
    pub(super) proposed_by: OrgId,
    pub(super) note: Option<String>,
    pub(super) version: i64,
    pub(super) created_at: DateTime<Utc>,
    pub(super) in_force_at: Option<DateTime<Utc>>,
    pub(super) shares: Vec<Share>,
    pub(super) signatures: Vec<Signature>,
}

/// Somebody whom an agreement concerns.
#[derive(Clone, Debug)]
pub(super) struct Signature {
    pub(super) org_id: OrgId,
    pub(super) name: String,
    pub(super) signed_at: Option<DateTime<Utc>>,
}

impl Agreement {
    pub(super) fn unsigned(&self) -> usize {
        self.signatures.iter().filter(|one| one.signed_at.is_none()).count()
    }
}

#[derive(Debug, Deserialize)]
struct StoredShare {
    partner_id: Uuid,
    role: CreditRole,
    percent: Decimal,
}

#[derive(Debug, Deserialize)]
struct StoredSignature {
    org_id: Uuid,
    name: String,
    signed_at: Option<DateTime<Utc>>,
}

struct Row {
    id: CreditAgreementId,
    deal_id: DealId,
    vendor_id: OrgId,
    revision: Option<i32>,
    status: AgreementStatus,
    source: Source,
    proposed_by: OrgId,
    note: Option<String>,
    version: i64,
    created_at: DateTime<Utc>,
    in_force_at: Option<DateTime<Utc>>,
    shares: Json<Vec<StoredShare>>,
    signatures: Json<Vec<StoredSignature>>,
}

impl From<Row> for Agreement {
    fn from(row: Row) -> Self {
        let shares = row.shares.0.into_iter().map(|share| Share {
            partner_id: share.partner_id.into(),
            role: share.role,
            percent: share.percent,
        });
        let signatures = row.signatures.0.into_iter().map(|one| Signature {
            org_id: one.org_id.into(),
            name: one.name,
            signed_at: one.signed_at,
        });
        Self {
            shares: shares.collect(),
            signatures: signatures.collect(),
            id: row.id,
            deal_id: row.deal_id,
            vendor_id: row.vendor_id,
            revision: row.revision,
            status: row.status,
            source: row.source,
            proposed_by: row.proposed_by,
            note: row.note,
            version: row.version,
            created_at: row.created_at,
            in_force_at: row.in_force_at,
        }
    }
}

macro_rules! agreements {
    ($tail:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"SELECT a.id AS "id: CreditAgreementId", a.deal_id AS "deal_id: DealId", a.vendor_id AS "vendor_id: OrgId",
                      a.revision, a.status AS "status: AgreementStatus", a.source AS "source: Source",
                      a.proposed_by AS "proposed_by: OrgId", a.note, a.version, a.created_at, a.in_force_at,
                      (SELECT coalesce(json_agg(json_build_object('partner_id', s.partner_id, 'role', s.role,
                                  'percent', s.percent::text) ORDER BY s.role, s.percent DESC, s.partner_id), '[]')
                       FROM credit_share s WHERE s.agreement_id = a.id) AS "shares!: Json<Vec<StoredShare>>",
                      (SELECT coalesce(json_agg(json_build_object('org_id', g.org_id, 'name', o.name,
                                  'signed_at', g.signed_at) ORDER BY g.org_id), '[]')
                       FROM credit_signature g JOIN organisation o ON o.id = g.org_id
                       WHERE g.agreement_id = a.id) AS "signatures!: Json<Vec<StoredSignature>>"
               FROM credit_agreement a "# + $tail,
            $($argument),+
        )
    };
}

/// The agreement, if it concerns `org`.
pub(super) async fn agreement(
    conn: &mut PgConnection,
    org: OrgId,
    id: CreditAgreementId,
) -> Result<Option<Agreement>, sqlx::Error> {
    let row = agreements!(
        "WHERE a.id = $1 AND EXISTS (SELECT FROM credit_signature g WHERE g.agreement_id = a.id AND g.org_id = $2)",
        id.uuid(),
        org.uuid(),
    );
    Ok(row.fetch_optional(conn).await?.map(Agreement::from))
}

/// The last hundred agreements of the deal that concern `org`, the newest first.
pub(super) async fn agreements(
    conn: &mut PgConnection,
    org: OrgId,
    deal: DealId,
) -> Result<Vec<Agreement>, sqlx::Error> {
    let rows = agreements!(
        "WHERE a.deal_id = $1 AND EXISTS (SELECT FROM credit_signature g WHERE g.agreement_id = a.id AND g.org_id = $2)
         ORDER BY a.id DESC LIMIT 100",
        deal.uuid(),
        org.uuid(),
    );
    Ok(rows.fetch_all(conn).await?.into_iter().map(Agreement::from).collect())
}

/// What is in force, unless it is the default.
pub(super) async fn in_force(conn: &mut PgConnection, deal: DealId) -> Result<Option<Agreement>, sqlx::Error> {
    let row = agreements!("WHERE a.deal_id = $1 AND a.status = 'in_force'", deal.uuid());
    Ok(row.fetch_optional(conn).await?.map(Agreement::from))
}
