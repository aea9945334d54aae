//! Asking for a new password.

use axum::{extract::State, response::IntoResponse};
use guildhall_spine::{
    App,
    http::{Checks, Problem, RequestContext, ValidJson, Validate},
    mail,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    MailSent, canonical_email, evenly, letters, mail_sent,
    rows::{self, Purpose},
};
use crate::links::page;

/// Where the letter goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordResetRequest {
    /// The account's address.
    #[schema(example = "rep@partner1.example")]
    email: String,
}

impl Validate for PasswordResetRequest {
    fn validate(&self, checks: &mut Checks) {
        checks.email("/email", &self.email);
    }
}

/// Ask for a new password
///
/// Always answers the same and sends exactly one letter: with a link that is good for an hour or, when the address
/// has no account, saying so.
#[utoipa::path(post, path = "/api/v1/auth/password-reset", operation_id = "requestPasswordReset", tag = "auth",
    request_body(content = PasswordResetRequest, example = json!({"email": "rep@partner1.example"})),
    responses((status = 202, description = "a letter is on its way", body = MailSent)))]
pub(super) async fn request_password_reset(
    State(app): State<App>,
    context: RequestContext,
    ValidJson(body): ValidJson<PasswordResetRequest>,
) -> Result<impl IntoResponse, Problem> {
    let email = canonical_email(&body.email);
    app.limits.attempt("password-reset", &email, context.ip)?;
    evenly(carry_out(&app, &email)).await?;
    Ok(mail_sent())
}

async fn carry_out(app: &App, email: &str) -> Result<(), Problem> {
    let mut tx = app.db.begin().await?;
    if let Some(account) = rows::lock_by_email(&mut tx, email).await? {
        let token = rows::new_link(&mut tx, account.id, email, Purpose::ResetPassword).await?;
        let letter = letters::PasswordReset {
            link: page(app, "reset-password", Some(&token)),
        };
        mail::queue(&mut tx, email, &letter).await?;
    } else {
        mail::queue(&mut tx, email, &letters::NoAccount {}).await?;
    }
    tx.commit().await
}
