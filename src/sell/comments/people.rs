use axum::{extract::State, response::IntoResponse};
use guildhall_kernel::{OrgId, UserId};
use guildhall_spine::{
    App,
    access::{OrgKind, Permission},
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::mentions::roles_with;
use crate::deals::access::SeenDeal;
use crate::deals::wire::Party;

/// Somebody who may be named in a comment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DealReader)]
pub(super) struct Reader {
    /// The user.
    id: UserId,
    /// Their name.
    #[schema(example = "Priya Nair")]
    name: String,
    /// Their side.
    organisation: Party,
}

struct Row {
    id: UserId,
    name: String,
    org_id: OrgId,
    org_name: String,
}

/// List the people of a deal
///
/// Whom a comment can name: of your own side everybody who may read the deal, of the other those who work on deals.
#[utoipa::path(get, path = "/api/v1/deals/{id}/people", operation_id = "listDealPeople", tag = "deals",
    security(("bearer" = ["deals:read"])),
    params(("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"), PageQuery),
    responses((status = 200, description = "one page of people", body = Page<Reader>)))]
pub(super) async fn list_deal_people(
    State(app): State<App>,
    deal: SeenDeal,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("deal people {} {}", deal.org, deal.id);
    let paging = Paging::<UserId>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let vendor = deal.actor.org.is_some_and(|org| org.kind == OrgKind::Vendor);
    let (own, others) = if vendor {
        (OrgKind::Vendor, roles_with(Permission::DealSubmit, OrgKind::Partner))
    } else {
        (OrgKind::Partner, roles_with(Permission::DealDecide, OrgKind::Vendor))
    };
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT DISTINCT ON (u.id) u.id AS "id: UserId", u.name, o.id AS "org_id: OrgId", o.name AS org_name
           FROM deal d
           JOIN organisation o ON o.id IN (d.vendor_id, d.partner_id)
           JOIN membership m ON m.org_id = o.id
           JOIN user_account u ON u.id = m.user_id AND u.status = 'active'
           WHERE d.id = $1 AND ($3::uuid IS NULL OR u.id > $3)
             AND m.role = ANY (CASE WHEN o.id = $2 THEN $4::text[] ELSE $5::text[] END)
           ORDER BY u.id, o.id = $2 DESC LIMIT $6"#,
        deal.id.uuid(),
        deal.org.uuid(),
        paging.after.map(UserId::uuid),
        &roles_with(Permission::DealRead, own),
        &others,
        paging.fetch(),
    )
    .fetch_all(app.db.pool())
    .await?;
    let reader = |row: Row| Reader {
        id: row.id,
        name: row.name,
        organisation: Party {
            id: row.org_id,
            name: row.org_name,
        },
    };
    Ok(paging.page(&app.cursors, rows, |row| row.id, reader))
}
