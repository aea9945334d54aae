//! Every list of the API as a file: a client that prefers CSV or XLSX to JSON (RFC 9110 section 12.5.1) gets the whole
//! list that its filters select, streamed page by page from the list's own handler, so that it has what the list has,
//! for the same eyes. The columns are those of the schema.

mod columns;

use std::sync::Arc;

use async_trait::async_trait;
use axum::{
    body::to_bytes,
    extract::{MatchedPath, Request, State},
    http::{Extensions, HeaderMap, HeaderValue, Method, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use guildhall_spine::http::{
    Problem, code,
    export::{Format, Heading, Row, Source, export},
    with_longer_pages,
};
use serde::Deserialize;
use utoipa::openapi::{Content, ContentBuilder, ObjectBuilder, OpenApi, PathItem, RefOr, schema::SchemaFormat};

use columns::Columns;
pub(crate) use columns::Lists;

/// More than any page has.
const LARGEST_PAGE: usize = 64 << 20;

const CSV: &str = "text/csv";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Answers with a file where a list is asked for one.
pub(crate) async fn negotiate(State(lists): State<Arc<Lists>>, request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let Some(columns) = matched.as_ref().and_then(|path| lists.get(path.as_str())) else {
        return next.run(request).await;
    };
    let mut response = match preferred(request.headers()).filter(|_| request.method() == Method::GET) {
        None => next.run(request).await,
        Some(format) => answer(request, next, columns, format)
            .await
            .unwrap_or_else(|response| response),
    };
    response
        .headers_mut()
        .append(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// The format that the client prefers to JSON.
fn preferred(headers: &HeaderMap) -> Option<Format> {
    let mut best = (0.0, None);
    for range in headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
    {
        for range in range.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let format = match parts.next().map(str::to_ascii_lowercase).as_deref() {
                Some(CSV) => Some(Format::Csv),
                Some(XLSX) => Some(Format::Xlsx),
                Some("application/json" | "application/*" | "*/*") => None,
                _ => continue,
            };
            let quality = parts.find_map(|part| part.strip_prefix("q="));
            let quality = quality.map_or(1.0, |quality| quality.parse().unwrap_or(0.0));
            if quality > best.0 {
                best = (quality, format);
            }
        }
    }
    best.1
}

async fn answer(request: Request, next: Next, columns: &Columns, format: Format) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    let paged = |pair: &str| matches!(pair.split('=').next(), Some("limit" | "cursor"));
    if query.split('&').any(paged) {
        let detail = "A file has the whole list: leave limit and cursor out.";
        return Err(Problem::new(code::INVALID_QUERY, detail).into_response());
    }
    let mut headers = parts.headers;
    for name in [header::ACCEPT, header::IF_NONE_MATCH, header::RANGE] {
        headers.remove(name);
    }
    let mut pages = Pages {
        path: parts.uri.path().to_owned(),
        query: query.to_owned(),
        headers,
        extensions: parts.extensions,
        next,
        columns: columns.clone(),
        begun: None,
        cursor: Some(String::new()),
    };
    // What is wrong with the request is the list's own answer.
    let first = pages.read(String::new()).await?;
    pages.begun = Some(first);
    let heading = Heading {
        name: columns.name.clone(),
        columns: columns.names(),
    };
    export(format, heading, pages)
        .await
        .map_err(IntoResponse::into_response)
}

/// The pages of a list.
struct Pages {
    path: String,
    query: String,
    headers: HeaderMap,
    /// Who asks, and the like.
    extensions: Extensions,
    next: Next,
    columns: Columns,
    /// The first page.
    begun: Option<Page>,
    /// Of the next page; nothing after the last.
    cursor: Option<String>,
}

#[derive(Deserialize)]
struct Page {
    items: Vec<serde_json::Value>,
    #[serde(default)]
    next_cursor: Option<String>,
}

impl Pages {
    async fn read(&self, cursor: String) -> Result<Page, Response> {
        let limit = if self.columns.paged {
            format!("&limit={}{cursor}", self.columns.page)
        } else {
            String::new()
        };
        let uri = format!("{}?{}{limit}", self.path, self.query);
        let failed = |error: &dyn std::fmt::Display| Problem::internal(error).into_response();
        let uri: Uri = uri.replace("?&", "?").parse().map_err(|error| failed(&error))?;
        let mut request = Request::new(axum::body::Body::empty());
        *request.uri_mut() = uri;
        *request.headers_mut() = self.headers.clone();
        *request.extensions_mut() = self.extensions.clone();
        let response = with_longer_pages(self.columns.page, self.next.clone().run(request)).await;
        if !response.status().is_success() {
            return Err(response);
        }
        let body = to_bytes(response.into_body(), LARGEST_PAGE).await;
        let body = body.map_err(|error| failed(&error))?;
        serde_json::from_slice(&body).map_err(|error| failed(&error))
    }
}

#[async_trait]
impl Source for Pages {
    async fn next(&mut self) -> Result<Vec<Row>, Problem> {
        loop {
            let page = match (self.begun.take(), self.cursor.take()) {
                (Some(page), _) => page,
                (None, None) => return Ok(Vec::new()),
                (None, Some(cursor)) => self.read(cursor).await.map_err(|response| {
                    let status = response.status();
                    Problem::internal(format!("a page of a list that is downloaded answered {status}"))
                })?,
            };
            self.cursor = page.next_cursor.map(|cursor| format!("&cursor={cursor}"));
            // Only the last page is the end.
            if !page.items.is_empty() || self.cursor.is_none() {
                return Ok(page.items.iter().map(|item| self.columns.row(item)).collect());
            }
        }
    }
}

/// Describes it in the API's document, which says what the lists are.
pub(crate) fn describe(document: &mut OpenApi) -> Lists {
    let Ok(value) = serde_json::to_value(&*document) else {
        return Lists::default();
    };
    let lists = Lists::of(&value);
    let file = |format: Option<&str>| -> Content {
        let schema = ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .format(format.map(|name| SchemaFormat::Custom(name.to_owned())));
        ContentBuilder::new().schema(Some(schema.build())).build()
    };
    let of_lists = document.paths.paths.iter_mut().filter(|(path, _)| lists.has(path));
    for (_, PathItem { get, .. }) in of_lists {
        let responses = get.as_mut().map(|get| &mut get.responses.responses);
        if let Some(RefOr::T(found)) = responses.and_then(|responses| responses.get_mut("200")) {
            found.content.insert(CSV.to_owned(), file(None).into());
            found.content.insert(XLSX.to_owned(), file(Some("binary")).into());
        }
    }
    lists
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(accept: &str) -> Option<Format> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        preferred(&headers)
    }

    #[test]
    fn a_file_is_what_the_client_likes_best() {
        assert_eq!(asked("text/csv"), Some(Format::Csv));
        assert_eq!(asked("application/json;q=0.5, text/csv"), Some(Format::Csv));
        assert_eq!(
            asked(&format!("text/html, {XLSX}; q=0.9, */*;q=0.1")),
            Some(Format::Xlsx)
        );
        for json in [
            "*/*",
            "application/json",
            "text/html,*/*;q=0.8",
            "text/csv;q=0.1, */*",
            "text/csv;q=0",
            "x",
        ] {
            assert_eq!(asked(json), None, "{json}");
        }
        assert_eq!(preferred(&HeaderMap::new()), None);
    }
}
