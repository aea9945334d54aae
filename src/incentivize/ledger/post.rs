use std::collections::{BTreeMap, BTreeSet};

use guildhall_kernel::{FundId, LedgerEntryId, OrgId, UserId};
use guildhall_spine::{db::Tx, http::Problem};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{Account, Entry};

/// Lets `tx` alone post for `vendors` until it ends. Whoever posts, or reads what decides on a posting, does this first;
/// several vendors are taken in one call, so that two transactions don't wait for each other.
///
/// # Errors
/// When the database fails.
pub async fn lock(tx: &mut Tx, vendors: &BTreeSet<OrgId>) -> Result<(), Problem> {
    for vendor in vendors {
        sqlx::query!("SELECT ledger_lock($1)", vendor.uuid())
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Writes entries as part of `tx`, which holds the [`lock`] of their vendors. A constant number of statements whatever
/// their number. Entries without postings are left out.
///
/// # Errors
/// When an entry of that key was written before, or the database fails. What doesn't balance fails at the commit.
pub async fn post(tx: &mut Tx, entries: &[Entry]) -> Result<(), Problem> {
    let entries: Vec<&Entry> = entries.iter().filter(|entry| !entry.postings.is_empty()).collect();
    if entries.is_empty() {
        return Ok(());
    }
    let accounts = accounts(tx, &entries).await?;
    let mut heads = Heads::default();
    let mut rows = Rows::default();
    for entry in entries {
        let id = tx.new_id::<guildhall_kernel::entity::LedgerEntry>();
        heads.push(id, entry);
        for (no, posting) in (0_i32..).zip(&entry.postings) {
            let account = accounts.get(&place(entry, posting.account));
            rows.entries.push(id.uuid());
            rows.numbers.push(no);
            rows.accounts
                .push(*account.ok_or_else(|| Problem::internal("an account of the ledger vanished"))?);
            rows.amounts.push(posting.amount);
            rows.earnings.push(posting.earning.map_or_else(Uuid::nil, Into::into));
        }
    }
    heads.insert(tx).await?;
    rows.insert(tx).await
}

/// Vendor, currency and account.
type Place = (Uuid, String, Account);

fn place(entry: &Entry, account: Account) -> Place {
    (entry.vendor.uuid(), entry.currency.code().to_owned(), account)
}

/// The accounts that are posted to, made where there are none yet.
async fn accounts(tx: &mut Tx, entries: &[&Entry]) -> Result<BTreeMap<Place, i64>, Problem> {
    let wanted: BTreeSet<Place> = entries
        .iter()
        .flat_map(|entry| entry.postings.iter().map(|posting| place(entry, posting.account)))
        .collect();
    let found = find(tx, &wanted).await?;
    if found.len() == wanted.len() {
        return Ok(found);
    }
    let columns = Columns::of(&wanted);
    sqlx::query!(
        "INSERT INTO ledger_account (vendor_id, currency, kind, partner_id, user_id, fund_id)
         SELECT w.vendor_id, w.currency, w.kind, nullif(w.partner_id, $7), nullif(w.user_id, $7), nullif(w.fund_id, $7)
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[])
              AS w (vendor_id, currency, kind, partner_id, user_id, fund_id)
         ON CONFLICT DO NOTHING",
        &columns.vendors,
        &columns.currencies,
        &columns.kinds,
        &columns.partners,
        &columns.users,
        &columns.funds,
        Uuid::nil(),
    )
    .execute(&mut **tx)
    .await?;
    find(tx, &wanted).await
}

async fn find(tx: &mut Tx, wanted: &BTreeSet<Place>) -> Result<BTreeMap<Place, i64>, Problem> {
    let columns = Columns::of(wanted);
    let rows = sqlx::query!(
        r#"SELECT a.id, a.vendor_id, a.currency, a.kind AS "kind: super::AccountKind",
                  a.partner_id AS "partner_id: OrgId", a.user_id AS "user_id: UserId", a.fund_id AS "fund_id: FundId"
           FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[])
                AS w (vendor_id, currency, kind, partner_id, user_id, fund_id)
           JOIN ledger_account a ON a.vendor_id = w.vendor_id AND a.currency = w.currency AND a.kind = w.kind
               AND coalesce(a.partner_id, '00000000-0000-0000-0000-000000000000') = w.partner_id
               AND coalesce(a.user_id, '00000000-0000-0000-0000-000000000000') = w.user_id
               AND coalesce(a.fund_id, '00000000-0000-0000-0000-000000000000') = w.fund_id"#,
        &columns.vendors,
        &columns.currencies,
        &columns.kinds,
        &columns.partners,
        &columns.users,
        &columns.funds,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let account = Account {
                kind: row.kind,
                partner: row.partner_id,
                user: row.user_id,
                fund: row.fund_id,
            };
            ((row.vendor_id, row.currency, account), row.id)
        })
        .collect())
}

#[derive(Default)]
struct Columns {
    vendors: Vec<Uuid>,
    currencies: Vec<String>,
    kinds: Vec<String>,
    /// The nil UUID stands for none, here and below.
    partners: Vec<Uuid>,
    users: Vec<Uuid>,
    funds: Vec<Uuid>,
}

impl Columns {
    fn of(places: &BTreeSet<Place>) -> Self {
        let mut columns = Self::default();
        for (vendor, currency, account) in places {
            columns.vendors.push(*vendor);
            columns.currencies.push(currency.clone());
            columns.kinds.push(account.kind.as_str().to_owned());
            columns
                .partners
                .push(account.partner.map_or_else(Uuid::nil, Into::into));
            columns.users.push(account.user.map_or_else(Uuid::nil, Into::into));
            columns.funds.push(account.fund.map_or_else(Uuid::nil, Into::into));
        }
        columns
    }
}

#[derive(Default)]
struct Heads {
    ids: Vec<Uuid>,
    vendors: Vec<Uuid>,
    currencies: Vec<String>,
    causes: Vec<String>,
    subjects: Vec<Uuid>,
    keys: Vec<String>,
    details: Vec<serde_json::Value>,
}

impl Heads {
    fn push(&mut self, id: LedgerEntryId, entry: &Entry) {
        self.ids.push(id.uuid());
        self.vendors.push(entry.vendor.uuid());
        self.currencies.push(entry.currency.code().to_owned());
        self.causes.push(entry.cause.to_owned());
        self.subjects.push(entry.subject);
        self.keys.push(entry.key.clone());
        self.details.push(entry.details.clone());
    }

    async fn insert(&self, tx: &mut Tx) -> Result<(), Problem> {
        let at = tx.now();
        sqlx::query!(
            "INSERT INTO ledger_entry (id, vendor_id, currency, at, cause, subject_id, key, details)
             SELECT e.id, e.vendor_id, e.currency, $1, e.cause, e.subject_id, e.key, e.details
             FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::jsonb[])
                  AS e (id, vendor_id, currency, cause, subject_id, key, details)",
            at,
            &self.ids,
            &self.vendors,
            &self.currencies,
            &self.causes,
            &self.subjects,
            &self.keys,
            &self.details,
        )
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}

#[derive(Default)]
struct Rows {
    entries: Vec<Uuid>,
    numbers: Vec<i32>,
    accounts: Vec<i64>,
    amounts: Vec<Decimal>,
    earnings: Vec<Uuid>,
}

impl Rows {
    async fn insert(&self, tx: &mut Tx) -> Result<(), Problem> {
        sqlx::query!(
            "INSERT INTO ledger_posting (entry_id, no, account_id, amount, earning_id)
             SELECT p.entry_id, p.no, p.account_id, p.amount, nullif(p.earning_id, $6)
             FROM unnest($1::uuid[], $2::integer[], $3::bigint[], $4::numeric[], $5::uuid[])
                  AS p (entry_id, no, account_id, amount, earning_id)",
            &self.entries,
            &self.numbers,
            &self.accounts,
            &self.amounts,
            &self.earnings,
            Uuid::nil(),
        )
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}
