//! Attaching files to things.

use chrono::{DateTime, Utc};
use guildhall_kernel::{FileId, OrgId};
use uuid::Uuid;

use super::expire::KIND;
use crate::{access::Permission, db::Tx, event::Subject, http::Problem, timer};

/// What a file is attached to, and who may read it there.
#[derive(Clone, Debug)]
pub struct Attaching<'a> {
    /// Whose files may be attached: those of this organisation.
    pub org: OrgId,
    /// To what.
    pub subject: Subject,
    /// Which organisations may read it there.
    pub readers: &'a [OrgId],
    /// What their member needs to.
    pub needs: Permission,
    /// How many files the thing may have.
    pub most_files: i64,
    /// How many bytes they may have together.
    pub most_bytes: i64,
}

/// A file as it is attached.
#[derive(Clone, Debug)]
pub struct Attached {
    /// Its id.
    pub id: FileId,
    /// Its name.
    pub name: String,
    /// When it was attached.
    pub at: DateTime<Utc>,
}

/// Why a file can't be attached.
#[derive(Debug)]
pub enum Refused {
    /// The organisation has no such file, or it is attached to something else.
    Unknown,
    /// The thing has as many files or bytes as it may.
    Full,
    /// The database failed.
    Failed(Problem),
}

impl From<sqlx::Error> for Refused {
    #[track_caller]
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Attaches a file as part of `tx`; `None` when it was attached there before. Whoever calls holds the thing's row, so
/// that two can't pass its limits together.
///
/// # Errors
/// [`Refused`].
pub async fn attach(tx: &mut Tx, file: FileId, to: &Attaching<'_>) -> Result<Option<Attached>, Refused> {
    let at = tx.now();
    let readers: Vec<Uuid> = to.readers.iter().map(|org| org.uuid()).collect();
    let found = sqlx::query!(
        "SELECT name, size, subject_id FROM file WHERE id = $1 AND org_id = $2 FOR UPDATE",
        file.uuid(),
        to.org.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or(Refused::Unknown)?;
    match found.subject_id {
        Some(subject) if subject == to.subject.id => return Ok(None),
        Some(_) => return Err(Refused::Unknown),
        None => {}
    }
    let there = sqlx::query!(
        r#"SELECT count(*) AS "files!", coalesce(sum(size), 0)::bigint AS "bytes!" FROM file WHERE subject_id = $1"#,
        to.subject.id
    )
    .fetch_one(&mut **tx)
    .await?;
    if there.files >= to.most_files || there.bytes.saturating_add(found.size) > to.most_bytes {
        return Err(Refused::Full);
    }
    sqlx::query!(
        "UPDATE file SET subject_kind = $2, subject_id = $3, readers = $4, needs = $5, attached_at = $6 WHERE id = $1",
        file.uuid(),
        to.subject.kind,
        to.subject.id,
        &readers,
        to.needs.scope(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    timer::clear(tx, KIND, file).await.map_err(Refused::Failed)?;
    Ok(Some(Attached {
        id: file,
        name: found.name,
        at,
    }))
}

/// Says anew who may read the files that are attached to `subject`: those of `readers` from when this commits, and nobody
/// else. Whoever calls holds the thing's row, as for [`attach`].
///
/// # Errors
/// When the database fails.
pub async fn let_read(tx: &mut Tx, subject: impl Into<Subject>, readers: &[Uuid]) -> Result<(), Problem> {
    let subject = subject.into();
    sqlx::query!(
        "UPDATE file SET readers = $3 WHERE subject_id = $2 AND subject_kind = $1",
        subject.kind,
        subject.id,
        readers,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes a file away from what it is attached to, or from its organisation: nobody reads it any more, and its bytes go
/// when this commits.
///
/// # Errors
/// When the database fails.
pub async fn remove(tx: &mut Tx, file: FileId) -> Result<(), Problem> {
    let at = tx.now();
    sqlx::query!("DELETE FROM file WHERE id = $1", file.uuid())
        .execute(&mut **tx)
        .await?;
    timer::set(tx, KIND, file, at, &()).await
}
