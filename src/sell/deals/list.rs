use axum::{extract::State, response::IntoResponse};
use guildhall_kernel::{OrgId, is_country};
use guildhall_onboard::api::is_active_partner;
use guildhall_spine::{
    App,
    access::{May, OrgKind, right},
    http::{Page, Paging, Problem, ValidQuery, code},
    identity::ActingFor,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::pages::{Wanted, page};
use super::search;
use super::state::DealStatus;
use super::wire::DealSummary;

/// Which deals.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct DealQuery {
    /// Only deals of this status.
    pub(super) status: Option<DealStatus>,
    /// Only deals of this partner.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    pub(super) partner_id: Option<OrgId>,
    /// Only deals with this vendor.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    pub(super) vendor_id: Option<OrgId>,
    /// Only customers in this country (ISO 3166-1 alpha-2).
    #[param(example = "DE")]
    pub(super) country: Option<String>,
    /// Only customers whose name begins like this, by their names; or, with a dot in it, the customer with this domain.
    #[param(example = "Contoso")]
    pub(super) customer: Option<String>,
    /// The order; the newest come first unless told. Not with a customer.
    #[param(inline)]
    pub(super) sort: Option<Sort>,
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    pub(super) limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub(super) cursor: Option<String>,
}

/// The order of a list of deals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[schema(as = DealSort)]
pub(super) enum Sort {
    /// The newest first.
    #[default]
    #[serde(rename = "-created_at")]
    Newest,
    /// The oldest first.
    #[serde(rename = "created_at")]
    Oldest,
}

impl DealQuery {
    pub(super) fn check(&self) -> Result<(), Problem> {
        if self.customer.is_some() && self.sort.is_some() {
            let detail = "sort: goes without customer, whose deals come by name.";
            return Err(Problem::new(code::INVALID_QUERY, detail));
        }
        if self.country.as_deref().is_none_or(is_country) {
            return Ok(());
        }
        Err(Problem::new(
            code::INVALID_QUERY,
            "country: must be a country code of two capital letters (ISO 3166-1), like DE.",
        ))
    }

    /// The vendor and the partner whose deals are read: one is the organisation acted for.
    pub(super) fn sides(&self, org: ActingFor) -> Result<(Option<OrgId>, Option<OrgId>), Problem> {
        let (own, other) = match org.kind {
            OrgKind::Vendor => (self.vendor_id, self.partner_id),
            OrgKind::Partner => (self.partner_id, self.vendor_id),
        };
        if own.is_some_and(|own| own != org.id) {
            return Err(Problem::not_found());
        }
        Ok(match org.kind {
            OrgKind::Vendor => (Some(org.id), other),
            OrgKind::Partner => (other, Some(org.id)),
        })
    }

    fn scope(&self, org: OrgId) -> String {
        let Self {
            status,
            partner_id,
            vendor_id,
            country,
            customer,
            sort,
            ..
        } = self;
        format!(
            "deals {org} {status:?} {partner_id:?} {vendor_id:?} {country:?} {customer:?} {:?}",
            sort.unwrap_or_default()
        )
    }
}

/// List deals
///
/// A vendor's program, or the partner's own deals. Another company's id in a filter answers 404 unless there is
/// something to see.
#[utoipa::path(get, path = "/api/v1/deals", operation_id = "listDeals", tag = "deals",
    security(("bearer" = ["deals:read"])), params(DealQuery),
    responses((status = 200, description = "one page of deals", body = Page<DealSummary>),
        (status = 404, description = "`not_found`: nothing to see of the company in a filter", content_type = "application/problem+json", body = ref("#/components/schemas/Problem"))))]
pub(super) async fn list_deals(
    State(app): State<App>,
    May { org, .. }: May<right::DealRead>,
    ValidQuery(query): ValidQuery<DealQuery>,
) -> Result<impl IntoResponse, Problem> {
    query.check()?;
    let (vendor, partner) = query.sides(org)?;
    let paging = Paging::<Uuid>::new(&app.cursors, query.scope(org.id), query.limit, query.cursor.as_deref())?;
    let wanted = query.wanted(vendor, partner, paging.after, paging.fetch())?;
    let rows = page(app.db.pool(), &wanted).await?;
    refuse_strangers(&app, &wanted, rows.is_empty()).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id.uuid(), DealSummary::from))
}

impl DealQuery {
    /// # Errors
    /// 400 when `customer` names nobody.
    pub(super) fn wanted(
        &self,
        vendor: Option<OrgId>,
        partner: Option<OrgId>,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Wanted, Problem> {
        Ok(Wanted {
            vendor,
            partner,
            status: self.status,
            country: self.country.clone(),
            customer: self.customer.as_deref().map(search::read).transpose()?,
            newest_first: self.sort.unwrap_or_default() == Sort::Newest,
            after,
            limit,
        })
    }
}

/// An empty list must not tell a stranger's id from one that isn't there.
pub(super) async fn refuse_strangers(app: &App, wanted: &Wanted, empty: bool) -> Result<(), Problem> {
    match (empty, wanted.vendor, wanted.partner) {
        (true, Some(vendor), Some(partner)) => seen(app, vendor, partner).await,
        _ => Ok(()),
    }
}

async fn seen(app: &App, vendor: OrgId, partner: OrgId) -> Result<(), Problem> {
    let mut conn = app.db.pool().acquire().await?;
    match is_active_partner(&mut conn, vendor, partner).await? {
        true => Ok(()),
        false => Err(Problem::not_found()),
    }
}
