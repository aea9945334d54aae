//! Whether a company that shows interest is known already: from an open lead or a live deal of the vendor.
//!
//! The same registrable domain, the same person's address, the same name in the same country, or a name as similar as
//! a slip of the keyboard makes it (`similarity` of `pg_trgm`, at least 0.75) in the same country. A lead comes before
//! a deal, the oldest first.

use std::collections::HashMap;

use guildhall_kernel::{DealId, LeadId, OrgId};
use guildhall_spine::db::Tx;
use serde_json::{Value, json};

use super::draft::Checked;

/// What a lead is another sign of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Lead(LeadId),
    Deal(DealId),
}

/// What each of `leads` is another sign of, by its place. The caller holds the vendor's turn.
///
/// Keys of names are a vendor's own. Whose a row is, is asked outside the look-up: named inside, it has the planner read
/// all of the vendor's rows by another index while a young table has no statistics.
pub(super) async fn find(
    tx: &mut Tx,
    vendor: OrgId,
    leads: &[(usize, Checked)],
) -> Result<HashMap<usize, Known>, sqlx::Error> {
    let row = |(place, lead): &(usize, Checked)| {
        json!({"place": place, "domain": lead.domain, "email": lead.email_key, "name": lead.key,
               "country": lead.draft.company.country, "keys": lead.keys.telling})
    };
    let asked = Value::Array(leads.iter().map(row).collect());
    let mut known = HashMap::new();
    for (place, lead) in of_leads(tx, vendor, &asked).await? {
        known.entry(place).or_insert(Known::Lead(lead));
    }
    for (place, deal) in of_deals(tx, vendor, &asked).await? {
        known.entry(place).or_insert(Known::Deal(deal));
    }
    Ok(known)
}

async fn of_leads(tx: &mut Tx, vendor: OrgId, asked: &Value) -> Result<Vec<(usize, LeadId)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT a.place AS "place!", f.id AS "id!"
           FROM jsonb_to_recordset($2) AS a (place bigint, domain text, email text, name text, country text, keys bigint[]),
                LATERAL (
                    (SELECT id FROM lead WHERE vendor_id = $1 AND domain = a.domain
                       AND stage IN ('new', 'offered', 'accepted', 'contacted', 'qualified', 'returned') LIMIT 1)
                    UNION ALL
                    (SELECT id FROM lead WHERE vendor_id = $1 AND contact_email_key = a.email
                       AND stage IN ('new', 'offered', 'accepted', 'contacted', 'qualified', 'returned') LIMIT 1)
                    UNION ALL
                    (SELECT l.id FROM unnest(a.keys) k (key),
                            LATERAL (SELECT id, vendor_id, company_key, country, domain FROM lead
                                     WHERE company_keys @> ARRAY[k.key]
                                       AND stage IN ('new', 'offered', 'accepted', 'contacted', 'qualified', 'returned')
                                     LIMIT 30) l
                     WHERE l.vendor_id = $1 AND l.country IS NOT DISTINCT FROM a.country
                       AND similarity(l.company_key, a.name) >= 0.75 AND (l.domain IS NULL OR a.domain IS NULL)
                     ORDER BY similarity(l.company_key, a.name) DESC, l.id LIMIT 1)
                ) f
           ORDER BY a.place, f.id"#,
        vendor.uuid(),
        asked,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (usize::try_from(row.place).unwrap_or(0), row.id.into()))
        .collect())
}

async fn of_deals(tx: &mut Tx, vendor: OrgId, asked: &Value) -> Result<Vec<(usize, DealId)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT a.place AS "place!", f.id AS "id!"
           FROM jsonb_to_recordset($2) AS a (place bigint, domain text, email text, name text, country text, keys bigint[]),
                LATERAL (
                    (SELECT id FROM deal WHERE vendor_id = $1 AND customer_domain = a.domain
                       AND status IN ('submitted', 'info_requested', 'approved') LIMIT 1)
                    UNION ALL
                    (SELECT d.id FROM deal_contact c JOIN deal d ON d.id = c.deal_id
                     WHERE c.vendor_id = $1 AND c.email_key = a.email
                       AND d.status IN ('submitted', 'info_requested', 'approved') LIMIT 1)
                    UNION ALL
                    (SELECT d.id FROM unnest(a.keys) k (key),
                            LATERAL (SELECT id, vendor_id, customer_key, customer_country, customer_domain FROM deal
                                     WHERE customer_keys @> ARRAY[k.key]
                                       AND status IN ('submitted', 'info_requested', 'approved') LIMIT 30) d
                     WHERE d.vendor_id = $1 AND d.customer_country = a.country
                       AND similarity(d.customer_key, a.name) >= 0.75 AND (d.customer_domain IS NULL OR a.domain IS NULL)
                     ORDER BY similarity(d.customer_key, a.name) DESC, d.id LIMIT 1)
                ) f
           ORDER BY a.place, f.id"#,
        vendor.uuid(),
        asked,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (usize::try_from(row.place).unwrap_or(0), row.id.into()))
        .collect())
}

/// Finds leads of one batch that are of one company: by domain, by address, and by name and country when one of them
/// has no domain.
#[derive(Debug, Default)]
pub(super) struct Batch {
    by_domain: HashMap<String, LeadId>,
    by_email: HashMap<String, LeadId>,
    by_name: HashMap<(String, Option<String>), (LeadId, bool)>,
}

impl Batch {
    /// The lead of the batch that this one is another sign of.
    pub(super) fn find(&self, lead: &Checked) -> Option<LeadId> {
        let by_domain = lead.domain.as_ref().and_then(|domain| self.by_domain.get(domain));
        let by_email = lead.email_key.as_ref().and_then(|email| self.by_email.get(email));
        let by_name = self
            .by_name
            .get(&(lead.key.clone(), lead.draft.company.country.clone()));
        let by_name = by_name
            .filter(|(_, has_domain)| !has_domain || lead.domain.is_none())
            .map(|(id, _)| id);
        by_domain.or(by_email).or(by_name).copied()
    }

    /// Remembers a lead.
    pub(super) fn note(&mut self, id: LeadId, lead: &Checked) {
        if let Some(domain) = &lead.domain {
            self.by_domain.entry(domain.clone()).or_insert(id);
        }
        if let Some(email) = &lead.email_key {
            self.by_email.entry(email.clone()).or_insert(id);
        }
        let name = (lead.key.clone(), lead.draft.company.country.clone());
        self.by_name.entry(name).or_insert((id, lead.domain.is_some()));
    }
}
