//! The live channel of one lead.

use async_trait::async_trait;
use guildhall_kernel::LeadId;
use guildhall_spine::{
    access::{OrgKind, Permission, Permissions},
    db::Db,
    http::Problem,
    live::Watchable,
};
use uuid::Uuid;

use super::rows;

/// Lets the vendor, and a partner that is asked about a lead or has it, follow it.
#[derive(Clone, Copy, Debug, Default)]
pub struct WatchedLeads;

#[async_trait]
impl Watchable for WatchedLeads {
    fn kind(&self) -> &'static str {
        "lead"
    }

    async fn find(
        &self,
        db: &Db,
        organisation: Uuid,
        permissions: Permissions,
        id: &str,
    ) -> Result<Option<Uuid>, Problem> {
        let Ok(lead) = id.parse::<LeadId>() else {
            return Ok(None);
        };
        if !permissions.contains(Permission::LeadRead) {
            return Ok(None);
        }
        for kind in [OrgKind::Vendor, OrgKind::Partner] {
            if rows::is_seen(db.pool(), organisation.into(), kind, lead).await? {
                return Ok(Some(lead.uuid()));
            }
        }
        Ok(None)
    }
}
