//! The keys that access tokens are signed with (Ed25519, RFC 8037), shared by all nodes through the database.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use guildhall_kernel::Clock;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, jwk::Jwk};
use parking_lot::RwLock;
use serde::Serialize;
use tokio::sync::Mutex;
use utoipa::ToSchema;

use super::{
    Claims,
    events::{KEYS, SigningKeyRotated},
};
use crate::{
    db::{Db, Tx},
    event::{self, Origin},
    http::Problem,
    secret::Keyring,
};

/// The public keys, as `/.well-known/jwks.json` serves them (RFC 7517).
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct JwkSet {
    /// One JWK a key; those about to be retired too.
    #[schema(value_type = Vec<Object>, example = json!([{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig",
        "kid": "mXb0pXYcHvE", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]))]
    pub keys: Vec<serde_json::Value>,
}

/// The signing keys that this node knows.
pub struct SigningKeys {
    issuer: String,
    keyring: Keyring,
    known: RwLock<Known>,
    /// When an unknown key last made this node look into the database.
    looked: Mutex<Option<Instant>>,
}

#[derive(Default)]
struct Known {
    current: Option<(String, EncodingKey)>,
    verifying: BTreeMap<String, DecodingKey>,
    public: JwkSet,
}

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKeys")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// The least time between two looks for keys that tokens name.
const BETWEEN_LOOKS: Duration = Duration::from_secs(5);

/// An Ed25519 private key's PKCS #8 form is this and the 32-byte seed (RFC 8410 section 7).
const PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// What a key's secret is sealed for.
pub(super) fn purpose(kid: &str) -> String {
    format!("signing_key/{kid}")
}

impl SigningKeys {
    /// The keys in the database; the first node to start makes the first one.
    ///
    /// # Errors
    /// When the database fails or a key doesn't open with this server's keyring.
    pub async fn load(db: &Db, keyring: Keyring, issuer: String) -> Result<Self, Problem> {
        let keys = Self {
            issuer,
            keyring,
            known: RwLock::default(),
            looked: Mutex::default(),
        };
        let mut tx = db.begin().await?;
        sqlx::query!("SELECT pg_advisory_xact_lock(hashtext('signing_key'))")
            .execute(&mut *tx)
            .await?;
        let present =
            sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM signing_key WHERE retired_at IS NULL) AS "some!""#)
                .fetch_one(&mut *tx)
                .await?;
        if !present {
            keys.add(&mut tx).await?;
        }
        tx.commit().await?;
        keys.reload(db).await?;
        Ok(keys)
    }

    /// Makes a new key and retires the one before: it still verifies what it has signed. The platform's audit log gets
    /// an entry.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rotate(&self, db: &Db) -> Result<(), Problem> {
        let mut tx = db.begin().await?;
        let now = tx.now();
        sqlx::query!("SELECT pg_advisory_xact_lock(hashtext('signing_key'))")
            .execute(&mut *tx)
            .await?;
        sqlx::query!("UPDATE signing_key SET retired_at = $1 WHERE retired_at IS NULL", now)
            .execute(&mut *tx)
            .await?;
        let kid = self.add(&mut tx).await?;
        event::append(&mut tx, &Origin::default(), KEYS, &[], &SigningKeyRotated { kid }).await?;
        tx.commit().await?;
        self.reload(db).await
    }

    /// Makes a key and returns its id.
    async fn add(&self, tx: &mut Tx) -> Result<String, Problem> {
        let seed = tx.entropy().bytes::<32>();
        let kid = URL_SAFE_NO_PAD.encode(tx.entropy().bytes::<8>());
        let jwk = jwk(&kid, &seed)?;
        let public = serde_json::to_vec(&jwk).map_err(Problem::internal)?;
        let secret = self.keyring.seal(&purpose(&kid), &seed).map_err(Problem::internal)?;
        let now = tx.now();
        sqlx::query!(
            "INSERT INTO signing_key (kid, secret, public, created_at) VALUES ($1, $2, $3, $4)",
            kid,
            secret,
            public,
            now
        )
        .execute(&mut **tx)
        .await?;
        Ok(kid)
    }

    /// Reads the keys again: those in use, and those retired within the last day.
    ///
    /// # Errors
    /// When the database fails or a key doesn't open with this server's keyring.
    pub async fn reload(&self, db: &Db) -> Result<(), Problem> {
        let rows = sqlx::query!(
            "SELECT kid, secret, public, retired_at FROM signing_key
             WHERE retired_at IS NULL OR retired_at > now() - interval '1 day' ORDER BY created_at"
        )
        .fetch_all(db.pool())
        .await?;
        let mut known = Known::default();
        for row in rows {
            let jwk: Jwk = serde_json::from_slice(&row.public).map_err(Problem::internal)?;
            known
                .verifying
                .insert(row.kid.clone(), DecodingKey::from_jwk(&jwk).map_err(Problem::internal)?);
            known
                .public
                .keys
                .push(serde_json::to_value(&jwk).map_err(Problem::internal)?);
            if row.retired_at.is_none() {
                let seed = self
                    .keyring
                    .open(&purpose(&row.kid), &row.secret)
                    .map_err(Problem::internal)?;
                known.current = Some((row.kid, EncodingKey::from_ed_der(&[PKCS8.as_slice(), &seed].concat())));
            }
        }
        *self.known.write() = known;
        Ok(())
    }

    /// Reads the keys again if `token` names one that this node doesn't know: another node may have made it a moment
    /// ago. Made-up names cost one look every few seconds. Returns whether the key is known now.
    ///
    /// # Errors
    /// As [`SigningKeys::reload`].
    pub(super) async fn learn(&self, db: &Db, token: &str) -> Result<bool, Problem> {
        let named = jsonwebtoken::decode_header(token)
            .ok()
            .filter(|header| header.alg == Algorithm::EdDSA);
        let Some(kid) = named.and_then(|header| header.kid).filter(|kid| !self.knows(kid)) else {
            return Ok(false);
        };
        // Requests with the same new key wait for one look together.
        let mut looked = self.looked.lock().await;
        if !self.knows(&kid) && looked.is_none_or(|at| at.elapsed() > BETWEEN_LOOKS) {
            *looked = Some(Instant::now());
            self.reload(db).await?;
        }
        Ok(self.knows(&kid))
    }

    fn knows(&self, kid: &str) -> bool {
        self.known.read().verifying.contains_key(kid)
    }

    /// The public keys.
    #[must_use]
    pub fn public(&self) -> JwkSet {
        self.known.read().public.clone()
    }

    /// The issuer of this server's tokens.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Signs `claims`.
    ///
    /// # Errors
    /// 500 when there is no key, which `load` rules out.
    pub fn sign(&self, claims: &Claims) -> Result<String, Problem> {
        self.sign_statement("JWT", claims)
    }

    /// Signs a statement that is no token: `kind` is its `typ`, and says what it is.
    ///
    /// # Errors
    /// 500 when there is no key, which `load` rules out.
    pub fn sign_statement(&self, kind: &str, statement: &impl Serialize) -> Result<String, Problem> {
        let known = self.known.read();
        let (kid, key) = known
            .current
            .as_ref()
            .ok_or_else(|| Problem::internal("there is no signing key"))?;
        let header = Header {
            kid: Some(kid.clone()),
            typ: Some(kind.to_owned()),
            ..Header::new(Algorithm::EdDSA)
        };
        jsonwebtoken::encode(&header, statement, key).map_err(Problem::internal)
    }

    /// The claims of a token that this server has signed and that hasn't ended by `clock`.
    ///
    /// # Errors
    /// Why the token is refused.
    pub fn verify(&self, token: &str, clock: &Clock) -> Result<Claims, &'static str> {
        let broken = "The access token is not one of this server's: log in again.";
        let header = jsonwebtoken::decode_header(token).map_err(|_| broken)?;
        let known = self.known.read();
        let key = header.kid.and_then(|kid| known.verifying.get(&kid)).ok_or(broken)?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[Claims::AUDIENCE]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The end is compared with the server's own clock below.
        rules.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &rules)
            .map_err(|_| broken)?
            .claims;
        if claims.exp <= clock.now().timestamp() {
            return Err("The access token has expired: refresh it with POST /api/v1/auth/refresh.");
        }
        Ok(claims)
    }
}

fn jwk(kid: &str, seed: &[u8; 32]) -> Result<Jwk, Problem> {
    let key = EncodingKey::from_ed_der(&[PKCS8.as_slice(), seed].concat());
    let mut jwk = Jwk::from_encoding_key(&key, Algorithm::EdDSA).map_err(Problem::internal)?;
    jwk.common.key_id = Some(kid.to_owned());
    jwk.common.public_key_use = Some(jsonwebtoken::jwk::PublicKeyUse::Signature);
    Ok(jwk)
}
