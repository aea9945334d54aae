//! Sealed secrets: bank details, tax numbers, keys of payment services.

use async_trait::async_trait;
use guildhall_kernel::{PayoutProfileId, id_text};
use guildhall_spine::{
    App,
    db::Tx,
    http::Problem,
    identity::{SealedSecret, SealedStore},
    secret::Keyring,
};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::PgConnection;
use uuid::Uuid;

/// What a secret is sealed for.
fn purpose(id: Uuid) -> String {
    id_text("payout", id).unwrap_or_default() + "/secret"
}

/// Seals and stores `plain`; returns its key.
pub(crate) async fn store(tx: &mut Tx, keyring: &Keyring, plain: &impl Serialize) -> Result<Uuid, Problem> {
    // The type of the id says nothing here: any that rises will do.
    let id = PayoutProfileId::from(tx.new_id()).uuid();
    let plain = serde_json::to_vec(plain).map_err(Problem::internal)?;
    let sealed = keyring.seal(&purpose(id), &plain).map_err(Problem::internal)?;
    sqlx::query!("INSERT INTO payout_secret (id, sealed) VALUES ($1, $2)", id, sealed)
        .execute(&mut **tx)
        .await?;
    Ok(id)
}

/// By which a payout is stopped whose destination can't be opened.
pub(crate) const UNREADABLE: &str = "destination_unreadable";
/// The same in words, with what to do.
pub(crate) const UNREADABLE_REASON: &str =
    "The destination can't be opened with the server's master keys: see secrets.keys, or have the payee set it again.";

/// What was sealed under `id`, from its sealed text.
pub(crate) fn open<T: DeserializeOwned>(keyring: &Keyring, id: Uuid, sealed: &[u8]) -> Result<T, Problem> {
    let plain = keyring.open(&purpose(id), sealed).map_err(Problem::internal)?;
    serde_json::from_slice(&plain).map_err(|_| Problem::internal("a sealed secret has another shape"))
}

/// What was stored under `id`.
pub(crate) async fn load<T: DeserializeOwned>(app: &App, conn: &mut PgConnection, id: Uuid) -> Result<T, Problem> {
    let sealed = sqlx::query_scalar!("SELECT sealed FROM payout_secret WHERE id = $1", id)
        .fetch_one(conn)
        .await?;
    open(&app.keyring, id, &sealed)
}

/// The secrets as a rotation of master keys sees them.
pub(crate) struct PayoutSecrets;

#[async_trait]
impl SealedStore for PayoutSecrets {
    fn name(&self) -> &'static str {
        "payout secrets"
    }

    async fn page(&self, tx: &mut Tx, after: Uuid, most: i64) -> Result<Vec<SealedSecret>, sqlx::Error> {
        let rows = sqlx::query!(
            "SELECT id, sealed FROM payout_secret WHERE id > $1 ORDER BY id LIMIT $2",
            after,
            most
        )
        .fetch_all(&mut **tx)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| SealedSecret {
                key: row.id,
                purpose: purpose(row.id),
                sealed: row.sealed,
            })
            .collect())
    }

    async fn replace(&self, tx: &mut Tx, secret: &SealedSecret, fresh: &[u8]) -> Result<u64, sqlx::Error> {
        let written = sqlx::query!(
            "UPDATE payout_secret SET sealed = $2 WHERE id = $1 AND sealed = $3",
            secret.key,
            fresh,
            secret.sealed
        )
        .execute(&mut **tx)
        .await?;
        Ok(written.rows_affected())
    }
}
