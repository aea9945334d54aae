use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use guildhall_kernel::ProgramId;
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Page, PageQuery, Paging, PathId, Problem, ValidQuery, etag, if_none_match},
};

use super::{rows, wire::ShownForm};
use crate::deals::access::SeenDeal;

/// List registration forms
///
/// The current form of each program: a vendor's own programs, or those that the partner stands in. A program that asks
/// for nothing has a form without fields.
#[utoipa::path(get, path = "/api/v1/deal-forms", operation_id = "listDealForms", tag = "deals",
    security(("bearer" = ["programs:read"])), params(PageQuery),
    responses((status = 200, description = "one page of forms", body = Page<ShownForm>)))]
pub(super) async fn list_deal_forms(
    State(app): State<App>,
    May { org, .. }: May<right::ProgramRead>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("deal forms {}", org.id);
    let paging = Paging::<ProgramId>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let rows = rows::page(&app.db, org, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.program_id, ShownForm::from))
}

/// Read a program's registration form
///
/// What a registration in the program has to answer now. A vendor's default program has the vendor's own id with the
/// prefix `prog_`.
#[utoipa::path(get, path = "/api/v1/deal-forms/{id}", operation_id = "getDealForm", tag = "deals",
    security(("bearer" = ["programs:read"])),
    params(
        ("id" = String, Path, description = "the program", example = "prog_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-None-Match" = Option<String>, Header, description = "the ETag that the client has", example = "\"v1\""),
    ),
    responses(
        (status = 200, description = "the form", body = ShownForm, headers(("ETag" = String, description = "its version"))),
        (status = 304, description = "the client has this version already"),
    ))]
pub(super) async fn get_deal_form(
    State(app): State<App>,
    May { org, .. }: May<right::ProgramRead>,
    PathId(program): PathId<guildhall_kernel::entity::Program>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let row = rows::of_program(app.db.pool(), program, org)
        .await?
        .ok_or_else(Problem::not_found)?;
    Ok(answer(row, &headers))
}

/// Read the form of a deal
///
/// The version that the deal was registered with: its answers in `custom` are read and changed by it, whatever the
/// program has published since.
#[utoipa::path(get, path = "/api/v1/deals/{id}/form", operation_id = "getFormOfDeal", tag = "deals",
    security(("bearer" = ["deals:read"])),
    params(("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n")),
    responses((status = 200, description = "the form", body = ShownForm, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn get_form_of_deal(
    State(app): State<App>,
    deal: SeenDeal,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let row = rows::shown(&app.db, deal.id, deal.org)
        .await?
        .ok_or_else(Problem::not_found)?;
    Ok(answer(row, &headers))
}

fn answer(row: rows::ProgramForm, headers: &HeaderMap) -> Response {
    let form = ShownForm::from(row);
    let version = [
        (header::ETAG, etag(form.version)),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ];
    if if_none_match(headers, form.version) {
        return (StatusCode::NOT_MODIFIED, version).into_response();
    }
    (version, Json(form)).into_response()
}
