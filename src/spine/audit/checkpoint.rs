//! Signed proof of where a chain stands, for its owner to keep (OWASP ASVS 16.4: logs can't be altered unseen).

use axum::{Json, extract::State, http::header, response::IntoResponse};
use chrono::{DateTime, Utc};
use guildhall_kernel::OrgId;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::Jwk};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use utoipa::ToSchema;

use super::{GENESIS, rows};
use crate::{
    App,
    access::{May, right},
    http::Problem,
};

/// The `typ` of the signature, so that it can't pass for a token.
const TYPE: &str = "guildhall-audit-checkpoint";

/// Where an organisation's audit log stands, signed by the server. Kept elsewhere, it proves later whether everything
/// up to here is still what it was: `guildhall doctor --audit --checkpoint FILE` checks it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Checkpoint {
    /// The organisation.
    pub organisation_id: OrgId,
    /// The number of the last entry; 0 before the first.
    #[schema(example = 1207)]
    pub no: i64,
    /// The last entry's hash, 64 hexadecimal digits; zeros before the first.
    #[schema(example = "9f2c0d6c1f0c0f6f4b7c2e7a0d4f1c3b5a69788796a5b4c3d2e1f00112233445")]
    pub hash: String,
    /// When the checkpoint was made.
    pub at: DateTime<Utc>,
    /// The other members, signed: a JWS in compact form (RFC 7515, EdDSA) with the key of `/.well-known/jwks.json`
    /// that its `kid` names.
    #[schema(
        example = "eyJ0eXAiOiJndWlsZGhhbGwtYXVkaXQtY2hlY2twb2ludCIsImFsZyI6IkVkRFNBIn0.eyJubyI6MTIwN30.c2lnbmF0dXJl"
    )]
    pub signature: String,
}

#[derive(Serialize, Deserialize)]
struct Statement {
    iss: String,
    organisation_id: OrgId,
    no: i64,
    hash: String,
    at: DateTime<Utc>,
}

/// Why a checkpoint doesn't hold.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointFault {
    /// The text isn't one.
    #[error("not a checkpoint: save the answer of GET /api/v1/audit/checkpoint unchanged")]
    Malformed,
    /// No key of this database has signed it.
    #[error("signed with key {0:?}, which this database doesn't have: is it another server's checkpoint?")]
    UnknownKey(String),
    /// The signature doesn't fit.
    #[error("the signature is not right: the checkpoint was changed, or the server's signing key was replaced")]
    BadSignature,
    /// The log is shorter than the checkpoint says.
    #[error("{org}: entry {no}, which the checkpoint proves, is not there any more")]
    Gone {
        /// The chain.
        org: OrgId,
        /// The entry.
        no: i64,
    },
    /// The log has been rewritten.
    #[error("{org}: entry {no} has another hash than when the checkpoint was made: it or one before it was changed")]
    Differs {
        /// The chain.
        org: OrgId,
        /// The entry.
        no: i64,
    },
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

/// Where the organisation's audit log stands
///
/// The signed number and hash of its last entry. Keep them outside the server to be able to prove later that nothing
/// up to there was changed. Keep the key of `/.well-known/jwks.json` too: rotation takes it out of that list.
#[utoipa::path(get, path = "/api/v1/audit/checkpoint", operation_id = "getAuditCheckpoint", tag = "organisation",
    security(("bearer" = ["audit:read"])),
    responses((status = 200, description = "the checkpoint", body = Checkpoint)))]
pub(super) async fn get_audit_checkpoint(
    State(app): State<App>,
    may: May<right::AuditRead>,
) -> Result<impl IntoResponse, Problem> {
    let head = rows::head(app.db.pool(), may.org.id.uuid()).await?;
    let (no, hash) = head.map_or((0, GENESIS), |head| (head.no, head.hash));
    let statement = Statement {
        iss: app.identity.keys.issuer().to_owned(),
        organisation_id: may.org.id,
        no,
        hash: hex::encode(hash),
        at: app.clock.now(),
    };
    let signature = app.identity.keys.sign_statement(TYPE, &statement)?;
    let Statement {
        organisation_id,
        no,
        hash,
        at,
        ..
    } = statement;
    let checkpoint = Checkpoint {
        organisation_id,
        no,
        hash,
        at,
        signature,
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(checkpoint)))
}

/// Checks `text`, a checkpoint as its owner kept it, against the log. Only what is signed counts. Together with
/// [`super::verify`] it proves every entry up to the checkpoint. Returns what was proven.
///
/// # Errors
/// [`CheckpointFault`].
pub async fn verify_checkpoint(pool: &PgPool, text: &str) -> Result<Checkpoint, CheckpointFault> {
    let kept: Checkpoint = serde_json::from_str(text).map_err(|_| CheckpointFault::Malformed)?;
    let header = jsonwebtoken::decode_header(&kept.signature).map_err(|_| CheckpointFault::Malformed)?;
    let kid = header
        .kid
        .filter(|_| header.typ.as_deref() == Some(TYPE))
        .ok_or(CheckpointFault::Malformed)?;
    let public = sqlx::query_scalar!("SELECT public FROM signing_key WHERE kid = $1", kid)
        .fetch_optional(pool)
        .await?;
    let public = public.ok_or(CheckpointFault::UnknownKey(kid))?;
    let jwk: Jwk = serde_json::from_slice(&public).map_err(|_| CheckpointFault::BadSignature)?;
    let key = DecodingKey::from_jwk(&jwk).map_err(|_| CheckpointFault::BadSignature)?;
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.required_spec_claims.clear();
    rules.validate_exp = false;
    rules.validate_aud = false;
    let signed = jsonwebtoken::decode::<Statement>(&kept.signature, &key, &rules)
        .map_err(|_| CheckpointFault::BadSignature)?
        .claims;
    let Statement {
        organisation_id: org,
        no,
        hash,
        at,
        ..
    } = signed;
    let (now_no, now_hash) = entry(pool, org, no).await?.unwrap_or((0, GENESIS.to_vec()));
    if now_no != no {
        return Err(CheckpointFault::Gone { org, no });
    }
    if hex::encode(now_hash) != hash {
        return Err(CheckpointFault::Differs { org, no });
    }
    Ok(Checkpoint {
        organisation_id: org,
        no,
        hash,
        at,
        signature: kept.signature,
    })
}

async fn entry(pool: &PgPool, org: OrgId, no: i64) -> Result<Option<(i64, Vec<u8>)>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT no, hash FROM audit_entry WHERE org_id = $1 AND no = $2 LIMIT 1",
        org.uuid(),
        no
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| (row.no, row.hash)))
}
