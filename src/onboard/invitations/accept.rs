//! Accepting an invitation.

use axum::{Json, extract::State};
use guildhall_kernel::UserId;
use guildhall_spine::{
    App,
    access::OrgKind,
    db::Tx,
    event::{self, Origin},
    http::{Checks, Problem, RequestContext, ValidJson, Validate, code},
    identity::check_new_password,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    events::InvitationAccepted,
    rows::{self, Offer},
};
use crate::{
    accounts::{self, EmailVerified, UserRegistered},
    members,
    organisations::NamedOrganisation,
    partnerships,
};

/// The token from the letter; name and password from someone who is new.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Acceptance {
    /// What stands after `#token=` in the link.
    #[schema(example = "wP0oYbq1mVvJr6cJc8m9Xv3yQ2hZt4s5u7LkN1aBcDe")]
    token: String,
    /// The person's name; needed when the address has no account yet, and otherwise left as it is.
    #[schema(example = "Jane Doe")]
    name: Option<String>,
    /// A password; needed when the address has no account yet, and otherwise left as it is.
    #[schema(example = "correct horse battery staple", format = Password)]
    password: Option<String>,
}

impl Validate for Acceptance {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/token", &self.token, 1, 200, false);
        if let Some(name) = &self.name {
            checks.text("/name", name, 1, 200, false);
        }
    }
}

/// What was accepted: log in with `email` to work there.
#[derive(Serialize, ToSchema)]
pub(super) struct Accepted {
    /// Where the person is a member now.
    organisation: NamedOrganisation,
    /// Vendor or partner.
    kind: OrgKind,
    /// In which role.
    #[schema(example = "sales")]
    role: String,
    /// The address to log in with.
    #[schema(example = "jane@partner.example")]
    email: String,
}

/// Name and password hash of someone new.
struct Newcomer {
    name: String,
    hash: String,
}

fn link_expired() -> Problem {
    Problem::new(code::LINK_EXPIRED, "Ask the organisation for a new invitation.")
}

/// Accept an invitation
///
/// The link proves the mailbox, so no log-in is needed. Where the address has no account yet, one is made with `name`
/// and `password`, and its address counts as confirmed; an account that is there is left as it is.
#[utoipa::path(post, path = "/api/v1/invitations/accept", operation_id = "acceptInvitation", tag = "organisation",
    request_body(content = Acceptance, example = json!({
        "token": "wP0oYbq1mVvJr6cJc8m9Xv3yQ2hZt4s5u7LkN1aBcDe", "name": "Jane Doe", "password": "correct horse battery staple"
    })),
    responses((status = 200, description = "a member now", body = Accepted),
        (status = 410, description = "`link_expired`", content_type = "application/problem+json", body = ref("#/components/schemas/Problem"))))]
pub(super) async fn accept_invitation(
    State(app): State<App>,
    context: RequestContext,
    ValidJson(body): ValidJson<Acceptance>,
) -> Result<Json<Accepted>, Problem> {
    app.limits.attempt("invitation", &body.token, context.ip)?;
    let mut reader = app.db.pool().acquire().await?;
    let offer = rows::offer(&mut reader, app.clock.now(), &body.token, false)
        .await?
        .ok_or_else(link_expired)?;
    let known = accounts::rows::is_verified(&mut reader, &offer.email).await?;
    drop(reader);
    // Before the transaction: a hash takes its time, and others would wait for the transaction's end.
    let newcomer = if known {
        None
    } else {
        Some(newcomer(&app, &offer.email, body.name, body.password).await?)
    };
    let mut tx = app.db.begin().await?;
    let now = tx.now();
    let offer = rows::offer(&mut tx, now, &body.token, true)
        .await?
        .ok_or_else(link_expired)?;
    let user = settle_account(&mut tx, &context.origin(), &offer.email, newcomer).await?;
    join(
        &mut tx,
        &Origin {
            user_id: Some(user),
            ..context.origin()
        },
        &offer,
        user,
    )
    .await?;
    tx.commit().await?;
    Ok(Json(Accepted {
        organisation: NamedOrganisation {
            id: offer.organisation,
            name: offer.organisation_name,
        },
        kind: offer.kind,
        role: offer.role.as_str().to_owned(),
        email: offer.email,
    }))
}

async fn newcomer(app: &App, email: &str, name: Option<String>, password: Option<String>) -> Result<Newcomer, Problem> {
    let mut checks = Checks::default();
    checks.check(
        name.is_some(),
        "/name",
        "missing",
        "is needed: the address has no account yet",
    );
    match &password {
        Some(password) => check_new_password(&mut checks, "/password", password, email),
        None => checks.refuse("/password", "missing", "is needed: the address has no account yet"),
    }
    checks.done()?;
    let hash = app.passwords.hash(password.unwrap_or_default()).await?;
    Ok(Newcomer {
        name: name.unwrap_or_default().trim().to_owned(),
        hash,
    })
}

/// The account of the address: as it is, made, or taken from whoever registered it without proving it theirs.
async fn settle_account(
    tx: &mut Tx,
    origin: &Origin,
    email: &str,
    newcomer: Option<Newcomer>,
) -> Result<UserId, Problem> {
    if let Some(Newcomer { name, hash }) = &newcomer
        && let Some(user) = accounts::rows::insert(tx, email, name, hash, true).await?
    {
        let origin = Origin {
            user_id: Some(user),
            ..origin.clone()
        };
        event::append(tx, &origin, user, &[user.uuid()], &UserRegistered { user_id: user }).await?;
        return Ok(user);
    }
    let account = accounts::rows::lock_by_email(tx, email)
        .await?
        .ok_or_else(link_expired)?;
    if !account.verified
        && let Some(Newcomer { name, hash }) = &newcomer
    {
        accounts::rows::take_over(tx, account.id, name, Some(hash), true).await?;
        let origin = Origin {
            user_id: Some(account.id),
            ..origin.clone()
        };
        event::append(
            tx,
            &origin,
            account.id,
            &[account.id.uuid()],
            &EmailVerified { user_id: account.id },
        )
        .await?;
    }
    Ok(account.id)
}

async fn join(tx: &mut Tx, origin: &Origin, offer: &Offer, user: UserId) -> Result<(), Problem> {
    rows::accepted(tx, offer.id).await?;
    // Whoever takes a company's first seat also takes up the partnership that it was set up for.
    if offer.kind == OrgKind::Partner && !members::is_peopled(tx, offer.organisation).await? {
        partnerships::take_up(tx, origin, offer.organisation).await?;
    }
    members::add(tx, origin, offer.organisation, user, offer.role).await?;
    let accepted = InvitationAccepted {
        invitation_id: offer.id,
        organisation_id: offer.organisation,
        user_id: user,
    };
    event::append(tx, origin, offer.id, &[offer.organisation.uuid()], &accepted).await?;
    Ok(())
}
