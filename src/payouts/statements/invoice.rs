use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::Response,
};
use chrono::{DateTime, Utc};
use guildhall_documents::{DocumentFault, Party, invoice as draw};
use guildhall_kernel::{Currency, OrgId, PayoutId, entity};
use guildhall_spine::{
    App,
    access::{May, OrgKind, right},
    http::{PathId, Problem},
};
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use super::billing::{Bill, Supply};
use super::code;
use super::get::file;
use crate::{method::shown, secrets};

/// A payout with what its invoice says.
struct Billed {
    number: Option<String>,
    sent_at: Option<DateTime<Utc>>,
    currency: String,
    vat_percent: Option<Decimal>,
    gross: Decimal,
    withheld: Decimal,
    fees: Decimal,
    net: Decimal,
    country: String,
    vendor: String,
    vendor_country: String,
    partner: String,
    person: Option<String>,
    tax_secret: Option<Uuid>,
}

/// Fetch the invoice of a payout
///
/// The self-billing invoice that the vendor writes in the payee's name, where its rule for the payee's country says so, as
/// PDF. It is drawn when it is first asked for, and is the same file from then on. It comes to the gross amount of the payout;
/// value added tax, where there is a rate, is contained in it.
#[utoipa::path(get, path = "/api/v1/payouts/{id}/invoice", operation_id = "getPayoutInvoice", tag = "payouts",
    security(("bearer" = ["payouts:read"])),
    params(("id" = String, Path, description = "the payout", example = "pay_01kaqv6r3gf5ht2x0m8c9ezw4n")),
    responses(
        (status = 200, description = "the invoice", content_type = "application/pdf", body = Vec<u8>, headers(
            ("ETag" = String, description = "the SHA-256 of its bytes"),
            ("Content-Disposition" = String, description = "`attachment` with its name"))),
        (status = 404, description = "`not_found`: no such payout, or it isn't sent; `no_invoice`: the vendor writes none for it", content_type = "application/problem+json", body = ref("#/components/schemas/Problem")),
        (status = 409, description = "`invoice_incomplete`: the payee's tax number is missing", content_type = "application/problem+json", body = ref("#/components/schemas/Problem")),
    ))]
pub(super) async fn get_payout_invoice(
    State(app): State<App>,
    May { org, .. }: May<right::PayoutRead>,
    PathId(id): PathId<entity::Payout>,
) -> Result<Response, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let (vendor, partner) = match org.kind {
        OrgKind::Vendor => (Some(org.id), None),
        OrgKind::Partner => (None, Some(org.id)),
    };
    let billed = find(&mut conn, id, vendor, partner).await?;
    let Some(number) = billed.number.clone() else {
        let detail = "The vendor's rule for the payee's country asks for none: see the tax rules.";
        return Err(Problem::new(code::NO_INVOICE, detail));
    };
    let bytes = match stored(&mut conn, id).await? {
        Some(bytes) => bytes,
        None => {
            let bill = bill(&app, &mut conn, id, &number, billed).await?;
            drop(conn);
            keep(&app, id, drawn(bill).await?).await?
        }
    };
    let etag = HeaderValue::try_from(format!("\"{}\"", hex::encode(Sha256::digest(&bytes))));
    let mut response = file(bytes, &number)?;
    response
        .headers_mut()
        .insert(header::ETAG, etag.map_err(Problem::internal)?);
    Ok(response)
}

async fn find(
    conn: &mut PgConnection,
    id: PayoutId,
    vendor: Option<OrgId>,
    partner: Option<OrgId>,
) -> Result<Billed, Problem> {
    sqlx::query_as!(
        Billed,
        r#"SELECT o.self_billing_no AS number, o.posted_at AS sent_at, o.currency, o.vat_percent, o.gross, o.withheld, o.fees,
                  o.net, o.country, v.name AS vendor, v.country AS vendor_country, p.name AS partner,
                  u.name AS "person?", f.tax_secret_id AS tax_secret
           FROM payout o JOIN organisation v ON v.id = o.vendor_id JOIN organisation p ON p.id = o.partner_id
           JOIN payout_profile f ON f.id = o.profile_id LEFT JOIN user_account u ON u.id = o.user_id
           WHERE o.id = $1 AND o.posted_at IS NOT NULL
             AND (o.status NOT IN ('failed', 'returned') OR EXISTS (SELECT FROM payout_invoice i WHERE i.payout_id = o.id))
             AND ($2::uuid IS NULL OR o.vendor_id = $2)
             AND ($3::uuid IS NULL OR o.partner_id = $3)"#,
        id.uuid(),
        vendor.map(OrgId::uuid),
        partner.map(OrgId::uuid),
    )
    .fetch_optional(conn)
    .await?
    .ok_or_else(Problem::not_found)
}

async fn stored(conn: &mut PgConnection, id: PayoutId) -> Result<Option<Vec<u8>>, Problem> {
    let row = sqlx::query!(
        "SELECT bytes, sha256 FROM payout_invoice WHERE payout_id = $1",
        id.uuid()
    )
    .fetch_optional(conn)
    .await?;
    match row {
        Some(row) if Sha256::digest(&row.bytes).as_slice() != row.sha256 => Err(Problem::internal(format!(
            "the stored invoice of {id} is not the one that was drawn"
        ))),
        row => Ok(row.map(|row| row.bytes)),
    }
}

async fn bill(app: &App, conn: &mut PgConnection, id: PayoutId, number: &str, billed: Billed) -> Result<Bill, Problem> {
    let currency = Currency::from_code(&billed.currency);
    let currency = currency.ok_or_else(|| Problem::internal("a payout has no currency"))?;
    let tax_id: Option<String> = match billed.tax_secret {
        Some(secret) => Some(secrets::load(app, conn, secret).await?),
        None => None,
    };
    let amount = |amount: Decimal| shown(amount, &billed.currency);
    Ok(Bill {
        number: number.to_owned(),
        issued: billed.sent_at.map(|at| at.date_naive()).unwrap_or_default(),
        payout: id.to_string(),
        currency,
        rate: billed.vat_percent,
        gross: amount(billed.gross),
        withheld: amount(billed.withheld),
        fees: amount(billed.fees),
        net: amount(billed.net),
        seller: Party {
            name: billed.person.unwrap_or(billed.partner),
            address: vec![billed.country],
            tax_id,
            registration: None,
        },
        buyer: Party {
            name: billed.vendor,
            address: vec![billed.vendor_country],
            tax_id: None,
            registration: None,
        },
        supplies: supplies(conn, id).await?,
    })
}

async fn supplies(conn: &mut PgConnection, id: PayoutId) -> Result<Vec<Supply>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT e.kind, e.explanation #>> '{plan,name}' AS plan, count(*) AS "earnings!", sum(l.amount) AS "amount!",
                  min(e.earned_on) AS "from!", max(e.earned_on) AS "to!"
           FROM payout_line l JOIN earning e ON e.id = l.earning_id WHERE l.payout_id = $1
           GROUP BY 1, 2 HAVING sum(l.amount) <> 0 ORDER BY 1, min(e.id::text)"#,
        id.uuid()
    )
    .fetch_all(conn)
    .await?;
    let what = |kind: &str, plan: Option<String>| match (kind, plan) {
        (_, Some(plan)) => plan,
        ("mdf", None) => "Market development".to_owned(),
        (_, None) => "Adjustment".to_owned(),
    };
    Ok(rows
        .into_iter()
        .map(|row| Supply {
            what: what(&row.kind, row.plan),
            earnings: row.earnings,
            amount: row.amount.normalize(),
            from: row.from,
            to: row.to,
        })
        .collect())
}

async fn drawn(bill: Bill) -> Result<Vec<u8>, Problem> {
    let invoice = bill.invoice();
    let drawn = tokio::task::spawn_blocking(move || draw(&invoice)).await;
    drawn.map_err(Problem::internal)?.map_err(|fault| match fault {
        DocumentFault::NoTaxId { .. } => {
            let detail =
                "An invoice with tax needs the payee's tax number: it is added with PUT /api/v1/payout-profile.";
            Problem::new(code::INVOICE_INCOMPLETE, detail)
        }
        other => Problem::internal(other),
    })
}

/// Keeps the invoice; whoever was first decides on its bytes.
async fn keep(app: &App, id: PayoutId, bytes: Vec<u8>) -> Result<Vec<u8>, Problem> {
    let mut tx = app.db.begin().await?;
    let at = tx.now();
    sqlx::query!(
        "INSERT INTO payout_invoice (payout_id, bytes, sha256, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        id.uuid(),
        bytes,
        Sha256::digest(&bytes).to_vec(),
        at
    )
    .execute(&mut *tx)
    .await?;
    let kept = stored(&mut tx, id).await?;
    tx.commit().await?;
    kept.ok_or_else(|| Problem::internal("the invoice that was kept is gone"))
}
