mod export;

use axum::{extract::State, response::IntoResponse};
use guildhall_kernel::OrgId;
use guildhall_spine::{
    App,
    access::{May, OrgKind, right},
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
    identity::ActingFor,
};
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) use self::export::{__path_export_registration_standings, export_registration_standings};
use super::wire::Party;

/// What has become of a partner's registrations with a vendor.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RegistrationStanding {
    /// Whose products.
    vendor: Party,
    /// Whose registrations.
    partner: Party,
    /// All that were ever submitted.
    #[schema(example = 40)]
    registered: i64,
    /// Those that are neither over nor refused.
    #[schema(example = 12)]
    open: i64,
    /// How many may be open at once, by the program's terms and the partner's tier; `null` for any number.
    #[schema(example = 25)]
    open_limit: Option<i64>,
    /// Those that are protected now.
    #[schema(example = 9)]
    approved: i64,
    /// Those that were refused.
    #[schema(example = 4)]
    rejected: i64,
    /// Those whose protection ran out or lapsed.
    #[schema(example = 3)]
    expired: i64,
    /// Those that the customer bought.
    #[schema(example = 16)]
    won: i64,
    /// Those that it did not.
    #[schema(example = 5)]
    lost: i64,
    /// Won for each one registered, from 0 to 1, with four decimals.
    #[schema(example = "0.4000")]
    win_ratio: Decimal,
}

struct Row {
    vendor_id: OrgId,
    vendor_name: String,
    partner_id: OrgId,
    partner_name: String,
    registered: i64,
    open: i64,
    open_limit: Option<i64>,
    approved: i64,
    rejected: i64,
    expired: i64,
    won: i64,
    lost: i64,
}

/// Compare registrations with wins
///
/// A vendor sees each partner, a partner each vendor. Counted as deals move, so it is right at once.
#[utoipa::path(get, path = "/api/v1/registration-standings", operation_id = "listRegistrationStandings", tag = "deals",
    security(("bearer" = ["deals:read"])), params(PageQuery),
    responses((status = 200, description = "one page of standings", body = Page<RegistrationStanding>)))]
pub(super) async fn list_registration_standings(
    State(app): State<App>,
    may: May<right::DealRead>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("registration standings {}", may.org.id);
    let paging = Paging::<OrgId>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let rows = read(app.db.pool(), may.org, paging.after, paging.fetch()).await?;
    let vendor = may.org.kind == OrgKind::Vendor;
    let key = |row: &Row| if vendor { row.partner_id } else { row.vendor_id };
    Ok(paging.page(&app.cursors, rows, key, RegistrationStanding::from))
}

/// The standings that `org` is a side of, by the other side, after `after`.
async fn read(db: &PgPool, org: ActingFor, after: Option<OrgId>, limit: i64) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"SELECT s.vendor_id AS "vendor_id!: OrgId", v.name AS "vendor_name!", s.partner_id AS "partner_id!: OrgId",
                  o.name AS "partner_name!", s.registered AS "registered!", s.open AS "open!",
                  (q.terms -> 'open_registrations' ->> p.tier)::bigint AS open_limit, s.approved AS "approved!",
                  s.rejected AS "rejected!", s.expired AS "expired!", s.won AS "won!", s.lost AS "lost!"
           FROM (SELECT * FROM (SELECT * FROM registration_standing
                                WHERE $4 AND vendor_id = $1 AND partner_id > $2 ORDER BY partner_id LIMIT $3) of_vendor
                 UNION ALL
                 SELECT * FROM (SELECT * FROM registration_standing
                                WHERE NOT $4 AND partner_id = $1 AND vendor_id > $2 ORDER BY vendor_id LIMIT $3) of_partner) s
           JOIN organisation v ON v.id = s.vendor_id
           JOIN organisation o ON o.id = s.partner_id
           LEFT JOIN partnership p ON p.vendor_id = s.vendor_id AND p.partner_id = s.partner_id
           LEFT JOIN deal_policy q ON q.program_id = p.program_id
           ORDER BY CASE WHEN $4 THEN s.partner_id ELSE s.vendor_id END"#,
        org.id.uuid(),
        after.map_or(Uuid::nil(), OrgId::uuid),
        limit,
        org.kind == OrgKind::Vendor,
    )
    .fetch_all(db)
    .await
}

impl From<Row> for RegistrationStanding {
    fn from(row: Row) -> Self {
        Self {
            win_ratio: ratio(row.won, row.registered),
            vendor: Party {
                id: row.vendor_id,
                name: row.vendor_name,
            },
            partner: Party {
                id: row.partner_id,
                name: row.partner_name,
            },
            registered: row.registered,
            open: row.open,
            open_limit: row.open_limit,
            approved: row.approved,
            rejected: row.rejected,
            expired: row.expired,
            won: row.won,
            lost: row.lost,
        }
    }
}

/// Four decimals, half to even; nothing registered is nothing won.
fn ratio(won: i64, registered: i64) -> Decimal {
    let ratio = Decimal::from(won)
        .checked_div(Decimal::from(registered))
        .unwrap_or_default();
    let mut ratio = ratio.round_dp(4);
    ratio.rescale(4);
    ratio
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_has_four_decimals_and_needs_no_registration() {
        assert_eq!(ratio(16, 40).to_string(), "0.4000");
        assert_eq!(ratio(1, 3).to_string(), "0.3333");
        assert_eq!(ratio(0, 0).to_string(), "0.0000");
    }
}
