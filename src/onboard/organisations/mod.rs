//! Organisations: vendors and partners.

mod access;
mod change;
mod create_vendor;
mod domain;
pub(crate) mod events;
mod get;
mod list_vendors;
pub(crate) mod rows;
pub(crate) mod slug;

use chrono::{DateTime, Utc};
use guildhall_kernel::OrgId;
use guildhall_spine::{
    App,
    access::OrgKind,
    db::Tx,
    event::{self, EventDoc, Origin},
    http::{Problem, code},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use domain::{canonical_domain, check_domain};

/// The events of organisations.
pub(crate) const EVENTS: &[EventDoc] = events::EVENTS;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get::get_organisation))
        .routes(routes!(change::change_organisation))
        .routes(routes!(list_vendors::list_vendors, create_vendor::create_vendor))
        .routes(routes!(get::get_vendor))
}

/// A company: a vendor or a partner.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Organisation {
    /// Its id.
    pub(crate) id: OrgId,
    /// Vendor or partner.
    pub(crate) kind: OrgKind,
    /// Its name.
    #[schema(example = "Northwind Integrators")]
    pub(crate) name: String,
    /// Its short name for addresses, unique.
    #[schema(example = "northwind-integrators-9f3a2c71")]
    pub(crate) slug: String,
    /// Where it is, ISO 3166-1 alpha-2.
    #[schema(example = "DE")]
    pub(crate) country: String,
    /// Its domain, lower case, international names in their ASCII form: what it says of itself, never verified.
    #[schema(example = "northwind.example")]
    pub(crate) domain: Option<String>,
    /// `active` or `suspended`.
    #[schema(example = "active")]
    pub(crate) status: String,
    /// Rises with every change; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(crate) version: i64,
    /// When it was made.
    pub(crate) created_at: DateTime<Utc>,
    /// When it was changed last.
    pub(crate) updated_at: DateTime<Utc>,
}

/// A company's name with its id.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NamedOrganisation {
    /// Its id.
    pub(crate) id: OrgId,
    /// Its name.
    #[schema(example = "Northwind Integrators")]
    pub(crate) name: String,
}

/// What is needed to make an organisation.
pub(crate) struct NewOrganisation<'a> {
    pub(crate) kind: OrgKind,
    pub(crate) name: &'a str,
    /// Made of the name and the id when absent.
    pub(crate) slug: Option<&'a str>,
    pub(crate) country: &'a str,
    /// In its canonical form.
    pub(crate) domain: Option<String>,
}

/// Makes an organisation and publishes it to itself.
///
/// # Errors
/// 409 when the slug is taken.
pub(crate) async fn create(tx: &mut Tx, origin: &Origin, new: &NewOrganisation<'_>) -> Result<Organisation, Problem> {
    let id: OrgId = tx.new_id();
    let slug = new.slug.map_or_else(|| slug::of_name(new.name, id), str::to_owned);
    let organisation = rows::insert(tx, id, &slug, new).await.map_err(|error| match &error {
        sqlx::Error::Database(fault) if fault.constraint() == Some("organisation_slug_taken") => Problem::new(
            code::ALREADY_EXISTS,
            format!("Another organisation has the slug {slug}: choose another."),
        ),
        _ => error.into(),
    })?;
    let created = events::OrganisationCreated {
        organisation_id: id,
        kind: new.kind,
    };
    event::append(tx, origin, id, &[id.uuid()], &created).await?;
    Ok(organisation)
}
