//! What a user is written when the second factor changes: the one who changed it may be somebody else.

use guildhall_kernel::UserId;
use serde::Serialize;

use crate::{
    App,
    db::Tx,
    http::Problem,
    mail::{self, Letter},
};

/// What has become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Change {
    /// Log-ins ask for it from now on.
    TurnedOn,
    /// They no longer do.
    TurnedOff,
    /// A recovery code stood in for the authenticator.
    RecoveryCodeUsed,
    /// There are other recovery codes; the ones before are void.
    RecoveryCodesReplaced,
}

#[derive(Serialize)]
struct SecondFactorChanged {
    change: Change,
    reset_link: String,
}

impl Letter for SecondFactorChanged {
    const NAME: &'static str = "second_factor_changed";
    const TEMPLATE: &'static str = include_str!("letters/second_factor_changed.txt");
}

/// Writes to the user, as part of the change.
///
/// # Errors
/// When the database fails.
pub(super) async fn write(app: &App, tx: &mut Tx, user: UserId, change: Change) -> Result<(), Problem> {
    send(app, tx, user, |reset_link| SecondFactorChanged { change, reset_link }).await
}

/// Queues a letter to the user that leads to a new password, the way out when it was somebody else.
///
/// # Errors
/// When the database fails.
pub(super) async fn send<L: Letter>(
    app: &App,
    tx: &mut Tx,
    user: UserId,
    letter: impl FnOnce(String) -> L,
) -> Result<(), Problem> {
    let email = sqlx::query_scalar!("SELECT email FROM user_account WHERE id = $1", user.uuid())
        .fetch_one(&mut **tx)
        .await?;
    let root = app.config.http.public_url.trim_end_matches('/');
    mail::queue(tx, &email, &letter(format!("{root}/reset-password"))).await?;
    Ok(())
}
