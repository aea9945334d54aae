use async_trait::async_trait;
use axum::{extract::State, response::IntoResponse};
use guildhall_kernel::OrgId;
use guildhall_spine::{
    App,
    access::{May, right},
    http::{
        Problem, ValidQuery,
        export::{Format, PAGE, Row, Sheet, Source, export},
    },
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::list::{DealQuery, Sort, refuse_strangers};
use super::pages::{Summary, Wanted, page};
use super::state::DealStatus;
use super::wire::DealSummary;

/// Which deals, and in which format.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct DealExport {
    /// The file's format; CSV unless told.
    #[param(inline)]
    format: Option<Format>,
    /// Only deals of this status.
    status: Option<DealStatus>,
    /// Only deals of this partner.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    partner_id: Option<OrgId>,
    /// Only deals with this vendor.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    vendor_id: Option<OrgId>,
    /// Only customers in this country (ISO 3166-1 alpha-2).
    #[param(example = "DE")]
    country: Option<String>,
    /// Only customers whose name begins like this, by their names; or, with a dot in it, the customer with this domain.
    #[param(example = "Contoso")]
    customer: Option<String>,
    /// The order; the newest come first unless told. Not with a customer.
    #[param(inline)]
    sort: Option<Sort>,
}

const SHEET: Sheet = Sheet {
    name: "deals",
    columns: &[
        "id",
        "status",
        "vendor",
        "partner",
        "customer",
        "domain",
        "country",
        "amount",
        "currency",
        "expected_close",
        "created_at",
        "updated_at",
    ],
};

/// Reads the list to its end.
struct Deals {
    app: App,
    wanted: Wanted,
}

#[async_trait]
impl Source for Deals {
    async fn next(&mut self) -> Result<Vec<Row>, Problem> {
        let first = self.wanted.after.is_none();
        let deals = page(self.app.db.pool(), &self.wanted).await?;
        refuse_strangers(&self.app, &self.wanted, first && deals.is_empty()).await?;
        if let Some(last) = deals.last() {
            self.wanted.after = Some(last.id.uuid());
        }
        Ok(deals.into_iter().map(row).collect())
    }
}

fn row(deal: Summary) -> Row {
    let deal = DealSummary::from(deal);
    vec![
        deal.id.to_string().into(),
        deal.status.as_str().into(),
        deal.vendor.name.into(),
        deal.partner.name.into(),
        deal.customer.name.into(),
        deal.customer.domain.into(),
        deal.customer.country.into(),
        deal.amount.into(),
        deal.currency.into(),
        deal.expected_close.into(),
        deal.created_at.into(),
        deal.updated_at.into(),
    ]
}

/// Export deals
///
/// The whole list as a file, streamed. A download that breaks off was not complete.
#[utoipa::path(get, path = "/api/v1/deals/export", operation_id = "exportDeals", tag = "deals",
    security(("bearer" = ["deals:read"])), params(DealExport),
    responses((status = 200, description = "the file", body = String, content_type = "text/csv"),
        (status = 404, description = "`not_found`: nothing to see of the company in a filter", content_type = "application/problem+json", body = ref("#/components/schemas/Problem"))))]
pub(super) async fn export_deals(
    State(app): State<App>,
    May { org, .. }: May<right::DealRead>,
    ValidQuery(query): ValidQuery<DealExport>,
) -> Result<impl IntoResponse, Problem> {
    let format = query.format.unwrap_or_default();
    let query = DealQuery {
        status: query.status,
        partner_id: query.partner_id,
        vendor_id: query.vendor_id,
        country: query.country,
        customer: query.customer,
        sort: query.sort,
        limit: None,
        cursor: None,
    };
    query.check()?;
    let (vendor, partner) = query.sides(org)?;
    let wanted = query.wanted(vendor, partner, None, PAGE)?;
    export(format, SHEET, Deals { app, wanted }).await
}
