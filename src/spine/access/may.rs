//! The extractor that grants a right.

use std::marker::PhantomData;

use axum::{extract::FromRequestParts, http::request::Parts};

use super::{Permission, Role};
use crate::{
    App,
    http::{Problem, code},
    identity::{ActingFor, Actor, Standing},
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

/// Why an actor who acts for `org` may not, and who may.
pub(crate) fn lacks(standing: &Standing, org: ActingFor, permission: Permission) -> Problem {
    let scope = permission.scope();
    let able: Vec<&str> = permission
        .roles()
        .iter()
        .filter(|role| role.kind() == org.kind)
        .map(|role| role.as_str())
        .collect();
    let detail = match standing.role.map(Role::as_str) {
        _ if able.is_empty() => {
            format!(
                "No role of a {} includes {scope}: this is for the other side.",
                org.kind.as_str()
            )
        }
        Some(role) => format!(
            "Your role {role} doesn't include {scope}. Ask a member whose role does: {}.",
            able.join(", ")
        ),
        None if permission.suits_key(org.kind) => {
            format!("This API key doesn't include {scope}: have one made that does.")
        }
        None => format!(
            "No API key includes {scope}: a member does this, as {}.",
            able.join(", ")
        ),
    };
    Problem::new(code::FORBIDDEN, detail)
}

/// Why an actor who acts for no organisation may not.
pub(crate) fn stands_nowhere() -> Problem {
    let detail = "You act for no organisation. GET /api/v1/me lists yours: choose one with POST \
                  /api/v1/auth/switch-org. If there is none, you need an invitation from one.";
    Problem::new(code::NO_ORGANISATION, detail)
}
