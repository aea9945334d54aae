//! Stored drafts.

use chrono::{DateTime, Utc};
use guildhall_kernel::{DealDraftId, DealId, OrgId, ProgramId, UserId};
use guildhall_onboard::api::is_active_partner;
use guildhall_spine::{
    db::Tx,
    http::{Checks, FieldError, Problem, export::Row},
};
use serde::Serialize;
use sqlx::{PgExecutor, types::Json};
use utoipa::ToSchema;

use super::content::Content;
use crate::{
    catalogue,
    deals::wire::DealPerson,
    forms::{self, answers},
};

/// A registration that is still being written.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DealDraft)]
pub(super) struct ShownDraft {
    /// Its id.
    id: DealDraftId,
    /// Rises with each change; the `ETag` is made of it.
    #[schema(example = 1)]
    version: i64,
    /// What stands in it.
    content: Content,
    /// What has to be there or be different before it can be submitted; empty when nothing has.
    missing: Vec<FieldError>,
    /// The deal that was made of it.
    deal_id: Option<DealId>,
    /// Who began it; `null` for an integration.
    created_by: Option<DealPerson>,
    /// When it was begun.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

/// A draft in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DealDraftSummary)]
pub(super) struct DraftSummary {
    /// Its id.
    id: DealDraftId,
    /// Rises with each change.
    #[schema(example = 1)]
    version: i64,
    /// The vendor, if one is named.
    vendor_id: Option<OrgId>,
    /// The customer's name, if there is one.
    #[schema(example = "Contoso Robotics GmbH")]
    customer_name: Option<String>,
    /// The deal that was made of it.
    deal_id: Option<DealId>,
    /// Who began it; `null` for an integration.
    created_by: Option<DealPerson>,
    /// When it was begun.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

/// A draft as the database has it.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) id: DealDraftId,
    pub(super) version: i64,
    pub(super) content: Json<Content>,
    pub(super) deal_id: Option<DealId>,
    created_by: Option<UserId>,
    created_by_name: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Draft {
    fn author(&self) -> Option<DealPerson> {
        let name = self.created_by_name.clone()?;
        Some(DealPerson {
            id: self.created_by?,
            name,
        })
    }

    /// The draft with what it lacks.
    pub(super) async fn shown(self, tx: &mut Tx, partner: OrgId) -> Result<ShownDraft, Problem> {
        let missing = if self.deal_id.is_some() {
            Vec::new()
        } else {
            missing(tx, partner, self.content.0.clone()).await?
        };
        Ok(ShownDraft {
            created_by: self.author(),
            id: self.id,
            version: self.version,
            content: self.content.0,
            missing,
            deal_id: self.deal_id,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

impl From<Draft> for DraftSummary {
    fn from(row: Draft) -> Self {
        Self {
            created_by: row.author(),
            id: row.id,
            version: row.version,
            vendor_id: row.content.vendor_id,
            customer_name: row.content.customer_name().map(str::to_owned),
            deal_id: row.deal_id,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl DraftSummary {
    /// The draft in a file.
    pub(super) fn row(self) -> Row {
        vec![
            self.id.to_string().into(),
            self.vendor_id.map(|vendor| vendor.to_string()).into(),
            self.customer_name.into(),
            self.deal_id.map(|deal| deal.to_string()).into(),
            self.created_by.map(|person| person.name).into(),
            self.created_at.into(),
            self.updated_at.into(),
        ]
    }
}

/// Every fault that a submission would be refused for right now, but for files that aren't there.
async fn missing(tx: &mut Tx, partner: OrgId, content: Content) -> Result<Vec<FieldError>, Problem> {
    let mut checks = Checks::default();
    let vendor = content.vendor_id;
    let given = content.custom.clone().unwrap_or_default();
    let whole = content.complete(&mut checks);
    let program = match vendor {
        Some(vendor) => program(tx, vendor, partner).await?,
        None => None,
    };
    if vendor.is_some() && program.is_none() {
        refuse_vendor(&mut checks);
    }
    let Some(program) = program else {
        return Ok(checks.faults().to_vec());
    };
    let form = forms::rows::current(tx, program).await?.map(|stored| stored.form);
    if let Some(mut whole) = whole {
        let buyer = catalogue::Buyer {
            vendor: whole.vendor,
            partner,
        };
        catalogue::fill(tx, buyer, whole.currency, &mut whole.products).await?;
        whole.examine(Some(tx.now().date_naive()), form.as_ref(), &mut checks);
    } else if let Some(form) = form {
        answers::lacking(&form, &given, &mut checks);
    }
    Ok(checks.faults().to_vec())
}

async fn program(tx: &mut Tx, vendor: OrgId, partner: OrgId) -> Result<Option<ProgramId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT program_id AS "program: ProgramId" FROM partnership
           WHERE vendor_id = $1 AND partner_id = $2 AND status = 'active'"#,
        vendor.uuid(),
        partner.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await
}

fn refuse_vendor(checks: &mut Checks) {
    let advice =
        "must be a vendor that the partner has an active partnership with: GET /api/v1/partnerships lists them";
    checks.refuse("/vendor_id", "no_partnership", advice);
}

/// A vendor that the partner doesn't work with has no place in a draft.
pub(super) async fn refuse_strangers(tx: &mut Tx, vendor: Option<OrgId>, partner: OrgId) -> Result<(), Problem> {
    let Some(vendor) = vendor else { return Ok(()) };
    let mut checks = Checks::default();
    if !is_active_partner(tx, vendor, partner).await? {
        refuse_vendor(&mut checks);
    }
    checks.done()
}

/// Stores a draft.
pub(super) async fn insert(
    tx: &mut Tx,
    partner: OrgId,
    by: Option<UserId>,
    content: &Content,
) -> Result<DealDraftId, Problem> {
    let (id, at): (DealDraftId, _) = (tx.new_id(), tx.now());
    let content = serde_json::to_value(content).map_err(Problem::internal)?;
    sqlx::query!(
        "INSERT INTO deal_draft (id, partner_id, created_by, content, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)",
        id.uuid(),
        partner.uuid(),
        by.map(UserId::uuid),
        content,
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(id)
}

/// Puts other content in a draft's place, or names the deal that was made of it.
pub(super) async fn update(
    tx: &mut Tx,
    id: DealDraftId,
    content: &Content,
    deal: Option<DealId>,
) -> Result<(), Problem> {
    let at = tx.now();
    let content = serde_json::to_value(content).map_err(Problem::internal)?;
    sqlx::query!(
        "UPDATE deal_draft SET content = $2, deal_id = $3, version = version + 1, updated_at = $4 WHERE id = $1",
        id.uuid(),
        content,
        deal.map(DealId::uuid),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Locks a draft of the partner's.
pub(super) async fn lock(tx: &mut Tx, id: DealDraftId, partner: OrgId) -> Result<Draft, Problem> {
    sqlx::query!(
        "SELECT id FROM deal_draft WHERE id = $1 AND partner_id = $2 FOR UPDATE",
        id.uuid(),
        partner.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(Problem::not_found)?;
    let found = read(&mut **tx, partner, Some(id), None, 1).await?;
    found.into_iter().next().ok_or_else(Problem::not_found)
}

/// The partner's drafts, the newest first.
pub(super) async fn read(
    db: impl PgExecutor<'_>,
    partner: OrgId,
    only: Option<DealDraftId>,
    before: Option<DealDraftId>,
    limit: i64,
) -> Result<Vec<Draft>, sqlx::Error> {
    sqlx::query_as!(
        Draft,
        r#"SELECT d.id AS "id: DealDraftId", d.version, d.content AS "content: Json<Content>",
                  d.deal_id AS "deal_id: DealId", d.created_by AS "created_by: UserId",
                  (SELECT name FROM user_account WHERE id = d.created_by) AS created_by_name, d.created_at, d.updated_at
           FROM deal_draft d
           WHERE d.partner_id = $1 AND ($2::uuid IS NULL OR d.id = $2) AND ($3::uuid IS NULL OR d.id < $3)
           ORDER BY d.id DESC LIMIT $4"#,
        partner.uuid(),
        only.map(DealDraftId::uuid),
        before.map(DealDraftId::uuid),
        limit,
    )
    .fetch_all(db)
    .await
}
