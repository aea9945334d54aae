use axum::{extract::State, response::IntoResponse};
use guildhall_kernel::OrgId;
use guildhall_onboard::api::is_active_partner;
use guildhall_spine::{
    App,
    access::{May, OrgKind, right},
    http::{Page, Paging, Problem, ValidQuery, code},
    identity::ActingFor,
};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::rows::{self, Wanted};
use super::{Product, ProductStatus};

/// Which products.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ProductQuery {
    /// The vendor whose products; needed by a partner.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    vendor_id: Option<OrgId>,
    /// Only products of this status. A partner sees the active ones.
    status: Option<ProductStatus>,
    /// Only products of this family.
    #[param(example = "Gateways")]
    family: Option<String>,
    /// Only the product with this sku.
    #[param(example = "EG-200")]
    sku: Option<String>,
    /// Only products whose name begins like this, in capitals or not.
    #[param(example = "edge")]
    q: Option<String>,
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List products
///
/// By name. A vendor lists its own, a partner the active ones of a vendor that it has an active partnership with.
#[utoipa::path(get, path = "/api/v1/products", operation_id = "listProducts", tag = "catalogue",
    security(("bearer" = ["catalogue:read"])), params(ProductQuery),
    responses((status = 200, description = "one page of products", body = Page<Product>),
        (status = 404, description = "`not_found`: no such vendor to see", content_type = "application/problem+json", body = ref("#/components/schemas/Problem"))))]
pub(super) async fn list_products(
    State(app): State<App>,
    May { org, .. }: May<right::CatalogueRead>,
    ValidQuery(query): ValidQuery<ProductQuery>,
) -> Result<impl IntoResponse, Problem> {
    let vendor = vendor_of(&app, org, query.vendor_id).await?;
    let status = shown(org, query.status);
    let (family, sku, begins) = (query.family, query.sku, query.q.unwrap_or_default());
    let scope = format!("products {} {vendor} {status:?} {family:?} {sku:?} {begins:?}", org.id);
    let paging = Paging::<(String, Uuid)>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let wanted = Wanted {
        vendor,
        status,
        family: family.as_deref(),
        sku: sku.as_deref(),
        begins: &begins,
        after: paging.after.clone(),
        limit: paging.fetch(),
    };
    let rows = match hidden(org, query.status) {
        true => Vec::new(),
        false => rows::page(app.db.pool(), &wanted).await?,
    };
    Ok(paging.page(&app.cursors, rows, |row| (row.name.clone(), row.id.uuid()), |row| row))
}

/// The status that what is listed has: a partner sees what is sold.
pub(super) fn shown(org: ActingFor, asked: Option<ProductStatus>) -> Option<ProductStatus> {
    match org.kind {
        OrgKind::Vendor => asked,
        OrgKind::Partner => Some(ProductStatus::Active),
    }
}

/// Whether nothing of what is asked for is for the reader's eyes.
pub(super) fn hidden(org: ActingFor, asked: Option<ProductStatus>) -> bool {
    org.kind == OrgKind::Partner && asked == Some(ProductStatus::Retired)
}

/// The vendor whose catalogue is read: the one acted for, or the one that the partner names and is active with.
pub(super) async fn vendor_of(app: &App, org: ActingFor, named: Option<OrgId>) -> Result<OrgId, Problem> {
    if org.kind == OrgKind::Vendor {
        return match named {
            Some(other) if other != org.id => Err(Problem::not_found()),
            _ => Ok(org.id),
        };
    }
    let needed = "vendor_id: is needed by a partner: whose? GET /api/v1/partnerships lists its vendors.";
    let vendor = named.ok_or_else(|| Problem::new(code::INVALID_QUERY, needed))?;
    let mut conn = app.db.pool().acquire().await?;
    match is_active_partner(&mut conn, vendor, org.id).await? {
        true => Ok(vendor),
        false => Err(Problem::not_found()),
    }
}
