//! Logging in with a password.

use axum::{extract::State, response::IntoResponse};
use chrono::Duration;
use guildhall_kernel::{OrgId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{SignedIn, SignedInUser, device::Device, open::open, seat::seat};
use crate::{
    App,
    http::{Checks, Problem, ValidJson, Validate, code},
    identity::{
        events::{Failure, Method},
        failure::{Attempt, record_failure},
        no_store,
    },
    secret::token_hash,
};

/// How long the second factor may be owed.
const CHALLENGE_MINUTES: i64 = 5;

/// Who logs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Login {
    /// The e-mail address; case does not matter.
    #[schema(example = "rep@partner1.example")]
    email: String,
    /// The password.
    #[schema(example = "guildhall-demo", format = Password)]
    password: String,
    /// The organisation to act for. Without it, the one acted for last, or else the one joined first.
    #[schema(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    organisation_id: Option<OrgId>,
}

impl Validate for Login {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/email", &self.email, 1, 254, false);
        let length = self.password.chars().count();
        checks.check(
            (1..=1024).contains(&length),
            "/password",
            "length",
            "must have 1 to 1024 characters",
        );
    }
}

/// The password was right, and a code is needed besides.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CodeNeeded {
    /// Always `true`.
    #[schema(example = true)]
    mfa_required: bool,
    /// Goes with the code to `POST /api/v1/auth/login/mfa`: within 5 minutes, at most 5 times, successfully once.
    #[schema(example = "wP0oYbq1mVvJr6cJc8m9Xv3yQ2hZt4s5u7LkN1aBcDe")]
    mfa_token: String,
    /// What is taken as a code.
    #[schema(value_type = Vec<String>, example = json!(["totp", "recovery_code"]))]
    methods: [&'static str; 2],
}

/// Either the tokens, or what is needed before there are any.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum LoginAnswer {
    /// Logged in.
    SignedIn(Box<SignedIn>),
    /// The second factor is owed.
    CodeNeeded(CodeNeeded),
}

struct Account {
    id: UserId,
    name: String,
    email: String,
    password_hash: Option<String>,
    verified: bool,
    active: bool,
}

async fn account(app: &App, email: &str) -> Result<Option<Account>, Problem> {
    let account = sqlx::query_as!(
        Account,
        r#"SELECT id AS "id: UserId", name, email, password_hash, email_verified_at IS NOT NULL AS "verified!",
                  status = 'active' AS "active!"
           FROM user_account WHERE email = $1"#,
        email
    )
    .fetch_optional(app.db.pool())
    .await?;
    Ok(account)
}

/// Log in
///
/// Answers with a session's tokens or, when the account has a second factor, with the token to send its code with.
/// An unknown address, a wrong password and a suspended account are told apart neither by the answer nor by its time.
#[utoipa::path(post, path = "/api/v1/auth/login", operation_id = "login", tag = "auth",
    request_body(content = Login, example = json!({"email": "rep@partner1.example", "password": "guildhall-demo"})),
    responses((status = 200, description = "Logged in, or a code is needed", body = LoginAnswer),
        (status = 401, description = "`wrong_credentials`", content_type = "application/problem+json", body = ref("#/components/schemas/Problem")),
        (status = 403, description = "`email_not_verified`", content_type = "application/problem+json", body = ref("#/components/schemas/Problem")),
        (status = 404, description = "The user is no member of the organisation asked for", content_type = "application/problem+json", body = ref("#/components/schemas/Problem"))))]
pub(super) async fn login(
    State(app): State<App>,
    device: Device,
    ValidJson(body): ValidJson<Login>,
) -> Result<impl IntoResponse, Problem> {
    let email = body.email.trim().to_lowercase();
    let attempt = Attempt {
        what: "login",
        account: &email,
        ip: device.context.ip,
    };
    attempt.admit(&app).await?;
    let account = account(&app, &email).await?;
    let hash = account.as_ref().and_then(|account| account.password_hash.as_deref());
    let right = app.passwords.verify(body.password.clone(), hash).await?;
    let mut account = match account {
        Some(account) if right && account.active => account,
        other => {
            let user = other.as_ref().map(|account| account.id);
            let reason = match other {
                None => Failure::UnknownAccount,
                Some(_) if right => Failure::Suspended,
                Some(_) => Failure::WrongPassword,
            };
            record_failure(&app, &device.context, &attempt, user, reason).await?;
            return Err(wrong_credentials());
        }
    };
    if !account.verified {
        let detail = "Follow the link in the mail, or ask for another with POST /api/v1/auth/verify-email/resend.";
        return Err(Problem::new(code::EMAIL_NOT_VERIFIED, detail));
    }
    renew_hash(&app, &mut account, body.password).await?;
    Ok(no_store(sign_in(&app, &device, &account, body.organisation_id).await?))
}

fn wrong_credentials() -> Problem {
    Problem::new(code::WRONG_CREDENTIALS, "Check both, or set a new password by mail.")
}

async fn sign_in(app: &App, device: &Device, account: &Account, asked: Option<OrgId>) -> Result<LoginAnswer, Problem> {
    let mut tx = app.db.begin().await?;
    // Held until the session stands, so that a change of password either comes first and is noticed here, or sees
    // the session and ends it.
    let factor = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM totp_factor t WHERE t.user_id = u.id AND t.confirmed_at IS NOT NULL) AS "factor!"
           FROM user_account u
           WHERE u.id = $1 AND u.password_hash = $2 AND u.status = 'active' FOR SHARE"#,
        account.id.uuid(),
        account.password_hash,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or_else(wrong_credentials)?;
    let seat = seat(&mut tx, account.id, asked).await?;
    if asked.is_some() && seat.is_none() {
        return Err(no_seat());
    }
    let answer = if factor {
        let mfa_token = tx.entropy().token();
        let hash = token_hash(&mfa_token);
        let expires = tx.now() + Duration::minutes(CHALLENGE_MINUTES);
        sqlx::query!(
            "INSERT INTO mfa_challenge (hash, user_id, org_id, expires_at) VALUES ($1, $2, $3, $4)",
            hash.as_slice(),
            account.id.uuid(),
            asked.map(OrgId::uuid),
            expires,
        )
        .execute(&mut *tx)
        .await?;
        LoginAnswer::CodeNeeded(CodeNeeded {
            mfa_required: true,
            mfa_token,
            methods: ["totp", "recovery_code"],
        })
    } else {
        let user = SignedInUser {
            id: account.id,
            name: account.name.clone(),
            email: account.email.clone(),
        };
        LoginAnswer::SignedIn(Box::new(
            open(app, &mut tx, device, user, seat, Method::Password).await?,
        ))
    };
    tx.commit().await?;
    Ok(answer)
}

/// 404 for an organisation that the user has no seat in.
pub(super) fn no_seat() -> Problem {
    let detail = "You are no member of an organisation with this id, or it is suspended: GET /api/v1/me lists yours.";
    Problem::new(code::NOT_FOUND, detail)
}

/// The password is at hand only now: when the costs were raised since it was hashed, it is hashed again.
async fn renew_hash(app: &App, account: &mut Account, password: String) -> Result<(), Problem> {
    let Some(old) = account
        .password_hash
        .as_deref()
        .filter(|hash| app.passwords.needs_rehash(hash))
    else {
        return Ok(());
    };
    let new = app.passwords.hash(password).await?;
    let renewed = sqlx::query!(
        "UPDATE user_account SET password_hash = $3 WHERE id = $1 AND password_hash = $2",
        account.id.uuid(),
        old,
        new
    )
    .execute(app.db.pool())
    .await?;
    if renewed.rows_affected() == 1 {
        account.password_hash = Some(new);
    }
    Ok(())
}
