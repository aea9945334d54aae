//! The end of a file that is attached to nothing.

use async_trait::async_trait;
use axum::{extract::State, http::StatusCode};
use guildhall_kernel::entity;

use super::{attach::remove, sender};
use crate::{
    App,
    db::Tx,
    http::{PathId, Problem},
    identity::Actor,
    timer::{Due, Next, Timer},
};

/// The kind of the deadline.
pub(super) const KIND: &str = "file_unattached";

/// Takes away files that were attached to nothing in time.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExpireFiles;

#[async_trait]
impl Timer for ExpireFiles {
    fn kind(&self) -> &'static str {
        KIND
    }

    /// The bytes go first: a crash after that leaves the row and the deadline, and both come again.
    async fn ring(&self, app: &App, tx: &mut Tx, due: &Due) -> Result<Next, Problem> {
        let subject = sqlx::query_scalar!("SELECT subject_id FROM file WHERE id = $1 FOR UPDATE", due.subject)
            .fetch_optional(&mut **tx)
            .await?;
        if subject.flatten().is_none() {
            app.files.delete(due.subject.into()).await?;
            sqlx::query!("DELETE FROM file WHERE id = $1", due.subject)
                .execute(&mut **tx)
                .await?;
        }
        Ok(Next::Done)
    }
}

/// Delete a file
///
/// Takes back a file of the organisation that is attached to nothing. One that is attached is removed from there.
#[utoipa::path(delete, path = "/api/v1/files/{id}", operation_id = "deleteFile", tag = "files", security(("bearer" = [])),
    params(("id" = String, Path, description = "the file", example = "file_01kaqv6r3gf5ht2x0m8c9ezw4n")),
    responses((status = 204, description = "it is gone")))]
pub(super) async fn delete_file(
    State(app): State<App>,
    actor: Actor,
    PathId(id): PathId<entity::File>,
) -> Result<StatusCode, Problem> {
    let org = actor.org.ok_or_else(crate::access::stands_nowhere)?;
    let mut tx = app.db.begin().await?;
    let mine = sqlx::query_scalar!(
        "SELECT id FROM file WHERE id = $1 AND org_id = $2 AND subject_id IS NULL FOR UPDATE",
        id.uuid(),
        org.id.uuid(),
    )
    .fetch_optional(&mut *tx)
    .await?;
    mine.ok_or_else(Problem::not_found)?;
    sender(&actor)?;
    remove(&mut tx, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
