//! Following deals: what happens to one is queued for each connection of its vendor.

use async_trait::async_trait;
use guildhall_kernel::{CrmConnectionId, CrmLinkId, DealId, OrgId, entity};
use guildhall_spine::{
    db::Tx,
    event::{Consumer, ConsumerFault, Recorded},
};
use serde::Deserialize;

use super::queue::{self, Work};

/// See the module.
#[derive(Clone, Copy, Debug, Default)]
pub struct CrmFollower;

#[derive(Deserialize)]
struct OfVendor {
    vendor_id: OrgId,
}

#[async_trait]
impl Consumer for CrmFollower {
    fn name(&self) -> &'static str {
        "crm"
    }

    async fn apply(&self, tx: &mut Tx, events: &[Recorded]) -> Result<(), ConsumerFault> {
        for event in events.iter().filter(|event| event.subject_kind == "deal") {
            let deal = DealId::from(event.subject_id);
            if event.kind == "deal.approved" {
                let of: OfVendor =
                    serde_json::from_str(event.data.get()).map_err(|error| ConsumerFault(error.to_string()))?;
                link(tx, of.vendor_id, deal).await?;
            }
            ask(tx, deal).await?;
        }
        Ok(())
    }
}

/// Gives an approved deal a link over each connection that writes.
async fn link(tx: &mut Tx, vendor: OrgId, deal: DealId) -> Result<(), ConsumerFault> {
    let connections = sqlx::query_scalar!(
        r#"SELECT id AS "id: CrmConnectionId" FROM crm_connection
           WHERE vendor_id = $1 AND jsonb_array_length(mapping -> 'fields') > 0 ORDER BY id"#,
        vendor.uuid()
    )
    .fetch_all(&mut **tx)
    .await?;
    for connection in connections {
        make(tx, connection, vendor, deal).await?;
    }
    Ok(())
}

/// Makes a link that waits for its record.
pub(super) async fn make(
    tx: &mut Tx,
    connection: CrmConnectionId,
    vendor: OrgId,
    deal: DealId,
) -> Result<bool, sqlx::Error> {
    let (id, now): (CrmLinkId, _) = (tx.new_id::<entity::CrmLink>(), tx.now());
    let made = sqlx::query!(
        "INSERT INTO crm_link (id, connection_id, vendor_id, deal_id, status, created_at, updated_at)
         VALUES ($1, $2, $3, $4, 'pending', $5, $5) ON CONFLICT DO NOTHING",
        id.uuid(),
        connection.uuid(),
        vendor.uuid(),
        deal.uuid(),
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(made.rows_affected() == 1)
}

async fn ask(tx: &mut Tx, deal: DealId) -> Result<(), ConsumerFault> {
    let connections = sqlx::query_scalar!(
        r#"SELECT connection_id AS "id: CrmConnectionId" FROM crm_link
           WHERE deal_id = $1 AND status <> 'disconnected' ORDER BY connection_id"#,
        deal.uuid()
    )
    .fetch_all(&mut **tx)
    .await?;
    for connection in connections {
        queue::ask(tx, connection, Work::Sync, &deal.to_string()).await?;
    }
    Ok(())
}
