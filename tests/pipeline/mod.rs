//! The pipeline as vendors and partners live it.

mod export;
mod forecast;
mod rates;
mod stages;
mod sums;

use chrono::{Days, NaiveDate};
use guildhall_kernel::{Clock, OrgId};
use serde_json::{Value, json};

use crate::support::{Answer, Caller, Scene, TestServer, deal_body};

/// A server with its people: a manager of Northwind's and two reps, of Alder and Birch.
struct Place {
    server: TestServer,
    scene: Scene,
    manager: Caller,
    alder: Caller,
    birch: Caller,
}

impl Place {
    async fn set() -> Self {
        let server = TestServer::start().await;
        let scene = Scene::set(&server).await;
        Self {
            manager: server.login("channel_manager@northwind.example").await,
            alder: server.login("sales@alder.example").await,
            birch: server.login("sales@birch.example").await,
            server,
            scene,
        }
    }

    /// An approved deal; its path.
    async fn deal(&self, rep: &Caller, name: &str, change: impl FnOnce(&mut Value)) -> String {
        let mut body = deal_body(self.scene.northwind, name, &format!("{}.example", name.to_lowercase()));
        change(&mut body);
        let made = rep.post("/api/v1/deals", &body).await;
        made.ok();
        let path = made.header("location");
        act(&self.manager, &path, "approve", &json!({})).await.ok();
        path
    }

    async fn stages(&self) -> Vec<Value> {
        let stages = self.manager.get("/api/v1/pipeline/stages").await.ok();
        stages["items"].as_array().unwrap().clone()
    }
}

/// Does something to a deal at its current version.
async fn act(caller: &Caller, path: &str, act: &str, body: &Value) -> Answer {
    let etag = caller.etag(path).await;
    caller.post_at(&format!("{path}/{act}"), &etag, body).await
}

fn priced(amount: &str, currency: &str, country: &str, close: NaiveDate) -> impl FnOnce(&mut Value) {
    move |body| {
        body["products"] = json!([{"name": "Gateway", "quantity": "1", "unit_amount": amount}]);
        body["currency"] = currency.into();
        body["customer"]["country"] = country.into();
        body["expected_close"] = json!(close);
    }
}

fn in_days(days: u64) -> NaiveDate {
    Clock::system().now().date_naive() + Days::new(days)
}

/// The ids of every page of a list.
async fn listed(caller: &Caller, path: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut cursor = String::new();
    loop {
        let joined = if path.contains('?') { '&' } else { '?' };
        let page = caller.get(&format!("{path}{joined}limit=2{cursor}")).await.ok();
        let items = page["items"].as_array().unwrap();
        ids.extend(items.iter().map(|deal| deal["id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return ids,
        }
    }
}

fn program_of(org: OrgId) -> String {
    guildhall_kernel::ProgramId::from(org.uuid()).to_string()
}
