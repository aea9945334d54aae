//! Transfers over Stripe's API.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, Response, StatusCode};

use super::amount::minor_units;
use super::answer::{answer, found, refused};
use crate::account::Destination;
use crate::provider::{Order, Sent, Transfers};

/// The version of the API that this client is written for, sent with each request.
pub const API_VERSION: &str = "2025-04-30.basil";

/// The largest answer read, in bytes.
const MOST_BYTES: usize = 1024 * 1024;
/// How many transfers of one group are looked at: a payout has one, or two if an earlier one was reversed.
const LISTED: &str = "100";

/// How to reach Stripe.
#[derive(Clone)]
pub struct Settings {
    /// Where the API is: `https://api.stripe.com`, or a stub.
    pub base: String,
    /// The vendor's secret key, `sk_…` or `rk_…`.
    pub secret: String,
    /// How long an answer may take. Stripe's own may take 80 seconds.
    pub timeout: Duration,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut f = f.debug_struct("Settings");
        f.field("base", &self.base)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Transfers to accounts connected to the vendor's.
///
/// The payout's id is the idempotency key. Stripe keeps the answer to a key for at least a day, and gives it again whatever
/// it was, a refusal and an internal error too. After a day the key is free again: before an order is sent that late a
/// second time, look it up.
#[derive(Clone, Debug)]
pub struct Stripe {
    client: reqwest::Client,
    settings: Settings,
}

impl Stripe {
    /// A client. `connection` brings its own limits, a proxy and the TLS roots. It will follow no redirects: after one it
    /// would not be certain what an order came to.
    ///
    /// # Errors
    /// The connection can't be set up: most likely no TLS provider is installed.
    pub fn new(connection: reqwest::ClientBuilder, settings: Settings) -> Result<Self, reqwest::Error> {
        let client = connection.redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { client, settings })
    }

    fn url(&self) -> String {
        format!("{}/v1/transfers", self.settings.base.trim_end_matches('/'))
    }

    fn prepared(&self, request: RequestBuilder) -> RequestBuilder {
        request
            .bearer_auth(&self.settings.secret)
            .header("Stripe-Version", API_VERSION)
            .timeout(self.settings.timeout)
    }

    /// The answer's status, headers and body.
    async fn exchange(&self, request: RequestBuilder) -> Result<(StatusCode, HeaderMap, Vec<u8>), Lost> {
        let before = |message: &str| Lost {
            before: true,
            message: message.to_owned(),
        };
        let request = self
            .prepared(request)
            .build()
            .map_err(|_| before("the address of Stripe is not one"))?;
        let response = self.client.execute(request).await.map_err(|fault| Lost {
            // A connection that was never made carried nothing.
            before: fault.is_connect(),
            message: if fault.is_timeout() {
                "no answer in time".to_owned()
            } else {
                plain(&fault)
            },
        })?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = body(response).await?;
        Ok((status, headers, body))
    }
}

/// No whole answer came.
struct Lost {
    before: bool,
    message: String,
}

/// What failed, without the address, which may have been mistyped with a secret in it.
fn plain(fault: &reqwest::Error) -> String {
    let kind = match () {
        () if fault.is_connect() => "no connection",
        () if fault.is_body() || fault.is_decode() => "the answer broke off",
        () => "the connection failed",
    };
    kind.to_owned()
}

async fn body(mut response: Response) -> Result<Vec<u8>, Lost> {
    let lost = |message: &str| Lost {
        before: false,
        message: message.to_owned(),
    };
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|fault| lost(&plain(&fault)))? {
        if body.len() + part.len() > MOST_BYTES {
            return Err(lost("the answer is too long"));
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}

#[async_trait]
impl Transfers for Stripe {
    fn name(&self) -> &'static str {
        "stripe"
    }

    async fn send(&self, order: &Order) -> Sent {
        let Destination::StripeAccount { id } = &order.destination else {
            return refused("destination", "Stripe pays to Stripe accounts only");
        };
        let amount = match minor_units(order.amount) {
            Ok(amount) => amount.to_string(),
            Err(fault) => return refused("amount", &fault.to_string()),
        };
        let payout = order.payout_id.to_string();
        let currency = order.amount.currency.code().to_lowercase();
        let form = [
            ("amount", amount.as_str()),
            ("currency", &currency),
            ("destination", id.as_str()),
            ("transfer_group", &payout),
            ("metadata[payout_id]", &payout),
            ("description", &order.description),
        ];
        let request = self
            .client
            .post(self.url())
            .header("Idempotency-Key", &payout)
            .form(&form);
        match self.exchange(request).await {
            Ok((status, headers, body)) => answer(order, status, &headers, &body),
            Err(Lost { before: true, message }) => Sent::Later {
                retry_after: None,
                message,
            },
            Err(Lost { message, .. }) => Sent::Unknown { message },
        }
    }

    async fn look_up(&self, order: &Order) -> Sent {
        let payout = order.payout_id.to_string();
        let query = [("transfer_group", payout.as_str()), ("limit", LISTED)];
        let unknown = |message: String| Sent::Unknown { message };
        let (status, body) = match self.exchange(self.client.get(self.url()).query(&query)).await {
            Ok((status, _, body)) => (status, body),
            Err(lost) => return unknown(format!("can't look the transfer up: {}", lost.message)),
        };
        if status != StatusCode::OK {
            return unknown(format!("can't look the transfer up: status {}", status.as_u16()));
        }
        found(order, &body)
    }
}
