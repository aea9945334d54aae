//! A deal as a CRM hears of it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use guildhall_kernel::{DealId, OrgId};
use guildhall_spine::http::Problem;
use sqlx::PgConnection;

use super::connector::Fields;
use super::mapping::DealField;

/// A deal's values, in the one way of writing that values are compared in.
#[derive(Clone, Debug)]
pub(super) struct DealNow {
    pub(super) id: DealId,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) values: BTreeMap<DealField, Option<String>>,
}

impl DealNow {
    pub(super) fn value(&self, field: DealField) -> Option<&str> {
        self.values.get(&field)?.as_deref()
    }

    /// Every value by the field's name, to be remembered.
    pub(super) fn seen(&self) -> Fields {
        let named = self.values.iter();
        named
            .map(|(field, value)| (field.as_str().to_owned(), value.clone()))
            .collect()
    }
}

/// The vendor's deal, if there is one; `stage` is what the link knows.
pub(super) async fn load(
    conn: &mut PgConnection,
    vendor: OrgId,
    id: DealId,
    stage: Option<&str>,
) -> Result<Option<DealNow>, Problem> {
    let row = sqlx::query!(
        r#"SELECT d.updated_at, d.status, d.customer_name, d.customer_domain, d.customer_country, d.amount, d.currency,
                  d.expected_close, d.closed_on, d.close_reason, d.note,
                  (SELECT name FROM organisation WHERE id = d.partner_id) AS "partner_name!"
           FROM deal d WHERE d.id = $1 AND d.vendor_id = $2"#,
        id.uuid(),
        vendor.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| DealNow {
        id,
        updated_at: row.updated_at,
        values: [
            (DealField::DealId, Some(id.to_string())),
            (DealField::CustomerName, Some(row.customer_name)),
            (DealField::CustomerDomain, row.customer_domain),
            (DealField::CustomerCountry, Some(row.customer_country)),
            (DealField::PartnerName, Some(row.partner_name)),
            (DealField::Amount, Some(row.amount.normalize().to_string())),
            (DealField::Currency, Some(row.currency)),
            (DealField::ExpectedClose, Some(row.expected_close.to_string())),
            (DealField::Status, Some(row.status)),
            (DealField::ClosedOn, row.closed_on.map(|on| on.to_string())),
            (DealField::CloseReason, row.close_reason),
            (DealField::Note, row.note),
            (DealField::Stage, stage.map(str::to_owned)),
        ]
        .into(),
    }))
}
