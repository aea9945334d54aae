//! Another letter to confirm an address with.

use axum::{extract::State, response::IntoResponse};
use guildhall_spine::{
    App,
    http::{Checks, Problem, RequestContext, ValidJson, Validate},
    mail,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{MailSent, ask_to_confirm, canonical_email, evenly, letters, mail_sent, rows, tell_account_exists};

/// Where the letter goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VerificationResend {
    /// The address that was registered.
    #[schema(example = "jane@newpartner.example")]
    email: String,
}

impl Validate for VerificationResend {
    fn validate(&self, checks: &mut Checks) {
        checks.email("/email", &self.email);
    }
}

/// Send the link to confirm an address again
///
/// Always answers the same and sends exactly one letter, which says so when the address is confirmed already or has
/// no account. Links sent before stay good.
#[utoipa::path(post, path = "/api/v1/auth/verify-email/resend", operation_id = "resendVerification", tag = "auth",
    request_body(content = VerificationResend, example = json!({"email": "jane@newpartner.example"})),
    responses((status = 202, description = "a letter is on its way", body = MailSent)))]
pub(super) async fn resend_verification(
    State(app): State<App>,
    context: RequestContext,
    ValidJson(body): ValidJson<VerificationResend>,
) -> Result<impl IntoResponse, Problem> {
    let email = canonical_email(&body.email);
    app.limits.attempt("verify-email", &email, context.ip)?;
    evenly(carry_out(&app, &email)).await?;
    Ok(mail_sent())
}

async fn carry_out(app: &App, email: &str) -> Result<(), Problem> {
    let mut tx = app.db.begin().await?;
    match rows::lock_by_email(&mut tx, email).await? {
        Some(account) if account.verified => tell_account_exists(app, &mut tx, email).await?,
        Some(account) => ask_to_confirm(app, &mut tx, &account, email).await?,
        None => {
            mail::queue(&mut tx, email, &letters::NoAccount {}).await?;
        }
    }
    tx.commit().await
}
