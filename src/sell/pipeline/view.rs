//! A deal as the pipeline shows it, and reading pages of them. Each query begins with one range of one index.

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{DealId, OrgId, StageId};
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Category;
use crate::deals::{
    state::DealStatus,
    wire::{Customer, Party, in_currency},
};

/// A deal of the pipeline.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PipelineDeal {
    /// Its id.
    pub(super) id: DealId,
    /// Its version.
    #[schema(example = 3)]
    pub(super) version: i64,
    /// `approved` while it is open.
    pub(super) status: DealStatus,
    /// The stage that it is in, or was in at the end.
    pub(super) stage_id: Option<StageId>,
    /// Its name.
    #[schema(example = "Proposal")]
    pub(super) stage: Option<String>,
    /// Since when it is there.
    pub(super) stage_since: Option<DateTime<Utc>>,
    /// What it counts as in the forecast.
    pub(super) category: Category,
    /// How probable it is that it is won, in per cent.
    #[schema(example = 50)]
    pub(super) probability: i16,
    /// Whose products.
    pub(super) vendor: Party,
    /// Whose customer.
    pub(super) partner: Party,
    /// Whom the deal is with.
    pub(super) customer: Customer,
    /// What it is worth.
    #[schema(example = "13980.00")]
    pub(super) amount: Decimal,
    /// The amount times the probability.
    #[schema(example = "6990.00")]
    pub(super) weighted: Decimal,
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub(super) currency: String,
    /// When the customer is expected to sign.
    pub(super) expected_close: NaiveDate,
    /// When it was won or lost.
    pub(super) closed_on: Option<NaiveDate>,
    /// The day that it counts on: of the closing, or the one expected.
    pub(super) period_on: NaiveDate,
}

/// Which deals, from where on.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) vendor: Option<OrgId>,
    pub(super) partner: Option<OrgId>,
    pub(super) program: Option<Uuid>,
    pub(super) stage: Option<Uuid>,
    pub(super) countries: Option<Vec<String>>,
    pub(super) category: Option<Category>,
    pub(super) status: &'static str,
    pub(super) from: NaiveDate,
    pub(super) to: NaiveDate,
    pub(super) after: (NaiveDate, Uuid),
    pub(super) limit: i64,
}

struct Stored {
    id: DealId,
    version: i64,
    status: DealStatus,
    stage_id: Option<StageId>,
    stage: Option<String>,
    stage_since: Option<DateTime<Utc>>,
    category: Category,
    probability: i16,
    vendor_id: OrgId,
    vendor_name: String,
    partner_id: OrgId,
    partner_name: String,
    customer_name: String,
    customer_domain: Option<String>,
    customer_country: String,
    amount: Decimal,
    currency: String,
    expected_close: NaiveDate,
    closed_on: Option<NaiveDate>,
    period_on: NaiveDate,
}

impl From<Stored> for PipelineDeal {
    fn from(row: Stored) -> Self {
        let weighted = (row.amount * Decimal::from(row.probability) / Decimal::ONE_HUNDRED).normalize();
        Self {
            id: row.id,
            version: row.version,
            status: row.status,
            stage_id: row.stage_id,
            stage: row.stage,
            stage_since: row.stage_since,
            category: row.category,
            probability: row.probability,
            vendor: Party {
                id: row.vendor_id,
                name: row.vendor_name,
            },
            partner: Party {
                id: row.partner_id,
                name: row.partner_name,
            },
            customer: Customer {
                name: row.customer_name,
                domain: row.customer_domain,
                country: row.customer_country,
            },
            amount: in_currency(row.amount, &row.currency),
            weighted: in_currency(weighted, &row.currency),
            currency: row.currency,
            expected_close: row.expected_close,
            closed_on: row.closed_on,
            period_on: row.period_on,
        }
    }
}

/// Ids come from the range; everything that is shown is looked up for the page only.
macro_rules! page {
    ($conn:expr, $wanted:expr, $range:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Stored,
            r#"SELECT d.id AS "id: DealId", d.version, d.status AS "status: DealStatus", d.stage_id AS "stage_id: StageId",
                      s.name AS "stage?", d.stage_since, coalesce(d.stage_category, s.category, 'pipeline') AS "category!: Category",
                      CASE d.status WHEN 'won' THEN 100::smallint WHEN 'lost' THEN 0::smallint
                           ELSE coalesce(d.stage_probability, s.probability, 0::smallint) END AS "probability!",
                      d.vendor_id AS "vendor_id: OrgId", v.name AS vendor_name, d.partner_id AS "partner_id: OrgId",
                      p.name AS partner_name, d.customer_name, d.customer_domain, d.customer_country, d.amount, d.currency,
                      d.expected_close, d.closed_on, d.period_on AS "period_on!"
               FROM (SELECT r.id FROM ("# + $range + r#") r ORDER BY r.period_on, r.id LIMIT $6) page
               JOIN deal d ON d.id = page.id LEFT JOIN pipeline_stage s ON s.id = d.stage_id
               JOIN organisation v ON v.id = d.vendor_id JOIN organisation p ON p.id = d.partner_id
               ORDER BY d.period_on, d.id"#,
            $wanted.status,
            $wanted.from,
            $wanted.to,
            $wanted.after.0,
            $wanted.after.1,
            $wanted.limit,
            $wanted.program,
            $wanted.category.map(Category::as_str),
            $($argument),*
        )
        .fetch_all($conn)
        .await
    };
}

/// One page of deals by the day that counts.
pub(super) async fn page(conn: &mut PgConnection, wanted: &Wanted) -> Result<Vec<PipelineDeal>, sqlx::Error> {
    let rows = match (wanted.vendor, wanted.partner) {
        (Some(vendor), partner) => of_vendor(conn, wanted, vendor.uuid(), partner.map(OrgId::uuid)).await?,
        (None, Some(partner)) => of_partner(conn, wanted, partner.uuid()).await?,
        (None, None) => Vec::new(),
    };
    Ok(rows.into_iter().map(PipelineDeal::from).collect())
}

async fn of_vendor(
    conn: &mut PgConnection,
    wanted: &Wanted,
    vendor: Uuid,
    partner: Option<Uuid>,
) -> Result<Vec<Stored>, sqlx::Error> {
    let countries = wanted.countries.as_deref();
    match (partner, wanted.stage, countries) {
        (Some(partner), stage, countries) => {
            page!(
                conn,
                wanted,
                "SELECT d.period_on, d.id FROM deal d LEFT JOIN pipeline_stage s ON s.id = d.stage_id
                 WHERE d.vendor_id = $9 AND d.partner_id = $10 AND d.status = $1 AND d.period_on BETWEEN $2 AND $3
                   AND (d.period_on, d.id) > ($4, $5) AND ($7::uuid IS NULL OR d.program_id = $7)
                   AND ($8::text IS NULL OR coalesce(d.stage_category, s.category) = $8)
                   AND ($11::uuid IS NULL OR d.stage_id = $11) AND ($12::text[] IS NULL OR d.customer_country = ANY ($12))
                 ORDER BY d.period_on, d.id LIMIT $6",
                vendor,
                partner,
                stage,
                countries,
            )
        }
        (None, Some(stage), countries) => of_stage(conn, wanted, vendor, stage, countries).await,
        (None, None, Some(countries)) => {
            page!(
                conn,
                wanted,
                "SELECT c.period_on, c.id FROM unnest($10::text[]) country (code), LATERAL (
                     SELECT d.period_on, d.id FROM deal d LEFT JOIN pipeline_stage s ON s.id = d.stage_id
                     WHERE d.vendor_id = $9 AND d.customer_country = country.code AND d.status = $1
                       AND d.period_on BETWEEN $2 AND $3 AND (d.period_on, d.id) > ($4, $5)
                       AND ($7::uuid IS NULL OR d.program_id = $7)
                       AND ($8::text IS NULL OR coalesce(d.stage_category, s.category) = $8)
                     ORDER BY d.period_on, d.id LIMIT $6) c",
                vendor,
                countries,
            )
        }
        (None, None, None) => {
            page!(
                conn,
                wanted,
                "SELECT d.period_on, d.id FROM deal d LEFT JOIN pipeline_stage s ON s.id = d.stage_id
                 WHERE d.vendor_id = $9 AND d.status = $1 AND d.period_on BETWEEN $2 AND $3
                   AND (d.period_on, d.id) > ($4, $5) AND ($7::uuid IS NULL OR d.program_id = $7)
                   AND ($8::text IS NULL OR coalesce(d.stage_category, s.category) = $8)
                 ORDER BY d.period_on, d.id LIMIT $6",
                vendor,
            )
        }
    }
}

async fn of_stage(
    conn: &mut PgConnection,
    wanted: &Wanted,
    vendor: Uuid,
    stage: Uuid,
    countries: Option<&[String]>,
) -> Result<Vec<Stored>, sqlx::Error> {
    page!(
        conn,
        wanted,
        "SELECT d.period_on, d.id FROM deal d LEFT JOIN pipeline_stage s ON s.id = d.stage_id
         WHERE d.program_id = $7 AND d.stage_id = $10 AND d.status = $1 AND d.period_on BETWEEN $2 AND $3
           AND (d.period_on, d.id) > ($4, $5) AND d.vendor_id = $9
           AND ($8::text IS NULL OR coalesce(d.stage_category, s.category) = $8)
           AND ($11::text[] IS NULL OR d.customer_country = ANY ($11))
         ORDER BY d.period_on, d.id LIMIT $6",
        vendor,
        stage,
        countries,
    )
}

async fn of_partner(conn: &mut PgConnection, wanted: &Wanted, partner: Uuid) -> Result<Vec<Stored>, sqlx::Error> {
    page!(
        conn,
        wanted,
        "SELECT d.period_on, d.id FROM deal d LEFT JOIN pipeline_stage s ON s.id = d.stage_id
         WHERE d.partner_id = $9 AND d.status = $1 AND d.period_on BETWEEN $2 AND $3
           AND (d.period_on, d.id) > ($4, $5) AND ($7::uuid IS NULL OR d.program_id = $7)
           AND ($8::text IS NULL OR coalesce(d.stage_category, s.category) = $8)
           AND ($10::uuid IS NULL OR d.stage_id = $10) AND ($11::text[] IS NULL OR d.customer_country = ANY ($11))
         ORDER BY d.period_on, d.id LIMIT $6",
        partner,
        wanted.stage,
        wanted.countries.as_deref(),
    )
}
