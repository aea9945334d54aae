use std::time::Duration;

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::BytesMut;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, stream};
use guildhall_kernel::{FileId, OrgId, UserId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::PgExecutor;
use utoipa::{IntoParams, ToSchema};

use super::{HOURS_UNATTACHED, LARGEST, MOST_WAITING, expire, kind, sender};
use crate::{
    App,
    db::Tx,
    http::{Checks, Problem, ValidQuery, code, in_parts},
    identity::Actor,
    storage::Inspect,
    timer,
};

/// A file that was sent.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct File {
    /// Its id.
    id: FileId,
    /// Its name.
    #[schema(example = "architecture.pdf")]
    name: String,
    /// What it is, by its content.
    #[schema(example = "application/pdf")]
    media_type: String,
    /// How many bytes.
    #[schema(example = 48213)]
    size: i64,
    /// The SHA-256 of its bytes, in hexadecimal.
    #[schema(example = "9f2c0d6c1f0c0f6f4b7c2e7a0d4f1c3b5a69788796a5b4c3d2e1f00112233445")]
    sha256: String,
    /// When it was sent.
    created_at: DateTime<Utc>,
    /// When it goes unless it has been attached to something.
    expires_at: DateTime<Utc>,
}

/// What the file is called.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct UploadQuery {
    /// Its name with its ending, 1 to 200 characters without slashes.
    #[param(example = "architecture.pdf")]
    name: String,
}

/// Send a file
///
/// The body is the file itself, at most 25 MiB. Its content decides what it is: PDF, PNG, JPEG, GIF, WebP, Office Open XML
/// (docx, xlsx, pptx), plain text and CSV are taken. Attach it within 24 hours; until then only your organisation sees it.
#[utoipa::path(post, path = "/api/v1/files", operation_id = "uploadFile", tag = "files", security(("bearer" = [])),
    params(UploadQuery),
    request_body(content = String, content_type = "application/octet-stream", description = "the bytes of the file, as they are",
        example = "%PDF-1.7 …"),
    responses(
        (status = 201, description = "the file", body = File, headers(("Location" = String, description = "its address"))),
        (status = 409, description = "`too_many_files`: others wait to be attached", content_type = "application/problem+json", body = ref("#/components/schemas/Problem")),
        (status = 415, description = "`file_type_refused` or `file_name_mismatch`", content_type = "application/problem+json", body = ref("#/components/schemas/Problem"))))]
pub(super) async fn upload_file(
    State(app): State<App>,
    actor: Actor,
    ValidQuery(query): ValidQuery<UploadQuery>,
    body: Body,
) -> Result<Response, Problem> {
    let org = sender(&actor)?;
    let name = checked_name(&query.name)?;
    refuse_many(app.db.pool(), org.id).await?;
    let id: FileId = app.new_id();
    let patience = Duration::from_secs(app.config.http.body_timeout_seconds);
    let received = tokio::time::timeout(patience, receive(&app, id, &name, body));
    let received = received
        .await
        .map_err(|_| slow(patience))
        .and_then(|received| received)?;
    let mut tx = app.db.begin().await?;
    let file = match note(&mut tx, id, (org.id, actor.user), name, &received).await {
        Ok(file) => file,
        Err(problem) => {
            app.files.delete(id).await?;
            return Err(problem);
        }
    };
    tx.commit().await?;
    let location = HeaderValue::try_from(format!("/api/v1/files/{id}")).map_err(Problem::internal)?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(file)).into_response())
}

/// What came in.
struct Received {
    media_type: &'static str,
    size: u64,
    sha256: Vec<u8>,
}

fn checked_name(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    let mut checks = Checks::default();
    checks.text("name", name, 1, 200, false);
    let plain = !name.contains(['/', '\\']) && !name.starts_with('.') && !name.ends_with('.');
    checks.check(plain, "name", "name", "must be a plain file name like offer.pdf");
    match checks.faults().first() {
        None => Ok(name.to_owned()),
        Some(fault) => Err(Problem::new(code::INVALID_QUERY, format!("name: {}.", fault.message))),
    }
}

/// Those who attach nothing can't fill the store.
async fn refuse_many(db: impl PgExecutor<'_>, org: OrgId) -> Result<(), Problem> {
    let waiting = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM file WHERE org_id = $1 AND subject_id IS NULL"#,
        org.uuid()
    )
    .fetch_one(db)
    .await?;
    if waiting < MOST_WAITING {
        return Ok(());
    }
    let detail = format!("{waiting} files of your organisation wait to be attached: attach or delete some first.");
    Err(Problem::new(code::TOO_MANY_FILES, detail))
}

/// Writes the row of a file whose bytes are there. Those of one organisation take turns, so that many at once don't pass
/// the limit together.
async fn note(
    tx: &mut Tx,
    id: FileId,
    (org, user): (OrgId, Option<UserId>),
    name: String,
    received: &Received,
) -> Result<File, Problem> {
    let turn = format!("files of {}", org.uuid());
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", turn)
        .execute(&mut **tx)
        .await?;
    refuse_many(&mut **tx, org).await?;
    insert(tx, id, (org, user), name, received).await
}

fn slow(patience: Duration) -> Problem {
    let detail = format!(
        "The file was not there after {} s: send it faster, or a smaller one.",
        patience.as_secs()
    );
    Problem::new(code::BODY_TOO_SLOW, detail).header(header::CONNECTION, HeaderValue::from_static("close"))
}

/// Stores the body as it comes. What is refused leaves nothing behind.
async fn receive(app: &App, id: FileId, name: &str, body: Body) -> Result<Received, Problem> {
    let mut parts = in_parts(body);
    let mut head = BytesMut::new();
    while head.len() < kind::HEAD
        && let Some(part) = parts.next().await
    {
        head.extend_from_slice(&part?);
    }
    if head.is_empty() {
        return Err(Problem::new(
            code::INVALID_QUERY,
            "The body is empty: send the bytes of the file.",
        ));
    }
    let head = head.freeze();
    let seen = head.get(..kind::HEAD.min(head.len())).unwrap_or_default();
    let media_type = kind::decide(seen, name)?;
    let mut intake = Intake::of(media_type);
    let parts = stream::iter([Ok(head)]).chain(parts);
    app.files.put_stream(id, parts, &mut intake).await?;
    Ok(Received {
        media_type,
        size: intake.size,
        sha256: intake.hash.finalize().to_vec(),
    })
}

/// What is known of the bytes so far.
struct Intake {
    text: Option<kind::Text>,
    size: u64,
    hash: Sha256,
}

impl Intake {
    fn of(media_type: &str) -> Self {
        Self {
            text: media_type.starts_with("text/").then(kind::Text::default),
            size: 0,
            hash: Sha256::new(),
        }
    }
}

impl Inspect for Intake {
    fn part(&mut self, part: &[u8]) -> Result<(), Problem> {
        self.size = self.size.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX));
        if self.size > LARGEST {
            let detail = format!("A file may have {LARGEST} bytes: send a smaller one.");
            return Err(Problem::new(code::BODY_TOO_LARGE, detail)
                .header(header::CONNECTION, HeaderValue::from_static("close")));
        }
        self.hash.update(part);
        if self.text.as_mut().is_none_or(|text| text.goes_on(part)) {
            return Ok(());
        }
        Err(kind::refused("It begins as text and goes on as something else."))
    }

    fn end(&mut self) -> Result<(), Problem> {
        if self.text.as_ref().is_none_or(kind::Text::is_whole) {
            return Ok(());
        }
        Err(kind::refused("It ends in the middle of a character."))
    }
}

async fn insert(
    tx: &mut Tx,
    id: FileId,
    (org, user): (OrgId, Option<UserId>),
    name: String,
    received: &Received,
) -> Result<File, Problem> {
    let at = tx.now();
    let size = i64::try_from(received.size).map_err(Problem::internal)?;
    sqlx::query!(
        "INSERT INTO file (id, org_id, uploaded_by, name, media_type, size, sha256, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        id.uuid(),
        org.uuid(),
        user.map(UserId::uuid),
        name,
        received.media_type,
        size,
        received.sha256,
        at,
    )
    .execute(&mut **tx)
    .await?;
    let expires_at = at + TimeDelta::hours(HOURS_UNATTACHED);
    timer::set(tx, expire::KIND, id, expires_at, &()).await?;
    Ok(File {
        id,
        name,
        media_type: received.media_type.to_owned(),
        size,
        sha256: hex::encode(&received.sha256),
        created_at: at,
        expires_at,
    })
}
