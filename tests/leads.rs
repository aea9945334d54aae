//! Leads as the vendor and its partners live them.

mod forms;
mod intake;
mod lifecycle;
mod rules;
mod suspension;

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Caller, Scene, TestServer};

/// A server with its scene, the vendor's manager and the reps of both partners.
struct Stage {
    server: TestServer,
    scene: Scene,
    manager: Caller,
    alder: Caller,
    birch: Caller,
}

impl Stage {
    async fn set() -> Self {
        Self::on(TestServer::builder().manual_clock().start().await).await
    }

    async fn on(server: TestServer) -> Self {
        let scene = Scene::set(&server).await;
        Self {
            manager: server.login("channel_manager@northwind.example").await,
            alder: server.login("sales@alder.example").await,
            birch: server.login("sales@birch.example").await,
            server,
            scene,
        }
    }

    /// Puts these rules in force.
    async fn rules(&self, rules: Value) -> Value {
        let etag = self.manager.get("/api/v1/lead-rules").await.header("etag");
        put(&self.manager, "/api/v1/lead-rules", &etag, &json!({"rules": rules}))
            .await
            .ok()
    }

    /// Sets what a partner is capable of.
    async fn capable(&self, partner: guildhall_kernel::OrgId, capabilities: &Value) {
        let all = self.manager.get("/api/v1/partnerships").await.ok();
        let ours = all["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["partner"]["id"] == json!(partner))
            .unwrap();
        let path = format!(
            "/api/v1/partnerships/{}/lead-capabilities",
            ours["id"].as_str().unwrap()
        );
        let etag = self.manager.get(&path).await.header("etag");
        put(&self.manager, &path, &etag, capabilities).await.ok();
    }

    /// Takes a lead in and returns its address.
    async fn lead(&self, company: &str, country: &str) -> String {
        let made = self.manager.post("/api/v1/leads", &lead(company, country)).await;
        made.ok();
        made.header("location")
    }

    /// Whose it is, or who alone is asked.
    async fn holder(&self, path: &str) -> Value {
        self.manager.get(path).await.ok()["partner"]["name"].clone()
    }
}

fn lead(company: &str, country: &str) -> Value {
    let host = company.to_lowercase().replace(' ', "-");
    json!({
        "company": {"name": company, "domain": format!("{host}.example"), "country": country, "employees": 300},
        "contact": {"name": "Jo Doe", "email": format!("jo@{host}.example"), "phone": "+49 30 1"},
        "product": "Gateway", "amount": "1500", "currency": "EUR", "message": "Call me on +49 30 1",
        "source": "campaign", "campaign": "spring", "reference": "r-1",
    })
}

async fn put(caller: &Caller, path: &str, etag: &str, body: &Value) -> Answer {
    let headers = [("if-match", etag), ("content-type", "application/json")];
    caller.send(Method::PUT, path, &headers, body.to_string()).await
}

async fn act(caller: &Caller, path: &str, act: &str, body: &Value) -> Answer {
    let etag = caller.get(path).await.header("etag");
    caller.post_at(&format!("{path}/{act}"), &etag, body).await
}

/// One rule that hands everything to whom `choice` finds.
fn everything(choice: &str) -> Value {
    json!([{"name": "Everything", "choice": choice}])
}
