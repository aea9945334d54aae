//! The live channel of one deal.

use async_trait::async_trait;
use guildhall_kernel::DealId;
use guildhall_spine::{
    access::{Permission, Permissions},
    db::Db,
    http::Problem,
    live::Watchable,
};
use uuid::Uuid;

/// Lets either side of a deal follow it.
#[derive(Clone, Copy, Debug, Default)]
pub struct WatchedDeals;

#[async_trait]
impl Watchable for WatchedDeals {
    fn kind(&self) -> &'static str {
        "deal"
    }

    async fn find(
        &self,
        db: &Db,
        organisation: Uuid,
        permissions: Permissions,
        id: &str,
    ) -> Result<Option<Uuid>, Problem> {
        let Ok(deal) = id.parse::<DealId>() else {
            return Ok(None);
        };
        let seen =
            permissions.contains(Permission::DealRead) && super::access::is_side(db, organisation.into(), deal).await?;
        Ok(seen.then_some(deal.uuid()))
    }
}
