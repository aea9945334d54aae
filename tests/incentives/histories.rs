//! Whatever happens, in whatever order and cut off wherever: the ledger holds, and what partners have earned is what a
//! plain sum over the sales says.

use std::collections::BTreeMap;

use axum::http::Method;
use guildhall_kernel::OrgId;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::play::{Play, of_invoices};
use crate::support::{Answer, Caller, PASSWORD, consumed, until};

/// How many histories, one after the other on the same books.
const HISTORIES: usize = 5;

#[derive(Clone, Debug)]
enum Deed {
    /// An invoice in cents; in dollars, shared 60 to 40 between the partners, or Alder's own in euros.
    Invoice {
        cents: u32,
        shared: bool,
    },
    /// A thousandth of what is left of one of the sales comes back.
    Refund {
        of: usize,
        permille: u32,
    },
    Approve,
    /// Holds one of the lines, or releases it if it is held.
    Hold {
        of: usize,
    },
    /// Everything payable is paid by hand; what became of the payouts: paid, or failed.
    Pay {
        fails: bool,
    },
    Adjust {
        cents: i32,
    },
    Anew,
}

/// A deed, and whether every connection to the database is cut while it is done.
type Cut = (Deed, bool);

fn history() -> impl Strategy<Value = Vec<Cut>> {
    let deed = prop_oneof![
        5 => (1_u32..2_000_000, any::<bool>()).prop_map(|(cents, shared)| Deed::Invoice { cents, shared }),
        4 => (0_usize..64, 0_u32..1400).prop_map(|(of, permille)| Deed::Refund { of, permille: permille.min(1000) }),
        3 => Just(Deed::Approve),
        2 => (0_usize..64).prop_map(|of| Deed::Hold { of }),
        3 => prop::bool::weighted(0.3).prop_map(|fails| Deed::Pay { fails }),
        1 => (-50_000_i32..50_000).prop_map(|cents| Deed::Adjust { cents: cents.max(1 - cents.abs()) }),
        1 => Just(Deed::Anew),
    ];
    prop::collection::vec((deed, prop::bool::weighted(0.3)), 12..20)
}

#[derive(Clone)]
struct Sold {
    address: String,
    shared: bool,
    kept: Decimal,
}

struct Books {
    play: Play,
    db: PgConnection,
    sales: Vec<Sold>,
    adjusted: Decimal,
    keys: u32,
}

impl Books {
    async fn open() -> Self {
        let play = Play::begin().await;
        play.plan("Commission", of_invoices()).await;
        let rebate = json!({"type": "rebate", "trigger": "invoiced", "currency": "EUR", "measure": "revenue",
            "period": {"every": "year"}, "mode": "marginal", "when": {"skus": ["EURO"]},
            "bands": [{"from": "0", "percent": "1"}, {"from": "30000", "percent": "3"}]});
        play.plan_with(json!({"name": "Rebate", "spec": rebate, "auto_approve": true}))
            .await;
        let spiff = json!({"type": "spiff", "trigger": "invoiced", "currency": "EUR", "when": {"skus": ["EURO"]},
            "amount": {"per_sale": "25.00"}, "budget": "110.00"});
        play.plan("SPIFF", spiff).await;
        let mut db = play.server.database.connect().await;
        sqlx::query("INSERT INTO exchange_rate VALUES ('00000000-0000-0000-0000-000000000000', 'USD', $1, 1.25)")
            .bind(play.server.app().clock.now().date_naive())
            .execute(&mut db)
            .await
            .unwrap();
        for (who, currency) in [(&play.alder, "EUR"), (&play.birch, "USD")] {
            let profile = json!({"password": PASSWORD, "destination": {"type": "manual", "note": "cheque"},
                "currency": currency, "country": "DE", "tax_form": "none"});
            let head = [("content-type", "application/json")];
            who.send(Method::PUT, "/api/v1/payout-profile", &head, profile.to_string())
                .await
                .ok();
        }
        sqlx::query("UPDATE payout_profile SET usable_from = usable_from - interval '73 hours'")
            .execute(&mut db)
            .await
            .unwrap();
        Self {
            play,
            db,
            sales: Vec::new(),
            adjusted: Decimal::ZERO,
            keys: 0,
        }
    }

    /// Cuts every other connection to the database, as a database that crashes does.
    async fn cut(&mut self) {
        sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
                     AND pid <> pg_backend_pid()",
        )
        .execute(&mut self.db)
        .await
        .unwrap();
    }

    /// Sends under one key until there is an answer, as a client does that can't know whether the first one arrived.
    async fn sure(&mut self, owner: bool, path: &str, etag: Option<&str>, body: &Value, cut: bool) -> Answer {
        self.keys += 1;
        let key = format!("history-{}", self.keys);
        let mut head = vec![("content-type", "application/json"), ("idempotency-key", key.as_str())];
        head.extend(etag.map(|etag| ("if-match", etag)));
        let caller = Caller::clone(if owner { &self.play.owner } else { &self.play.finance });
        let first = async || caller.send(Method::POST, path, &head, body.to_string()).await;
        let mut answer = match cut {
            true => tokio::join!(first(), self.cut()).0,
            false => first().await,
        };
        while answer.status.is_server_error() {
            answer = first().await;
        }
        answer
    }

    async fn read(&self, path: &str) -> Answer {
        let mut answer = self.play.finance.get(path).await;
        while answer.status.is_server_error() {
            answer = self.play.finance.get(path).await;
        }
        answer
    }

    async fn lines(&self, status: &[&str]) -> Vec<Value> {
        let path = "/api/v1/earnings?limit=100";
        let mut found = Vec::new();
        let mut next = String::new();
        loop {
            let page = self.read(&format!("{path}{next}")).await.ok();
            found.extend(page["items"].as_array().unwrap().clone());
            let Some(cursor) = page["next_cursor"].as_str() else {
                break;
            };
            next = format!("&cursor={cursor}");
        }
        found.retain(|line| status.contains(&line["status"].as_str().unwrap()));
        found
    }

    async fn carry_out(&mut self, (deed, cut): &Cut) {
        match deed {
            Deed::Invoice { cents, shared } => self.invoice(*cents, *shared, *cut).await,
            Deed::Refund { of, permille } => self.refund(*of, *permille, *cut).await,
            Deed::Approve => {
                let ids: Vec<Value> = self
                    .lines(&["accrued"])
                    .await
                    .iter()
                    .map(|line| line["id"].clone())
                    .collect();
                for ids in ids.chunks(100) {
                    let body = json!({"earning_ids": ids});
                    self.sure(false, "/api/v1/earnings/approve", None, &body, *cut).await;
                }
            }
            Deed::Hold { of } => {
                let lines = self.lines(&["accrued", "approved", "payable", "held"]).await;
                let Some(line) = lines.get(of % lines.len().max(1)) else {
                    return;
                };
                let (word, body) = match line["status"] == "held" {
                    true => ("release", json!({"earning_ids": [line["id"]]})),
                    false => ("hold", json!({"earning_ids": [line["id"]], "reason": "Looked at"})),
                };
                self.sure(false, &format!("/api/v1/earnings/{word}"), None, &body, *cut)
                    .await;
            }
            Deed::Pay { fails } => {
                for currency in ["EUR", "USD"] {
                    self.pay(currency, *fails, *cut).await;
                }
            }
            Deed::Adjust { cents } => self.adjust(Decimal::new(i64::from(*cents), 2), *cut).await,
            Deed::Anew => {
                let today = self.play.server.app().clock.now().date_naive();
                let body = json!({"from": today, "to": today});
                let made = self
                    .sure(false, "/api/v1/incentives/recalculations", None, &body, *cut)
                    .await;
                self.through(&made.header("location")).await;
            }
        }
    }

    async fn anew(&self) -> Value {
        let today = self.play.server.app().clock.now().date_naive();
        let body = json!({"from": today, "to": today});
        let made = self.play.finance.post("/api/v1/incentives/recalculations", &body).await;
        self.through(&made.header("location")).await
    }

    async fn through(&self, run: &str) -> Value {
        until("the run is through", async || {
            let now = self.read(run).await.ok();
            (now["status"] == "finished").then_some(now)
        })
        .await
    }

    async fn invoice(&mut self, cents: u32, shared: bool, cut: bool) {
        let sold = Decimal::new(i64::from(cents), 2);
        let scene = &self.play.scene;
        let parties = match shared {
            true => json!([{"partner_id": scene.alder, "role": "sourced", "percent": "60"},
                           {"partner_id": scene.birch, "role": "sourced", "percent": "40"}]),
            false => json!([]),
        };
        let (currency, sku) = if shared { ("USD", "DOLLAR") } else { ("EUR", "EURO") };
        let body = json!({"kind": "invoice", "reference": format!("I-{}", self.sales.len()), "partner_id": scene.alder,
            "currency": currency, "sold_on": self.play.server.app().clock.now().date_naive(), "parties": parties,
            "lines": [{"sku": sku, "name": "Goods", "amount": sold.to_string()}]});
        let made = self.sure(false, "/api/v1/incentives/sales", None, &body, cut).await;
        made.ok();
        self.sales.push(Sold {
            address: made.header("location"),
            shared,
            kept: sold,
        });
    }

    async fn refund(&mut self, of: usize, permille: u32, cut: bool) {
        let at = of % self.sales.len().max(1);
        let Some(sale) = self.sales.get(at).cloned() else {
            return;
        };
        let back = (sale.kept * Decimal::new(i64::from(permille), 3)).round_dp(2);
        if back.is_zero() {
            return;
        }
        let today = self.play.server.app().clock.now().date_naive();
        let etag = self.read(&sale.address).await.header("etag");
        let body =
            json!({"kind": "refund", "reference": format!("R-{}", self.keys), "on": today, "amount": back.to_string()});
        let path = format!("{}/reversals", sale.address);
        self.sure(false, &path, Some(&etag), &body, cut).await.ok();
        self.sales[at].kept -= back;
    }

    async fn adjust(&mut self, amount: Decimal, cut: bool) {
        let body = json!({"partner_id": self.play.scene.alder, "currency": "EUR", "amount": amount.to_string(),
            "reason": "Agreed by letter"});
        let made = self
            .sure(false, "/api/v1/incentives/adjustments", None, &body, cut)
            .await;
        let path = made.header("location");
        let approve = format!("{path}/approve");
        self.sure(true, &approve, Some(&made.header("etag")), &json!({}), cut)
            .await
            .ok();
        self.adjusted += amount;
    }

    async fn pay(&mut self, currency: &str, fails: bool, cut: bool) {
        let today = self.play.server.app().clock.now().date_naive();
        let draft = json!({"currency": currency, "method": "manual", "execution_date": today});
        let made = self.sure(false, "/api/v1/payout-batches", None, &draft, cut).await;
        if made.status == 409 {
            made.problem(409, "nothing_to_pay");
            return;
        }
        made.ok();
        let batch = made.header("location");
        let approve = format!("{batch}/approve");
        self.sure(true, &approve, Some(&made.header("etag")), &json!({}), cut)
            .await
            .ok();
        self.sure(false, &format!("{batch}/execute"), None, &json!({}), cut)
            .await
            .ok();
        let id = batch.rsplit('/').next().unwrap();
        let payouts = self.read(&format!("/api/v1/payouts?payout_batch_id={id}")).await.ok();
        for payout in payouts["items"].as_array().unwrap() {
            let path = format!("/api/v1/payouts/{}/settle", payout["id"].as_str().unwrap());
            let etag = format!("\"v{}\"", payout["version"]);
            let body = match fails {
                true => json!({"outcome": "failed", "reason": "came back"}),
                false => json!({"outcome": "paid"}),
            };
            self.sure(false, &path, Some(&etag), &body, cut).await.ok();
        }
    }

    /// What each partner has earned by the plain sum over the sales, by currency.
    fn expected(&self) -> BTreeMap<(OrgId, &'static str, &'static str), Decimal> {
        let scene = &self.play.scene;
        let cents = |amount: Decimal| amount.round_dp_with_strategy(2, RoundingStrategy::MidpointNearestEven);
        let mut sums = BTreeMap::new();
        let mut volume = Decimal::ZERO;
        for sale in &self.sales {
            let whole = cents(sale.kept / Decimal::TEN);
            if sale.shared {
                // Largest remainder: the parts are tenths of a cent, so the larger one decides.
                let (six, cent) = (whole * Decimal::new(6, 1), Decimal::new(1, 2));
                let down = six.round_dp_with_strategy(2, RoundingStrategy::ToZero);
                let first = if six - down >= cent / Decimal::TWO {
                    down + cent
                } else {
                    down
                };
                *sums.entry((scene.alder, "USD", "commission")).or_default() += first;
                *sums.entry((scene.birch, "USD", "commission")).or_default() += whole - first;
            } else {
                *sums.entry((scene.alder, "EUR", "commission")).or_default() += whole;
                volume += sale.kept;
            }
        }
        let beyond = (volume - Decimal::from(30_000)).max(Decimal::ZERO);
        let rebate = (volume - beyond) / Decimal::ONE_HUNDRED + beyond * Decimal::new(3, 2);
        sums.insert((scene.alder, "EUR", "rebate"), cents(rebate));
        sums.insert((scene.alder, "EUR", "adjustment"), self.adjusted);
        sums.retain(|_, sum| !sum.is_zero());
        sums
    }

    async fn check(&mut self, history: &[Cut]) {
        consumed(&mut self.db, "incentives").await;
        let found: Vec<(Uuid, String, String, Decimal)> = sqlx::query_as(
            "SELECT partner_id, currency, kind, sum(amount) FROM earning WHERE kind <> 'spiff'
             GROUP BY 1, 2, 3 HAVING sum(amount) <> 0",
        )
        .fetch_all(&mut self.db)
        .await
        .unwrap();
        let found: BTreeMap<(OrgId, String, String), Decimal> = found
            .into_iter()
            .map(|(org, currency, kind, sum)| ((org.into(), currency, kind), sum))
            .collect();
        let expected = self
            .expected()
            .into_iter()
            .map(|((org, currency, kind), sum)| ((org, currency.to_owned(), kind.to_owned()), sum))
            .collect();
        assert_eq!(found, expected, "after {history:?}");
        let spent: Decimal = sqlx::query_scalar("SELECT coalesce(sum(amount), 0) FROM earning WHERE kind = 'spiff'")
            .fetch_one(&mut self.db)
            .await
            .unwrap();
        assert!(
            (Decimal::ZERO..=Decimal::from(110)).contains(&spent),
            "{spent} of 110 after {history:?}"
        );
        self.play.sound().await;
        let broken = guildhall_payouts::verify::verify(&self.play.server.app().db)
            .await
            .unwrap();
        assert!(broken.is_empty(), "{broken:?} after {history:?}");
    }
}

#[tokio::test]
async fn after_any_history_everybody_has_what_the_sales_say_and_nobody_is_paid_twice() {
    let mut books = Books::open().await;
    let mut runner = TestRunner::deterministic();
    let histories = history();
    for _ in 0..HISTORIES {
        let history = histories.new_tree(&mut runner).unwrap().current();
        for deed in &history {
            books.carry_out(deed).await;
        }
        books.check(&history).await;
    }
    // What refunds gave back to the budget goes to whom it was short for; then nothing is left to post.
    books.anew().await;
    let again = books.anew().await;
    assert_eq!(json!([again["sales"], again["lines"]]), json!([books.sales.len(), 0]));
    books.check(&[]).await;
    let paid: Decimal = sqlx::query_scalar("SELECT coalesce(sum(gross), 0) FROM payout WHERE status = 'paid'")
        .fetch_one(&mut books.db)
        .await
        .unwrap();
    assert!(paid > Decimal::ZERO, "the histories pay nothing");
}
