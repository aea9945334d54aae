//! The one who acts.

use std::{net::IpAddr, sync::Arc};

use axum::{extract::FromRequestParts, http::request::Parts};
use chrono::{DateTime, Utc};
use guildhall_kernel::{ApiKeyId, OrgId, SessionId, UserId};
use uuid::Uuid;

use crate::{
    access::{OrgKind, Permission, Permissions, Role, lacks, stands_nowhere},
    event::Origin,
    http::{Problem, RequestContext, code},
};

/// The organisation that an actor acts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActingFor {
    /// Its id.
    pub id: OrgId,
    /// Vendor or partner.
    pub kind: OrgKind,
}

/// What a valid credential amounts to right now.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Whom limits and idempotency keys count for: the user acting for the organisation, or the API key.
    pub principal: Uuid,
    /// The user; for an API key, nobody.
    pub user: Option<UserId>,
    /// The session, for a user.
    pub session: Option<SessionId>,
    /// The API key, when it is one.
    pub api_key: Option<ApiKeyId>,
    /// The organisation acted for.
    pub org: Option<ActingFor>,
    /// The user's role there.
    pub role: Option<Role>,
    /// What the actor may do there.
    pub permissions: Permissions,
    /// Whether the user runs the platform.
    pub operator: bool,
    /// When the credential ends.
    pub expires_at: DateTime<Utc>,
}

/// An authenticated actor and the request it makes.
#[derive(Clone, Debug)]
pub struct Actor {
    standing: Arc<Standing>,
    /// The request's id.
    pub request_id: Arc<str>,
    /// The client's address.
    pub ip: IpAddr,
}

impl std::ops::Deref for Actor {
    type Target = Standing;

    fn deref(&self) -> &Standing {
        &self.standing
    }
}

impl Actor {
    /// Whom limits and idempotency keys count for.
    #[must_use]
    pub fn principal(&self) -> Uuid {
        self.standing.principal
    }

    /// What the credential amounts to, shared.
    #[must_use]
    pub fn standing(&self) -> Arc<Standing> {
        Arc::clone(&self.standing)
    }

    /// The organisation acted for, if the actor may do `permission` there.
    ///
    /// # Errors
    /// 403.
    pub fn require(&self, permission: Permission) -> Result<ActingFor, Problem> {
        let org = self.standing.org.ok_or_else(stands_nowhere)?;
        if self.standing.permissions.contains(permission) {
            return Ok(org);
        }
        Err(lacks(&self.standing, org, permission))
    }

    /// The user behind the actor.
    ///
    /// # Errors
    /// 403 for an API key, which is nobody.
    pub fn require_user(&self) -> Result<UserId, Problem> {
        let detail = "An API key can't do this: log in as a person.";
        self.standing.user.ok_or_else(|| Problem::new(code::FORBIDDEN, detail))
    }

    /// # Errors
    /// 403 unless the user runs the platform.
    pub fn require_operator(&self) -> Result<UserId, Problem> {
        let user = self.require_user()?;
        if self.standing.operator {
            return Ok(user);
        }
        Err(Problem::new(code::FORBIDDEN, "Only a platform operator may do this."))
    }

    /// Who did it, for the event log.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin {
            user_id: self.standing.user,
            api_key_id: self.standing.api_key,
            session_id: self.standing.session,
            organisation_id: self.standing.org.map(|org| org.id),
            request_id: Some(self.request_id.to_string()),
            ip: Some(self.ip),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Actor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(context) = parts.extensions.get::<RequestContext>() else {
            return Err(Problem::internal("a route stands outside the edge"));
        };
        let missing = "Send Authorization: Bearer with an access token or an API key.";
        let Some(standing) = &context.standing else {
            return Err(Problem::new(code::UNAUTHENTICATED, context.refused.unwrap_or(missing)));
        };
        Ok(Self {
            standing: Arc::clone(standing),
            request_id: Arc::clone(&context.request_id),
            ip: context.ip,
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestContext {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let context = parts.extensions.get::<Self>().cloned();
        context.ok_or_else(|| Problem::internal("a route stands outside the edge"))
    }
}

impl RequestContext {
    /// Who did it, for the event log, when nobody is logged in yet.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin {
            request_id: Some(self.request_id.to_string()),
            ip: Some(self.ip),
            ..Origin::default()
        }
    }
}
