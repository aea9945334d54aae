//! The body of a message, as the specification wants it: `{type, timestamp, data}`.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::{json, value::RawValue};

/// The specification's advice is to stay below 20 kB.
const LARGEST: usize = 20_000;

#[derive(Serialize)]
struct Payload<'a, D: Serialize> {
    #[serde(rename = "type")]
    kind: &'a str,
    /// When the change happened.
    timestamp: String,
    data: D,
}

/// The body that tells of an event about `subject`. Of one that is too large, it tells the subject alone: the receiver
/// reads the record.
pub(super) fn body(kind: &str, at: DateTime<Utc>, subject: &str, data: &RawValue) -> Result<String, serde_json::Error> {
    let timestamp = at.to_rfc3339_opts(SecondsFormat::Micros, true);
    let whole = serde_json::to_string(&Payload {
        kind,
        timestamp: timestamp.clone(),
        data,
    })?;
    if whole.len() < LARGEST {
        return Ok(whole);
    }
    serde_json::to_string(&Payload {
        kind,
        timestamp,
        data: json!({"omitted": "too_large", "subject": subject}),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_left_to_be_read() {
        let at = DateTime::UNIX_EPOCH;
        let data = |length| RawValue::from_string(format!("\"{}\"", "x".repeat(length))).unwrap();
        let small = body("deal.won", at, "deal_1", &data(3)).unwrap();
        assert_eq!(
            small,
            r#"{"type":"deal.won","timestamp":"1970-01-01T00:00:00.000000Z","data":"xxx"}"#
        );
        assert!(body("deal.won", at, "deal_1", &data(19_000)).unwrap().len() > 19_000);
        let large = body("deal.won", at, "deal_1", &data(20_000)).unwrap();
        assert!(
            large.ends_with(r#""data":{"omitted":"too_large","subject":"deal_1"}}"#),
            "{large}"
        );
    }
}
