//! Reading payouts.

use guildhall_kernel::{OrgId, PayoutBatchId, PayoutId, UserId};
use guildhall_spine::{access::OrgKind, db::Tx, http::Problem, identity::ActingFor};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::{Payout, PayoutStatus};
use crate::method::{Named, PayMethod};

macro_rules! payout {
    ($tail:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Payout,
            r#"SELECT id AS "id: PayoutId", version, batch_id AS "payout_batch_id: PayoutBatchId",
                      vendor_id AS "vendor_id: OrgId", partner_id AS "partner_id: OrgId", user_id AS "user_id: UserId",
                      status AS "status: PayoutStatus", method AS "method: PayMethod", masked AS destination, currency,
                      gross, withheld, withholding_percent, fees, net, lines, self_billing_no, credit_note_no, vat_percent,
                      reason_code, reason, reference, sent_at, settled_at, created_at, updated_at
               FROM payout "# + $tail,
            $($argument),+
        )
    };
}

/// Whose payouts: a vendor's all, a partner's from when the money leaves, a person's own as well.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whose {
    Vendor(OrgId),
    Partner(OrgId),
    Person(UserId),
}

impl From<ActingFor> for Whose {
    fn from(org: ActingFor) -> Self {
        match org.kind {
            OrgKind::Vendor => Self::Vendor(org.id),
            OrgKind::Partner => Self::Partner(org.id),
        }
    }
}

/// Which payouts, from where on.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) whose: Whose,
    pub(super) batch: Option<PayoutBatchId>,
    pub(super) partner: Option<OrgId>,
    pub(super) status: Option<PayoutStatus>,
    pub(super) before: Option<Uuid>,
    pub(super) limit: i64,
}

/// A payout, if it is theirs to see.
pub(super) async fn find(conn: &mut PgConnection, whose: Whose, id: PayoutId) -> Result<Payout, Problem> {
    let found = match whose {
        Whose::Vendor(vendor) => {
            payout!("WHERE id = $1 AND vendor_id = $2", id.uuid(), vendor.uuid())
                .fetch_optional(conn)
                .await
        }
        Whose::Partner(partner) => {
            payout!(
                "WHERE id = $1 AND partner_id = $2 AND posted_at IS NOT NULL",
                id.uuid(),
                partner.uuid()
            )
            .fetch_optional(conn)
            .await
        }
        Whose::Person(user) => {
            payout!(
                "WHERE id = $1 AND user_id = $2 AND posted_at IS NOT NULL",
                id.uuid(),
                user.uuid()
            )
            .fetch_optional(conn)
            .await
        }
    };
    found?.map(Payout::shown).ok_or_else(Problem::not_found)
}

/// Locks a payout of `vendor` until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, vendor: OrgId, id: PayoutId) -> Result<Payout, Problem> {
    payout!(
        "WHERE id = $1 AND vendor_id = $2 FOR NO KEY UPDATE",
        id.uuid(),
        vendor.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Payout::shown)
    .ok_or_else(Problem::not_found)
}

/// A page of payouts, the newest first: a query for each way to begin, so that each is a range of its index.
pub(super) async fn page(db: &PgPool, wanted: &Wanted) -> Result<Vec<Payout>, sqlx::Error> {
    let (batch, partner) = (wanted.batch.map(Uuid::from), wanted.partner.map(Uuid::from));
    let (status, before, limit) = (wanted.status.map(PayoutStatus::as_str), wanted.before, wanted.limit);
    let rows = match wanted.whose {
        Whose::Vendor(vendor) if batch.is_some() => {
            payout!(
                "WHERE vendor_id = $1 AND batch_id = $2 AND ($3::uuid IS NULL OR partner_id = $3)
                   AND ($4::text IS NULL OR status = $4) AND ($5::uuid IS NULL OR id < $5) ORDER BY id DESC LIMIT $6",
                vendor.uuid(),
                batch,
                partner,
                status,
                before,
                limit
            )
            .fetch_all(db)
            .await
        }
        Whose::Vendor(vendor) => {
            payout!(
                "WHERE vendor_id = $1 AND ($2::uuid IS NULL OR partner_id = $2)
                   AND ($3::text IS NULL OR status = $3) AND ($4::uuid IS NULL OR id < $4) ORDER BY id DESC LIMIT $5",
                vendor.uuid(),
                partner,
                status,
                before,
                limit
            )
            .fetch_all(db)
            .await
        }
        Whose::Partner(own) => return page_of_partner(db, own, wanted).await,
        Whose::Person(user) => {
            payout!(
                "WHERE user_id = $1 AND posted_at IS NOT NULL AND ($2::text IS NULL OR status = $2)
                   AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4",
                user.uuid(),
                status,
                before,
                limit
            )
            .fetch_all(db)
            .await
        }
    };
    Ok(rows?.into_iter().map(Payout::shown).collect())
}

/// A page of what was paid to a partner.
async fn page_of_partner(db: &PgPool, own: OrgId, wanted: &Wanted) -> Result<Vec<Payout>, sqlx::Error> {
    let rows = payout!(
        "WHERE partner_id = $1 AND posted_at IS NOT NULL AND ($2::uuid IS NULL OR batch_id = $2)
           AND ($3::uuid IS NULL OR partner_id = $3) AND ($4::text IS NULL OR status = $4)
           AND ($5::uuid IS NULL OR id < $5) ORDER BY id DESC LIMIT $6",
        own.uuid(),
        wanted.batch.map(Uuid::from),
        wanted.partner.map(Uuid::from),
        wanted.status.map(PayoutStatus::as_str),
        wanted.before,
        wanted.limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Payout::shown).collect())
}
