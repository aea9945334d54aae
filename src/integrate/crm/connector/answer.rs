//! Sending a request and telling what became of it.

use std::time::Duration;

use reqwest::{RequestBuilder, StatusCode, header};
use serde::de::DeserializeOwned;

use super::{Fault, FaultKind, clean};

/// Larger than any page that is asked for.
const LARGEST: usize = 8 * 1024 * 1024;

/// An answer, read whole.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    retry_after: Option<Duration>,
    body: Vec<u8>,
}

impl Answer {
    /// Without what can't be stored: one odd character of one record must not keep all others away.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        serde_json::from_str(&clean::json(&self.body))
            .map_err(|error| Fault::new(FaultKind::Away, format!("the CRM's answer can't be read: {error}")))
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).chars().take(300).collect()
    }

    /// What every HTTP service means by its status.
    pub(super) fn fault(&self, message: String) -> Fault {
        let kind = match self.status.as_u16() {
            401 => FaultKind::Auth,
            429 => FaultKind::Busy(self.retry_after),
            408 | 425 | 500..=599 => match (self.status.as_u16(), self.retry_after) {
                (503, Some(after)) => FaultKind::Busy(Some(after)),
                _ => FaultKind::Away,
            },
            404 | 410 => FaultKind::Gone,
            _ => FaultKind::Refused,
        };
        Fault::new(kind, format!("{} {message}", self.status.as_u16()))
    }
}

/// Sends it and reads the answer, whatever it is.
pub(super) async fn send(request: RequestBuilder) -> Result<Answer, Fault> {
    let mut response = request.send().await.map_err(|error| away(&error))?;
    let status = response.status();
    let retry_after = response
        .headers()
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .map(Duration::from_secs);
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| away(&error))? {
        if body.len() + chunk.len() > LARGEST {
            return Err(Fault::new(FaultKind::Away, "the CRM's answer is longer than 8 MiB"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        status,
        retry_after,
        body,
    })
}

/// Without the address: a token could be in it.
fn away(error: &reqwest::Error) -> Fault {
    let what = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    };
    Fault::new(
        FaultKind::Away,
        format!("{what}: what became of the request is unknown"),
    )
}
