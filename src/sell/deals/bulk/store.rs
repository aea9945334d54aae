//! Imported registrations as rows, many with one statement.

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::DealId;
use guildhall_spine::db::Tx;
use rust_decimal::Decimal;
use serde_json::Value;
use uuid::Uuid;

use super::{BulkDeal, BulkSides, lines};
use crate::deals::draft::Draft;

/// Registrations, column by column.
#[derive(Default)]
pub(super) struct Columns {
    ids: Vec<Uuid>,
    vendors: Vec<Uuid>,
    partners: Vec<Uuid>,
    pub(super) programs: Vec<Uuid>,
    statuses: Vec<String>,
    names: Vec<String>,
    name_keys: Vec<String>,
    keys: Vec<String>,
    domains: Vec<String>,
    countries: Vec<String>,
    currencies: Vec<String>,
    amounts: Vec<Decimal>,
    closes: Vec<NaiveDate>,
    notes: Vec<String>,
    closed: Vec<String>,
    reasons: Vec<String>,
    pub(super) protected: Vec<Option<DateTime<Utc>>>,
    pub(super) due: Vec<Option<DateTime<Utc>>>,
    pub(super) forms: Vec<Option<Uuid>>,
    customs: Vec<Value>,
    lines: lines::Columns,
    contact_deals: Vec<Uuid>,
    contact_vendors: Vec<Uuid>,
    contact_names: Vec<String>,
    contact_emails: Vec<String>,
    contact_keys: Vec<String>,
}

impl Columns {
    pub(super) fn push(&mut self, id: DealId, sides: BulkSides, deal: &BulkDeal, draft: Draft) {
        let keys = if deal.status.is_live() {
            draft.keys.to_stored()
        } else {
            Vec::new()
        };
        let keys: Vec<String> = keys.iter().map(i64::to_string).collect();
        self.ids.push(id.uuid());
        self.vendors.push(sides.vendor.uuid());
        self.partners.push(sides.partner.uuid());
        self.statuses.push(deal.status.as_str().to_owned());
        self.names.push(draft.name);
        self.name_keys.push(draft.key.as_str().to_owned());
        self.keys.push(format!("{{{}}}", keys.join(",")));
        self.domains.push(
            draft
                .domain
                .map(|domain| domain.as_str().to_owned())
                .unwrap_or_default(),
        );
        self.countries.push(draft.country);
        self.currencies.push(draft.currency.code().to_owned());
        self.amounts.push(draft.amount);
        self.closes.push(draft.expected_close);
        self.notes.push(draft.note.unwrap_or_default());
        self.customs.push(Value::Object(draft.custom.values));
        self.closed
            .push(deal.closed_on.map(|day| day.to_string()).unwrap_or_default());
        self.reasons.push(
            deal.close_reason
                .map(|reason| reason.as_str().to_owned())
                .unwrap_or_default(),
        );
        self.lines.push(id, draft.lines);
        for (contact, key) in draft.contacts {
            self.contact_deals.push(id.uuid());
            self.contact_vendors.push(sides.vendor.uuid());
            self.contact_names.push(contact.name);
            self.contact_emails.push(contact.email);
            self.contact_keys.push(key.as_str().to_owned());
        }
    }
}

/// Stores them with their lines and contacts.
pub(super) async fn insert(tx: &mut Tx, columns: &Columns) -> Result<(), sqlx::Error> {
    insert_deals(tx, columns).await?;
    lines::insert(tx, &columns.lines).await?;
    insert_contacts(tx, columns).await
}

async fn insert_deals(tx: &mut Tx, columns: &Columns) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO deal (id, vendor_id, partner_id, program_id, status, customer_name, customer_key, customer_keys,
                           customer_domain, customer_country, currency, amount, expected_close, note, closed_on,
                           close_reason, protected_until, progress_at, decision_due_at, decided_at, created_at,
                           updated_at, form_id, custom)
         SELECT n.id, n.vendor_id, n.partner_id, n.program_id, n.status, n.name, n.name_key, n.keys::bigint[],
                nullif(n.domain, ''),
                n.country, n.currency, n.amount, n.close, nullif(n.note, ''),
                nullif(n.closed_on, '')::date, nullif(n.reason, ''),
                n.protected_until, CASE WHEN n.protected_until IS NOT NULL THEN $1::timestamptz END, n.due_at,
                CASE WHEN n.status <> 'submitted' THEN $1::timestamptz END, $1, $1, n.form_id, n.custom
         FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[],
                     $10::text[], $11::text[], $12::text[], $13::numeric[], $14::date[], $15::text[], $16::text[],
                     $17::text[], $18::timestamptz[], $19::timestamptz[], $20::uuid[], $21::jsonb[])
              n (id, vendor_id, partner_id, program_id, status, name, name_key, keys, domain, country, currency, amount,
                 close, note, closed_on, reason, protected_until, due_at, form_id, custom)",
        now,
        &columns.ids,
        &columns.vendors,
        &columns.partners,
        &columns.programs,
        &columns.statuses,
        &columns.names,
        &columns.name_keys,
        &columns.keys,
        &columns.domains,
        &columns.countries,
        &columns.currencies,
        &columns.amounts,
        &columns.closes,
        &columns.notes,
        &columns.closed,
        &columns.reasons,
        &columns.protected as _,
        &columns.due as _,
        &columns.forms as _,
        &columns.customs,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn insert_contacts(tx: &mut Tx, columns: &Columns) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO deal_contact (deal_id, no, vendor_id, name, email, email_key)
         SELECT n.id, 1, n.vendor_id, n.name, n.email, n.email_key
         FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[]) n (id, vendor_id, name, email, email_key)",
        &columns.contact_deals,
        &columns.contact_vendors,
        &columns.contact_names,
        &columns.contact_emails,
        &columns.contact_keys,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
