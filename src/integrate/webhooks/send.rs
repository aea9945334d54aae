//! One attempt: the request, and what came of it.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use guildhall_kernel::EventId;
use guildhall_spine::{
    App,
    outbound::{Outbound, Refused},
};
use http::{StatusCode, header};
use reqwest::Response;
use url::Url;

use super::{schedule, secrets};

/// What is kept of an answer.
const KEPT: usize = 1024;
/// How long the beginning of an answer's body is waited for, once its status is known.
const BODY_PATIENCE: Duration = Duration::from_secs(5);

/// What came of an attempt.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// The receiver's status, when it answered.
    pub(super) status: Option<StatusCode>,
    /// What went wrong, when something did.
    pub(super) error: Option<&'static str>,
    /// The beginning of the answer.
    pub(super) response: Option<String>,
    /// How long the receiver wishes not to be asked.
    pub(super) wish: Option<TimeDelta>,
    /// How long it took.
    pub(super) took: Duration,
}

/// What is sent.
pub(super) struct Message<'a> {
    pub(super) url: &'a str,
    pub(super) event: EventId,
    pub(super) body: &'a str,
    pub(super) secrets: &'a [Vec<u8>],
}

/// Sends a message once.
pub(super) async fn send(app: &App, message: &Message<'_>) -> Outcome {
    let began = Instant::now();
    let mut outcome = match attempt(&app.outbound, app.clock.now(), message).await {
        Ok(response) => read(response, app.clock.now()).await,
        Err(error) => Outcome {
            error: Some(error),
            ..Outcome::default()
        },
    };
    outcome.took = began.elapsed();
    outcome
}

async fn attempt(outbound: &Outbound, now: DateTime<Utc>, message: &Message<'_>) -> Result<Response, &'static str> {
    let url = Url::parse(message.url).map_err(|_| "refused_address")?;
    // What may be called is a setting that can have changed since the address was taken.
    outbound.check(&url).map_err(|refused| match refused {
        Refused::Private => "private_address",
        Refused::Scheme | Refused::Credentials => "refused_address",
    })?;
    let (id, timestamp) = (message.event.to_string(), now.timestamp());
    let signature = secrets::signature(message.secrets, &id, timestamp, message.body);
    let request = outbound
        .client()
        .post(url)
        .header(header::CONTENT_TYPE, "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signature)
        .body(message.body.to_owned());
    request.send().await.map_err(|error| class(&error))
}

fn class(error: &reqwest::Error) -> &'static str {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(one) = cause {
        if one.downcast_ref::<Refused>().is_some() {
            return "private_address";
        }
        cause = one.source();
    }
    match () {
        () if error.is_timeout() => "timed_out",
        () if error.is_connect() => "unreachable",
        () => "broken",
    }
}

async fn read(mut response: Response, now: DateTime<Utc>) -> Outcome {
    let status = response.status();
    let header = response.headers().get(header::RETRY_AFTER);
    let wish = header.and_then(|value| schedule::wish(value.to_str().ok()?, now));
    let mut kept = Vec::new();
    let reading = async {
        while kept.len() < KEPT {
            match response.chunk().await {
                Ok(Some(chunk)) => kept.extend(chunk.iter().take(KEPT - kept.len())),
                Ok(None) | Err(_) => break,
            }
        }
    };
    // The status decides: an answer that never ends is as good as its beginning.
    let _ = tokio::time::timeout(BODY_PATIENCE, reading).await;
    let text = String::from_utf8_lossy(&kept).replace('\0', "\u{fffd}");
    Outcome {
        status: Some(status),
        error: match status {
            _ if status.is_success() => None,
            StatusCode::GONE => Some("gone"),
            _ if status.is_redirection() => Some("redirect"),
            _ => Some("status"),
        },
        response: Some(text).filter(|text| !text.is_empty()),
        wish,
        took: Duration::ZERO,
    }
}
