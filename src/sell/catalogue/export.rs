use axum::{extract::State, response::IntoResponse};
use guildhall_kernel::OrgId;
use guildhall_spine::{
    App,
    access::{May, right},
    http::{
        Problem, ValidQuery,
        export::{Format, PAGE, Row, Sheet, by_key, export},
    },
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::list::{hidden, shown, vendor_of};
use super::rows::{Wanted, page};
use super::{Product, ProductStatus};

/// Which products, and in which format.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ProductExport {
    /// The file's format; CSV unless told.
    #[param(inline)]
    format: Option<Format>,
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
}

const SHEET: Sheet = Sheet {
    name: "products",
    columns: &[
        "id",
        "sku",
        "name",
        "family",
        "description",
        "unit",
        "for_new_business",
        "for_renewal",
        "is_service",
        "status",
        "created_at",
        "updated_at",
    ],
};

fn row(product: Product) -> Row {
    vec![
        product.id.to_string().into(),
        product.sku.into(),
        product.name.into(),
        product.family.into(),
        product.description.into(),
        product.unit.into(),
        product.for_new_business.to_string().into(),
        product.for_renewal.to_string().into(),
        product.is_service.to_string().into(),
        product.status.as_str().into(),
        product.created_at.into(),
        product.updated_at.into(),
    ]
}

/// Export products
///
/// The whole list as a file, streamed. A download that breaks off was not complete.
#[utoipa::path(get, path = "/api/v1/products/export", operation_id = "exportProducts", tag = "catalogue",
    security(("bearer" = ["catalogue:read"])), params(ProductExport),
    responses((status = 200, description = "the file", body = String, content_type = "text/csv"),
        (status = 404, description = "`not_found`: no such vendor to see", content_type = "application/problem+json", body = ref("#/components/schemas/Problem"))))]
pub(super) async fn export_products(
    State(app): State<App>,
    May { org, .. }: May<right::CatalogueRead>,
    ValidQuery(query): ValidQuery<ProductExport>,
) -> Result<impl IntoResponse, Problem> {
    let format = query.format.unwrap_or_default();
    let vendor = vendor_of(&app, org, query.vendor_id).await?;
    let source = by_key(move |after| {
        let (app, query) = (app.clone(), query.clone());
        async move {
            if hidden(org, query.status) {
                return Ok(Vec::new());
            }
            let wanted = Wanted {
                vendor,
                status: shown(org, query.status),
                family: query.family.as_deref(),
                sku: query.sku.as_deref(),
                begins: query.q.as_deref().unwrap_or_default(),
                after,
                limit: PAGE,
            };
            let products = page(app.db.pool(), &wanted).await?.into_iter();
            Ok(products
                .map(|product| ((product.name.clone(), product.id.uuid()), row(product)))
                .collect())
        }
    });
    export(format, SHEET, source).await
}
