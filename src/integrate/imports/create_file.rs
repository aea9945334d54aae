//! Sending a file.

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::IntoResponse,
};
use guildhall_kernel::FileId;
use guildhall_spine::{
    App,
    access::{May, right},
    event,
    http::{Problem, code, in_parts},
    storage::Inspect,
};
use sha2::Digest;

use super::{
    ImportFile, NOT_CSV,
    events::FileAdded,
    rows::{self, NewFile},
    table::Inspector,
};

const LARGEST: u64 = 64 * 1024 * 1024;

/// Send a CSV file to be imported
///
/// UTF-8, with the names of the columns in the first row; commas, semicolons or tabs between cells; at most 64 MiB. It is
/// kept for 30 days: import it with `POST /api/v1/imports`.
#[utoipa::path(post, path = "/api/v1/import-files", operation_id = "createImportFile", tag = "imports",
    security(("bearer" = ["imports:manage"])),
    request_body(content = String, content_type = "text/csv", description = "the file", example = "name,country,domain\nNorthwind Integrators,DE,northwind.example\n"),
    responses((status = 201, description = "the file, and what its header says", body = ImportFile, headers(("Location" = String)))))]
pub(super) async fn create_import_file(
    State(app): State<App>,
    may: May<right::ImportManage>,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Problem> {
    check_type(&headers)?;
    let id: FileId = app.new_id();
    let inspector = receive(&app, id, body).await?;
    let stored = store(&app, &may, id, inspector).await;
    let file = match stored {
        Ok(file) => file,
        Err(problem) => {
            app.files.delete(id).await?;
            return Err(problem);
        }
    };
    let location = HeaderValue::try_from(format!("/api/v1/import-files/{id}")).map_err(Problem::internal)?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(file)))
}

/// What isn't declared is taken for what it has to be.
fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let kind = kind.to_str().unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("text/csv") {
        return Ok(());
    }
    let detail = format!("The body came as {kind:?}: send the file itself with Content-Type: text/csv.");
    Err(Problem::new(NOT_CSV, detail))
}

/// Hands the body on to the store of files as it comes, and looks at it on the way.
async fn receive(app: &App, id: FileId, body: Body) -> Result<Inspector, Problem> {
    let mut inspector = Inspector::default();
    app.files.put_stream(id, in_parts(body), &mut inspector).await?;
    Ok(inspector)
}

impl Inspect for Inspector {
    fn part(&mut self, part: &[u8]) -> Result<(), Problem> {
        self.push(part)?;
        if self.size <= LARGEST {
            return Ok(());
        }
        let detail = "A file has at most 64 MiB: split it, with the header in each part.";
        let close = HeaderValue::from_static("close");
        Err(Problem::new(code::BODY_TOO_LARGE, detail).header(header::CONNECTION, close))
    }

    /// Its header is looked at once it is there.
    fn end(&mut self) -> Result<(), Problem> {
        Ok(())
    }
}

async fn store(
    app: &App,
    may: &May<right::ImportManage>,
    id: FileId,
    inspector: Inspector,
) -> Result<ImportFile, Problem> {
    let size = i64::try_from(inspector.size).unwrap_or(i64::MAX);
    let new = NewFile {
        id,
        size,
        digest: inspector.digest.clone().finalize().into(),
        header: inspector.finish()?,
    };
    let mut tx = app.db.begin().await?;
    let file = rows::insert_file(&mut tx, may.org.id, may.actor.user, &new).await?;
    let added = FileAdded {
        import_file_id: id,
        size,
    };
    event::append(&mut tx, &may.actor.origin(), id, &[may.org.id.uuid()], &added).await?;
    tx.commit().await?;
    Ok(file)
}
