//! Signatures of messages: Standard Webhooks, and HubSpot's version 3.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// How far a message's time may be from ours, in seconds, both ways.
pub(super) const WINDOW: i64 = 300;

fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

/// The key in a secret as it is written: `whsec_` and base64.
pub(super) fn key(secret: &str) -> Option<Vec<u8>> {
    let encoded = secret.strip_prefix("whsec_").unwrap_or(secret);
    let key = STANDARD.decode(encoded).ok()?;
    (24..=64).contains(&key.len()).then_some(key)
}

/// The header `webhook-signature` (Standard Webhooks): `v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`.
pub(super) fn standard(secret: &str, id: &str, at: i64, body: &[u8]) -> String {
    let key = key(secret).unwrap_or_default();
    let signed = mac(&key, &[id.as_bytes(), b".", at.to_string().as_bytes(), b".", body]);
    format!("v1,{}", STANDARD.encode(signed))
}

/// Whether one of the signatures in the header is right.
pub(super) fn is_standard(secret: &str, id: &str, at: i64, body: &[u8], header: &str) -> bool {
    if key(secret).is_none() {
        return false;
    }
    let ours = standard(secret, id, at, body);
    header
        .split(' ')
        .any(|theirs| bool::from(theirs.as_bytes().ct_eq(ours.as_bytes())))
}

/// Whether the header `X-HubSpot-Signature-v3` is right: the base64 HMAC-SHA256, by the app's client secret, of method,
/// address, body and timestamp put together.
pub(super) fn is_hubspot(secret: &str, address: &str, body: &[u8], timestamp: &str, header: &str) -> bool {
    if secret.is_empty() {
        return false;
    }
    let signed = mac(
        secret.as_bytes(),
        &[b"POST", address.as_bytes(), body, timestamp.as_bytes()],
    );
    bool::from(header.as_bytes().ct_eq(STANDARD.encode(signed).as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specifications_own_example_verifies() {
        // github.com/standard-webhooks/standard-webhooks, spec: "Signing payloads".
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let body = br#"{"test": 2432232314}"#;
        let header = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert!(is_standard(
            secret,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            body,
            header
        ));
        assert!(is_standard(
            secret,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            body,
            &format!("v1,AAAA {header}")
        ));
        assert!(!is_standard(
            secret,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_331,
            body,
            header
        ));
        assert!(!is_standard("whsec_", "m", 1, b"", &standard("whsec_", "m", 1, b"")));
    }

    #[test]
    fn an_empty_secret_signs_nothing() {
        assert!(!is_hubspot("", "https://a/b", b"[]", "1", ""));
    }
}
