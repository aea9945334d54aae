//! From a credential to what it amounts to: a signature is verified once, the rest is looked up and kept for a few
//! seconds, and dropped at once when a session, a membership or a key ends.

use std::{sync::Arc, time::Duration};

use axum::http::{HeaderMap, header};
use chrono::{DateTime, Utc};
use guildhall_kernel::{Clock, OrgId, SessionId, UserId};
use moka::sync::Cache;
use uuid::Uuid;

use super::{ActingFor, Claims, SigningKeys, Standing, standings::Standings};
use crate::{
    access::{OrgKind, Permission, Role},
    db::Db,
    http::Problem,
    secret::{keyed_hash, token_hash},
};

/// Marks API keys, so that they are recognised in logs and by secret scanners.
pub(super) const API_KEY_PREFIX: &str = "ghk_";

/// Checks credentials.
#[derive(Debug)]
pub struct Identity {
    /// The token signing keys.
    pub keys: SigningKeys,
    clock: Clock,
    verified: Cache<[u8; 32], Arc<Claims>>,
    standings: Standings,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Credential {
    Session(SessionId, Option<OrgId>),
    ApiKey([u8; 32]),
}

/// The bearer token of a request (RFC 6750 section 2.1).
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl Identity {
    /// Checks credentials with these signing keys.
    #[must_use]
    pub fn new(keys: SigningKeys, clock: Clock) -> Self {
        Self {
            keys,
            clock,
            verified: Cache::builder()
                .max_capacity(50_000)
                .time_to_live(Duration::from_secs(600))
                .build(),
            standings: Standings::new(),
        }
    }

    /// What `token` amounts to, or why it is refused.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn authenticate(&self, db: &Db, token: &str) -> Result<Result<Arc<Standing>, &'static str>, Problem> {
        let hash = token_hash(token);
        if token.starts_with(API_KEY_PREFIX) {
            return self.api_key(db, hash).await;
        }
        let claims = match self.verified.get(&hash) {
            Some(claims) if claims.exp > self.clock.now().timestamp() => claims,
            Some(_) => {
                return Ok(Err(
                    "The access token has expired: refresh it with POST /api/v1/auth/refresh.",
                ));
            }
            None => match self.verify(db, token).await? {
                Ok(claims) => {
                    let claims = Arc::new(claims);
                    self.verified.insert(hash, Arc::clone(&claims));
                    claims
                }
                Err(reason) => return Ok(Err(reason)),
            },
        };
        let credential = Credential::Session(claims.sid, claims.org);
        if let Some(standing) = self.standings.get(&credential) {
            if standing.expires_at.timestamp() == claims.exp {
                return Ok(Ok(standing));
            }
            // Another token of the same session: only its end differs.
            let expires_at = end_of(&claims);
            return Ok(Ok(Arc::new(Standing {
                expires_at,
                ..(*standing).clone()
            })));
        }
        let asked = self.standings.ask();
        let Some(standing) = session_standing(db, claims.sub, claims.sid, claims.org, end_of(&claims)).await? else {
            return Ok(Err("The session or the membership has ended: log in again."));
        };
        let standing = Arc::new(standing);
        self.standings.keep(asked, credential, &standing);
        Ok(Ok(standing))
    }

    /// What a session amounts to for someone who acts for `org`; nothing when it or the membership has ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn standing_of(
        &self,
        db: &Db,
        user: UserId,
        session: SessionId,
        org: Option<OrgId>,
        expires_at: DateTime<Utc>,
    ) -> Result<Option<Arc<Standing>>, Problem> {
        Ok(session_standing(db, user, session, org, expires_at)
            .await?
            .map(Arc::new))
    }

    async fn verify(&self, db: &Db, token: &str) -> Result<Result<Claims, &'static str>, Problem> {
        let verified = self.keys.verify(token, &self.clock);
        if verified.is_err() && self.keys.learn(db, token).await? {
            return Ok(self.keys.verify(token, &self.clock));
        }
        Ok(verified)
    }

    async fn api_key(&self, db: &Db, hash: [u8; 32]) -> Result<Result<Arc<Standing>, &'static str>, Problem> {
        let credential = Credential::ApiKey(hash);
        let refused = "The API key is unknown, revoked or expired.";
        if let Some(standing) = self.standings.get(&credential) {
            let expired = standing.expires_at <= self.clock.now();
            return Ok(if expired { Err(refused) } else { Ok(standing) });
        }
        let asked = self.standings.ask();
        let Some(standing) = key_standing(db, &self.clock, hash).await? else {
            return Ok(Err(refused));
        };
        let standing = Arc::new(standing);
        self.standings.keep(asked, credential, &standing);
        Ok(Ok(standing))
    }

    /// Forgets what is believed of a user, a session or an API key (by its id), so that the next request asks.
    pub fn forget(&self, id: Uuid) {
        self.standings.forget(id);
    }

    /// Forgets everything that is believed, so that each next request asks.
    pub fn forget_all(&self) {
        self.standings.forget_all();
    }
}

fn end_of(claims: &Claims) -> DateTime<Utc> {
    DateTime::from_timestamp(claims.exp, 0).unwrap_or_default()
}

async fn session_standing(
    db: &Db,
    user: UserId,
    session: SessionId,
    org: Option<OrgId>,
    expires_at: DateTime<Utc>,
) -> Result<Option<Standing>, Problem> {
    let row = sqlx::query!(
        r#"SELECT u.operator, m.role AS "role?", o.kind AS "kind?: OrgKind"
           FROM session s
           JOIN user_account u ON u.id = s.user_id
           LEFT JOIN organisation o ON o.id = $3 AND o.status = 'active'
           LEFT JOIN membership m ON m.user_id = u.id AND m.org_id = o.id
           WHERE s.id = $1 AND s.user_id = $2 AND s.revoked_at IS NULL AND u.status = 'active'"#,
        session.uuid(),
        user.uuid(),
        org.map(OrgId::uuid),
    )
    .fetch_optional(db.pool())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let role = row.kind.zip(row.role).and_then(|(kind, role)| Role::parse(kind, &role));
    let acting = match (org, row.kind, role) {
        (None, ..) => None,
        (Some(id), Some(kind), Some(_)) => Some(ActingFor { id, kind }),
        _ => return Ok(None),
    };
    Ok(Some(Standing {
        principal: principal(user, org),
        user: Some(user),
        session: Some(session),
        api_key: None,
        org: acting,
        role,
        permissions: role.map(Role::permissions).unwrap_or_default(),
        operator: row.operator,
        expires_at,
    }))
}

/// One user acting for two organisations is two principals.
fn principal(user: UserId, org: Option<OrgId>) -> Uuid {
    let org = org.map_or([0; 16], |org| org.uuid().into_bytes());
    let hash = keyed_hash(&[0; 32], &[user.uuid().into_bytes(), org].concat());
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(hash) {
        *to = from;
    }
    Uuid::from_bytes(bytes)
}

async fn key_standing(db: &Db, clock: &Clock, hash: [u8; 32]) -> Result<Option<Standing>, Problem> {
    let now = clock.now();
    let row = sqlx::query!(
        r#"UPDATE api_key k SET last_used_at = $2
           FROM organisation o
           WHERE k.hash = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2)
             AND o.id = k.org_id AND o.status = 'active'
           RETURNING k.id, k.org_id, k.scopes, k.expires_at, o.kind AS "kind: OrgKind""#,
        hash.as_slice(),
        now
    )
    .fetch_optional(db.pool())
    .await?;
    Ok(row.map(|row| Standing {
        principal: row.id,
        user: None,
        session: None,
        api_key: Some(row.id.into()),
        org: Some(ActingFor {
            id: row.org_id.into(),
            kind: row.kind,
        }),
        role: None,
        permissions: row
            .scopes
            .iter()
            .filter_map(|scope| Permission::parse(scope))
            .filter(|permission| permission.suits_key(row.kind))
            .collect(),
        operator: false,
        expires_at: row.expires_at.unwrap_or(DateTime::<Utc>::MAX_UTC),
    }))
}
