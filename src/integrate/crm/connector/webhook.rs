//! Any system that takes signed requests (Standard Webhooks, github.com/standard-webhooks/standard-webhooks).
//!
//! A record is posted whole with the deal's id as its key; a repeated post has the same `webhook-id`, by which the receiver
//! knows that it has it already. It can't be asked what it holds: it tells by posting to the connection's inbound address.

use async_trait::async_trait;
use guildhall_kernel::Clock;
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use url::{Position, Url};

use super::answer::send;
use super::{Changes, Connector, Cursor, Fault, Fields, Found, Schema, written};
use crate::crm::signature;

/// An endpoint.
pub(in crate::crm) struct Webhook {
    pub(in crate::crm) client: reqwest::Client,
    pub(in crate::crm) endpoint: Url,
    pub(in crate::crm) secret: String,
    pub(in crate::crm) clock: Clock,
}

#[derive(Deserialize)]
struct Taken {
    id: Option<String>,
}

impl Webhook {
    async fn post(&self, once: &str, body: &RawValue) -> Result<Option<String>, Fault> {
        let text = body.get().to_owned();
        let at = self.clock.now().timestamp();
        let request = self
            .client
            .post(self.endpoint.clone())
            .header("content-type", "application/json")
            .header("webhook-id", once)
            .header("webhook-timestamp", at)
            .header(
                "webhook-signature",
                signature::standard(&self.secret, once, at, text.as_bytes()),
            )
            .body(text);
        let answer = send(request).await?;
        if !answer.status.is_success() {
            return Err(answer.fault(answer.text()));
        }
        Ok(answer.json::<Taken>().ok().and_then(|taken| taken.id))
    }
}

#[async_trait]
impl Connector for Webhook {
    async fn probe(&self) -> Result<(), Fault> {
        let once = format!("probe_{}", self.clock.now().timestamp_micros());
        self.post(&once, &written(&json!({"type": "probe"}))?).await.map(|_| ())
    }

    async fn describe(&self) -> Result<Schema, Fault> {
        Ok(Schema {
            fields: Vec::new(),
            open: true,
        })
    }

    async fn create(&self, key: &str, once: &str, fields: &Fields) -> Result<String, Fault> {
        let id = self.post(once, &self.body(None, key, fields)?).await?;
        Ok(id
            .filter(|id| !id.is_empty() && id.len() <= 200)
            .unwrap_or_else(|| key.to_owned()))
    }

    async fn update(&self, id: &str, key: &str, once: &str, fields: &Fields) -> Result<(), Fault> {
        self.post(once, &self.body(Some(id), key, fields)?).await.map(|_| ())
    }

    async fn fetch(&self, _id: &str) -> Result<Found, Fault> {
        Ok(Found::Unknown)
    }

    async fn changes_since(&self, _cursor: &Cursor) -> Result<Changes, Fault> {
        Ok(Changes::default())
    }

    fn request(&self, _id: Option<&str>, _key: &str) -> (&'static str, String) {
        ("POST", self.endpoint[Position::BeforePath..].to_owned())
    }

    fn body(&self, id: Option<&str>, key: &str, fields: &Fields) -> Result<Box<RawValue>, Fault> {
        written(&match id {
            None => json!({"type": "record.created", "key": key, "fields": fields}),
            Some(id) => json!({"type": "record.updated", "id": id, "key": key, "fields": fields}),
        })
    }
}
