//! Asking for the password again before something that a borrowed device must not do.

use guildhall_kernel::UserId;

use crate::{
    App,
    http::{Checks, Problem, RequestContext},
    identity::{
        Actor,
        events::Failure,
        failure::{Attempt, record_failure},
    },
};

/// The account, its password confirmed.
pub(in crate::identity) struct Confirmed {
    /// The e-mail address.
    pub(in crate::identity) email: String,
    /// What the password was confirmed by.
    pub(in crate::identity) password_hash: Option<String>,
}

/// Notes in `checks` what can't be a password.
pub(in crate::identity) fn check(checks: &mut Checks, pointer: &str, password: &str) {
    let length = password.chars().count();
    checks.check(
        (1..=1024).contains(&length),
        pointer,
        "length",
        "must have 1 to 1024 characters",
    );
}

/// The account of `user` if `password`, found at `pointer`, is its password: else 422. A 401 would tell the client
/// that its token is bad. Limited like a log-in, and a failure is written down like one.
pub(in crate::identity) async fn reenter(
    app: &App,
    actor: &Actor,
    user: UserId,
    pointer: &str,
    password: String,
) -> Result<Confirmed, Problem> {
    let attempt = Attempt {
        what: "password",
        account: &user.to_string(),
        ip: actor.ip,
    };
    attempt.admit(app).await?;
    let account = sqlx::query_as!(
        Confirmed,
        "SELECT email, password_hash FROM user_account WHERE id = $1",
        user.uuid()
    )
    .fetch_one(app.db.pool())
    .await?;
    if app.passwords.verify(password, account.password_hash.as_deref()).await? {
        return Ok(account);
    }
    let context = RequestContext {
        request_id: actor.request_id.clone(),
        ip: actor.ip,
        standing: Some(actor.standing()),
        refused: None,
    };
    record_failure(app, &context, &attempt, Some(user), Failure::WrongPassword).await?;
    Err(Problem::field(pointer, "wrong", "is not this account's password"))
}

/// Confirms by `password`, found at `pointer`, that the user behind `actor` is there: before money goes elsewhere, say.
/// Limited like a log-in, and a failure is written down like one.
///
/// # Errors
/// 422 when it is not the account's password, 429 after too many that were not, 403 for an API key.
pub async fn confirm_password(app: &App, actor: &Actor, pointer: &str, password: String) -> Result<UserId, Problem> {
    let user = actor.require_user()?;
    reenter(app, actor, user, pointer, password).await?;
    Ok(user)
}
