//! Ids in paths.

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};
use guildhall_kernel::{Entity, Id};

use super::Problem;

/// The id in the path (its last parameter). A text that is no id of this kind answers 404 before any SQL.
#[derive(Clone, Copy, Debug)]
pub struct PathId<E: Entity>(pub Id<E>);

impl<E: Entity, S: Send + Sync> FromRequestParts<S> for PathId<E> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::not_found())?;
        let last = params.iter().last().and_then(|(_, value)| value.parse().ok());
        last.map(Self).ok_or_else(Problem::not_found)
    }
}
