//! Keyset pages.

use std::future::Future;

use axum::{
    Json,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use guildhall_kernel::CursorKey;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{IntoParams, ToSchema};

use super::{Problem, code};

/// The most rows of a page.
const MOST: u32 = 100;

tokio::task_local! {
    static ROOM: u32;
}

/// Does `work` with pages that may have up to `rows` rows: for the server's own reading of whole lists.
pub async fn with_longer_pages<F: Future>(rows: u32, work: F) -> F::Output {
    ROOM.scope(rows, work).await
}

/// How a list is asked for. Flatten it by hand into a query struct: unknown parameters are then still refused.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows, in the list's order.
    pub items: Vec<T>,
    /// Where the next page begins; `null` on the last one.
    pub next_cursor: Option<String>,
}

/// A page to be read: the rows after `after`, `limit` of them.
#[derive(Debug)]
pub struct Paging<K> {
    /// The sort key of the last row before the page.
    pub after: Option<K>,
    /// Rows a page.
    pub limit: usize,
    scope: String,
}

impl<K: Serialize + DeserializeOwned> Paging<K> {
    /// Checks `limit` and opens `cursor` for the list `scope`, which names the list, who asks and the filters.
    ///
    /// # Errors
    /// 400 for a limit out of range or a cursor that isn't one of this list.
    pub fn new(keys: &CursorKey, scope: String, limit: Option<u32>, cursor: Option<&str>) -> Result<Self, Problem> {
        let limit = limit.unwrap_or(50);
        let most = ROOM.try_with(|rows| *rows).unwrap_or(MOST);
        if !(1..=most).contains(&limit) {
            let detail = format!("limit must be from 1 to {most}, and is {limit}.");
            return Err(Problem::new(code::INVALID_QUERY, detail));
        }
        let after = cursor
            .map(|cursor| keys.open(&scope, cursor))
            .transpose()
            .map_err(|fault| Problem::new(code::INVALID_CURSOR, format!("cursor: {fault}.")))?;
        Ok(Self {
            after,
            limit: usize::try_from(limit).unwrap_or(50),
            scope,
        })
    }

    /// What to give as LIMIT: one more than a page, to know whether another follows.
    #[must_use]
    pub fn fetch(&self) -> i64 {
        i64::try_from(self.limit).unwrap_or(50) + 1
    }

    /// The page made of the rows fetched.
    pub fn page<R, T>(
        self,
        keys: &CursorKey,
        mut rows: Vec<R>,
        key: impl Fn(&R) -> K,
        item: impl Fn(R) -> T,
    ) -> Page<T> {
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let next_cursor = rows
            .last()
            .filter(|_| more)
            .map(|last| keys.seal(&self.scope, &key(last)).into_string());
        Page {
            items: rows.into_iter().map(item).collect(),
            next_cursor,
        }
    }
}

impl<T: Serialize> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        (
            [(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"))],
            Json(self),
        )
            .into_response()
    }
}
