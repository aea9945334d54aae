//! Secrets in the database that master keys seal: whether they open, and sealing them anew after a rotation.

use std::sync::Arc;

use async_trait::async_trait;
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
    /// Secrets of each store that open, by the store's name.
    pub stored: Vec<(&'static str, usize)>,
    /// How many of all are sealed with an older master key.
    pub outdated: usize,
    /// What doesn't open, and why; the first five.
    pub faults: Vec<String>,
}

/// A sealed secret.
#[derive(Debug)]
pub struct SealedSecret<K = Uuid> {
    /// Its key in its store.
    pub key: K,
    /// What it is sealed for.
    pub purpose: String,
    /// The sealed text.
    pub sealed: Vec<u8>,
}

/// A table that keeps sealed secrets.
#[async_trait]
pub trait SealedStore: Send + Sync {
    /// What it keeps, in the plural, for people.
    fn name(&self) -> &'static str;

    /// Secrets with keys after `after`, in the order of keys, at most `most`.
    ///
    /// # Errors
    /// When the database fails.
    async fn page(&self, tx: &mut Tx, after: Uuid, most: i64) -> Result<Vec<SealedSecret>, sqlx::Error>;

    /// Puts `fresh` in the place of `secret`, if it is still as it was read. Returns how many rows that were.
    ///
    /// # Errors
    /// When the database fails.
    async fn replace(&self, tx: &mut Tx, secret: &SealedSecret, fresh: &[u8]) -> Result<u64, sqlx::Error>;
}

/// The seeds of second factors.
#[derive(Clone, Copy, Debug)]
pub struct SecondFactors;

impl Sealed {
    fn look<K>(&mut self, ring: &Keyring, secrets: &[SealedSecret<K>]) -> usize {
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
pub async fn sealed_secrets(db: &Db, ring: &Keyring, stores: &[Arc<dyn SealedStore>]) -> Result<Sealed, Problem> {
    let mut sealed = Sealed::default();
    let mut tx = db.begin().await?;
    let keys = signing_keys(&mut tx).await?;
    sealed.signing_keys = sealed.look(ring, &keys);
    for store in stores {
        let (mut after, mut open) = (Uuid::nil(), 0);
        loop {
            let page = store.page(&mut tx, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.key;
            open += sealed.look(ring, &page);
        }
        sealed.stored.push((store.name(), open));
    }
    tx.rollback().await?;
    Ok(sealed)
}

/// Seals every secret that was sealed with an older master key with the newest one of `ring`, and returns how many.
/// Run again, it goes on where it was interrupted; a secret that changes meanwhile keeps its change.
///
/// # Errors
/// When the database fails, or a secret doesn't open with any key of `ring`; those before it stay done.
pub async fn reseal_secrets(db: &Db, ring: &Keyring, stores: &[Arc<dyn SealedStore>]) -> Result<u64, Problem> {
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
    for store in stores {
        done += reseal(db, ring, &**store).await?;
    }
    Ok(done)
}

/// Seals one store anew, page by page.
async fn reseal(db: &Db, ring: &Keyring, store: &dyn SealedStore) -> Result<u64, Problem> {
    let (mut done, mut after) = (0, Uuid::nil());
    loop {
        let before = done;
        let mut tx = db.begin().await?;
        let page = store.page(&mut tx, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(done) };
        after = last.key;
        for secret in page {
            if let Some(fresh) = resealed(ring, &secret)? {
                done += store.replace(&mut tx, &secret, &fresh).await?;
            }
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
fn resealed<K>(ring: &Keyring, secret: &SealedSecret<K>) -> Result<Option<Vec<u8>>, Problem> {
    if ring.is_current(&secret.sealed) {
        return Ok(None);
    }
    let plain = ring.open(&secret.purpose, &secret.sealed).map_err(Problem::internal)?;
    ring.seal(&secret.purpose, &plain).map(Some).map_err(Problem::internal)
}

async fn signing_keys(tx: &mut Tx) -> Result<Vec<SealedSecret<String>>, sqlx::Error> {
    let rows = sqlx::query!("SELECT kid, secret FROM signing_key ORDER BY kid")
        .fetch_all(&mut **tx)
        .await?;
    let secret = |kid: String, sealed| SealedSecret {
        purpose: signing::purpose(&kid),
        key: kid,
        sealed,
    };
    Ok(rows.into_iter().map(|row| secret(row.kid, row.secret)).collect())
}

#[async_trait]
impl SealedStore for SecondFactors {
    fn name(&self) -> &'static str {
        "second factors"
    }

    async fn page(&self, tx: &mut Tx, after: Uuid, most: i64) -> Result<Vec<SealedSecret>, sqlx::Error> {
        let rows = sqlx::query!(
            "SELECT user_id, secret FROM totp_factor WHERE user_id > $1 ORDER BY user_id LIMIT $2",
            after,
            most
        )
        .fetch_all(&mut **tx)
        .await?;
        let secret = |user: Uuid, sealed| SealedSecret {
            key: user,
            purpose: totp::purpose(UserId::from(user)),
            sealed,
        };
        Ok(rows.into_iter().map(|row| secret(row.user_id, row.secret)).collect())
    }

    async fn replace(&self, tx: &mut Tx, secret: &SealedSecret, fresh: &[u8]) -> Result<u64, sqlx::Error> {
        let written = sqlx::query!(
            "UPDATE totp_factor SET secret = $2 WHERE user_id = $1 AND secret = $3",
            secret.key,
            fresh,
            secret.sealed
        )
        .execute(&mut **tx)
        .await?;
        Ok(written.rows_affected())
    }
}
