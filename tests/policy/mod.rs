//! The terms of a program: how long an approval protects, who approves, and what happens when registrations collide.

mod approvals;
mod desk;
mod programs;
mod protection;
mod verdicts;

use axum::http::Method;
use guildhall_kernel::OrgId;
use serde_json::{Value, json};

use crate::support::{Answer, Caller, Scene, TestServer, deal_body, until};

/// Northwind, whose channel manager decides, and reps of its two partners.
pub(super) struct Stage {
    pub(super) server: TestServer,
    pub(super) northwind: OrgId,
}

impl Stage {
    pub(super) async fn set() -> Self {
        let server = TestServer::builder().manual_clock().start().await;
        let scene = Scene::set(&server).await;
        Self {
            server,
            northwind: scene.northwind,
        }
    }

    pub(super) async fn login(&self, who: &str) -> Caller {
        self.server.login(&format!("{who}.example")).await
    }

    /// Northwind's default program has the vendor's own UUID.
    pub(super) fn policy(&self) -> String {
        let program = guildhall_kernel::ProgramId::from(self.northwind.uuid());
        format!("/api/v1/deal-policies/{program}")
    }

    /// Sets the terms of Northwind's program: the defaults with these members in their place.
    pub(super) async fn terms(&self, changes: Value) {
        let manager = self.login("channel_manager@northwind").await;
        let policy = manager.get(&self.policy()).await;
        let mut terms = policy.ok()["terms"].clone();
        for (name, value) in changes.as_object().unwrap() {
            terms[name] = value.clone();
        }
        put(
            &manager,
            &self.policy(),
            &policy.header("etag"),
            &json!({"terms": terms}),
        )
        .await
        .ok();
    }

    /// A submission's address.
    pub(super) async fn submit(&self, rep: &Caller, customer: &str, domain: &str) -> String {
        let made = rep
            .post("/api/v1/deals", &deal_body(self.northwind, customer, domain))
            .await;
        made.ok();
        made.header("location")
    }

    pub(super) fn pass(&self, days: i64) {
        self.server.clock.advance(chrono::TimeDelta::days(days));
    }

    /// The events of this kind that the caller hears, once there are so many.
    pub(super) async fn events(&self, caller: &Caller, kind: &str, count: usize) -> Vec<Value> {
        until(kind, async || {
            let page = caller.get("/api/v1/events?since=0-0&limit=500").await.ok();
            let found: Vec<Value> = page["items"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|event| event["kind"] == kind)
                .map(|event| event["data"].clone())
                .collect();
            (found.len() >= count).then_some(found)
        })
        .await
    }
}

pub(super) async fn put(caller: &Caller, path: &str, etag: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("if-match", etag)];
    caller.send(Method::PUT, path, &headers, body.to_string()).await
}

pub(super) async fn act(caller: &Caller, path: &str, act: &str, body: &Value) -> Answer {
    let etag = caller.etag(path).await;
    caller.post_at(&format!("{path}/{act}"), &etag, body).await
}
