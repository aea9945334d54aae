//! The live channel of one shared opportunity.

use async_trait::async_trait;
use guildhall_kernel::CoSellId;
use guildhall_spine::{
    access::{Permission, Permissions},
    db::Db,
    http::Problem,
    live::Watchable,
};
use uuid::Uuid;

/// Lets those who have a part in a shared opportunity follow it.
#[derive(Clone, Copy, Debug, Default)]
pub struct WatchedCoSells;

#[async_trait]
impl Watchable for WatchedCoSells {
    fn kind(&self) -> &'static str {
        "co_sell"
    }

    async fn find(
        &self,
        db: &Db,
        organisation: Uuid,
        permissions: Permissions,
        id: &str,
    ) -> Result<Option<Uuid>, Problem> {
        let Ok(id) = id.parse::<CoSellId>() else {
            return Ok(None);
        };
        let seen = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM co_sell_party p JOIN co_sell c ON c.id = p.co_sell_id
                              WHERE p.co_sell_id = $1 AND p.org_id = $2
                                AND p.stage IN ('invited', 'interested', 'joined')
                                AND (c.vendor_id = $2 OR EXISTS (SELECT FROM partnership s
                                     WHERE s.vendor_id = c.vendor_id AND s.partner_id = $2
                                       AND s.status = 'active'))) AS "seen!""#,
            id.uuid(),
            organisation,
        )
        .fetch_one(db.pool())
        .await?;
        Ok((seen && permissions.contains(Permission::CoSellRead)).then_some(id.uuid()))
    }
}
