//! Keyset cursors: where the next page begins, sealed so that only the server can make one.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

const TAG: usize = 12;
const SCOPE: usize = 8;
/// Longer than any key a list sorts by.
const LONGEST: usize = 1024;

/// The key that cursors are sealed with.
#[derive(Clone)]
pub struct CursorKey([u8; 32]);

/// The place in a list after which the next page begins: the sort key of the last row, bound to the list and its
/// filters, so that a cursor used with others is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(String);

/// Why a cursor was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CursorFault {
    /// It was not made by this server, or it was cut or changed.
    #[error(
        "not a cursor of this server: pass the next_cursor of a page back unchanged, or leave it out to start over"
    )]
    Malformed,
    /// It belongs to another list, or to other filters.
    #[error(
        "this cursor belongs to another list or to other filters: keep the filters while paging, or leave the cursor out to start over"
    )]
    OtherList,
}

impl std::fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CursorKey")
    }
}

impl CursorKey {
    /// A key from 256 secret bits.
    #[must_use]
    pub const fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// Seals the sort key `key` for the list `scope` (the list's name, who asks and the filters).
    #[must_use]
    pub fn seal(&self, scope: &str, key: &impl Serialize) -> Cursor {
        let mut bytes = scope_hash(scope).to_vec();
        if serde_json::to_writer(&mut bytes, key).is_err() {
            bytes.truncate(SCOPE);
        }
        let tag = self.tag(&bytes);
        bytes.extend_from_slice(tag.get(..TAG).unwrap_or_default());
        Cursor(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The sort key inside `text`.
    ///
    /// # Errors
    /// [`CursorFault`] for a text that this server didn't make for this list and these filters.
    pub fn open<K: DeserializeOwned>(&self, scope: &str, text: &str) -> Result<K, CursorFault> {
        if text.len() > LONGEST {
            return Err(CursorFault::Malformed);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorFault::Malformed)?;
        let cut = bytes.len().checked_sub(TAG).ok_or(CursorFault::Malformed)?;
        let (body, tag) = bytes.split_at(cut);
        let expected = self.tag(body);
        if !bool::from(subtle::ConstantTimeEq::ct_eq(
            expected.get(..TAG).unwrap_or_default(),
            tag,
        )) {
            return Err(CursorFault::Malformed);
        }
        let (hash, key) = body.split_at_checked(SCOPE).ok_or(CursorFault::Malformed)?;
        if hash != scope_hash(scope) {
            return Err(CursorFault::OtherList);
        }
        serde_json::from_slice(key).map_err(|_| CursorFault::Malformed)
    }

    fn tag(&self, bytes: &[u8]) -> [u8; 32] {
        match Hmac::<Sha256>::new_from_slice(&self.0) {
            Ok(mut mac) => {
                mac.update(bytes);
                mac.finalize().into_bytes().into()
            }
            Err(_) => [0; 32],
        }
    }
}

fn scope_hash(scope: &str) -> [u8; SCOPE] {
    let mut hash = [0; SCOPE];
    for (to, from) in hash.iter_mut().zip(Sha256::digest(scope)) {
        *to = from;
    }
    hash
}

impl Cursor {
    /// The opaque text.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> CursorKey {
        CursorKey::new([7; 32])
    }

    #[test]
    fn another_lists_cursor_is_refused_by_name() {
        let cursor = key().seal("deals", &(1, "a")).into_string();
        assert_eq!(
            key().open::<(i64, String)>("partners", &cursor),
            Err(CursorFault::OtherList)
        );
    }

    #[test]
    fn another_servers_cursor_is_refused() {
        let cursor = CursorKey::new([8; 32]).seal("deals", &1).into_string();
        assert_eq!(key().open::<i64>("deals", &cursor), Err(CursorFault::Malformed));
    }

    proptest! {
        #[test]
        fn what_was_sealed_is_opened(number in any::<i64>(), text in ".{0,40}", scope in ".{0,40}") {
            let cursor = key().seal(&scope, &(number, &text)).into_string();
            prop_assert_eq!(key().open::<(i64, String)>(&scope, &cursor), Ok((number, text)));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,200}") {
            prop_assert_eq!(key().open::<i64>("deals", &text), Err(CursorFault::Malformed));
        }

        #[test]
        fn one_changed_character_is_noticed(number in any::<i64>(), place in any::<prop::sample::Index>(), by in 1u8..63) {
            let sealed = key().seal("deals", &number).into_string();
            let mut bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
            let at = place.index(bytes.len());
            bytes[at] ^= by;
            prop_assert_eq!(key().open::<i64>("deals", &URL_SAFE_NO_PAD.encode(bytes)), Err(CursorFault::Malformed));
        }
    }
}
