//! Setting up a vendor.

use axum::extract::State;
use guildhall_spine::{
    App,
    access::{OrgKind, Role},
    http::{Checks, Command, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{NewOrganisation, Organisation, access::Operator, canonical_domain, check_domain, create, slug::is_slug};
use crate::{
    accounts::canonical_email,
    invitations::{self, Invited},
};

/// A vendor to be set up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewVendor {
    /// Its name.
    #[schema(example = "Acme Cloud")]
    name: String,
    /// Its short name for addresses: lower-case letters, digits and hyphens, unique.
    #[schema(example = "acme-cloud")]
    slug: String,
    /// Where it is, ISO 3166-1 alpha-2.
    #[schema(example = "US")]
    country: String,
    /// Its domain.
    #[schema(example = "acme-cloud.example")]
    domain: Option<String>,
    /// Who is invited to be its owner.
    #[schema(example = "owner@acme-cloud.example")]
    owner_email: String,
}

impl Validate for NewVendor {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/name", &self.name, 1, 200, false);
        let rule = "must have 2 to 60 lower-case letters and digits, with single hyphens between them";
        checks.check(is_slug(&self.slug), "/slug", "slug", rule);
        checks.country("/country", &self.country);
        check_domain(checks, "/domain", self.domain.as_deref());
        checks.email("/owner_email", &self.owner_email);
    }
}

/// Set up a vendor
///
/// For platform operators. The owner gets an invitation by mail.
#[utoipa::path(post, path = "/api/v1/vendors", operation_id = "createVendor", tag = "organisation",
    security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = NewVendor, example = json!({
        "name": "Acme Cloud", "slug": "acme-cloud", "country": "US", "domain": "acme-cloud.example",
        "owner_email": "owner@acme-cloud.example"
    })),
    responses((status = 201, description = "set up", body = Organisation, headers(("Location" = String), ("ETag" = String)))))]
pub(super) async fn create_vendor(
    State(app): State<App>,
    Operator(actor): Operator,
    mut command: Command<NewVendor>,
) -> Result<Reply, Problem> {
    let vendor = NewOrganisation {
        kind: OrgKind::Vendor,
        name: command.body.name.trim(),
        slug: Some(&command.body.slug),
        country: &command.body.country,
        domain: command.body.domain.as_deref().and_then(canonical_domain),
    };
    let vendor = create(&mut command.tx, &actor.origin(), &vendor).await?;
    let owner = Invited {
        organisation: vendor.id,
        organisation_name: &vendor.name,
        email: &canonical_email(&command.body.owner_email),
        role: Role::VendorOwner,
        by: actor.user,
    };
    invitations::invite(&app, &mut command.tx, &actor.origin(), &owner).await?;
    let reply = Reply::created(&format!("/api/v1/vendors/{}", vendor.id), &vendor)?.version(vendor.version);
    command.commit(reply).await
}
