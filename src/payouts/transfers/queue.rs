//! The queue: payouts that are being sent and are due.

use chrono::{DateTime, TimeDelta, Utc};
use guildhall_kernel::{Currency, Money, OrgId, PayoutId};
use guildhall_payments::{Destination, Order};
use guildhall_spine::App;
use rust_decimal::Decimal;
use sqlx::PgPool;
use uuid::Uuid;

use crate::secrets;

/// How long a payout is another node's while it is sent: longer than looking it up and sending it take.
const LEASE: TimeDelta = TimeDelta::minutes(5);

/// A payout that this node has taken, until its lease ends, to send.
pub(super) struct Taken {
    pub(super) payout: PayoutId,
    pub(super) vendor: OrgId,
    pub(super) order: Order,
    /// Which attempt this is, from 1.
    pub(super) attempt: i32,
    pub(super) first_attempt_at: DateTime<Utc>,
}

/// A payout that can't be sent as it is stored, and isn't taken again until a person has looked.
pub(super) struct Unreadable {
    pub(super) payout: PayoutId,
    pub(super) vendor: OrgId,
    pub(super) code: &'static str,
    pub(super) reason: String,
}

struct Due {
    id: Uuid,
    vendor_id: Uuid,
    net: Decimal,
    currency: String,
    attempts: i32,
    first_attempt_at: DateTime<Utc>,
    secret: Uuid,
    sealed: Vec<u8>,
}

/// Takes up to `most` payouts that are due, and commits that they are being attempted. One that can't be read delays none of
/// the others.
pub(super) async fn take(
    app: &App,
    now: DateTime<Utc>,
    most: i64,
) -> Result<(Vec<Taken>, Vec<Unreadable>), sqlx::Error> {
    let rows = sqlx::query_as!(
        Due,
        r#"WITH due AS (
               SELECT id FROM payout WHERE status = 'sending' AND due_at <= $1
               ORDER BY due_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED
           ), taken AS (
               UPDATE payout p SET attempts = attempts + 1, first_attempt_at = coalesce(first_attempt_at, $1), due_at = $2
               FROM due WHERE p.id = due.id
               RETURNING p.id, p.vendor_id, p.net, p.currency, p.destination_id, p.attempts, p.first_attempt_at
           )
           SELECT t.id, t.vendor_id, t.net, t.currency, t.attempts, t.first_attempt_at AS "first_attempt_at!", s.id AS secret,
                  s.sealed
           FROM taken t
           JOIN payout_destination d ON d.id = t.destination_id
           JOIN payout_secret s ON s.id = d.secret_id"#,
        now,
        now + LEASE,
        most
    )
    .fetch_all(app.db.pool())
    .await?;
    let (mut taken, mut unreadable) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in rows {
        match row.read(app) {
            Ok(one) => taken.push(one),
            Err(one) => unreadable.push(one),
        }
    }
    Ok((taken, unreadable))
}

impl Due {
    fn read(self, app: &App) -> Result<Taken, Unreadable> {
        let payout = PayoutId::from(self.id);
        let vendor = OrgId::from(self.vendor_id);
        let unreadable = |code, reason| Unreadable {
            payout,
            vendor,
            code,
            reason,
        };
        let Some(currency) = Currency::from_code(&self.currency) else {
            let reason = format!(
                "The currency {} is unknown to this version of the server.",
                self.currency
            );
            return Err(unreadable("currency_unknown", reason));
        };
        let destination: Destination = secrets::open(&app.keyring, self.secret, &self.sealed)
            .map_err(|_| unreadable(secrets::UNREADABLE, secrets::UNREADABLE_REASON.to_owned()))?;
        Ok(Taken {
            payout,
            vendor,
            order: Order {
                payout_id: payout.uuid(),
                amount: Money::new(self.net, currency).rounded(),
                destination,
                description: format!("Payout {payout}"),
            },
            attempt: self.attempts,
            first_attempt_at: self.first_attempt_at,
        })
    }
}

/// Has a payout attempted again at `due`, if it is still being sent.
pub(super) async fn put_off(
    db: &PgPool,
    payout: PayoutId,
    due: DateTime<Utc>,
    because: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE payout SET due_at = $2, reason = $3 WHERE id = $1 AND status = 'sending'",
        payout.uuid(),
        due,
        because
    )
    .execute(db)
    .await?;
    Ok(())
}
