//! The second step of a log-in.

use axum::{extract::State, response::IntoResponse};
use guildhall_kernel::{OrgId, UserId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{SignedIn, SignedInUser, device::Device, open::open, seat::seat};
use crate::{
    App,
    db::Tx,
    event::Origin,
    http::{Checks, Problem, ValidJson, Validate, code},
    identity::{
        no_store,
        totp::{Outcome, Proof, Trial, accept, locked},
    },
    secret::token_hash,
};

/// Codes that may be tried before the password is asked for again.
const ATTEMPTS: i32 = 5;

/// The second factor: `code` or `recovery_code`, one of them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SecondStep {
    /// From the answer to the log-in.
    #[schema(example = "wP0oYbq1mVvJr6cJc8m9Xv3yQ2hZt4s5u7LkN1aBcDe")]
    mfa_token: String,
    /// Six digits of the authenticator (RFC 6238).
    #[schema(example = "492039")]
    code: Option<String>,
    /// One of the recovery codes; it is spent.
    #[schema(example = "7KQM-2XPA-9D4T-HV6C")]
    recovery_code: Option<String>,
}

impl Validate for SecondStep {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/mfa_token", &self.mfa_token, 1, 100, false);
        Proof::check(checks, self.code.as_deref(), self.recovery_code.as_deref());
    }
}

/// Log in: second step
///
/// Answers as a log-in without a second factor does. A code of the authenticator is good within 30 seconds of its
/// time, and once. After 20 wrong ones in a row within a day only a recovery code is taken for a day
/// (`second_factor_locked`).
#[utoipa::path(post, path = "/api/v1/auth/login/mfa", operation_id = "loginMfa", tag = "auth",
    request_body(content = SecondStep, example = json!({"mfa_token": "wP0oYbq1mVvJr6cJc8m9Xv3yQ2hZt4s5u7LkN1aBcDe", "code": "492039"})),
    responses((status = 200, description = "Logged in", body = SignedIn),
        (status = 401, description = "`wrong_code`: try another; `mfa_challenge_ended`: start again with the password",
            content_type = "application/problem+json", body = ref("#/components/schemas/Problem"))))]
pub(super) async fn login_mfa(
    State(app): State<App>,
    device: Device,
    ValidJson(body): ValidJson<SecondStep>,
) -> Result<impl IntoResponse, Problem> {
    let proof = Proof::of(body.code, body.recovery_code)?;
    let hash = token_hash(&body.mfa_token);
    let mut tx = app.db.begin().await?;
    let (user, asked, attempts) = claim(&app, &mut tx, &device, &hash).await?;
    let trial = Trial {
        user: user.id,
        origin: Origin {
            user_id: Some(user.id),
            ..device.context.origin()
        },
        ip: device.context.ip,
    };
    let method = match accept(&app, &mut tx, &trial, &proof).await? {
        Outcome::Accepted(method) => method,
        Outcome::Wrong => {
            tx.commit().await?;
            return Err(wrong(attempts));
        }
        Outcome::Locked(until) => return Err(locked(tx.now(), until)),
    };
    let gone = sqlx::query!("DELETE FROM mfa_challenge WHERE hash = $1", hash.as_slice())
        .execute(&mut *tx)
        .await?;
    if gone.rows_affected() != 1 {
        return Err(Problem::internal("a locked challenge vanished"));
    }
    let seat = match seat(&mut tx, user.id, asked).await? {
        // The organisation asked for was left between the two steps.
        None if asked.is_some() => seat(&mut tx, user.id, None).await?,
        found => found,
    };
    let answer = open(&app, &mut tx, &device, user, seat, method).await?;
    tx.commit().await?;
    Ok(no_store(answer))
}

/// Counts an attempt at the challenge and holds it, after the user's row like every other log-in.
async fn claim(
    app: &App,
    tx: &mut Tx,
    device: &Device,
    hash: &[u8; 32],
) -> Result<(SignedInUser, Option<OrgId>, i32), Problem> {
    let ended = || {
        Problem::new(
            code::MFA_CHALLENGE_ENDED,
            "It took too long, or too many codes were wrong: log in again.",
        )
    };
    let user = sqlx::query_as!(
        SignedInUser,
        r#"SELECT u.id AS "id: UserId", u.name, u.email
           FROM mfa_challenge c JOIN user_account u ON u.id = c.user_id
           WHERE c.hash = $1 AND u.status = 'active' FOR SHARE OF u"#,
        hash.as_slice()
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(ended)?;
    app.limits
        .attempt("second_factor", &user.id.to_string(), device.context.ip)?;
    let now = tx.now();
    let challenge = sqlx::query!(
        r#"UPDATE mfa_challenge SET attempts = attempts + 1
           WHERE hash = $1 AND attempts < $2 AND expires_at > $3
           RETURNING org_id AS "org_id: OrgId", attempts"#,
        hash.as_slice(),
        ATTEMPTS,
        now
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(ended)?;
    Ok((user, challenge.org_id, challenge.attempts))
}

/// Says that the code was wrong, and how many more may be tried.
fn wrong(attempts: i32) -> Problem {
    let left = ATTEMPTS - attempts;
    let detail = match left {
        0 => "That was the last attempt: log in again.".to_owned(),
        _ => format!("Wait for the next code of the authenticator; {left} more may be tried."),
    };
    Problem::new(code::WRONG_CODE, detail).with("attempts_left", left)
}
