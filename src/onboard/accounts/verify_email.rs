//! Confirming an e-mail address.

use axum::{extract::State, http::StatusCode};
use guildhall_spine::{
    App,
    event::{self, Origin},
    http::{Checks, Problem, RequestContext, ValidJson, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    EmailVerified, link_expired,
    rows::{self, Purpose},
};

/// The token from the letter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EmailVerification {
    /// What stands after `#token=` in the link.
    #[schema(example = "wP0oYbq1mVvJr6cJc8m9Xv3yQ2hZt4s5u7LkN1aBcDe")]
    token: String,
}

impl Validate for EmailVerification {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/token", &self.token, 1, 200, false);
    }
}

/// Confirm an e-mail address
///
/// By the token of the letter, which is good for 24 hours and once.
#[utoipa::path(post, path = "/api/v1/auth/verify-email", operation_id = "verifyEmail", tag = "auth",
    request_body(content = EmailVerification, example = json!({"token": "wP0oYbq1mVvJr6cJc8m9Xv3yQ2hZt4s5u7LkN1aBcDe"})),
    responses((status = 204, description = "confirmed: the account can log in"),
        (status = 410, description = "`link_expired`", content_type = "application/problem+json", body = ref("#/components/schemas/Problem"))))]
pub(super) async fn verify_email(
    State(app): State<App>,
    context: RequestContext,
    ValidJson(body): ValidJson<EmailVerification>,
) -> Result<StatusCode, Problem> {
    let mut tx = app.db.begin().await?;
    let link = rows::use_link(&mut tx, &body.token, Purpose::VerifyEmail).await?;
    let (user, email) = link.ok_or_else(link_expired)?;
    if rows::set_verified(&mut tx, user, &email).await? {
        let origin = Origin {
            user_id: Some(user),
            ..context.origin()
        };
        event::append(&mut tx, &origin, user, &[user.uuid()], &EmailVerified { user_id: user }).await?;
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
