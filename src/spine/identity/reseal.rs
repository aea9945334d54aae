//! Secrets in the database that master keys seal: whether they open, and sealing them anew after a rotation.

use guildhall_kernel::UserId;
use uuid::Uuid;

use super::{
    events::{KEYS, SecretsResealed},
    signing, totp,
};
use crate::{
    db::{Db, Tx},
    event::{self, Origin},
    http::Problem,
    secret::Keyring,
};

/// Secrets looked at in one go.
const PAGE: i64 = 500;
/// Faults named one by one.
const NAMED: usize = 5;

/// What a keyring can do with the sealed secrets.
#[derive(Debug, Default)]
pub struct Sealed {
    /// Token signing keys that open.
    pub signing_keys: usize,
    /// Second factors that open.
    pub second_factors: usize,
    /// How many of both are sealed with an older master key.
    pub outdated: usize,
    /// What doesn't open, and why; the first five.
    pub faults: Vec<String>,
}

/// A sealed secret: its key, what it is sealed for, and the sealed text.
struct Secret<K> {
    key: K,
    purpose: String,
    sealed: Vec<u8>,
}

impl Sealed {
    fn look<K>(&mut self, ring: &Keyring, secrets: &[Secret<K>]) -> usize {
        let mut open = 0;
        for secret in secrets {
            match ring.open(&secret.purpose, &secret.sealed) {
                Ok(_) => {
                    open += 1;
                    self.outdated += usize::from(!ring.is_current(&secret.sealed));
                }
                Err(fault) if self.faults.len() < NAMED => self.faults.push(format!("{}: {fault}", secret.purpose)),
                Err(_) => {}
            }
        }
        open
    }
}

/// Tries whether every sealed secret opens with `ring`.
///
/// # Errors
/// When the database fails.
pub async fn sealed_secrets(db: &Db, ring: &Keyring) -> Result<Sealed, Problem> {
    let mut sealed = Sealed::default();
    let mut tx = db.begin().await?;
    let keys = signing_keys(&mut tx).await?;
    sealed.signing_keys = sealed.look(ring, &keys);
    let mut after = Uuid::nil();
    loop {
        let page = second_factors(&mut tx, after).await?;
        let Some(last) = page.last() else { break };
        after = last.key;
        sealed.second_factors += sealed.look(ring, &page);
    }
    tx.rollback().await?;
    Ok(sealed)
}

/// Seals every secret that was sealed with an older master key with the newest one of `ring`, and returns how many.
/// Run again, it goes on where it was interrupted; a secret that changes meanwhile keeps its change.
///
/// # Errors
/// When the database fails, or a secret doesn't open with any key of `ring`; those before it stay done.
pub async fn reseal_secrets(db: &Db, ring: &Keyring) -> Result<u64, Problem> {
    let mut done = 0;
    let mut tx = db.begin().await?;
    for secret in signing_keys(&mut tx).await? {
        let Some(fresh) = resealed(ring, &secret)? else {
            continue;
        };
        done += sqlx::query!(
            "UPDATE signing_key SET secret = $2 WHERE kid = $1 AND secret = $3",
            secret.key,
            fresh,
            secret.sealed
        )
        .execute(&mut *tx)
        .await?
        .rows_affected();
    }
    record(&mut tx, done).await?;
    tx.commit().await?;
    let mut after = Uuid::nil();
    loop {
        let before = done;
        let mut tx = db.begin().await?;
        let page = second_factors(&mut tx, after).await?;
        let Some(last) = page.last() else { return Ok(done) };
        after = last.key;
        for secret in page {
            let Some(fresh) = resealed(ring, &secret)? else {
                continue;
            };
            done += sqlx::query!(
                "UPDATE totp_factor SET secret = $2 WHERE user_id = $1 AND secret = $3",
                secret.key,
                fresh,
                secret.sealed
            )
            .execute(&mut *tx)
            .await?
            .rows_affected();
        }
        record(&mut tx, done - before).await?;
        tx.commit().await?;
    }
}

async fn record(tx: &mut Tx, count: u64) -> Result<(), Problem> {
    if count > 0 {
        event::append(tx, &Origin::default(), KEYS, &[], &SecretsResealed { count }).await?;
    }
    Ok(())
}

/// `None` when it is sealed with the newest key already.
fn resealed<K>(ring: &Keyring, secret: &Secret<K>) -> Result<Option<Vec<u8>>, Problem> {
    if ring.is_current(&secret.sealed) {
        return Ok(None);
    }
    let plain = ring.open(&secret.purpose, &secret.sealed).map_err(Problem::internal)?;
    ring.seal(&secret.purpose, &plain).map(Some).map_err(Problem::internal)
}

async fn signing_keys(tx: &mut Tx) -> Result<Vec<Secret<String>>, sqlx::Error> {
    let rows = sqlx::query!("SELECT kid, secret FROM signing_key ORDER BY kid")
        .fetch_all(&mut **tx)
        .await?;
    let secret = |kid: String, sealed| Secret {
        purpose: signing::purpose(&kid),
        key: kid,
        sealed,
    };
    Ok(rows.into_iter().map(|row| secret(row.kid, row.secret)).collect())
}

async fn second_factors(tx: &mut Tx, after: Uuid) -> Result<Vec<Secret<Uuid>>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT user_id, secret FROM totp_factor WHERE user_id > $1 ORDER BY user_id LIMIT $2",
        after,
        PAGE
    )
    .fetch_all(&mut **tx)
    .await?;
    let purpose = |user: Uuid| totp::purpose(UserId::from(user));
    Ok(rows
        .into_iter()
        .map(|row| Secret {
            key: row.user_id,
            purpose: purpose(row.user_id),
            sealed: row.secret,
        })
        .collect())
}
