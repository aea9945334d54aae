//! A vendor with a plan, its finance team, and partners that sell.

use guildhall_kernel::OrgId;
use serde_json::{Value, json};

use crate::support::{Answer, Caller, Scene, TestServer, consumed, deal_body};

pub(crate) struct Play {
    pub(crate) server: TestServer,
    pub(crate) scene: Scene,
    /// The vendor's finance.
    pub(crate) finance: Caller,
    /// Another of the vendor who may do the same.
    pub(crate) owner: Caller,
    /// The vendor's channel manager.
    pub(crate) vendor: Caller,
    /// Alder's finance, and a seller there.
    pub(crate) alder: Caller,
    pub(crate) seller: Caller,
    pub(crate) birch: Caller,
}

/// Ten percent of every won deal, payable at once when it is approved.
pub(crate) fn ten_percent() -> Value {
    json!({"type": "commission", "trigger": "deal_won", "rules": [{"name": "everything", "rate": {"percent": "10"}}]})
}

/// Ten percent of every invoice.
pub(crate) fn of_invoices() -> Value {
    json!({"type": "commission", "trigger": "invoiced", "rules": [{"name": "everything", "rate": {"percent": "10"}}]})
}

impl Play {
    pub(crate) async fn begin() -> Self {
        Self::on(TestServer::start().await).await
    }

    pub(crate) async fn on(server: TestServer) -> Self {
        let scene = Scene::set(&server).await;
        Self {
            finance: server.login("finance@northwind.example").await,
            owner: server.login("owner@northwind.example").await,
            vendor: server.login("channel_manager@northwind.example").await,
            alder: server.login("finance@alder.example").await,
            seller: server.login("sales@alder.example").await,
            birch: server.login("finance@birch.example").await,
            server,
            scene,
        }
    }

    /// A published plan's address.
    pub(crate) async fn plan(&self, name: &str, spec: Value) -> String {
        self.plan_with(json!({"name": name, "spec": spec})).await
    }

    /// As told, published.
    pub(crate) async fn plan_with(&self, body: Value) -> String {
        let made = self.finance.post("/api/v1/incentives/plans", &body).await;
        made.ok();
        let plan = made.header("location");
        let publish = format!("{plan}/publish");
        self.finance
            .post_at(&publish, &made.header("etag"), &json!({}))
            .await
            .ok();
        plan
    }

    /// A deal of Alder's that was won at 3601.50 EUR.
    pub(crate) async fn won(&self, customer: &str) -> String {
        let domain = format!("{}.example", customer.to_lowercase());
        let made = self
            .seller
            .post("/api/v1/deals", &deal_body(self.scene.northwind, customer, &domain))
            .await;
        let deal = made.header("location");
        let approve = format!("{deal}/approve");
        let approved = self.vendor.post_at(&approve, &made.header("etag"), &json!({})).await;
        let close = format!("{deal}/close");
        let won = json!({"outcome": "won"});
        self.vendor.post_at(&close, &approved.header("etag"), &won).await.ok();
        deal
    }

    /// An invoice of Alder's, as it is answered.
    pub(crate) async fn invoice(&self, reference: &str, amount: &str) -> Answer {
        let today = self.server.app().clock.now().date_naive();
        self.sale(
            json!({"kind": "invoice", "reference": reference, "partner_id": self.scene.alder, "currency": "EUR",
            "sold_on": today, "lines": [{"name": "Gateway", "amount": amount}]}),
        )
        .await
    }

    pub(crate) async fn sale(&self, body: Value) -> Answer {
        self.finance.post("/api/v1/incentives/sales", &body).await
    }

    /// Waits until everything that has happened is accrued.
    pub(crate) async fn accrued(&self) {
        let mut db = self.server.database.connect().await;
        consumed(&mut db, "incentives").await;
    }

    /// The earnings that the caller sees, oldest first.
    pub(crate) async fn earnings(&self, by: &Caller) -> Vec<Value> {
        self.accrued().await;
        let mut items = by.get("/api/v1/earnings?limit=100").await.ok()["items"]
            .as_array()
            .unwrap()
            .clone();
        items.reverse();
        items
    }

    /// Their amounts.
    pub(crate) async fn amounts(&self, by: &Caller) -> Value {
        let earnings = self.earnings(by).await;
        earnings.iter().map(|one| one["amount"].clone()).collect()
    }

    pub(crate) async fn reverse(&self, sale: &str, body: Value) -> Answer {
        let etag = self.finance.etag(sale).await;
        self.finance.post_at(&format!("{sale}/reversals"), &etag, &body).await
    }

    /// What stands in Alder's accounts, by what they hold.
    pub(crate) async fn balances(&self, of: OrgId) -> Value {
        let path = format!("/api/v1/incentives/balances?limit=100&partner_id={of}");
        let items = self.finance.get(&path).await.ok()["items"].as_array().unwrap().clone();
        let named = items
            .iter()
            .map(|one| (one["account"].as_str().unwrap().to_owned(), one["balance"].clone()));
        named
            .filter(|(_, balance)| !balance.as_str().unwrap().trim_matches(['0', '.']).is_empty())
            .collect()
    }

    /// Approves every line that is accrued.
    pub(crate) async fn approve_all(&self) {
        let earnings = self.earnings(&self.finance).await;
        let ids: Vec<&Value> = earnings
            .iter()
            .filter(|one| one["status"] == "accrued")
            .map(|one| &one["id"])
            .collect();
        self.finance
            .post("/api/v1/earnings/approve", &json!({"earning_ids": ids}))
            .await
            .ok();
    }

    /// The ledger holds everything that it must.
    pub(crate) async fn sound(&self) {
        let broken = guildhall_incentivize::ledger::verify(&self.server.app().db)
            .await
            .unwrap();
        assert!(broken.is_empty(), "{broken:?}");
    }
}
