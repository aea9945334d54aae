//! What invoices and credit notes say, read from a payout.

use chrono::{DateTime, Utc};
use guildhall_documents::{DocumentFault, Party, invoice as draw};
use guildhall_kernel::{Currency, PayoutId};
use guildhall_spine::{App, http::Problem};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

use super::access::InvoiceReader;
use super::billing::{Bill, Supply};
use super::code;
use crate::{method::shown, payouts::PayoutStatus, secrets};

/// A payout with what its invoice says.
pub(super) struct Billed {
    pub(super) id: PayoutId,
    pub(super) status: PayoutStatus,
    /// The invoice's number.
    pub(super) number: Option<String>,
    sent_at: DateTime<Utc>,
    /// The credit note's.
    pub(super) credit_note_no: Option<String>,
    credited_at: Option<DateTime<Utc>>,
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

impl Billed {
    /// Whether it did not arrive: nothing is invoiced for it.
    pub(super) const fn is_back(&self) -> bool {
        matches!(self.status, PayoutStatus::Failed | PayoutStatus::Returned)
    }
}

/// A payout that was sent, if its invoice is for these eyes.
pub(super) async fn find(conn: &mut PgConnection, id: PayoutId, reader: InvoiceReader) -> Result<Billed, Problem> {
    sqlx::query_as!(
        Billed,
        r#"SELECT o.id AS "id: PayoutId", o.status AS "status: PayoutStatus", o.self_billing_no AS number,
                  o.posted_at AS "sent_at!", o.credit_note_no, o.credited_at, o.currency, o.vat_percent, o.gross, o.withheld,
                  o.fees, o.net, o.country, v.name AS vendor, v.country AS vendor_country, p.name AS partner,
                  u.name AS "person?", f.tax_secret_id AS tax_secret
           FROM payout o JOIN organisation v ON v.id = o.vendor_id JOIN organisation p ON p.id = o.partner_id
           JOIN payout_profile f ON f.id = o.profile_id LEFT JOIN user_account u ON u.id = o.user_id
           WHERE o.id = $1 AND o.posted_at IS NOT NULL
             AND (o.vendor_id = $2 OR (o.partner_id = $3 AND o.user_id IS NULL) OR o.user_id = $4)"#,
        id.uuid(),
        reader.vendor.map(Uuid::from),
        reader.partner.map(Uuid::from),
        reader.person.map(Uuid::from),
    )
    .fetch_optional(conn)
    .await?
    .ok_or_else(Problem::not_found)
}

/// What an invoice says, or the credit note that takes it back.
pub(super) async fn bill(app: &App, conn: &mut PgConnection, billed: Billed, credits: bool) -> Result<Bill, Problem> {
    let missing = || Problem::internal("a payout has no currency or no numbers of its invoices");
    let currency = Currency::from_code(&billed.currency).ok_or_else(missing)?;
    let tax_id: Option<String> = match billed.tax_secret {
        Some(secret) => Some(secrets::load(app, conn, secret).await?),
        None => None,
    };
    let invoice = (billed.number.ok_or_else(missing)?, billed.sent_at.date_naive());
    let ((number, issued), corrects) = if credits {
        let credit_note = billed.credit_note_no.zip(billed.credited_at).ok_or_else(missing)?;
        ((credit_note.0, credit_note.1.date_naive()), Some(invoice))
    } else {
        (invoice, None)
    };
    let amount = |amount: Decimal| shown(amount, &billed.currency);
    Ok(Bill {
        number,
        issued,
        corrects,
        payout: billed.id.to_string(),
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
        supplies: supplies(conn, billed.id).await?,
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

/// The document as PDF.
///
/// # Errors
/// 409 without the tax number that it needs.
pub(super) async fn drawn(bill: Bill) -> Result<Vec<u8>, Problem> {
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
