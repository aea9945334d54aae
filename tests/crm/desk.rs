//! A vendor with a connected CRM, a partner with deals.

use axum::http::Method;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use guildhall_kernel::DealId;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::stub::{Crm, KEY_FIELD};
use crate::support::{Answer, Caller, Scene, TestServer, deal_body, until};

pub(super) const HUBSPOT_SECRET: &str = "hubspot-client-secret-5f0c9b1e";

pub(super) fn webhook_secret() -> String {
    format!("whsec_{}", STANDARD.encode([7; 32]))
}

pub(super) struct Desk {
    pub(super) server: TestServer,
    pub(super) scene: Scene,
    pub(super) owner: Caller,
    pub(super) rep: Caller,
    pub(super) crm: Crm,
    pub(super) db: PgConnection,
    /// The connection's address.
    pub(super) at: String,
}

/// Amount and date both ways, the stage by name, the rest outwards.
pub(super) fn mapping(winner: &str) -> Value {
    json!({
        "fields": [
            {"prm": "customer_name", "crm": "Name", "direction": "to_crm"},
            {"prm": "amount", "crm": "Amount", "direction": "both", "winner": winner},
            {"prm": "expected_close", "crm": "CloseDate", "direction": "both", "winner": winner},
            {"prm": "status", "crm": "StageName", "direction": "both", "winner": winner,
                "values": {"approved": "Qualification", "won": "Closed Won", "lost": "Closed Lost"}},
        ],
        "constants": [{"crm": "Description", "value": "From a partner"}],
    })
}

pub(super) fn hubspot_mapping() -> Value {
    json!({"fields": [
        {"prm": "customer_name", "crm": "dealname", "direction": "to_crm"},
        {"prm": "amount", "crm": "amount", "direction": "both"},
        {"prm": "expected_close", "crm": "closedate", "direction": "both"},
        {"prm": "status", "crm": "dealstage", "direction": "both",
            "values": {"approved": "appointmentscheduled", "won": "closedwon", "lost": "closedlost"}},
    ]})
}

impl Desk {
    pub(super) async fn bare(manual: bool) -> Self {
        let mut builder = TestServer::builder().config(|config| config.outbound.allow_private_networks = true);
        if manual {
            builder = builder.manual_clock();
        }
        let server = builder.start().await;
        let scene = Scene::set(&server).await;
        Self {
            owner: server.login("owner@northwind.example").await,
            rep: server.login("sales@alder.example").await,
            crm: Crm::start(server.clock.clone()).await,
            db: server.database.connect().await,
            scene,
            server,
            at: String::new(),
        }
    }

    pub(super) async fn connect(&mut self, body: &Value) -> Answer {
        let made = self.owner.post("/api/v1/crm-connections", body).await;
        if made.status.is_success() {
            self.at = made.header("location");
        }
        made
    }

    pub(super) async fn probe_and_map(&self, mapping: &Value) {
        let probed = self.owner.post(&format!("{}/probe", self.at), &json!({})).await.ok();
        assert_eq!(probed["ok"], true, "{probed}");
        let etag = self.owner.etag(&self.at).await;
        self.owner
            .patch(&self.at, &etag, &json!({"mapping": mapping}))
            .await
            .ok();
    }

    pub(super) async fn salesforce(manual: bool, winner: &str) -> Self {
        let mut desk = Self::bare(manual).await;
        let body = json!({"kind": "salesforce", "name": "Sales cloud", "base_url": desk.crm.url(), "external_id_field": KEY_FIELD,
            "poll_seconds": if manual { 5 } else { 3600 }, "credentials": {"client_id": "3MVG9-consumer-key", "client_secret": "very-secret-of-salesforce",
                "webhook_secret": webhook_secret()}});
        desk.connect(&body).await.ok();
        desk.probe_and_map(&mapping(winner)).await;
        desk
    }

    pub(super) async fn hubspot(manual: bool) -> Self {
        let mut desk = Self::bare(manual).await;
        let body = json!({"kind": "hubspot", "name": "Hub", "base_url": desk.crm.url(), "external_id_field": KEY_FIELD,
            "poll_seconds": 3600, "credentials": {"access_token": "pat-na1-secret-token-of-hubspot", "client_secret": HUBSPOT_SECRET}});
        desk.connect(&body).await.ok();
        desk.probe_and_map(&hubspot_mapping()).await;
        desk
    }

    pub(super) async fn webhook(winner: &str) -> Self {
        let mut desk = Self::bare(false).await;
        let body = json!({"kind": "webhook", "name": "Own system", "base_url": format!("{}/hook", desk.crm.url()),
            "external_id_field": "deal", "credentials": {"webhook_secret": webhook_secret()}});
        desk.connect(&body).await.ok();
        let mut mapping = mapping(winner);
        mapping["constants"] = json!([]);
        desk.probe_and_map(&mapping).await;
        desk
    }

    /// Registers a deal; returns its address.
    pub(super) async fn submitted(&self, customer: &str) -> String {
        let body = deal_body(
            self.scene.northwind,
            customer,
            &format!("{}.example", customer.to_lowercase()),
        );
        let made = self.rep.post("/api/v1/deals", &body).await;
        made.ok();
        made.header("location")
    }

    /// Registers a deal and approves it; returns its address.
    pub(super) async fn approved(&self, customer: &str) -> String {
        let path = self.submitted(customer).await;
        let etag = self.owner.etag(&path).await;
        self.owner
            .post_at(&format!("{path}/approve"), &etag, &json!({}))
            .await
            .ok();
        path
    }

    /// A deal whose record is in the CRM: the deal's address and the record's id.
    pub(super) async fn linked(&mut self, customer: &str) -> (String, String) {
        let path = self.approved(customer).await;
        let record = self.record_of(&path).await;
        (path, record)
    }

    pub(super) async fn record_of(&mut self, path: &str) -> String {
        let deal = self.deal_id(path);
        let db = &mut self.db;
        until("the deal has a record", async || {
            sqlx::query_scalar::<_, Option<String>>(
                "SELECT record_id FROM crm_link WHERE deal_id = $1 AND status = 'linked'",
            )
            .bind(deal)
            .fetch_optional(&mut *db)
            .await
            .unwrap()
            .flatten()
        })
        .await
    }

    /// Waits until the record's win is here: the deal's one event, with this amount.
    pub(super) async fn won_once(&mut self, path: &str, amount: &str) {
        let owner = &self.owner;
        until("the deal is won", async || {
            (owner.get(path).await.ok()["status"] == "won").then_some(())
        })
        .await;
        self.settled().await;
        let won = self.events("deal.won").await;
        assert_eq!(json!([won.len(), won[0]["amount"]]), json!([1, amount]));
        assert_eq!(self.outcomes().await, ["created", "applied"]);
    }

    pub(super) fn deal_id(&self, path: &str) -> DealId {
        path.rsplit('/').next().unwrap().parse().unwrap()
    }

    /// Waits until nothing waits.
    pub(super) async fn settled(&mut self) {
        let db = &mut self.db;
        let idle = "SELECT NOT EXISTS (SELECT FROM crm_work WHERE dead_at IS NULL)
                       AND coalesce((SELECT (c.tx, c.seq) >= (e.tx, e.seq)
                           FROM event_consumer c, (SELECT tx, seq FROM event ORDER BY tx DESC, seq DESC LIMIT 1) e
                           WHERE c.name = 'crm'), false)";
        until("the queue is empty", async || {
            let idle: bool = sqlx::query_scalar(idle).fetch_one(&mut *db).await.unwrap();
            idle.then_some(())
        })
        .await;
    }

    pub(super) async fn outcomes(&self) -> Vec<String> {
        let page = self.owner.get(&format!("{}/sync?limit=100", self.at)).await.ok();
        let items = page["items"].as_array().unwrap().clone();
        items
            .iter()
            .rev()
            .map(|item| item["outcome"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(super) async fn events(&mut self, kind: &str) -> Vec<Value> {
        sqlx::query_scalar("SELECT data FROM event WHERE kind = $1 ORDER BY tx, seq")
            .bind(kind)
            .fetch_all(&mut self.db)
            .await
            .unwrap()
    }

    pub(super) async fn health(&self) -> Value {
        self.owner.get(&self.at).await.ok()["health"].clone()
    }

    /// Posts a message of the CRM, signed as Standard Webhooks are by their own library.
    pub(super) async fn tell(&self, id: &str, body: &Value) -> Answer {
        let at = self.server.clock.now().timestamp();
        let hook = standardwebhooks::Webhook::new(&webhook_secret()).unwrap();
        let text = body.to_string();
        let signature = hook.sign(id, at, text.as_bytes()).unwrap();
        self.post_signed(id, at, &signature, text).await
    }

    pub(super) async fn post_signed(&self, id: &str, at: i64, signature: &str, body: impl Into<Bytes>) -> Answer {
        let at = at.to_string();
        let headers = [
            ("content-type", "application/json"),
            ("webhook-id", id),
            ("webhook-timestamp", at.as_str()),
            ("webhook-signature", signature),
        ];
        let path = format!("{}/inbound", self.at);
        self.server.anonymous().send(Method::POST, &path, &headers, body).await
    }

    /// Posts notices as HubSpot does: signed by its version 3.
    pub(super) async fn hubspot_says(&self, at: i64, notices: &Value, secret: &str) -> Answer {
        let path = format!("{}/inbound", self.at);
        let root = self
            .server
            .app()
            .config
            .http
            .public_url
            .trim_end_matches('/')
            .to_owned();
        let (at, text) = (at.to_string(), notices.to_string());
        let signature = hmac_base64(secret, format!("POST{root}{path}{text}{at}").as_bytes());
        let headers = [
            ("content-type", "application/json"),
            ("x-hubspot-request-timestamp", at.as_str()),
            ("x-hubspot-signature-v3", signature.as_str()),
        ];
        self.server.anonymous().send(Method::POST, &path, &headers, text).await
    }
}

/// HMAC-SHA256 (RFC 2104), base64.
fn hmac_base64(key: &str, message: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key.as_bytes());
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::digest([pad(0x36).as_slice(), message].concat());
    STANDARD.encode(Sha256::digest([pad(0x5c).as_slice(), inner.as_slice()].concat()))
}
