//! Tables that clients send.

use axum::{
    extract::{FromRequest, Request},
    http::header,
};
use bytes::Bytes;

use super::{Problem, body, code};
use crate::App;

/// Larger than the European Central Bank's whole history of rates.
const LIMIT: usize = 16 * 1024 * 1024;

/// A body of `text/csv`, of 16 MiB at most, as it came. 415 without the content type, 413 when it is larger.
#[derive(Clone, Debug)]
pub struct CsvUpload(pub Bytes);

impl FromRequest<App> for CsvUpload {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, bytes) = body::read_within(request, app, LIMIT).await?;
        let kind = parts.headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !bytes.is_empty() && !essence.eq_ignore_ascii_case("text/csv") {
            let detail = format!("The body came as {kind:?}: send CSV with Content-Type: text/csv.");
            return Err(Problem::new(code::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        Ok(Self(bytes))
    }
}
