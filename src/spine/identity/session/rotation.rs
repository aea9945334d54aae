//! Refresh tokens, each derived from the one before: a client that lost an answer gets the same successor again,
//! and the database need not hold one in the clear for that.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use guildhall_kernel::Entropy;

use crate::secret::{Keyring, keyed_hash};

/// Marks refresh tokens, so that they are recognised in logs and by secret scanners.
const PREFIX: &str = "ghr_";

/// The first token of a session.
pub(super) fn first(entropy: &Entropy) -> String {
    format!("{PREFIX}{}", entropy.token())
}

/// The token after `predecessor`. Who has the predecessor but not the server's key can't tell it.
pub(super) fn successor(keyring: &Keyring, predecessor: &str) -> String {
    let key = keyring.derive("refresh_token");
    format!(
        "{PREFIX}{}",
        URL_SAFE_NO_PAD.encode(keyed_hash(&key, predecessor.as_bytes()))
    )
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn a_successor_depends_on_the_predecessor_and_the_server_alone() {
        let ring = |byte| Keyring::from_keys(&[STANDARD.encode([byte; 32])], Entropy::system()).unwrap();
        let token = first(&Entropy::system());
        let next = successor(&ring(1), &token);
        assert_eq!(next, successor(&ring(1), &token));
        assert_eq!(next.len(), token.len());
        assert_ne!(next, token);
        assert_ne!(next, successor(&ring(2), &token));
        assert_ne!(next, successor(&ring(1), &next));
    }
}
