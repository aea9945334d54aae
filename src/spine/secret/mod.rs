//! Secrets at rest: a keyring that seals what the database must not show in the clear.

mod file;

use std::{fmt, path::Path, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use guildhall_kernel::Entropy;
use hmac::{Hmac, Mac};
use parking_lot::RwLock;
use sha2::{Digest, Sha256};

use file::KeyFile;

/// The master keys, newest first. The newest seals; all open. Sealed text is XChaCha20-Poly1305
/// (RFC 8439 with the extended nonce) and begins with the key's id, so that keys can be rotated.
///
/// A ring from a file follows the file: it is read again before something is sealed and for a key that isn't known
/// yet, so that a command can rotate the keys of a server that runs. Clones share what was read.
#[derive(Clone)]
pub struct Keyring {
    keys: Arc<RwLock<Arc<[MasterKey]>>>,
    file: Option<Arc<KeyFile>>,
    entropy: Entropy,
}

#[derive(Clone, Copy)]
struct MasterKey {
    id: [u8; 4],
    bytes: [u8; 32],
}

/// Why a keyring can't be made or a sealed text not be opened.
#[derive(Debug, thiserror::Error)]
pub enum SecretFault {
    /// A key isn't 32 bytes of base64.
    #[error("secrets.keys: key {0} is not 32 bytes in base64; make one with `openssl rand -base64 32`")]
    BadKey(usize),
    /// The key file can't be read or written.
    #[error("the key file {path}: {source}")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Sealed with a key that isn't on the ring.
    #[error(
        "sealed with key {0}, which is neither among secrets.keys nor in the data folder's secret.keys: add it back"
    )]
    UnknownKey(String),
    /// The keys come from the settings, where no program can add one.
    #[error("the master keys come from secrets.keys: put a new one (`openssl rand -base64 32`) in front there")]
    FromSettings,
    /// Changed, cut, or sealed for another purpose.
    #[error("a sealed value does not open: it was changed, or it belongs elsewhere")]
    Corrupt,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.keys.read().iter().map(|key| hex::encode(key.id)))
            .finish()
    }
}

impl MasterKey {
    fn new(bytes: [u8; 32]) -> Self {
        let mut id = [0; 4];
        for (to, from) in id.iter_mut().zip(Sha256::digest(bytes)) {
            *to = from;
        }
        Self { id, bytes }
    }
}

impl Keyring {
    /// A ring of base64 keys, newest first.
    ///
    /// # Errors
    /// [`SecretFault::BadKey`].
    pub fn from_keys(keys: &[String], entropy: Entropy) -> Result<Self, SecretFault> {
        Ok(Self {
            keys: Arc::new(RwLock::new(parse(keys)?)),
            file: None,
            entropy,
        })
    }

    /// The ring in `file`, one key a line, newest first; made with one fresh key, readable by the owner alone, when
    /// it isn't there.
    ///
    /// # Errors
    /// [`SecretFault`].
    pub fn from_file(file: &Path, entropy: Entropy) -> Result<Self, SecretFault> {
        let file = KeyFile::open(file, &entropy)?;
        Ok(Self {
            keys: Arc::new(RwLock::new(parse(&file.keys()?)?)),
            file: Some(Arc::new(file)),
            entropy,
        })
    }

    /// Puts a fresh key in front of the ring's file and returns where that is. Every process with a ring from the file
    /// seals with the new key from then on.
    ///
    /// # Errors
    /// [`SecretFault::FromSettings`] for a ring without a file, [`SecretFault::File`].
    pub fn add_key(&self) -> Result<&Path, SecretFault> {
        let file = self.file.as_ref().ok_or(SecretFault::FromSettings)?;
        file.add(&self.entropy)?;
        self.follow_file()?;
        Ok(file.path())
    }

    /// Whether the keys come from a file, rather than from the settings.
    #[must_use]
    pub const fn has_file(&self) -> bool {
        self.file.is_some()
    }

    fn follow_file(&self) -> Result<(), SecretFault> {
        if let Some(file) = &self.file {
            let fresh = parse(&file.keys()?)?;
            *self.keys.write() = fresh;
        }
        Ok(())
    }

    fn find(&self, id: &[u8]) -> Option<MasterKey> {
        self.keys.read().iter().find(|key| key.id == id).copied()
    }

    /// Seals `plain` for one purpose (`"totp_factor/user_…"`): it opens for that purpose only.
    ///
    /// # Errors
    /// When the key file can't be read any more. [`SecretFault::Corrupt`] when the cipher refuses, which it doesn't for
    /// texts under 256 GB.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, SecretFault> {
        self.follow_file()?;
        let key = self.keys.read().first().copied().ok_or(SecretFault::Corrupt)?;
        let nonce = self.entropy.bytes::<24>();
        let sealed = XChaCha20Poly1305::new(Key::from_slice(&key.bytes))
            .encrypt(
                XNonce::from_slice(&nonce),
                Payload {
                    msg: plain,
                    aad: purpose.as_bytes(),
                },
            )
            .map_err(|_| SecretFault::Corrupt)?;
        Ok([key.id.as_slice(), &nonce, &sealed].concat())
    }

    /// Opens what [`Keyring::seal`] made for the same purpose.
    ///
    /// # Errors
    /// [`SecretFault`].
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, SecretFault> {
        let (id, rest) = sealed.split_at_checked(4).ok_or(SecretFault::Corrupt)?;
        let (nonce, body) = rest.split_at_checked(24).ok_or(SecretFault::Corrupt)?;
        let key = match self.find(id) {
            Some(key) => key,
            None => {
                self.follow_file()?;
                self.find(id).ok_or_else(|| SecretFault::UnknownKey(hex::encode(id)))?
            }
        };
        XChaCha20Poly1305::new(Key::from_slice(&key.bytes))
            .decrypt(
                XNonce::from_slice(nonce),
                Payload {
                    msg: body,
                    aad: purpose.as_bytes(),
                },
            )
            .map_err(|_| SecretFault::Corrupt)
    }

    /// Whether `sealed` was made with the newest key.
    #[must_use]
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        self.keys.read().first().is_some_and(|key| sealed.starts_with(&key.id))
    }

    /// A key for one purpose, derived from the oldest master key so that rotation leaves it alone: cursors, refresh
    /// tokens (HMAC-SHA256 as the extract step of RFC 5869).
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let master = self.keys.read().last().map_or([0; 32], |key| key.bytes);
        keyed_hash(&master, purpose.as_bytes())
    }
}

fn parse(keys: &[String]) -> Result<Arc<[MasterKey]>, SecretFault> {
    if keys.is_empty() {
        return Err(SecretFault::BadKey(1));
    }
    let key = |(place, text): (usize, &String)| {
        let bytes = STANDARD
            .decode(text.trim())
            .ok()
            .and_then(|bytes| bytes.try_into().ok());
        bytes.map(MasterKey::new).ok_or(SecretFault::BadKey(place + 1))
    };
    keys.iter().enumerate().map(key).collect()
}

/// HMAC-SHA256 of `message`.
#[must_use]
pub fn keyed_hash(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    match <Hmac<Sha256> as Mac>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(message);
            mac.finalize().into_bytes().into()
        }
        Err(_) => [0; 32],
    }
}

/// What is stored of an unguessable token: its SHA-256. A token has 256 bits, so no salt or stretching is needed.
#[must_use]
pub fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(keys: &[[u8; 32]]) -> Keyring {
        let keys: Vec<String> = keys.iter().map(|key| STANDARD.encode(key)).collect();
        Keyring::from_keys(&keys, Entropy::system()).unwrap()
    }

    #[test]
    fn opens_after_rotation_and_for_its_purpose_only() {
        let sealed = ring(&[[1; 32]]).seal("totp/a", b"seed").unwrap();
        let rotated = ring(&[[2; 32], [1; 32]]);
        assert_eq!(rotated.open("totp/a", &sealed).unwrap(), b"seed");
        assert!(!rotated.is_current(&sealed));
        assert!(matches!(rotated.open("totp/b", &sealed), Err(SecretFault::Corrupt)));
        assert!(matches!(
            ring(&[[2; 32]]).open("totp/a", &sealed),
            Err(SecretFault::UnknownKey(_))
        ));
        assert_eq!(rotated.derive("cursor"), ring(&[[1; 32]]).derive("cursor"));
    }

    #[test]
    fn a_key_file_is_made_once_for_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret.keys");
        let first = Keyring::from_file(&file, Entropy::system()).unwrap();
        let sealed = first.seal("x", b"y").unwrap();
        assert_eq!(
            Keyring::from_file(&file, Entropy::system())
                .unwrap()
                .open("x", &sealed)
                .unwrap(),
            b"y"
        );
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_ring_follows_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret.keys");
        let server = Keyring::from_file(&file, Entropy::system()).unwrap();
        let (old, derived) = (server.seal("x", b"old").unwrap(), server.derive("cursor"));
        let command = Keyring::from_file(&file, Entropy::system()).unwrap();
        assert_eq!(command.add_key().unwrap(), file);
        let new = command.seal("x", b"new").unwrap();
        assert!(command.is_current(&new) && !command.is_current(&old));
        assert_eq!(server.open("x", &new).unwrap(), b"new");
        assert_eq!(server.open("x", &old).unwrap(), b"old");
        command.add_key().unwrap();
        assert!(
            command.is_current(&server.seal("x", b"y").unwrap()),
            "sealed with an older key"
        );
        assert_eq!(server.derive("cursor"), derived);
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
}
