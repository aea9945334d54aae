//! The deals behind the numbers: lists and their files.

use async_trait::async_trait;
use axum::{extract::State, response::IntoResponse};
use chrono::NaiveDate;
use guildhall_kernel::{DealId, OrgId, ProgramId, StageId, is_country};
use guildhall_spine::{
    App,
    access::{May, OrgKind, right},
    http::{
        Page, Paging, Problem, ValidQuery, code,
        export::{Format, PAGE, Row, Sheet, Source, export},
    },
    identity::ActingFor,
};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::view::{PipelineDeal, Wanted, page};
use super::{Category, program, settings};

/// Where a deal is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PipelineStatus)]
pub(super) enum Status {
    /// In a stage.
    #[default]
    Open,
    /// Won.
    Won,
    /// Lost.
    Lost,
}

impl Status {
    /// As the deal says it.
    const fn of_deal(self) -> &'static str {
        match self {
            Self::Open => "approved",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }
}

/// Which deals.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct PipelineQuery {
    /// Open deals, unless told.
    #[param(inline)]
    status: Option<Status>,
    /// Only deals of this program.
    #[param(value_type = Option<String>, example = "prog_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    program_id: Option<ProgramId>,
    /// Only deals in this stage.
    #[param(value_type = Option<String>, example = "stg_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    stage_id: Option<StageId>,
    /// Only deals with this vendor.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    vendor_id: Option<OrgId>,
    /// Only deals of this partner.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    partner_id: Option<OrgId>,
    /// Only customers in this country (ISO 3166-1 alpha-2).
    #[param(example = "DE")]
    country: Option<String>,
    /// Only customers in this sales region, by its name in the settings; those in none when it is empty.
    #[param(example = "DACH")]
    region: Option<String>,
    /// Only deals that count as this.
    #[param(inline)]
    category: Option<Category>,
    /// Only deals that count on this day or later: the closing, or the one expected.
    #[param(value_type = Option<String>, format = Date, example = "2027-01-01")]
    from: Option<NaiveDate>,
    /// Only deals that count on this day or earlier.
    #[param(value_type = Option<String>, format = Date, example = "2027-03-31")]
    to: Option<NaiveDate>,
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Which deals, and in which format.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct PipelineExport {
    /// The file's format; CSV unless told.
    #[param(inline)]
    format: Option<Format>,
    /// Open deals, unless told.
    #[param(inline)]
    status: Option<Status>,
    /// Only deals of this program.
    #[param(value_type = Option<String>, example = "prog_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    program_id: Option<ProgramId>,
    /// Only deals in this stage.
    #[param(value_type = Option<String>, example = "stg_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    stage_id: Option<StageId>,
    /// Only deals with this vendor.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    vendor_id: Option<OrgId>,
    /// Only deals of this partner.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    partner_id: Option<OrgId>,
    /// Only customers in this country (ISO 3166-1 alpha-2).
    #[param(example = "DE")]
    country: Option<String>,
    /// Only customers in this sales region, by its name in the settings; those in none when it is empty.
    #[param(example = "DACH")]
    region: Option<String>,
    /// Only deals that count as this.
    #[param(inline)]
    category: Option<Category>,
    /// Only deals that count on this day or later: the closing, or the one expected.
    #[param(value_type = Option<String>, format = Date, example = "2027-01-01")]
    from: Option<NaiveDate>,
    /// Only deals that count on this day or earlier.
    #[param(value_type = Option<String>, format = Date, example = "2027-03-31")]
    to: Option<NaiveDate>,
}

impl From<PipelineExport> for PipelineQuery {
    fn from(query: PipelineExport) -> Self {
        Self {
            status: query.status,
            program_id: query.program_id,
            stage_id: query.stage_id,
            vendor_id: query.vendor_id,
            partner_id: query.partner_id,
            country: query.country,
            region: query.region,
            category: query.category,
            from: query.from,
            to: query.to,
            limit: None,
            cursor: None,
        }
    }
}

/// How a cursor of the list of one stage reads; the board's columns go on with it.
pub(super) fn scope(org: OrgId, wanted: &Wanted) -> String {
    let Wanted {
        vendor,
        partner,
        program,
        stage,
        countries,
        category,
        status,
        from,
        to,
        ..
    } = wanted;
    format!(
        "pipeline {org} {vendor:?} {partner:?} {program:?} {stage:?} {countries:?} {category:?} {status} {from} {to}"
    )
}

/// The first day and the last day of any deal.
pub(super) fn always() -> (NaiveDate, NaiveDate) {
    let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
    (day(1900, 1, 1), day(9999, 12, 31))
}

impl PipelineQuery {
    /// Whose deals, of what is to be seen by the organisation acted for.
    async fn wanted(&self, conn: &mut PgConnection, org: ActingFor) -> Result<Wanted, Problem> {
        let (vendor, partner) = sides(conn, org, self.vendor_id, self.partner_id).await?;
        let mut program = self.program_id;
        if let Some(stage) = self.stage_id {
            let of = sqlx::query_scalar!("SELECT program_id FROM pipeline_stage WHERE id = $1", stage.uuid())
                .fetch_optional(&mut *conn)
                .await?
                .ok_or_else(Problem::not_found)?;
            if program.is_some_and(|program| program.uuid() != of) {
                return Err(Problem::not_found());
            }
            program = Some(of.into());
        }
        let mut vendor = vendor;
        if let Some(program) = program {
            let seen = program::visible(conn, org, Some(program)).await?;
            if vendor.is_some_and(|vendor| vendor != seen.vendor) {
                return Err(Problem::not_found());
            }
            vendor = Some(seen.vendor);
        }
        let (first, last) = always();
        Ok(Wanted {
            vendor,
            partner,
            program: program.map(ProgramId::uuid),
            stage: self.stage_id.map(StageId::uuid),
            countries: countries(conn, org, self.country.as_deref(), self.region.as_deref()).await?,
            category: self.category,
            status: self.status.unwrap_or_default().of_deal(),
            from: self.from.unwrap_or(first),
            to: self.to.unwrap_or(last),
            after: (first, Uuid::nil()),
            limit: PAGE,
        })
    }
}

/// The vendor and the partner whose deals are read: one is the organisation acted for.
pub(super) async fn sides(
    conn: &mut PgConnection,
    org: ActingFor,
    vendor: Option<OrgId>,
    partner: Option<OrgId>,
) -> Result<(Option<OrgId>, Option<OrgId>), Problem> {
    let (own, other) = match org.kind {
        OrgKind::Vendor => (vendor, partner),
        OrgKind::Partner => (partner, vendor),
    };
    if own.is_some_and(|own| own != org.id) {
        return Err(Problem::not_found());
    }
    let (vendor, partner) = match org.kind {
        OrgKind::Vendor => (Some(org.id), other),
        OrgKind::Partner => (other, Some(org.id)),
    };
    if let (Some(vendor), Some(partner)) = (vendor, partner) {
        program::related(conn, vendor, partner).await?;
    }
    Ok((vendor, partner))
}

/// The countries of a filter; `None` for all.
pub(super) async fn countries(
    conn: &mut PgConnection,
    org: ActingFor,
    country: Option<&str>,
    region: Option<&str>,
) -> Result<Option<Vec<String>>, Problem> {
    match (country, region) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => {
            let detail = "region: goes without country, which says it more closely.";
            Err(Problem::new(code::INVALID_QUERY, detail))
        }
        (Some(country), None) if is_country(country) => Ok(Some(vec![country.to_owned()])),
        (Some(_), None) => {
            let detail = "country: must be a country code of two capital letters (ISO 3166-1), like DE.";
            Err(Problem::new(code::INVALID_QUERY, detail))
        }
        (None, Some(region)) => {
            let (settings, _) = settings::of(conn, org.id).await?;
            let detail = "region: must be the name of a region in GET /api/v1/pipeline/settings.";
            let countries = settings.countries(region);
            countries
                .map(Some)
                .ok_or_else(|| Problem::new(code::INVALID_QUERY, detail))
        }
    }
}

/// The sort key of a page's last deal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct After(pub(super) NaiveDate, pub(super) Uuid);

impl From<&PipelineDeal> for After {
    fn from(deal: &PipelineDeal) -> Self {
        Self(deal.period_on, DealId::uuid(deal.id))
    }
}

/// List the deals of the pipeline
///
/// By the day that counts: the expected close of open deals, the closing of the others. Every number of a forecast and
/// of a board names the filters under which this list has exactly its deals.
#[utoipa::path(get, path = "/api/v1/pipeline/deals", operation_id = "listPipelineDeals", tag = "pipeline",
    security(("bearer" = ["pipeline:read"])), params(PipelineQuery),
    responses((status = 200, description = "one page of deals", body = Page<PipelineDeal>),
        (status = 404, description = "`not_found`: nothing to see of what a filter names", content_type = "application/problem+json", body = ref("#/components/schemas/Problem"))))]
pub(super) async fn list_pipeline_deals(
    State(app): State<App>,
    May { org, .. }: May<right::PipelineRead>,
    ValidQuery(query): ValidQuery<PipelineQuery>,
) -> Result<impl IntoResponse, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let mut wanted = query.wanted(&mut conn, org).await?;
    let cursor = query.cursor.as_deref();
    let paging = Paging::<After>::new(&app.cursors, scope(org.id, &wanted), query.limit, cursor)?;
    if let Some(After(on, id)) = paging.after {
        wanted.after = (on, id);
    }
    wanted.limit = paging.fetch();
    let rows = page(&mut conn, &wanted).await?;
    Ok(paging.page(&app.cursors, rows, |deal| After::from(deal), |deal| deal))
}

/// Reads the list to its end.
struct Deals {
    app: App,
    wanted: Wanted,
}

#[async_trait]
impl Source for Deals {
    async fn next(&mut self) -> Result<Vec<Row>, Problem> {
        let mut conn = self.app.db.pool().acquire().await?;
        let deals = page(&mut conn, &self.wanted).await?;
        if let Some(After(on, id)) = deals.last().map(After::from) {
            self.wanted.after = (on, id);
        }
        Ok(deals.into_iter().map(row).collect())
    }
}

const SHEET: Sheet = Sheet {
    name: "pipeline",
    columns: &[
        "id",
        "status",
        "stage",
        "category",
        "probability",
        "vendor",
        "partner",
        "customer",
        "domain",
        "country",
        "amount",
        "currency",
        "weighted",
        "expected_close",
        "closed_on",
        "stage_since",
    ],
};

fn row(deal: PipelineDeal) -> Row {
    vec![
        deal.id.to_string().into(),
        deal.status.as_str().into(),
        deal.stage.into(),
        deal.category.as_str().into(),
        i64::from(deal.probability).into(),
        deal.vendor.name.into(),
        deal.partner.name.into(),
        deal.customer.name.into(),
        deal.customer.domain.into(),
        deal.customer.country.into(),
        deal.amount.into(),
        deal.currency.into(),
        deal.weighted.into(),
        deal.expected_close.into(),
        deal.closed_on.into(),
        deal.stage_since.into(),
    ]
}

/// Export the deals of the pipeline
///
/// The whole list as a file, streamed. A download that breaks off was not complete.
#[utoipa::path(get, path = "/api/v1/pipeline/deals/export", operation_id = "exportPipelineDeals", tag = "pipeline",
    security(("bearer" = ["pipeline:read"])), params(PipelineExport),
    responses((status = 200, description = "the file", body = String, content_type = "text/csv"),
        (status = 404, description = "`not_found`: nothing to see of what a filter names", content_type = "application/problem+json", body = ref("#/components/schemas/Problem"))))]
pub(super) async fn export_pipeline_deals(
    State(app): State<App>,
    May { org, .. }: May<right::PipelineRead>,
    ValidQuery(query): ValidQuery<PipelineExport>,
) -> Result<impl IntoResponse, Problem> {
    let format = query.format.unwrap_or_default();
    let mut conn = app.db.pool().acquire().await?;
    let wanted = PipelineQuery::from(query).wanted(&mut conn, org).await?;
    drop(conn);
    export(format, SHEET, Deals { app, wanted }).await
}
