//! Passwords: argon2id (RFC 9106), kept as PHC strings.

use std::{num::NonZero, sync::Arc, thread::available_parallelism};

use argon2::{
    Argon2, Params, PasswordHasher, PasswordVerifier,
    password_hash::{self, phc::PasswordHash},
};
use guildhall_kernel::Entropy;
use tokio::{sync::Semaphore, task::spawn_blocking};
use unicode_normalization::UnicodeNormalization;

use crate::{config::AuthConfig, http::Problem};

/// Hashes and verifies passwords off the async threads, no more at once than there are cores: a flood of log-ins
/// waits in line and takes neither all memory nor the time of other requests. Clones share the line.
#[derive(Clone, Debug)]
pub struct Passwords {
    params: Params,
    nobody: Arc<str>,
    line: Arc<Semaphore>,
    entropy: Entropy,
}

impl Passwords {
    /// Hashing with the costs in `config`, which [`crate::config::Config::check`] has found possible.
    #[must_use]
    pub fn new(config: &AuthConfig, entropy: Entropy) -> Self {
        let params = Params::new(config.argon2_memory_kib, config.argon2_passes, 1, None).unwrap_or_default();
        let costs = format!("m={},t={},p={}", params.m_cost(), params.t_cost(), params.p_cost());
        let nobody = format!("$argon2id$v=19${costs}${}${}", "A".repeat(22), "A".repeat(43));
        let cores = available_parallelism().map_or(1, NonZero::get);
        Self {
            params,
            nobody: nobody.into(),
            line: Arc::new(Semaphore::new(cores)),
            entropy,
        }
    }

    /// The PHC string to keep of `password`.
    ///
    /// # Errors
    /// 500 when there is no memory for the hash.
    pub async fn hash(&self, password: String) -> Result<String, Problem> {
        let argon2 = Argon2::from(&self.params);
        let salt = self.entropy.bytes::<16>();
        self.in_line(move || argon2.hash_password_with_salt(normal(&password).as_bytes(), &salt))
            .await?
            .map(|hash| hash.to_string())
            .map_err(Problem::internal)
    }

    /// Whether `password` is the one that `hash` was made of. Without a hash (nobody has this address, or no
    /// password was set) it takes as long and says no.
    ///
    /// # Errors
    /// 500 when `hash` isn't a PHC string of argon2.
    pub async fn verify(&self, password: String, hash: Option<&str>) -> Result<bool, Problem> {
        let argon2 = Argon2::from(&self.params);
        let exists = hash.is_some();
        let hash = PasswordHash::new(hash.unwrap_or(&self.nobody)).map_err(Problem::internal)?;
        match self
            .in_line(move || argon2.verify_password(normal(&password).as_bytes(), &hash))
            .await?
        {
            Ok(()) => Ok(exists),
            Err(password_hash::Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(Problem::internal(error)),
        }
    }

    /// Whether `hash` was made at other costs than today's, so that it is to be made anew when the password is next
    /// at hand.
    #[must_use]
    pub fn needs_rehash(&self, hash: &str) -> bool {
        let costs = PasswordHash::new(hash)
            .ok()
            .and_then(|hash| Params::try_from(&hash).ok());
        costs.is_none_or(|costs| {
            (costs.m_cost(), costs.t_cost(), costs.p_cost())
                != (self.params.m_cost(), self.params.t_cost(), self.params.p_cost())
        })
    }

    async fn in_line<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let place = Arc::clone(&self.line)
            .acquire_owned()
            .await
            .map_err(Problem::internal)?;
        // The work can't be called off: it keeps its place to the end, even when the request is given up.
        let worker = spawn_blocking(move || {
            let result = work();
            drop(place);
            result
        });
        worker.await.map_err(Problem::internal)
    }
}

/// The same characters typed on two devices are the same bytes (NIST SP 800-63B section 3.1.1.2: NFKC).
fn normal(password: &str) -> String {
    password.nfkc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords(memory: u32) -> Passwords {
        let config = AuthConfig {
            argon2_memory_kib: memory,
            argon2_passes: 1,
            ..AuthConfig::default()
        };
        Passwords::new(&config, Entropy::system())
    }

    #[tokio::test]
    async fn only_the_same_password_verifies_however_it_was_typed() {
        let passwords = passwords(8);
        let hash = passwords.hash("Cafe\u{301} au lait".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
        assert!(
            passwords
                .verify("Caf\u{e9} au lait".to_owned(), Some(&hash))
                .await
                .unwrap()
        );
        assert!(!passwords.verify("Cafe au lait".to_owned(), Some(&hash)).await.unwrap());
        assert_ne!(
            hash,
            passwords.hash("Caf\u{e9} au lait".to_owned()).await.unwrap(),
            "the salt is random"
        );
    }

    #[tokio::test]
    async fn nobody_has_a_password() {
        assert!(!passwords(8).verify("guildhall".to_owned(), None).await.unwrap());
        assert!(
            passwords(8)
                .verify("guildhall".to_owned(), Some("not a hash"))
                .await
                .is_err()
        );
    }

    #[tokio::test]
    async fn other_costs_verify_and_call_for_a_new_hash() {
        let old = passwords(8).hash("long enough".to_owned()).await.unwrap();
        let today = passwords(16);
        assert!(today.verify("long enough".to_owned(), Some(&old)).await.unwrap());
        assert!(today.needs_rehash(&old));
        assert!(!today.needs_rehash(&today.hash("long enough".to_owned()).await.unwrap()));
    }
}
