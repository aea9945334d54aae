//! Partners and products that a plan's terms name: they must be the vendor's own.

use std::collections::BTreeSet;

use guildhall_kernel::{OrgId, ProductId};
use guildhall_spine::http::{Checks, Problem};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// An id in the terms, and where it stands.
struct Named {
    pointer: String,
    id: Uuid,
}

#[derive(Default)]
struct Found {
    partners: Vec<Named>,
    products: Vec<Named>,
}

/// Notes in `checks` every partner and product of the terms at `pointer` that the vendor hasn't.
///
/// # Errors
/// When the database fails.
pub(super) async fn check(
    conn: &mut PgConnection,
    vendor: OrgId,
    pointer: &str,
    spec: &Value,
    checks: &mut Checks,
) -> Result<(), Problem> {
    let mut found = Found::default();
    collect(pointer, spec, &mut found);
    let ids = |named: &[Named]| named.iter().map(|one| one.id).collect::<Vec<Uuid>>();
    if !found.partners.is_empty() {
        let known = sqlx::query_scalar!(
            "SELECT partner_id FROM partnership WHERE vendor_id = $1 AND partner_id = ANY($2)",
            vendor.uuid(),
            &ids(&found.partners),
        )
        .fetch_all(&mut *conn)
        .await?;
        refuse(&found.partners, &known, "is no partner in your program", checks);
    }
    if !found.products.is_empty() {
        let known = sqlx::query_scalar!(
            "SELECT id FROM product WHERE vendor_id = $1 AND id = ANY($2)",
            vendor.uuid(),
            &ids(&found.products),
        )
        .fetch_all(&mut *conn)
        .await?;
        refuse(&found.products, &known, "is no product of yours", checks);
    }
    Ok(())
}

fn refuse(named: &[Named], known: &[Uuid], message: &str, checks: &mut Checks) {
    let known: BTreeSet<&Uuid> = known.iter().collect();
    for one in named.iter().filter(|one| !known.contains(&one.id)) {
        checks.refuse(one.pointer.clone(), "unknown", message);
    }
}

fn collect(pointer: &str, value: &Value, found: &mut Found) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                collect(&format!("{pointer}/{name}"), member, found);
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                collect(&format!("{pointer}/{place}"), item, found);
            }
        }
        Value::String(text) => {
            let pointer = pointer.to_owned();
            if let Ok(id) = text.parse::<OrgId>() {
                found.partners.push(Named { pointer, id: id.uuid() });
            } else if let Ok(id) = text.parse::<ProductId>() {
                found.products.push(Named { pointer, id: id.uuid() });
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
