//! What Stripe's answers mean.

use std::time::Duration;

use guildhall_kernel::Money;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::Deserialize;

use super::amount::major_units;
use crate::account::Destination;
use crate::provider::{Order, Sent};

/// The longest of Stripe's messages kept, in characters.
const MESSAGE: usize = 300;

#[derive(Deserialize)]
struct Transfer {
    id: String,
    amount: i64,
    currency: String,
    destination: Option<String>,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    reversed: bool,
}

#[derive(Default, Deserialize)]
struct Metadata {
    payout_id: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    data: Vec<Transfer>,
    #[serde(default)]
    has_more: bool,
}

#[derive(Deserialize)]
struct Failure {
    error: FailureDetail,
}

#[derive(Default, Deserialize)]
struct FailureDetail {
    #[serde(default, rename = "type")]
    kind: String,
    code: Option<String>,
    message: Option<String>,
}

/// What an answer to a transfer means (API reference, "Errors" and "Idempotent requests").
pub(super) fn answer(order: &Order, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Sent {
    if status.is_success() {
        return match serde_json::from_slice::<Transfer>(body) {
            Ok(transfer) => taken(order, &transfer),
            Err(_) => Sent::Unknown {
                message: "Stripe took the order, but its answer is no transfer".to_owned(),
            },
        };
    }
    let parsed = serde_json::from_slice::<Failure>(body);
    let from_stripe = parsed.is_ok();
    let detail = parsed.map_or_else(|_| FailureDetail::default(), |failure| failure.error);
    let code = detail.code.as_deref().unwrap_or_default();
    let message: String = detail
        .message
        .as_deref()
        .unwrap_or("Stripe gave no reason")
        .chars()
        .take(MESSAGE)
        .collect();
    let number = status.as_u16();
    match number {
        // The same key with other parameters: the payout has changed since it was first sent, and may have been paid.
        _ if detail.kind == "idempotency_error" && code != "idempotency_key_in_use" => Sent::Unknown {
            message: format!(
                "this payout was sent to Stripe before with other particulars, compare by hand: {message}"
            ),
        },
        // Another attempt holds the key or the account: this one did nothing.
        409 if code == "idempotency_key_in_use" || code == "lock_timeout" || detail.kind == "idempotency_error" => {
            Sent::Later {
                retry_after: retry_after(headers),
                message,
            }
        }
        429 => Sent::Later {
            retry_after: retry_after(headers),
            message,
        },
        // Not from Stripe's API but from something before it: an order may have passed it.
        400..=499 if !from_stripe => Sent::Unknown {
            message: format!("status {number} without Stripe's error"),
        },
        400..=404 => {
            let code = if code.is_empty() {
                if_no_code(number, &detail.kind)
            } else {
                code
            };
            refused(code, &message)
        }
        _ => Sent::Unknown {
            message: format!("status {number}: {message}"),
        },
    }
}

/// What a list of the payout's group means: the attempt's transfer, or none.
pub(super) fn found(order: &Order, body: &[u8]) -> Sent {
    let unknown = |message: &str| Sent::Unknown {
        message: message.to_owned(),
    };
    let Ok(listed) = serde_json::from_slice::<Listed>(body) else {
        return unknown("can't look the transfer up: the answer is no list of transfers");
    };
    let payout = order.payout_id.to_string();
    let mut ours = listed
        .data
        .iter()
        .filter(|transfer| transfer.metadata.payout_id.as_deref() == Some(&payout));
    match (ours.next(), ours.next()) {
        (Some(transfer), None) => taken(order, transfer),
        (Some(_), Some(_)) => unknown("Stripe has several transfers of this payout: compare them by hand"),
        (None, _) if listed.has_more || !listed.data.is_empty() => {
            unknown("Stripe has transfers of this group without the payout's id: compare them by hand")
        }
        (None, _) => Sent::Later {
            retry_after: None,
            message: "Stripe knows of no such transfer".to_owned(),
        },
    }
}

fn if_no_code(status: u16, kind: &str) -> &str {
    match status {
        401 => "unauthorized",
        403 => "forbidden",
        404 => "not_found",
        _ if kind.is_empty() => "refused",
        _ => kind,
    }
}

/// A transfer of Stripe's, which must be the one that was ordered.
fn taken(order: &Order, transfer: &Transfer) -> Sent {
    let Money { currency, .. } = order.amount;
    let destination = match &order.destination {
        Destination::StripeAccount { id } => Some(id.as_str()),
        _ => None,
    };
    let same = transfer.currency.eq_ignore_ascii_case(currency.code())
        && major_units(transfer.amount, currency).amount == order.amount.amount
        && transfer.destination.as_deref() == destination
        && transfer.metadata.payout_id.as_deref() == Some(&order.payout_id.to_string());
    let id: String = transfer.id.chars().take(100).collect();
    if !same {
        let message = format!("Stripe's transfer {id} has another amount, account or payout: compare by hand");
        return Sent::Unknown { message };
    }
    if transfer.reversed {
        return Sent::Unknown {
            message: format!("Stripe's transfer {id} was made and reversed: decide by hand"),
        };
    }
    // A transfer moves the money between the two balances at once.
    Sent::Done {
        reference: id,
        settled: true,
    }
}

pub(super) fn refused(code: &str, message: &str) -> Sent {
    Sent::Refused {
        code: code.chars().take(100).collect(),
        message: message.to_owned(),
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse::<u64>().ok()?;
    Some(Duration::from_secs(seconds.min(86_400)))
}
