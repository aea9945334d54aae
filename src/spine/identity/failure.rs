//! Failed attempts to prove who one is.

use guildhall_kernel::UserId;
use uuid::Uuid;

use super::events::{Failure, LoginFailed};
use crate::{
    App,
    event::{self, Origin},
    http::{Problem, RequestContext},
};

/// Writes down a failed attempt. One at an unknown address is written too, under an id that nobody has, so that the
/// same rows are written and the answer takes as long.
pub(super) async fn record_failure(
    app: &App,
    context: &RequestContext,
    user_id: Option<UserId>,
    reason: Failure,
) -> Result<(), Problem> {
    let mut tx = app.db.begin().await?;
    let subject = user_id.unwrap_or(Uuid::nil().into());
    let origin = Origin {
        user_id,
        ..context.origin()
    };
    event::append(
        &mut tx,
        &origin,
        subject,
        &[subject.uuid()],
        &LoginFailed {
            user_id,
            reason,
            ip: context.ip,
        },
    )
    .await?;
    tx.commit().await
}
