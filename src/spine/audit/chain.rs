//! The chain of hashes.

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::canonical;
pub use super::canonical::Unhashable;
use crate::event::Position;

/// A SHA-256.
pub type Hash = [u8; 32];

/// What the first entry of a chain has as the hash of the one before it.
pub const GENESIS: Hash = [0; 32];

/// Names this encoding, so that no other text hashes to the same bytes.
const DOMAIN: &[u8] = b"guildhall/audit/1";

/// One link of a chain: all of an entry but its own hash.
///
/// Its hash is the SHA-256 of these fields in this order, each preceded by its length in bytes as an unsigned 64-bit
/// big-endian number, so that no two entries share an encoding:
///
/// 1. the text `guildhall/audit/1`
/// 2. the organisation's UUID, 16 bytes
/// 3. the entry's number, from 1, signed 64-bit big-endian
/// 4. the time, microseconds since 1970 in UTC, signed 64-bit big-endian
/// 5. the event's UUID, 16 bytes
/// 6. the event's position: transaction, then number, each signed 64-bit big-endian, 16 bytes together
/// 7. the event's kind, UTF-8
/// 8. the prefix of the subject's id, UTF-8
/// 9. the subject's UUID, 16 bytes
/// 10. who did it, canonical JSON
/// 11. the payload, canonical JSON
/// 12. the hash of the entry before it, 32 bytes; zeros for the first
///
/// Canonical JSON has no white space, members sorted by the bytes of their names, strings with the fewest escapes, and
/// numbers as PostgreSQL's `jsonb` prints them.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    /// The chain.
    pub org: Uuid,
    /// Its place in the chain, from 1.
    pub no: i64,
    /// When the change happened.
    pub at: DateTime<Utc>,
    /// The event.
    pub event_id: Uuid,
    /// The event's place in the log.
    pub position: Position,
    /// The event's kind.
    pub kind: &'a str,
    /// The prefix of the subject's id.
    pub subject_kind: &'a str,
    /// What it happened to.
    pub subject_id: Uuid,
    /// Who did it ([`crate::event::Origin`]).
    pub origin: &'a RawValue,
    /// The payload.
    pub data: &'a RawValue,
    /// The hash of the entry before it.
    pub prev_hash: &'a [u8],
}

impl Link<'_> {
    /// The entry's hash.
    ///
    /// # Errors
    /// [`Unhashable`] when the origin or the payload isn't JSON of a sane depth.
    pub fn hash(&self) -> Result<Hash, Unhashable> {
        let mut hash = Sha256::new();
        let mut field = |bytes: &[u8]| {
            hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(bytes);
        };
        field(DOMAIN);
        field(self.org.as_bytes());
        field(&self.no.to_be_bytes());
        field(&self.at.timestamp_micros().to_be_bytes());
        field(self.event_id.as_bytes());
        field(&[self.position.tx.to_be_bytes(), self.position.seq.to_be_bytes()].concat());
        field(self.kind.as_bytes());
        field(self.subject_kind.as_bytes());
        field(self.subject_id.as_bytes());
        let mut json = String::new();
        canonical::write(self.origin, &mut json)?;
        field(json.as_bytes());
        json.clear();
        canonical::write(self.data, &mut json)?;
        field(json.as_bytes());
        field(self.prev_hash);
        Ok(hash.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    fn sample<'a>(origin: &'a RawValue, data: &'a RawValue) -> Link<'a> {
        Link {
            org: Uuid::from_u128(1),
            no: 7,
            at: DateTime::from_timestamp_micros(1_795_000_000_123_456).unwrap(),
            event_id: Uuid::from_u128(2),
            position: Position { tx: 7102, seq: 4519 },
            kind: "deal.approved",
            subject_kind: "deal",
            subject_id: Uuid::from_u128(3),
            origin,
            data,
            prev_hash: &GENESIS,
        }
    }

    /// The expected value was computed by a Python program from the description of [`Link`] alone.
    #[test]
    fn the_encoding_is_as_described() {
        let (origin, data) = (
            json(r#"{"user_id": "user_x", "ip": "10.0.0.1"}"#),
            json(r#"{"n": 1.50, "a": ["é", null]}"#),
        );
        let hash = sample(&origin, &data).hash().unwrap();
        assert_eq!(
            hex::encode(hash),
            "2427e8f815b0b7e90214589d8960f1412bc7be50cf9e327f6fa296e8b1188fc6"
        );
    }

    #[test]
    fn every_field_counts() {
        let (origin, data, other) = (json("{}"), json(r#"{"a": 1}"#), json(r#"{"a": 2}"#));
        let link = sample(&origin, &data);
        let hashes: std::collections::BTreeSet<Hash> = [
            link,
            Link {
                org: Uuid::from_u128(9),
                ..link
            },
            Link { no: 8, ..link },
            Link {
                at: link.at + chrono::TimeDelta::microseconds(1),
                ..link
            },
            Link {
                event_id: Uuid::from_u128(9),
                ..link
            },
            Link {
                position: Position { tx: 7102, seq: 4520 },
                ..link
            },
            Link {
                position: Position { tx: 4519, seq: 7102 },
                ..link
            },
            Link {
                kind: "deal.approve",
                subject_kind: "ddeal",
                ..link
            },
            Link {
                subject_id: Uuid::from_u128(9),
                ..link
            },
            Link { origin: &other, ..link },
            Link { data: &other, ..link },
            Link {
                prev_hash: &[1; 32],
                ..link
            },
        ]
        .iter()
        .map(|link| link.hash().unwrap())
        .collect();
        assert_eq!(hashes.len(), 12);
    }
}
