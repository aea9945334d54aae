use guildhall_kernel::DirectAccountId;
use guildhall_spine::{
    access::{May, right},
    http::{Checks, Command, Problem, Reply, Validate},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::upsert::{DirectAccountInput, upsert};

/// Accounts and opportunities to be brought up to date.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::deals) struct DirectAccountBatch {
    /// 1 to 1000 of them; each is known by its `external_ref`.
    #[schema(min_items = 1, max_items = 1000)]
    accounts: Vec<DirectAccountInput>,
}

/// What they are matched by depends on each other, so they are checked as they are taken.
impl Validate for DirectAccountBatch {
    fn validate(&self, _: &mut Checks) {}
}

/// What has become of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::deals) struct DirectAccountBatchResult {
    /// Those that are new or others now; the rest were up to date.
    changed: Vec<DirectAccountId>,
}

/// Bring the vendor's own accounts up to date
///
/// For the vendor: its customers and open opportunities, as its CRM has them. Registrations that are submitted from now
/// on are compared with them. All of the batch is taken, or nothing.
#[utoipa::path(put, path = "/api/v1/direct-accounts", operation_id = "putDirectAccounts", tag = "deals",
    security(("bearer" = ["programs:manage"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = DirectAccountBatch, example = json!({"accounts": [{
        "external_ref": "0015g00000XyZabAAF", "kind": "account", "name": "Contoso Robotics GmbH",
        "domain": "contoso.example", "country": "DE", "stage": "open", "owner_name": "Mara Lindqvist"}]})),
    responses((status = 200, description = "what has changed", body = DirectAccountBatchResult)))]
pub(in crate::deals) async fn put_direct_accounts(
    may: May<right::ProgramManage>,
    command: Command<DirectAccountBatch>,
) -> Result<Reply, Problem> {
    let (batch, mut command) = command.take();
    let changed = upsert(&mut command.tx, &may.actor.origin(), may.org.id, &batch.accounts).await?;
    let reply = Reply::ok(&DirectAccountBatchResult { changed })?;
    command.commit(reply).await
}
