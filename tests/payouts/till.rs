//! A vendor that owes money, and the people who pay it.

use axum::http::Method;
use guildhall_incentivize::api::{Account, AccountKind, Entry, lock_ledger, moving, post};
use guildhall_kernel::{Currency, EarningId, OrgId, UserId};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, Caller, PASSWORD, Scene, TestServer};

pub(super) const IBAN: &str = "DE89370400440532013000";
pub(super) const OTHER_IBAN: &str = "NL91ABNA0417164300";

/// Northwind with an account to pay from; Alder with one to be paid to.
pub(super) struct Till {
    pub(super) server: TestServer,
    pub(super) scene: Scene,
    /// Proposes and executes.
    pub(super) maker: Caller,
    /// Approves.
    pub(super) checker: Caller,
    /// Alder's finance.
    pub(super) alder: Caller,
}

impl Till {
    pub(super) async fn open() -> Self {
        Self::with(TestServer::start().await).await
    }

    pub(super) async fn with(server: TestServer) -> Self {
        let scene = Scene::set(&server).await;
        let till = Self::at(server, scene).await;
        let settings =
            json!({"debtor": {"name": "Northwind GmbH", "country": "DE", "iban": IBAN}, "minimums": {"EUR": "10.00"}});
        put_at(&till.checker, "/api/v1/payout-settings", "\"v0\"", &settings)
            .await
            .ok();
        till.profile(&till.alder, &iban(IBAN)).await.ok();
        till.rested().await;
        till
    }

    /// The same till at another server.
    pub(super) async fn at(server: TestServer, scene: Scene) -> Self {
        Self {
            maker: server.login("finance@northwind.example").await,
            checker: server.login("owner@northwind.example").await,
            alder: server.login("finance@alder.example").await,
            server,
            scene,
        }
    }

    /// Says where a partner is paid.
    pub(super) async fn profile(&self, who: &Caller, destination: &Value) -> Answer {
        put(who, "/api/v1/payout-profile", &profile(destination)).await
    }

    /// Every destination has rested.
    pub(super) async fn rested(&self) {
        self.sql("UPDATE payout_profile SET usable_from = usable_from - interval '73 hours'")
            .await;
    }

    pub(super) async fn sql(&self, statement: &'static str) {
        let mut db = self.server.database.connect().await;
        sqlx::query(statement).execute(&mut db).await.unwrap();
    }

    /// A partner has earned something, approved and rested.
    pub(super) async fn earn(&self, partner: OrgId, amount: &str) -> EarningId {
        self.earn_as(partner, None, amount).await
    }

    pub(super) async fn earn_as(&self, partner: OrgId, user: Option<UserId>, amount: &str) -> EarningId {
        self.earn_in(Currency::EUR, partner, user, amount).await
    }

    pub(super) async fn earn_in(
        &self,
        currency: Currency,
        partner: OrgId,
        user: Option<UserId>,
        amount: &str,
    ) -> EarningId {
        let vendor = self.scene.northwind;
        let amount: Decimal = amount.parse().unwrap();
        let mut tx = self.server.app().db.begin().await.unwrap();
        lock_ledger(&mut tx, &[vendor].into()).await.unwrap();
        let id: EarningId = tx.new_id();
        let now = tx.now();
        sqlx::query(
            "INSERT INTO earning (id, vendor_id, partner_id, user_id, kind, cause, root_id, currency, amount, status, earned_on,
                                  rests_until, explanation, created_at, updated_at)
             VALUES ($1, $2, $3, $4, 'adjustment', 'adjustment', $1, $8, $5, 'approved', $6, $6, '{}', $7, $7)",
        )
        .bind(id)
        .bind(vendor)
        .bind(partner)
        .bind(user)
        .bind(amount)
        .bind(now.date_naive())
        .bind(now)
        .bind(currency.code())
        .execute(&mut *tx)
        .await
        .unwrap();
        let to = Account::of(AccountKind::Approved, partner, user);
        let entry = Entry {
            vendor,
            currency,
            cause: "adjustment",
            subject: id.uuid(),
            key: format!("test/{id}"),
            details: json!({}),
            postings: moving(Account::own(AccountKind::Expense), to, amount, Some(id)).to_vec(),
        };
        post(&mut tx, &[entry]).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    pub(super) fn draft(&self, method: &str) -> Value {
        let today = self.server.clock.now().date_naive();
        let currency = if method == "nacha" { "USD" } else { "EUR" };
        json!({"currency": currency, "method": method, "execution_date": today})
    }

    pub(super) async fn try_propose(&self, method: &str) -> Answer {
        let key = fresh_key();
        self.maker
            .post_once("/api/v1/payout-batches", &key, &self.draft(method))
            .await
    }

    /// A proposed batch's address.
    pub(super) async fn propose(&self, method: &str) -> String {
        let answer = self.try_propose(method).await;
        answer.ok();
        answer.header("location")
    }

    pub(super) async fn approve(&self, batch: &str) -> Answer {
        let etag = self.checker.etag(batch).await;
        self.checker
            .post_at(&format!("{batch}/approve"), &etag, &json!({}))
            .await
    }

    pub(super) async fn execute(&self, batch: &str) -> Answer {
        let key = fresh_key();
        self.maker
            .post_once(&format!("{batch}/execute"), &key, &json!({}))
            .await
    }

    /// A batch that was proposed, approved and executed; its address.
    pub(super) async fn pay(&self, method: &str) -> String {
        let batch = self.propose(method).await;
        self.approve(&batch).await.ok();
        self.execute(&batch).await.ok();
        batch
    }

    /// The payouts of a batch.
    pub(super) async fn payouts(&self, batch: &str) -> Vec<Value> {
        let id = batch.rsplit('/').next().unwrap();
        let path = format!("/api/v1/payouts?payout_batch_id={id}");
        self.maker.get(&path).await.ok()["items"].as_array().unwrap().clone()
    }

    /// The one payout of a batch.
    pub(super) async fn payout(&self, batch: &str) -> Value {
        let payouts = self.payouts(batch).await;
        let [payout] = payouts.as_slice() else {
            panic!("{payouts:?}")
        };
        payout.clone()
    }

    /// What stands where in the ledger, without what sums to nothing.
    pub(super) async fn ledger(&self) -> Value {
        let mut db = self.server.database.connect().await;
        let rows: Vec<(String, Decimal)> = sqlx::query_as(
            "SELECT a.kind, sum(b.balance) FROM ledger_balance b JOIN ledger_account a ON a.id = b.account_id
             WHERE a.kind <> 'expense' GROUP BY a.kind HAVING sum(b.balance) <> 0 ORDER BY a.kind",
        )
        .fetch_all(&mut db)
        .await
        .unwrap();
        rows.into_iter()
            .map(|(kind, sum)| (kind, json!(sum.round_dp(2).to_string())))
            .collect()
    }

    /// The kinds of the payouts' events so far.
    pub(super) async fn told(&self) -> Vec<String> {
        let mut db = self.server.database.connect().await;
        sqlx::query_scalar("SELECT kind FROM event WHERE kind LIKE 'payout.%' OR kind LIKE 'reward.%' ORDER BY seq")
            .fetch_all(&mut db)
            .await
            .unwrap()
    }

    /// Everything that must hold does.
    pub(super) async fn sound(&self) {
        let db = &self.server.app().db;
        let broken = guildhall_payouts::verify::verify(db).await.unwrap();
        assert!(broken.is_empty(), "{broken:?}");
        let broken = guildhall_incentivize::ledger::verify(db).await.unwrap();
        assert!(broken.is_empty(), "{broken:?}");
    }
}

pub(super) fn iban(iban: &str) -> Value {
    json!({"type": "iban", "iban": iban, "holder": "Alder GmbH", "country": "DE"})
}

pub(super) fn profile(destination: &Value) -> Value {
    json!({"password": PASSWORD, "destination": destination, "currency": "EUR", "country": "DE", "tax_form": "none"})
}

pub(super) async fn put(who: &Caller, path: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json")];
    who.send(Method::PUT, path, &headers, body.to_string()).await
}

pub(super) async fn put_at(who: &Caller, path: &str, etag: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("if-match", etag)];
    who.send(Method::PUT, path, &headers, body.to_string()).await
}

/// A fresh key.
fn fresh_key() -> String {
    Uuid::from_bytes(guildhall_kernel::Entropy::system().bytes()).to_string()
}
