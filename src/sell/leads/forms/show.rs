use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::IntoResponse,
};
use chrono::{DateTime, Utc};
use guildhall_kernel::LeadFormId;
use guildhall_spine::{
    App,
    http::{PathId, Problem},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::form::{self, Field};

/// A form as its page shows it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::leads) struct LeadFormPage {
    /// Its id.
    id: LeadFormId,
    /// What it asks.
    fields: Vec<Field>,
    /// To be sent with the answers: it says when the form was shown.
    #[schema(example = "3q2-7w")]
    token: String,
    /// The name of a field that people don't see and must not fill in.
    #[schema(example = "fax_number")]
    trap: &'static str,
}

/// Show a web form
///
/// What it asks, with a token that says when it was shown, for one submission. Needs no credentials; pages of any origin
/// may read it.
#[utoipa::path(get, path = "/api/v1/lead-forms/{id}", operation_id = "getLeadForm", tag = "leads",
    params(("id" = String, Path, description = "the form", example = "lform_01kaqv6r3gf5ht2x0m8c9ezw4n")),
    responses((status = 200, description = "the form", body = LeadFormPage)))]
pub(in crate::leads) async fn get_lead_form(
    State(app): State<App>,
    PathId(id): PathId<guildhall_kernel::entity::LeadForm>,
) -> Result<impl IntoResponse, Problem> {
    let form = form::active(app.db.pool(), id).await?.ok_or_else(Problem::not_found)?;
    // Its own, so that two people who are shown the form at one instant don't share one.
    let shown: Shown = (app.clock.now(), hex(&app.entropy.bytes::<8>()));
    let page = LeadFormPage {
        id,
        fields: form.fields.0,
        token: app.cursors.seal(&scope(id), &shown).into_string(),
        trap: "fax_number",
    };
    Ok((
        [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))],
        Json(page),
    ))
}

/// What a token says: when the form was shown, and a number of its own.
pub(super) type Shown = (DateTime<Utc>, String);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the token of a form is good for.
pub(super) fn scope(id: LeadFormId) -> String {
    format!("lead form {id}")
}
