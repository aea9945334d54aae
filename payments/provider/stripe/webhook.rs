//! The events that Stripe sends.

use chrono::{DateTime, Utc};
use guildhall_kernel::Currency;
use hmac::{Hmac, Mac};
use serde::Deserialize;
use sha2::Sha256;

use super::amount::major_units;
use crate::status::{Outcome, Report};

/// How far an event's time may be from ours, in seconds, both ways: Stripe's own libraries allow as much.
pub const TOLERANCE: i64 = 300;
/// The longest header read, in bytes.
const HEADER: usize = 4096;

/// Why an event is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookFault {
    /// The header `Stripe-Signature` is missing a part or isn't one.
    #[error("the header Stripe-Signature must have t= and v1=")]
    Header,
    /// The event was signed too long ago, or in the future.
    #[error("the event was signed {seconds} seconds from now, more than {TOLERANCE}: check the clock")]
    Time {
        /// How far, in seconds.
        seconds: i64,
    },
    /// No signature is by the secret.
    #[error("no signature is right: check the endpoint's secret")]
    Signature,
    /// The body is no event.
    #[error("the body is no event of Stripe: {0}")]
    Body(String),
}

/// Checks the header `Stripe-Signature` of a body: `t=` the time of signing, `v1=` one or more HMAC-SHA256 of `t.body` by the
/// endpoint's secret, in hex ("Verify webhook signatures manually").
///
/// # Errors
/// A malformed header, a time further than [`TOLERANCE`] from `now`, or no right signature.
pub fn verify(secret: &str, header: &str, body: &[u8], now: DateTime<Utc>) -> Result<(), WebhookFault> {
    if header.len() > HEADER || secret.is_empty() {
        return Err(WebhookFault::Header);
    }
    let parts: Vec<(&str, &str)> = header
        .split(',')
        .filter_map(|part| part.trim().split_once('='))
        .collect();
    let time = parts.iter().find(|(name, _)| *name == "t").map(|(_, time)| *time);
    let (time, signed_at) = time
        .and_then(|time| Some((time, time.parse::<i64>().ok()?)))
        .ok_or(WebhookFault::Header)?;
    let mut signatures = parts
        .iter()
        .filter(|(name, _)| *name == "v1")
        .map(|(_, signature)| *signature)
        .peekable();
    if signatures.peek().is_none() {
        return Err(WebhookFault::Header);
    }
    let right = signatures.any(|signature| {
        let Ok(theirs) = hex::decode(signature) else {
            return false;
        };
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
            return false;
        };
        mac.update(time.as_bytes());
        mac.update(b".");
        mac.update(body);
        // In constant time.
        mac.verify_slice(&theirs).is_ok()
    });
    if !right {
        return Err(WebhookFault::Signature);
    }
    let seconds = now.timestamp().saturating_sub(signed_at);
    if seconds.saturating_abs() > TOLERANCE {
        return Err(WebhookFault::Time { seconds });
    }
    Ok(())
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its id, `evt_…`: Stripe may send an event several times.
    pub id: String,
    /// Its type, such as `transfer.reversed`.
    pub kind: String,
    /// The connected account it is about, if it isn't about the vendor's own.
    pub account: Option<String>,
    /// What it says of a payout; nothing if it is of another type or of a transfer that isn't a payout's.
    pub report: Option<Report>,
}

#[derive(Deserialize)]
struct RawEvent {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    account: Option<String>,
    created: i64,
    data: RawData,
}

#[derive(Deserialize)]
struct RawData {
    object: serde_json::Value,
}

#[derive(Deserialize)]
struct RawObject {
    id: String,
    amount: i64,
    amount_reversed: Option<i64>,
    currency: String,
    #[serde(default)]
    reversed: bool,
    #[serde(default)]
    metadata: RawMetadata,
    failure_code: Option<String>,
    failure_message: Option<String>,
}

#[derive(Default, Deserialize)]
struct RawMetadata {
    payout_id: Option<String>,
}

/// Reads an event whose signature was checked. `transfer.created` says settled, `transfer.reversed` returned with the amount
/// that was reversed so far. `payout.failed`, which says that Stripe could not pay a connected account's balance out to its
/// bank, is reported as returned only where the payout carries our `payout_id`.
///
/// # Errors
/// [`WebhookFault::Body`].
pub fn read_event(body: &[u8]) -> Result<Event, WebhookFault> {
    let fault = |fault: serde_json::Error| WebhookFault::Body(fault.to_string());
    let RawEvent {
        id,
        kind,
        account,
        created,
        data,
    } = serde_json::from_slice(body).map_err(fault)?;
    let report = match kind.as_str() {
        "transfer.created" | "transfer.reversed" | "payout.failed" => {
            report(&kind, created, serde_json::from_value(data.object).map_err(fault)?)?
        }
        _ => None,
    };
    Ok(Event {
        id,
        kind,
        account,
        report,
    })
}

fn report(kind: &str, created: i64, object: RawObject) -> Result<Option<Report>, WebhookFault> {
    let Some(end_to_end_id) = object.metadata.payout_id else {
        return Ok(None);
    };
    let code = object.currency.to_ascii_uppercase();
    let currency = Currency::from_code(&code).ok_or_else(|| WebhookFault::Body(format!("no currency {code:?}")))?;
    let mut amount = object.amount;
    let outcome = match kind {
        "transfer.created" => Outcome::Settled,
        "transfer.reversed" => {
            amount = object.amount_reversed.unwrap_or(amount);
            let text = if object.reversed {
                "the transfer was reversed"
            } else {
                "the transfer was reversed in part"
            };
            Outcome::Returned {
                code: "transfer_reversed".to_owned(),
                text: text.to_owned(),
            }
        }
        _ => Outcome::Returned {
            code: object.failure_code.unwrap_or_else(|| "payout_failed".to_owned()),
            text: object.failure_message.unwrap_or_default().chars().take(500).collect(),
        },
    };
    Ok(Some(Report {
        end_to_end_id,
        outcome,
        amount: Some(major_units(amount, currency)),
        booked_on: DateTime::from_timestamp(created, 0).map(|at| at.date_naive()),
        entry_reference: Some(object.id),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_test";
    const BODY: &[u8] = br#"{"id":"evt_1"}"#;

    fn signed(secret: &str, at: i64) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{at}.").as_bytes());
        mac.update(BODY);
        format!("t={at},v1={}", hex::encode(mac.finalize().into_bytes()))
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn a_known_signature_verifies() {
        // By OpenSSL: printf '1000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test
        let header = "t=1000,v1=387e46d34ab34bb0f3624adcaa371a0332240720155daad95713dfea27253ccd";
        assert_eq!(verify(SECRET, header, BODY, at(1000)), Ok(()));
    }

    #[test]
    fn only_the_secrets_own_recent_signature_of_the_body_is_taken() {
        let header = signed(SECRET, 1000);
        assert_eq!(verify(SECRET, &header, BODY, at(1300)), Ok(()));
        assert_eq!(
            verify(SECRET, &header, BODY, at(1301)),
            Err(WebhookFault::Time { seconds: 301 })
        );
        assert_eq!(
            verify(SECRET, &header, BODY, at(699)),
            Err(WebhookFault::Time { seconds: -301 })
        );
        assert_eq!(
            verify("whsec_other", &header, BODY, at(1000)),
            Err(WebhookFault::Signature)
        );
        assert_eq!(verify(SECRET, &header, b"{}", at(1000)), Err(WebhookFault::Signature));
        assert_eq!(
            verify(SECRET, &header.replace("t=1000", "t=1001"), BODY, at(1000)),
            Err(WebhookFault::Signature)
        );
        // While a secret is rolled, there are signatures by both.
        let rolled = format!(
            "{},v1={},v0=00",
            signed("whsec_old", 1000),
            signed(SECRET, 1000).split_once("v1=").unwrap().1
        );
        assert_eq!(verify(SECRET, &rolled, BODY, at(1000)), Ok(()));
        for header in ["", "t=1000", "v1=00", "t=x,v1=00", "t=,v1=", "v1", "t=1000,v0=00"] {
            assert_eq!(
                verify(SECRET, header, BODY, at(1000)),
                Err(WebhookFault::Header),
                "{header}"
            );
        }
        assert_eq!(verify("", &header, BODY, at(1000)), Err(WebhookFault::Header));
        assert_eq!(
            verify(SECRET, "t=1000,v1=zz", BODY, at(1000)),
            Err(WebhookFault::Signature)
        );
    }

    fn event(kind: &str, object: &str) -> Result<Event, WebhookFault> {
        let body = format!(r#"{{"id":"evt_1","type":"{kind}","created":1772500000,"data":{{"object":{object}}}}}"#);
        read_event(body.as_bytes())
    }

    #[test]
    fn events_become_reports() {
        let transfer = r#"{"id":"tr_1","amount":1250,"amount_reversed":250,"currency":"eur","reversed":false,
            "metadata":{"payout_id":"p-1"}}"#;
        let created = event("transfer.created", transfer).unwrap().report.unwrap();
        assert_eq!(
            (created.end_to_end_id.as_str(), created.outcome),
            ("p-1", Outcome::Settled)
        );
        assert_eq!(created.amount.unwrap().amount.to_string(), "12.5");
        assert_eq!(created.booked_on.unwrap().to_string(), "2026-03-03");
        let reversed = event("transfer.reversed", transfer).unwrap().report.unwrap();
        assert_eq!(reversed.amount.unwrap().amount.to_string(), "2.5");
        assert!(matches!(reversed.outcome, Outcome::Returned { text, .. } if text.ends_with("in part")));
        let failed = r#"{"id":"po_1","amount":1250,"currency":"jpy","failure_code":"account_closed",
            "failure_message":"The bank account has been closed","metadata":{"payout_id":"p-2"}}"#;
        let failed = event("payout.failed", failed).unwrap().report.unwrap();
        assert_eq!(failed.amount.unwrap().amount.to_string(), "1250");
        assert!(matches!(failed.outcome, Outcome::Returned { code, .. } if code == "account_closed"));
    }

    #[test]
    fn other_events_say_nothing_and_broken_ones_are_refused() {
        assert_eq!(event("customer.created", "{}").unwrap().report, None);
        assert_eq!(
            event("transfer.created", r#"{"id":"tr_1","amount":1,"currency":"eur"}"#)
                .unwrap()
                .report,
            None
        );
        assert!(event("transfer.created", r#"{"id":"tr_1"}"#).is_err());
        let odd = r#"{"id":"tr_1","amount":1,"currency":"xx","metadata":{"payout_id":"p"}}"#;
        assert!(event("transfer.created", odd).is_err());
        assert!(read_event(b"[]").is_err());
    }
}
