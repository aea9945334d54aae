//! Registering.

use axum::{extract::State, response::IntoResponse};
use guildhall_spine::{
    App,
    access::{OrgKind, Role},
    db::Tx,
    event::{self, Origin},
    http::{Checks, Problem, RequestContext, ValidJson, Validate},
    identity::check_new_password,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    MailSent, REGISTRATION_CLOSED, UserRegistered, ask_to_confirm, canonical_email, evenly, mail_sent,
    rows::{self, Account},
    tell_account_exists,
};
use crate::{
    members,
    organisations::{self, NewOrganisation, canonical_domain},
};

/// Who registers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Registration {
    /// The e-mail address; a letter with a link goes there.
    #[schema(example = "jane@newpartner.example")]
    email: String,
    /// The password: 10 to 128 characters.
    #[schema(example = "correct horse battery staple", format = Password)]
    password: String,
    /// The person's name.
    #[schema(example = "Jane Doe")]
    name: String,
    /// The partner company to register with the person as its admin. Leave it out to be invited to one later.
    organisation: Option<NewCompany>,
}

/// A company that registers itself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCompany {
    /// `partner`. Vendors are set up by the platform's operators.
    kind: OrgKind,
    /// Its name.
    #[schema(example = "Northwind Integrators")]
    name: String,
    /// Where it is, ISO 3166-1 alpha-2.
    #[schema(example = "DE")]
    country: String,
    /// Its domain.
    #[schema(example = "newpartner.example")]
    domain: Option<String>,
}

impl Validate for Registration {
    fn validate(&self, checks: &mut Checks) {
        checks.email("/email", &self.email);
        checks.text("/name", &self.name, 1, 200, false);
        check_new_password(checks, "/password", &self.password, &self.email);
        let Some(organisation) = &self.organisation else { return };
        let partner = organisation.kind == OrgKind::Partner;
        checks.check(
            partner,
            "/organisation/kind",
            "operators_only",
            "must be partner: vendors are set up by the operators",
        );
        checks.text("/organisation/name", &organisation.name, 1, 200, false);
        checks.country("/organisation/country", &organisation.country);
        organisations::check_domain(checks, "/organisation/domain", organisation.domain.as_deref());
    }
}

/// Register
///
/// Always answers the same and sends exactly one letter: with a link to confirm the address or, when the address has
/// a confirmed account, saying so. The account can't be used before the address is confirmed. An address that is
/// registered again before it was confirmed gets a link to choose a password by; those given before don't hold.
#[utoipa::path(post, path = "/api/v1/auth/register", operation_id = "register", tag = "auth",
    request_body(content = Registration, example = json!({
        "email": "jane@newpartner.example", "password": "correct horse battery staple", "name": "Jane Doe",
        "organisation": {"kind": "partner", "name": "Northwind Integrators", "country": "DE", "domain": "newpartner.example"}
    })),
    responses((status = 202, description = "a letter is on its way", body = MailSent),
        (status = 403, description = "`registration_closed`", content_type = "application/problem+json", body = ref("#/components/schemas/Problem"))))]
pub(super) async fn register(
    State(app): State<App>,
    context: RequestContext,
    ValidJson(body): ValidJson<Registration>,
) -> Result<impl IntoResponse, Problem> {
    if !app.config.auth.open_registration {
        return Err(Problem::new(
            REGISTRATION_CLOSED,
            "Ask an admin of your company for an invitation.",
        ));
    }
    let email = canonical_email(&body.email);
    app.limits.attempt("register", &email, context.ip)?;
    evenly(carry_out(&app, &context, &email, body)).await?;
    Ok(mail_sent())
}

async fn carry_out(app: &App, context: &RequestContext, email: &str, body: Registration) -> Result<(), Problem> {
    let hash = app.passwords.hash(body.password).await?;
    let mut tx = app.db.begin().await?;
    match claim(&mut tx, email, body.name.trim(), &hash).await? {
        Some(account) => settle(app, &mut tx, context.origin(), &account, email, body.organisation).await?,
        None => tell_account_exists(app, &mut tx, email).await?,
    }
    tx.commit().await
}

/// The account of the address, unless somebody has proved that it is theirs.
///
/// An address that was registered before and never confirmed loses its password and takes no new one: whoever
/// confirms it could otherwise be opening the account to another's password.
async fn claim(tx: &mut Tx, email: &str, name: &str, hash: &str) -> Result<Option<Account>, Problem> {
    if let Some(id) = rows::insert(tx, email, name, hash, false).await? {
        return Ok(Some(Account {
            id,
            verified: false,
            has_password: true,
        }));
    }
    match rows::lock_by_email(tx, email).await? {
        Some(account) if !account.verified => {
            rows::take_over(tx, account.id, name, None, false).await?;
            Ok(Some(Account {
                has_password: false,
                ..account
            }))
        }
        _ => Ok(None),
    }
}

async fn settle(
    app: &App,
    tx: &mut Tx,
    origin: Origin,
    account: &Account,
    email: &str,
    company: Option<NewCompany>,
) -> Result<(), Problem> {
    let user = account.id;
    let origin = Origin {
        user_id: Some(user),
        ..origin
    };
    event::append(tx, &origin, user, &[user.uuid()], &UserRegistered { user_id: user }).await?;
    // Whoever registers again has their company already.
    if let Some(company) = company
        && !members::has_any(tx, user).await?
    {
        let organisation = NewOrganisation {
            kind: company.kind,
            name: company.name.trim(),
            slug: None,
            country: &company.country,
            domain: company.domain.as_deref().and_then(canonical_domain),
        };
        let organisation = organisations::create(tx, &origin, &organisation).await?;
        members::add(tx, &origin, organisation.id, user, Role::PartnerAdmin).await?;
    }
    ask_to_confirm(app, tx, account, email).await
}
