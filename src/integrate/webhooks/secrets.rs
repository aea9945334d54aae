//! What messages are signed with.

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use guildhall_kernel::WebhookEndpointId;
use guildhall_spine::{
    db::{Db, Tx},
    http::Problem,
    identity::{SealedSecret, SealedStore},
    secret::Keyring,
};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;

/// Secrets of one endpoint that sign at once: a rotation in the middle of another ends the oldest.
const MOST_LIVE: i64 = 4;

/// What a secret is sealed for.
pub(super) fn purpose(endpoint: WebhookEndpointId) -> String {
    format!("webhook/{endpoint}")
}

/// Makes a secret for a locked endpoint, and has those before it sign until `overlap`. Returns it as the receiver needs
/// it.
pub(super) async fn renew(
    tx: &mut Tx,
    keyring: &Keyring,
    endpoint: WebhookEndpointId,
    overlap: DateTime<Utc>,
) -> Result<String, Problem> {
    let plain = tx.entropy().bytes::<32>();
    let sealed = keyring.seal(&purpose(endpoint), &plain).map_err(Problem::internal)?;
    let (id, now): (WebhookEndpointId, _) = (tx.new_id(), tx.now());
    sqlx::query!(
        "UPDATE webhook_secret SET expires_at = least(expires_at, $2) WHERE endpoint_id = $1",
        endpoint.uuid(),
        overlap
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "INSERT INTO webhook_secret (id, endpoint_id, sealed, created_at) VALUES ($1, $2, $3, $4)",
        id.uuid(),
        endpoint.uuid(),
        sealed,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(format!("whsec_{}", STANDARD.encode(plain)))
}

/// The secrets that sign at `now`, the newest first.
pub(super) async fn live(
    db: &Db,
    keyring: &Keyring,
    endpoint: WebhookEndpointId,
    now: DateTime<Utc>,
) -> Result<Vec<Vec<u8>>, Problem> {
    let sealed = sqlx::query_scalar!(
        "SELECT sealed FROM webhook_secret WHERE endpoint_id = $1 AND (expires_at IS NULL OR expires_at > $2)
         ORDER BY id DESC LIMIT $3",
        endpoint.uuid(),
        now,
        MOST_LIVE
    )
    .fetch_all(db.pool())
    .await?;
    let purpose = purpose(endpoint);
    sealed
        .into_iter()
        .map(|sealed| keyring.open(&purpose, &sealed).map_err(Problem::internal))
        .collect()
}

/// The value of `webhook-signature`: one signature for each secret, `v1,<base64 HMAC-SHA256 of id.timestamp.body>`.
pub(super) fn signature(secrets: &[Vec<u8>], id: &str, timestamp: i64, body: &str) -> String {
    let signed = format!("{id}.{timestamp}.{body}");
    let one = |secret: &Vec<u8>| {
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(secret).ok()?;
        mac.update(signed.as_bytes());
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    };
    let signatures: Vec<String> = secrets.iter().filter_map(one).collect();
    signatures.join(" ")
}

/// The secrets as a rotation of master keys sees them.
pub(crate) struct WebhookSecrets;

#[async_trait]
impl SealedStore for WebhookSecrets {
    fn name(&self) -> &'static str {
        "webhook secrets"
    }

    async fn page(&self, tx: &mut Tx, after: Uuid, most: i64) -> Result<Vec<SealedSecret>, sqlx::Error> {
        let rows = sqlx::query!(
            "SELECT id, endpoint_id, sealed FROM webhook_secret WHERE id > $1 ORDER BY id LIMIT $2",
            after,
            most
        )
        .fetch_all(&mut **tx)
        .await?;
        let secret = |id, endpoint: Uuid, sealed| SealedSecret {
            key: id,
            purpose: purpose(endpoint.into()),
            sealed,
        };
        Ok(rows
            .into_iter()
            .map(|row| secret(row.id, row.endpoint_id, row.sealed))
            .collect())
    }

    async fn replace(&self, tx: &mut Tx, secret: &SealedSecret, fresh: &[u8]) -> Result<u64, sqlx::Error> {
        let written = sqlx::query!(
            "UPDATE webhook_secret SET sealed = $2 WHERE id = $1 AND sealed = $3",
            secret.key,
            fresh,
            secret.sealed
        )
        .execute(&mut **tx)
        .await?;
        Ok(written.rows_affected())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's published library.
    #[test]
    fn signs_as_the_specification_does() {
        let secret = STANDARD.decode("C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
        let body = r#"{"email":"test@example.com","username":"test_user"}"#;
        let signed = signature(
            &[secret.clone(), vec![1; 32]],
            "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
            1_649_367_553,
            body,
        );
        let (first, second) = signed.split_once(' ').unwrap();
        assert_eq!(first, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
        assert!(second.starts_with("v1,") && second != first);
    }
}
