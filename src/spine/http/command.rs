//! Writes that may be sent twice: one transaction with its effect, its events and, under an `Idempotency-Key`, its
//! answer.

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Problem, Validate, body, code, etag};
use crate::{App, db::Tx, identity::Actor};

const KEY_HEADER: &str = "idempotency-key";
const LONGEST_KEY: usize = 255;

/// A command: a checked body with an open transaction to carry it out in. Under an `Idempotency-Key`, a repeated
/// request is answered here with the first answer and never reaches the handler.
#[derive(Debug)]
pub struct Command<T> {
    /// The transaction; dropped without [`Command::commit`], nothing happened.
    pub tx: Tx,
    /// The body.
    pub body: T,
    claim: Option<Claim>,
}

#[derive(Debug)]
struct Claim {
    principal: Uuid,
    operation: String,
    key: String,
    fingerprint: Vec<u8>,
}

/// The answer to a command.
#[derive(Debug)]
pub struct Reply {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

/// Why the handler isn't reached: a problem, or the first answer again.
#[derive(Debug)]
pub enum Intercepted {
    /// The request is at fault.
    Problem(Problem),
    /// It was carried out before.
    Replayed(Reply),
}

impl Reply {
    fn json(status: StatusCode, body: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_vec(body).map_err(Problem::internal)?;
        Ok(Self {
            status,
            headers: vec![(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))],
            body: body.into(),
        })
    }

    /// 200 with a record.
    ///
    /// # Errors
    /// 500 if the record can't be written as JSON.
    pub fn ok(body: &impl Serialize) -> Result<Self, Problem> {
        Self::json(StatusCode::OK, body)
    }

    /// 201 with the new record and its address.
    ///
    /// # Errors
    /// 500 if the record can't be written as JSON.
    pub fn created(location: &str, body: &impl Serialize) -> Result<Self, Problem> {
        let location = HeaderValue::try_from(location).map_err(Problem::internal)?;
        Ok(Self::json(StatusCode::CREATED, body)?.with(header::LOCATION, location))
    }

    /// 204.
    #[must_use]
    pub const fn no_content() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// Adds the record's version as `ETag`.
    #[must_use]
    pub fn version(self, version: i64) -> Self {
        self.with(header::ETAG, etag(version))
    }

    fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let headers: HeaderMap = self.headers.into_iter().collect();
        (self.status, headers, self.body).into_response()
    }
}

impl IntoResponse for Intercepted {
    fn into_response(self) -> Response {
        match self {
            Self::Problem(problem) => problem.into_response(),
            Self::Replayed(reply) => reply
                .with(
                    HeaderName::from_static("idempotency-replayed"),
                    HeaderValue::from_static("true"),
                )
                .into_response(),
        }
    }
}

impl From<Problem> for Intercepted {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<sqlx::Error> for Intercepted {
    #[track_caller]
    fn from(error: sqlx::Error) -> Self {
        Self::Problem(error.into())
    }
}

impl<T: DeserializeOwned + Validate + Send> FromRequest<App> for Command<T> {
    type Rejection = Intercepted;

    async fn from_request(request: Request, app: &App) -> Result<Self, Intercepted> {
        let (mut parts, bytes) = body::read(request, app).await?;
        let actor = Actor::from_request_parts(&mut parts, app).await?;
        let body = body::parse(&parts, &bytes)?;
        let claim = key(&parts.headers)?.map(|key| Claim {
            principal: actor.principal(),
            operation: format!("{} {}", parts.method, parts.uri.path()),
            key,
            fingerprint: fingerprint(parts.uri.query(), &bytes),
        });
        let mut tx = app.db.begin().await?;
        if let Some(claim) = &claim
            && let Some(first) = claim.settle(&mut tx).await?
        {
            return Err(Intercepted::Replayed(first));
        }
        Ok(Self { tx, body, claim })
    }
}

impl<T> Command<T> {
    /// For a command that moves money: repeated by mistake, it must not happen twice.
    ///
    /// # Errors
    /// 400 `idempotency_key_required` without a key.
    pub fn keyed(&self) -> Result<(), Problem> {
        if self.claim.is_some() {
            return Ok(());
        }
        let detail = "Send Idempotency-Key with a fresh UUID, and the same one when you repeat the request.";
        Err(Problem::new(code::IDEMPOTENCY_KEY_REQUIRED, detail))
    }

    /// Stores the answer under the key, commits and answers.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn commit(mut self, reply: Reply) -> Result<Reply, Problem> {
        if let Some(claim) = &self.claim {
            claim.store(&mut self.tx, &reply).await?;
        }
        self.tx.commit().await?;
        Ok(reply)
    }

    /// Splits the command into its body and the rest, for a handler that consumes the body.
    pub fn take(self) -> (T, Command<()>) {
        (
            self.body,
            Command {
                tx: self.tx,
                body: (),
                claim: self.claim,
            },
        )
    }
}

impl Claim {
    /// Holds the key until the transaction ends, and returns the first answer if there was one.
    async fn settle(&self, tx: &mut Tx) -> Result<Option<Reply>, Problem> {
        let held = sqlx::query_scalar!(
            r#"SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS "held!""#,
            format!("{}\n{}\n{}", self.principal, self.operation, self.key)
        )
        .fetch_one(&mut **tx)
        .await?;
        if !held {
            let detail = "Wait for its answer, then repeat this one with the same key to get it.";
            return Err(Problem::new(code::IDEMPOTENCY_IN_PROGRESS, detail).retry_after(1));
        }
        let Some(first) = sqlx::query!(
            "SELECT fingerprint, status, headers, body FROM idempotency_key
             WHERE principal = $1 AND operation = $2 AND key = $3",
            self.principal,
            self.operation,
            self.key
        )
        .fetch_optional(&mut **tx)
        .await?
        else {
            return Ok(None);
        };
        if first.fingerprint != self.fingerprint {
            let detail = "The first request with this key had another body: use a new key for a new request.";
            return Err(Problem::new(code::IDEMPOTENCY_MISMATCH, detail));
        }
        let headers: Vec<(String, String)> = serde_json::from_value(first.headers).map_err(Problem::internal)?;
        Ok(Some(Reply {
            status: u16::try_from(first.status)
                .ok()
                .and_then(|s| StatusCode::from_u16(s).ok())
                .unwrap_or(StatusCode::OK),
            headers: headers
                .into_iter()
                .filter_map(|(n, v)| Some((n.parse().ok()?, v.parse().ok()?)))
                .collect(),
            body: first.body.into(),
        }))
    }

    async fn store(&self, tx: &mut Tx, reply: &Reply) -> Result<(), Problem> {
        let headers: Vec<(&str, &str)> = reply
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
            .collect();
        let at = tx.now();
        sqlx::query!(
            "INSERT INTO idempotency_key (principal, operation, key, fingerprint, status, headers, body, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            self.principal,
            self.operation,
            self.key,
            self.fingerprint,
            i16::try_from(reply.status.as_u16()).unwrap_or(200),
            serde_json::to_value(headers).map_err(Problem::internal)?,
            reply.body.as_ref(),
            at
        )
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}

/// The key: an HTTP structured-field string, or bare.
fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(KEY_HEADER) else {
        return Ok(None);
    };
    let refuse = || {
        let detail = "Idempotency-Key: must have 1 to 255 visible characters; a fresh UUID is a good one.";
        Problem::new(code::INVALID_HEADER, detail)
    };
    let text = value.to_str().map_err(|_| refuse())?.trim();
    let key = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(text);
    if key.is_empty() || key.len() > LONGEST_KEY || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(refuse());
    }
    Ok(Some(key.to_owned()))
}

fn fingerprint(query: Option<&str>, body: &[u8]) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(query.unwrap_or_default());
    hash.update([0]);
    // Key order and white space don't make another request.
    match serde_json::from_slice::<serde_json::Value>(body) {
        Ok(value) => hash.update(value.to_string()),
        Err(_) => hash.update(body),
    }
    hash.finalize().to_vec()
}
