//! Bringing the vendor's own accounts up to date, whoever brings them: the API, or a CRM connector.

use std::collections::BTreeSet;

use guildhall_kernel::{Currency, DirectAccountId, OrgId};
use guildhall_spine::{
    db::Tx,
    event::{self, Origin},
    http::{Checks, Problem},
};
use rust_decimal::Decimal;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{DirectAccountKind, DirectAccountStage};
use crate::deals::customer::{NameKey, NameKeys, RegistrableDomain};
use crate::deals::notices::DirectAccountsChanged;

/// An account or opportunity as the CRM has it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DirectAccountInput {
    /// Its id in the CRM, 1 to 200 characters: what it is known by.
    #[schema(example = "0015g00000XyZabAAF")]
    pub external_ref: String,
    /// What it is.
    pub kind: DirectAccountKind,
    /// The company's name, 1 to 200 characters.
    #[schema(example = "Contoso Robotics GmbH")]
    pub name: String,
    /// A domain, an address or a mail address of the company.
    #[serde(default)]
    #[schema(example = "contoso.example")]
    pub domain: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "DE")]
    pub country: String,
    /// Whether it is worked on.
    pub stage: DirectAccountStage,
    /// Who at the vendor does, 1 to 200 characters.
    #[serde(default)]
    #[schema(example = "Mara Lindqvist")]
    pub owner_name: Option<String>,
    /// What it is worth; goes with `currency`.
    #[serde(default)]
    #[schema(example = "120000.00")]
    pub amount: Option<String>,
    /// ISO 4217.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "EUR")]
    pub currency: Option<Currency>,
}

/// The rows of a batch, column by column.
#[derive(Default)]
struct Columns {
    ids: Vec<uuid::Uuid>,
    refs: Vec<String>,
    kinds: Vec<String>,
    names: Vec<String>,
    name_keys: Vec<String>,
    keys: Vec<String>,
    domains: Vec<Option<String>>,
    countries: Vec<String>,
    stages: Vec<String>,
    owners: Vec<Option<String>>,
    amounts: Vec<Option<Decimal>>,
    currencies: Vec<Option<String>>,
}

/// Brings accounts of `vendor` up to date as part of `tx`: new ones are added, known ones (by `external_ref`) changed.
/// Returns those that are new or others now. At most 1000 at once.
///
/// # Errors
/// 422 with every fault, pointers beginning with `/accounts/{place}`.
pub async fn upsert(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    accounts: &[DirectAccountInput],
) -> Result<Vec<DirectAccountId>, Problem> {
    let mut checks = Checks::default();
    let many = (1..=1000).contains(&accounts.len());
    checks.check(many, "/accounts", "length", "must have 1 to 1000 accounts");
    let mut columns = Columns::default();
    let mut seen = BTreeSet::new();
    for (place, account) in accounts.iter().enumerate() {
        let at = format!("/accounts/{place}");
        let new = seen.insert(account.external_ref.as_str());
        checks.check(new, &format!("{at}/external_ref"), "taken", "another of these has it");
        columns
            .ids
            .push(tx.new_id::<guildhall_kernel::entity::DirectAccount>().uuid());
        columns.push(&mut checks, &at, vendor, account);
    }
    checks.done()?;
    let stored = store(tx, vendor, &columns).await?;
    changed(tx, origin, vendor, stored).await
}

/// Whether [`upsert`] would take this account: for those who bring many and leave out what can't be compared.
///
/// # Errors
/// 422 with every fault.
pub fn check(vendor: OrgId, account: &DirectAccountInput) -> Result<(), Problem> {
    let mut checks = Checks::default();
    Columns::default().push(&mut checks, "", vendor, account);
    checks.done()
}

/// Closes those of `accounts` of `vendor` that are open, as part of `tx`, and returns them. At most 1000 at once.
///
/// # Errors
/// When the database fails.
pub async fn close(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    accounts: &[DirectAccountId],
) -> Result<Vec<DirectAccountId>, Problem> {
    let now = tx.now();
    let ids: Vec<_> = accounts.iter().map(|account| account.uuid()).collect();
    let closed = sqlx::query_scalar!(
        r#"UPDATE direct_account SET stage = 'closed', name_keys = '{}', version = version + 1, updated_at = $3
           WHERE id IN (SELECT id FROM direct_account WHERE id = ANY ($2) AND vendor_id = $1 AND stage = 'open'
                        ORDER BY external_ref FOR NO KEY UPDATE)
           RETURNING id AS "id: DirectAccountId""#,
        vendor.uuid(),
        &ids,
        now,
    )
    .fetch_all(&mut **tx)
    .await?;
    changed(tx, origin, vendor, closed).await
}

async fn changed(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    account_ids: Vec<DirectAccountId>,
) -> Result<Vec<DirectAccountId>, Problem> {
    if !account_ids.is_empty() {
        let event = DirectAccountsChanged {
            vendor_id: vendor,
            account_ids: account_ids.clone(),
        };
        event::append(tx, origin, vendor, &[vendor.uuid()], &event).await?;
    }
    Ok(account_ids)
}

impl Columns {
    fn push(&mut self, checks: &mut Checks, at: &str, vendor: OrgId, account: &DirectAccountInput) {
        checks.text(&format!("{at}/external_ref"), &account.external_ref, 1, 200, false);
        checks.text(&format!("{at}/name"), &account.name, 1, 200, false);
        checks.country(&format!("{at}/country"), &account.country);
        if let Some(owner) = &account.owner_name {
            checks.text(&format!("{at}/owner_name"), owner, 1, 200, false);
        }
        let amount = match (&account.amount, account.currency) {
            (Some(amount), Some(currency)) => checks.money(&format!("{at}/amount"), amount, currency),
            (None, None) => None,
            _ => {
                checks.refuse(
                    format!("{at}/amount"),
                    "missing",
                    "goes together with currency: give both or neither",
                );
                None
            }
        };
        let domain = account.domain.as_deref().map(RegistrableDomain::parse);
        let domain = match domain.transpose() {
            Ok(domain) => domain.map(|domain| domain.as_str().to_owned()),
            Err(fault) => {
                checks.refuse(format!("{at}/domain"), fault.code(), fault.to_string());
                None
            }
        };
        match NameKey::from_legal_name(&account.name, &account.country) {
            Ok(key) => {
                let open = account.stage == DirectAccountStage::Open;
                let keys = if open {
                    NameKeys::new(vendor, &key).to_stored()
                } else {
                    Vec::new()
                };
                self.name_keys.push(key.as_str().to_owned());
                // An array of arrays has rows of one length in SQL; these haven't.
                self.keys.push(serde_json::json!(keys).to_string());
            }
            Err(fault) => checks.refuse(format!("{at}/name"), fault.code(), fault.to_string()),
        }
        self.refs.push(account.external_ref.clone());
        self.kinds.push(account.kind.as_str().to_owned());
        self.names.push(account.name.clone());
        self.domains.push(domain);
        self.countries.push(account.country.clone());
        self.stages.push(account.stage.as_str().to_owned());
        self.owners.push(account.owner_name.clone());
        self.amounts.push(amount);
        self.currencies
            .push(account.currency.map(|currency| currency.code().to_owned()));
    }
}

#[expect(
    clippy::as_conversions,
    reason = "how sqlx is told that the elements of a parameter can be null"
)]
async fn store(tx: &mut Tx, vendor: OrgId, columns: &Columns) -> Result<Vec<DirectAccountId>, sqlx::Error> {
    let now = tx.now();
    sqlx::query_scalar!(
        r#"INSERT INTO direct_account AS a (id, vendor_id, external_ref, kind, name, name_key, name_keys, domain, country,
                                            stage, owner_name, amount, currency, created_at, updated_at)
           SELECT i.id, $1, i.ref, i.kind, i.name, i.name_key,
                  ARRAY(SELECT k::bigint FROM jsonb_array_elements_text(i.keys::jsonb) k), i.domain, i.country, i.stage,
                  i.owner, i.amount, i.currency, $2, $2
           FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
                       $11::text[], $12::text[], $13::numeric[], $14::text[])
                i (id, ref, kind, name, name_key, keys, domain, country, stage, owner, amount, currency)
           ORDER BY i.ref
           ON CONFLICT ON CONSTRAINT direct_account_ref DO UPDATE
           SET kind = excluded.kind, name = excluded.name, name_key = excluded.name_key, name_keys = excluded.name_keys,
               domain = excluded.domain, country = excluded.country, stage = excluded.stage,
               owner_name = excluded.owner_name, amount = excluded.amount, currency = excluded.currency,
               version = a.version + 1, updated_at = excluded.updated_at
           WHERE (a.kind, a.name, a.name_key, a.name_keys, a.domain, a.country, a.stage, a.owner_name, a.amount, a.currency)
                 IS DISTINCT FROM (excluded.kind, excluded.name, excluded.name_key, excluded.name_keys, excluded.domain,
                                   excluded.country, excluded.stage, excluded.owner_name, excluded.amount,
                                   excluded.currency)
           RETURNING id AS "id: DirectAccountId""#,
        vendor.uuid(),
        now,
        &columns.ids,
        &columns.refs,
        &columns.kinds,
        &columns.names,
        &columns.name_keys,
        &columns.keys,
        &columns.domains as &[Option<String>],
        &columns.countries,
        &columns.stages,
        &columns.owners as &[Option<String>],
        &columns.amounts as &[Option<Decimal>],
        &columns.currencies as &[Option<String>],
    )
    .fetch_all(&mut **tx)
    .await
}
