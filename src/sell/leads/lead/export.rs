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

use super::list::page;
use super::stage::Stage;
use super::view::Lead;

/// Which leads, and in which format.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(in crate::leads) struct LeadExport {
    /// The file's format; CSV unless told.
    #[param(inline)]
    format: Option<Format>,
    /// Only leads of this stage.
    stage: Option<Stage>,
    /// Only leads that this partner has or is asked about alone; for a vendor.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    partner_id: Option<OrgId>,
}

const SHEET: Sheet = Sheet {
    name: "leads",
    columns: &[
        "id",
        "stage",
        "vendor",
        "partner",
        "company",
        "domain",
        "country",
        "industry",
        "employees",
        "contact_name",
        "contact_title",
        "contact_email",
        "contact_phone",
        "product",
        "amount",
        "currency",
        "message",
        "source",
        "campaign",
        "reference",
        "score",
        "contact_due_at",
        "reason",
        "reason_note",
        "deal_id",
        "created_at",
        "updated_at",
    ],
};

/// Made of what the list shows to this reader, so that what it hides is hidden here too.
fn row(lead: Lead) -> Row {
    let contact = lead.contact.unwrap_or_default();
    vec![
        lead.id.to_string().into(),
        lead.stage.as_str().into(),
        lead.vendor.name.into(),
        lead.partner.map(|partner| partner.name).into(),
        lead.company.name.into(),
        lead.company.domain.into(),
        lead.company.country.into(),
        lead.company.industry.into(),
        lead.company.employees.map(i64::from).into(),
        contact.name.into(),
        contact.title.into(),
        contact.email.into(),
        contact.phone.into(),
        lead.product.into(),
        lead.amount.into(),
        lead.currency.into(),
        lead.message.into(),
        lead.source.as_str().into(),
        lead.campaign.into(),
        lead.reference.into(),
        lead.routing.map(|routing| i64::from(routing.score)).into(),
        lead.contact_due_at.into(),
        lead.reason.into(),
        lead.reason_note.into(),
        lead.deal_id.map(|deal| deal.to_string()).into(),
        lead.created_at.into(),
        lead.updated_at.into(),
    ]
}

/// Export leads
///
/// The whole list as a file, streamed. A download that breaks off was not complete. A partner has the person, and what
/// the person wrote, of the leads that it accepted.
#[utoipa::path(get, path = "/api/v1/leads/export", operation_id = "exportLeads", tag = "leads",
    security(("bearer" = ["leads:read"])), params(LeadExport),
    responses((status = 200, description = "the file", body = String, content_type = "text/csv")))]
pub(in crate::leads) async fn export_leads(
    State(app): State<App>,
    May { actor, org, .. }: May<right::LeadRead>,
    ValidQuery(query): ValidQuery<LeadExport>,
) -> Result<impl IntoResponse, Problem> {
    let (filter, may) = ((query.stage, query.partner_id), actor.permissions);
    let source = by_key(move |after| {
        let app = app.clone();
        async move {
            let views = page(app.db.pool(), org, filter, after, PAGE).await?;
            let rows = views.into_iter();
            Ok(rows
                .map(|view| (view.id.uuid(), row(view.into_lead(org.kind, may))))
                .collect())
        }
    });
    export(query.format.unwrap_or_default(), SHEET, source).await
}
