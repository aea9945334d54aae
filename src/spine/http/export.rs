//! Lists as files: CSV and XLSX, streamed page by page in bounded memory.
//!
//! A list becomes a download by a [`Source`], which reads it page by page as its own list does, and a [`Sheet`], which
//! names its columns. The first page is read before anything is answered, so that what is wrong then is an ordinary
//! problem. What fails later cuts the connection before the end of the body: the client sees a broken download, never a
//! short file. A client that goes away drops the body, and with it the page that is being read.

mod csv;
mod xlsx;

use async_trait::async_trait;
use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use chrono::{DateTime, NaiveDate, Utc};
use futures_util::stream::BoxStream;
use rust_decimal::Decimal;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::Problem;

/// Rows that a source should read at once.
pub const PAGE: i64 = 1000;

/// The file's format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ExportFormat)]
pub enum Format {
    /// RFC 4180, UTF-8. A text that a spreadsheet would take for a formula begins with an apostrophe.
    #[default]
    Csv,
    /// Office Open XML. Texts stay texts there.
    Xlsx,
}

/// How a list that has no filters is asked for as a file.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// The file's format; CSV unless told.
    #[param(inline)]
    pub format: Option<Format>,
}

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// A text, never a formula.
    Text(String),
    /// A number.
    Number(Decimal),
    /// A day.
    Date(NaiveDate),
    /// An instant.
    Time(DateTime<Utc>),
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Decimal> for Cell {
    fn from(number: Decimal) -> Self {
        Self::Number(number)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number.into())
    }
}

impl From<NaiveDate> for Cell {
    fn from(day: NaiveDate) -> Self {
        Self::Date(day)
    }
}

impl From<DateTime<Utc>> for Cell {
    fn from(at: DateTime<Utc>) -> Self {
        Self::Time(at)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

/// A row, in the order of the sheet's columns.
pub type Row = Vec<Cell>;

/// What the file looks like.
#[derive(Clone, Copy, Debug)]
pub struct Sheet {
    /// The file's name without its ending, and the sheet's.
    pub name: &'static str,
    /// The names of the columns.
    pub columns: &'static [&'static str],
}

/// The same when it is only known while the server runs.
#[derive(Clone, Debug)]
pub struct Heading {
    /// The file's name without its ending, and the sheet's.
    pub name: String,
    /// The names of the columns.
    pub columns: Vec<String>,
}

impl From<Sheet> for Heading {
    fn from(sheet: Sheet) -> Self {
        Self {
            name: sheet.name.to_owned(),
            columns: sheet.columns.iter().map(|column| (*column).to_owned()).collect(),
        }
    }
}

/// Where the rows come from.
#[async_trait]
pub trait Source: Send + 'static {
    /// The next rows, about [`PAGE`] of them; none when there are no more.
    ///
    /// # Errors
    /// When they can't be read; the download then breaks off.
    async fn next(&mut self) -> Result<Vec<Row>, Problem>;
}

/// The rows of a list that is paged by a key.
struct ByKey<K, F> {
    after: Option<K>,
    read: F,
}

#[async_trait]
impl<K, F, R> Source for ByKey<K, F>
where
    K: Clone + Send + 'static,
    F: FnMut(Option<K>) -> R + Send + 'static,
    R: Future<Output = Result<Vec<(K, Row)>, Problem>> + Send + 'static,
{
    async fn next(&mut self) -> Result<Vec<Row>, Problem> {
        let page = (self.read)(self.after.clone()).await?;
        let (mut keys, rows): (Vec<K>, Vec<Row>) = page.into_iter().unzip();
        if let Some(last) = keys.pop() {
            self.after = Some(last);
        }
        Ok(rows)
    }
}

/// The source that asks `read` for the [`PAGE`] rows after a key, each with its own key, until there are none.
pub fn by_key<K, F, R>(read: F) -> impl Source
where
    K: Clone + Send + 'static,
    F: FnMut(Option<K>) -> R + Send + 'static,
    R: Future<Output = Result<Vec<(K, Row)>, Problem>> + Send + 'static,
{
    ByKey { after: None, read }
}

/// The rest of a source whose first rows have been read.
struct Begun<S> {
    first: Option<Vec<Row>>,
    source: S,
}

impl<S: Source> Begun<S> {
    async fn next(&mut self) -> Result<Vec<Row>, Problem> {
        match self.first.take() {
            Some(rows) => Ok(rows),
            None => self.source.next().await,
        }
    }
}

/// Answers with the rows of `source` as a file.
///
/// # Errors
/// When the first rows can't be read.
pub async fn export(
    format: Format,
    heading: impl Into<Heading> + Send,
    mut source: impl Source,
) -> Result<Response, Problem> {
    let heading = heading.into();
    let first = source.next().await?;
    let begun = Begun {
        first: Some(first),
        source,
    };
    let name = heading.name.clone();
    let (kind, ending, body) = match format {
        Format::Csv => (
            "text/csv; charset=utf-8; header=present",
            "csv",
            csv::stream(heading, begun),
        ),
        Format::Xlsx => (
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "xlsx",
            xlsx::stream(heading, begun),
        ),
    };
    let name = HeaderValue::try_from(format!("attachment; filename=\"{name}.{ending}\""));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, name.map_err(Problem::internal)?),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Body::from_stream(body)).into_response())
}

/// The bytes of a file; an error ends the connection without the end of the body.
type Bytestream = BoxStream<'static, Result<Bytes, std::io::Error>>;

/// The reason goes to the log, where the request's other failures are; the client sees the connection end.
fn broken(problem: &Problem) -> std::io::Error {
    tracing::warn!(%problem, "a download broke off");
    std::io::Error::other("the download broke off")
}
