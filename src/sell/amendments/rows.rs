//! Stored amendments.

use chrono::{DateTime, Utc};
use guildhall_kernel::{AmendmentId, DealId, OrgId, UserId};
use guildhall_spine::{
    db::Tx,
    http::{self, Problem},
};
use serde::{Deserialize, Serialize};
use sqlx::{PgExecutor, types::Json};
use utoipa::ToSchema;

use super::code;
use super::proposed::Proposed;
use crate::deals::history::Change;
use crate::deals::wire::DealPerson;

/// Where an amendment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = DealAmendmentStatus)]
pub(super) enum Status {
    /// The vendor owes an answer.
    Proposed,
    /// The deal is as it says.
    Approved,
    /// The vendor refused it.
    Rejected,
    /// The partner took it back.
    Withdrawn,
    /// The deal came to an end before the vendor decided.
    Lapsed,
}

impl Status {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Lapsed => "lapsed",
        }
    }
}

/// A change of an approved deal that the partner proposed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DealAmendment)]
pub(super) struct ShownAmendment {
    /// Its id.
    id: AmendmentId,
    /// Rises with each change; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(super) version: i64,
    /// The deal.
    deal_id: DealId,
    /// Where it stands.
    status: Status,
    /// What it makes different of the deal as it was when this was proposed.
    changes: Vec<Change>,
    /// Why the partner wants it.
    note: Option<String>,
    /// Who proposed it; `null` for an integration.
    proposed_by: Option<DealPerson>,
    /// When.
    proposed_at: DateTime<Utc>,
    /// Who decided on it or took it back; `null` for an integration.
    decided_by: Option<DealPerson>,
    /// When.
    decided_at: Option<DateTime<Utc>>,
    /// What was said with that.
    decision_note: Option<String>,
}

/// An amendment as the database has it, with the sides of its deal.
#[derive(Debug)]
pub(super) struct Amendment {
    pub(super) id: AmendmentId,
    pub(super) deal_id: DealId,
    pub(super) vendor_id: OrgId,
    pub(super) partner_id: OrgId,
    pub(super) status: Status,
    pub(super) proposed: Json<Proposed>,
    pub(super) changes: Json<Vec<Change>>,
    pub(super) note: Option<String>,
    proposed_by: Option<UserId>,
    proposed_by_name: Option<String>,
    proposed_at: DateTime<Utc>,
    decided_by: Option<UserId>,
    decided_by_name: Option<String>,
    decided_at: Option<DateTime<Utc>>,
    decision_note: Option<String>,
    pub(super) version: i64,
}

impl From<Amendment> for ShownAmendment {
    fn from(row: Amendment) -> Self {
        let person = |id: Option<UserId>, name: Option<String>| Some(DealPerson { id: id?, name: name? });
        Self {
            id: row.id,
            version: row.version,
            deal_id: row.deal_id,
            status: row.status,
            changes: row.changes.0,
            note: row.note,
            proposed_by: person(row.proposed_by, row.proposed_by_name),
            proposed_at: row.proposed_at,
            decided_by: person(row.decided_by, row.decided_by_name),
            decided_at: row.decided_at,
            decision_note: row.decision_note,
        }
    }
}

/// Stores an amendment.
///
/// # Errors
/// 409 `amendment_open` when the deal has another one that waits.
pub(super) async fn insert(
    tx: &mut Tx,
    deal: DealId,
    by: Option<UserId>,
    (proposed, changes): (&Proposed, &[Change]),
    note: Option<&str>,
) -> Result<AmendmentId, Problem> {
    let (id, at): (AmendmentId, _) = (tx.new_id(), tx.now());
    let stored = sqlx::query!(
        "INSERT INTO deal_amendment (id, deal_id, status, proposed, changes, note, proposed_by, proposed_at)
         VALUES ($1, $2, 'proposed', $3, $4, $5, $6, $7)",
        id.uuid(),
        deal.uuid(),
        serde_json::to_value(proposed).map_err(Problem::internal)?,
        serde_json::to_value(changes).map_err(Problem::internal)?,
        note,
        by.map(UserId::uuid),
        at,
    )
    .execute(&mut **tx)
    .await;
    match stored {
        Ok(_) => Ok(id),
        Err(error) => {
            let constraint = error.as_database_error().and_then(|fault| fault.constraint());
            if constraint == Some("deal_amendment_one_open") {
                let detail = format!("Withdraw it first, or wait: GET /api/v1/deals/{deal}/amendments shows it.");
                return Err(Problem::new(code::AMENDMENT_OPEN, detail));
            }
            Err(error.into())
        }
    }
}

/// Locks the deal of an amendment that `org` may see: whoever decides on one holds its deal.
///
/// # Errors
/// 404.
pub(super) async fn lock(tx: &mut Tx, id: AmendmentId, org: OrgId) -> Result<Amendment, Problem> {
    sqlx::query!(
        "SELECT d.id FROM deal_amendment a JOIN deal d ON d.id = a.deal_id
         WHERE a.id = $1 AND (d.vendor_id = $2 OR d.partner_id = $2) FOR NO KEY UPDATE OF d",
        id.uuid(),
        org.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(Problem::not_found)?;
    find(&mut **tx, id, org).await
}

/// An amendment that `org` may see.
///
/// # Errors
/// 404.
pub(super) async fn find(db: impl PgExecutor<'_>, id: AmendmentId, org: OrgId) -> Result<Amendment, Problem> {
    let found = read(db, org, (None, Some(id)), None, 1).await?;
    found.into_iter().next().ok_or_else(Problem::not_found)
}

impl Amendment {
    /// # Errors
    /// 409 `illegal_move` unless the vendor owes an answer.
    pub(super) fn require_open(&self) -> Result<(), Problem> {
        if self.status == Status::Proposed {
            return Ok(());
        }
        let detail = format!("The amendment is {} already.", self.status.as_str());
        Err(Problem::new(http::code::ILLEGAL_MOVE, detail).with("legal", Vec::<String>::new()))
    }
}

/// Stores what became of an amendment.
pub(super) async fn decide(
    tx: &mut Tx,
    id: AmendmentId,
    status: Status,
    by: Option<UserId>,
    note: Option<&str>,
) -> Result<(), sqlx::Error> {
    let at = tx.now();
    sqlx::query!(
        "UPDATE deal_amendment SET status = $2, decided_by = $3, decided_at = $4, decision_note = $5, version = version + 1
         WHERE id = $1 AND status = 'proposed'",
        id.uuid(),
        status.as_str(),
        by.map(UserId::uuid),
        at,
        note,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Ends what waits for an answer on a deal that has come to its end.
///
/// # Errors
/// When the database fails.
pub(crate) async fn lapse(tx: &mut Tx, deal: DealId) -> Result<(), Problem> {
    let at = tx.now();
    sqlx::query!(
        "UPDATE deal_amendment SET status = 'lapsed', decided_at = $2, version = version + 1
         WHERE deal_id = $1 AND status = 'proposed'",
        deal.uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The amendments of one deal, or one of them, that `org` may see, the newest first.
pub(super) async fn read(
    db: impl PgExecutor<'_>,
    org: OrgId,
    (deal, only): (Option<DealId>, Option<AmendmentId>),
    before: Option<AmendmentId>,
    limit: i64,
) -> Result<Vec<Amendment>, sqlx::Error> {
    sqlx::query_as!(
        Amendment,
        r#"SELECT a.id AS "id: AmendmentId", a.deal_id AS "deal_id: DealId", d.vendor_id AS "vendor_id: OrgId",
                  d.partner_id AS "partner_id: OrgId", a.status AS "status: Status",
                  a.proposed AS "proposed: Json<Proposed>", a.changes AS "changes: Json<Vec<Change>>", a.note,
                  a.proposed_by AS "proposed_by: UserId",
                  (SELECT name FROM user_account WHERE id = a.proposed_by) AS proposed_by_name, a.proposed_at,
                  a.decided_by AS "decided_by: UserId",
                  (SELECT name FROM user_account WHERE id = a.decided_by) AS decided_by_name, a.decided_at,
                  a.decision_note, a.version
           FROM deal_amendment a JOIN deal d ON d.id = a.deal_id AND (d.vendor_id = $1 OR d.partner_id = $1)
           WHERE ($2::uuid IS NULL OR a.deal_id = $2) AND ($3::uuid IS NULL OR a.id = $3)
             AND ($4::uuid IS NULL OR a.id < $4)
           ORDER BY a.id DESC LIMIT $5"#,
        org.uuid(),
        deal.map(DealId::uuid),
        only.map(AmendmentId::uuid),
        before.map(AmendmentId::uuid),
        limit,
    )
    .fetch_all(db)
    .await
}
