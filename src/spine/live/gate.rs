//! Who someone is and what they may watch, asked of identity and of the features.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Denied, Gate, TopicSet, Viewer};
use crate::{
    access::Permissions,
    db::Db,
    http::Problem,
    identity::{Identity, Standing},
};

/// A kind of thing whose events can be watched one by one, like `deal:deal_01h455vb4pex5vsknk084sn02q`.
#[async_trait]
pub trait Watchable: Send + Sync {
    /// The kind, as clients name it.
    fn kind(&self) -> &'static str;

    /// The thing that `id` names, when someone who acts for `organisation` with these permissions may see it.
    ///
    /// # Errors
    /// When the database fails.
    async fn find(
        &self,
        db: &Db,
        organisation: Uuid,
        permissions: Permissions,
        id: &str,
    ) -> Result<Option<Uuid>, Problem>;
}

/// Checks tokens and things for the hub.
pub struct TokenGate {
    db: Db,
    identity: Arc<Identity>,
    watchables: Vec<Arc<dyn Watchable>>,
}

impl TokenGate {
    /// A gate that knows these kinds of things.
    #[must_use]
    pub fn new(db: Db, identity: Arc<Identity>, watchables: Vec<Arc<dyn Watchable>>) -> Self {
        Self {
            db,
            identity,
            watchables,
        }
    }
}

impl From<&Standing> for Viewer {
    fn from(standing: &Standing) -> Self {
        Self {
            owner: standing.user.map_or(standing.principal, guildhall_kernel::Id::uuid),
            user: standing.user.map(guildhall_kernel::Id::uuid),
            organisation: standing.org.map(|org| org.id.uuid()),
            session: standing.session.map(guildhall_kernel::Id::uuid),
            topics: TopicSet::permitted(standing.permissions),
            permissions: standing.permissions,
            // A key without an end has the end of time.
            expires_at: Some(standing.expires_at).filter(|end| end.timestamp() < i64::from(u32::MAX)),
        }
    }
}

impl TokenGate {
    async fn is_key_valid(&self, key: Uuid, now: DateTime<Utc>) -> Result<bool, Denied> {
        let valid = sqlx::query_scalar!(
            r#"SELECT EXISTS (
                   SELECT FROM api_key k JOIN organisation o ON o.id = k.org_id AND o.status = 'active'
                   WHERE k.id = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2)
               ) AS "valid!""#,
            key,
            now
        );
        valid
            .fetch_one(self.db.pool())
            .await
            .map_err(|error| unavailable(&error.into()))
    }
}

fn unavailable(problem: &Problem) -> Denied {
    Denied {
        code: problem.code().name,
        detail: problem.detail().to_owned(),
    }
}

#[async_trait]
impl Gate for TokenGate {
    async fn authenticate(&self, token: &str) -> Result<Viewer, Denied> {
        match self.identity.authenticate(&self.db, token).await {
            Ok(Ok(standing)) => Ok(Viewer::from(&*standing)),
            Ok(Err(reason)) => Err(Denied {
                code: "unauthenticated",
                detail: reason.to_owned(),
            }),
            Err(problem) => Err(unavailable(&problem)),
        }
    }

    async fn renew(&self, viewer: &Viewer, now: DateTime<Utc>) -> Result<Option<Viewer>, Denied> {
        let standing = match (viewer.user, viewer.session) {
            (Some(user), Some(session)) => {
                let org = viewer.organisation.map(Into::into);
                let expires_at = viewer.expires_at.unwrap_or(DateTime::<Utc>::MAX_UTC);
                self.identity
                    .standing_of(&self.db, user.into(), session.into(), org, expires_at)
                    .await
            }
            _ => {
                return self
                    .is_key_valid(viewer.owner, now)
                    .await
                    .map(|valid| valid.then(|| viewer.clone()));
            }
        };
        Ok(standing
            .map_err(|problem| unavailable(&problem))?
            .map(|standing| Viewer::from(&*standing)))
    }

    async fn subject(&self, viewer: &Viewer, kind: &str, id: &str) -> Result<Uuid, Denied> {
        let nothing = || Denied {
            code: "not_found",
            detail: "there is nothing of this kind and id that this actor can see".to_owned(),
        };
        let organisation = viewer.organisation.ok_or_else(nothing)?;
        let watchable = self
            .watchables
            .iter()
            .find(|watchable| watchable.kind() == kind)
            .ok_or_else(nothing)?;
        let found = watchable.find(&self.db, organisation, viewer.permissions, id).await;
        found.map_err(|problem| unavailable(&problem))?.ok_or_else(nothing)
    }
}
