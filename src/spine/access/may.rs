//! The extractor that grants a right.

use std::marker::PhantomData;

use axum::{extract::FromRequestParts, http::request::Parts};

use super::Permission;
use crate::{
    App,
    http::Problem,
    identity::{ActingFor, Actor},
};

/// A type that stands for a permission.
pub trait Right: Send + Sync + 'static {
    /// The permission.
    const PERMISSION: Permission;
}

/// An actor who acts for an organisation and has the right `R`. 401 without a valid token, 403 without the right.
#[derive(Debug)]
pub struct May<R: Right> {
    /// Who acts.
    pub actor: Actor,
    /// The organisation acted for.
    pub org: ActingFor,
    right: PhantomData<R>,
}

impl<R: Right> FromRequestParts<App> for May<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let actor = Actor::from_request_parts(parts, app).await?;
        let org = actor.require(R::PERMISSION)?;
        Ok(Self {
            actor,
            org,
            right: PhantomData,
        })
    }
}
