//! Inviting a partner to the vendor's program.

use axum::extract::State;
use guildhall_kernel::OrgId;
use guildhall_spine::{
    App,
    access::{May, OrgKind, Role, right},
    db::Tx,
    event,
    http::{Checks, Command, Problem, Reply, Validate, code},
    mail,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{PartnershipRecord, Tier, events::PartnershipInvited, letters::PartnershipLetter, rows};
use crate::{
    accounts::canonical_email,
    invitations::{self, Invited},
    links::page,
    members,
    organisations::{self, NewOrganisation, canonical_domain, check_domain},
};

/// Who is invited: either a partner that is here, or a company that isn't yet.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPartnership {
    /// A partner that is here, by the id it has given.
    partner_id: Option<OrgId>,
    /// A company that isn't here yet.
    partner: Option<NewPartner>,
    /// The program level to begin at; `registered` when left out.
    tier: Option<Tier>,
}

/// A company that isn't here yet.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPartner {
    /// Its name.
    #[schema(example = "Northwind Integrators")]
    name: String,
    /// Where it is, ISO 3166-1 alpha-2.
    #[schema(example = "DE")]
    country: String,
    /// Its domain.
    #[schema(example = "northwind.example")]
    domain: Option<String>,
    /// Who is invited to be its admin.
    #[schema(example = "jane@northwind.example")]
    admin_email: String,
}

impl Validate for NewPartnership {
    fn validate(&self, checks: &mut Checks) {
        let one = self.partner_id.is_some() != self.partner.is_some();
        checks.check(one, "/partner_id", "either_or", "send either partner_id or partner");
        let Some(partner) = &self.partner else { return };
        checks.text("/partner/name", &partner.name, 1, 200, false);
        checks.country("/partner/country", &partner.country);
        check_domain(checks, "/partner/domain", partner.domain.as_deref());
        checks.email("/partner/admin_email", &partner.admin_email);
    }
}

/// Invite a partner to the vendor's program
///
/// The admins of a partner that is here get a letter, and answer with `POST /api/v1/partnerships/{id}/accept` or
/// `…/decline`. For a company that isn't, the record
/// is made and its admin gets an invitation by mail; accepting that makes the partnership active. A partner whose
/// partnership has ended can be invited again.
#[utoipa::path(post, path = "/api/v1/partnerships", operation_id = "createPartnership", tag = "partnerships",
    security(("bearer" = ["partnerships:manage"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = NewPartnership, example = json!({
        "partner": {"name": "Northwind Integrators", "country": "DE", "domain": "northwind.example",
                    "admin_email": "jane@northwind.example"},
        "tier": "silver"
    })),
    responses((status = 201, description = "invited", body = PartnershipRecord, headers(("Location" = String), ("ETag" = String)))))]
pub(super) async fn create_partnership(
    State(app): State<App>,
    may: May<right::PartnershipManage>,
    command: Command<NewPartnership>,
) -> Result<Reply, Problem> {
    let (body, mut command) = command.take();
    let tx = &mut command.tx;
    let partner = match (body.partner, body.partner_id) {
        (Some(new), _) => set_up(&app, tx, &may, &new).await?,
        (None, Some(id)) => id,
        (None, None) => return Err(Problem::field("/partner_id", "missing", "is needed")),
    };
    let tier = body.tier.unwrap_or(Tier::Registered);
    let invited = rows::invite(tx, may.org.id, partner, tier)
        .await
        .map_err(|error| match &error {
            sqlx::Error::Database(fault) if fault.constraint() == Some("partnership_partner") => {
                Problem::field("/partner_id", "not_found", "there is no such partner")
            }
            _ => error.into(),
        })?;
    let id = invited.ok_or_else(|| {
        Problem::new(
            code::ALREADY_EXISTS,
            "This partner is in the program, or invited: change that partnership.",
        )
    })?;
    let record = rows::get(tx, may.org.id, id).await?.ok_or_else(Problem::not_found)?;
    let audience = [may.org.id.uuid(), partner.uuid()];
    event::append(
        tx,
        &may.actor.origin(),
        id,
        &audience,
        &PartnershipInvited::from(&record),
    )
    .await?;
    if body.partner_id.is_some() {
        write_to_admins(&app, tx, &record).await?;
    }
    let reply = Reply::created(&format!("/api/v1/partnerships/{id}"), &record)?.version(record.version);
    command.commit(reply).await
}

/// Tells the admins of a partner that is here. A company that isn't has got the invitation to be its first admin.
async fn write_to_admins(app: &App, tx: &mut Tx, record: &PartnershipRecord) -> Result<(), Problem> {
    let letter = PartnershipLetter {
        vendor: &record.vendor.name,
        partner: &record.partner.name,
        link: &page(app, &format!("partnerships/{}", record.id), None),
    };
    for email in members::leaders_addresses(tx, OrgKind::Partner, record.partner.id).await? {
        mail::queue(tx, &email, &letter).await?;
    }
    Ok(())
}

/// Makes the record of a company that isn't here yet, and invites its admin.
async fn set_up(
    app: &App,
    tx: &mut Tx,
    may: &May<right::PartnershipManage>,
    new: &NewPartner,
) -> Result<OrgId, Problem> {
    let origin = may.actor.origin();
    // Locked first, so that of two requests at once the second sees what the first made.
    let vendor = organisations::rows::lock(tx, may.org.id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let email = canonical_email(&new.admin_email);
    if let Some(id) = rows::awaiting(tx, vendor.id, &email).await? {
        let detail = format!("This person is invited to set up a company already, with the partnership {id}.");
        return Err(Problem::new(code::ALREADY_EXISTS, detail).with("partnership_id", id.to_string()));
    }
    let partner = NewOrganisation {
        kind: OrgKind::Partner,
        name: new.name.trim(),
        slug: None,
        country: &new.country,
        domain: new.domain.as_deref().and_then(canonical_domain),
    };
    let partner = organisations::create(tx, &origin, &partner).await?;
    let admin = Invited {
        organisation: partner.id,
        organisation_name: &vendor.name,
        email: &email,
        role: Role::PartnerAdmin,
        by: may.actor.user,
    };
    invitations::invite(app, tx, &origin, &admin).await?;
    Ok(partner.id)
}
