//! Finding deals by their customer.

use guildhall_kernel::{DealId, OrgId};
use guildhall_spine::http::{Problem, code};
use sqlx::PgPool;

use super::customer::{NameKey, RegistrableDomain};
use super::pages::{Summary, Wanted, read_page};
use super::state::DealStatus;

/// The customer looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sought {
    /// The beginning of its name's key.
    Name(String),
    /// Its domain.
    Domain(String),
}

/// Reads what somebody types: with a dot and no space in it, it is meant as a domain.
///
/// # Errors
/// 400 when there is nothing to look for in it.
pub(super) fn read(text: &str) -> Result<Sought, Problem> {
    let text = text.trim();
    if text.contains('.')
        && !text.contains(' ')
        && let Ok(domain) = RegistrableDomain::parse(text)
    {
        return Ok(Sought::Domain(domain.as_str().to_owned()));
    }
    let nothing = "customer: must be the beginning of a name, or a domain, of 200 characters at most.";
    let key = NameKey::from_legal_name(text, "")
        .ok()
        .filter(|_| text.chars().count() <= 200);
    key.map(|key| Sought::Name(key.as_str().to_owned()))
        .ok_or_else(|| Problem::new(code::INVALID_QUERY, nothing))
}

/// The customer's deals: by name and id, or by id from the newest on. One range of an index by name or domain.
pub(super) async fn page(db: &PgPool, wanted: &Wanted, sought: &Sought) -> Result<Vec<Summary>, sqlx::Error> {
    match sought {
        Sought::Name(prefix) => by_name(db, wanted, prefix).await,
        Sought::Domain(domain) => by_domain(db, wanted, domain).await,
    }
}

async fn by_name(db: &PgPool, wanted: &Wanted, prefix: &str) -> Result<Vec<Summary>, sqlx::Error> {
    let (vendor, partner) = (wanted.vendor.map(|id| id.uuid()), wanted.partner.map(|id| id.uuid()));
    let (status, country) = (wanted.status.map(DealStatus::as_str), wanted.country.as_deref());
    // Greater than any text that begins with the prefix.
    let end = format!("{prefix}\u{10ffff}");
    if vendor.is_some() {
        read_page!(
            db,
            r#"d.vendor_id = $1 AND d.customer_key COLLATE "C" >= $2 AND d.customer_key COLLATE "C" < $3
             AND ($4::uuid IS NULL OR (d.customer_key COLLATE "C", d.id) >
                 (SELECT a.customer_key COLLATE "C", a.id FROM deal a WHERE a.id = $4))
             AND ($5::uuid IS NULL OR d.partner_id = $5) AND ($6::text IS NULL OR d.status = $6)
             AND ($7::text IS NULL OR d.customer_country = $7)
             ORDER BY d.customer_key COLLATE "C", d.id LIMIT $8"#,
            vendor,
            prefix,
            end,
            wanted.after,
            partner,
            status,
            country,
            wanted.limit,
        )
    } else {
        read_page!(
            db,
            r#"d.partner_id = $1 AND d.customer_key COLLATE "C" >= $2 AND d.customer_key COLLATE "C" < $3
             AND ($4::uuid IS NULL OR (d.customer_key COLLATE "C", d.id) >
                 (SELECT a.customer_key COLLATE "C", a.id FROM deal a WHERE a.id = $4))
             AND ($5::text IS NULL OR d.status = $5) AND ($6::text IS NULL OR d.customer_country = $6)
             ORDER BY d.customer_key COLLATE "C", d.id LIMIT $7"#,
            partner,
            prefix,
            end,
            wanted.after,
            status,
            country,
            wanted.limit,
        )
    }
}

async fn by_domain(db: &PgPool, wanted: &Wanted, domain: &str) -> Result<Vec<Summary>, sqlx::Error> {
    let (vendor, partner) = (wanted.vendor.map(|id| id.uuid()), wanted.partner.map(|id| id.uuid()));
    let (status, country) = (wanted.status.map(DealStatus::as_str), wanted.country.as_deref());
    let before = wanted.after.unwrap_or(uuid::Uuid::max());
    if vendor.is_some() {
        read_page!(
            db,
            "d.vendor_id = $1 AND d.customer_domain = $2 AND d.id < $3 AND ($4::uuid IS NULL OR d.partner_id = $4)
             AND ($5::text IS NULL OR d.status = $5) AND ($6::text IS NULL OR d.customer_country = $6)
             ORDER BY d.id DESC LIMIT $7",
            vendor,
            domain,
            before,
            partner,
            status,
            country,
            wanted.limit,
        )
    } else {
        read_page!(
            db,
            "d.partner_id = $1 AND d.customer_domain = $2 AND d.id < $3 AND ($4::text IS NULL OR d.status = $4)
             AND ($5::text IS NULL OR d.customer_country = $5) ORDER BY d.id DESC LIMIT $6",
            partner,
            domain,
            before,
            status,
            country,
            wanted.limit,
        )
    }
}
