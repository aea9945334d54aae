use guildhall_kernel::UserId;
use guildhall_spine::http::{Checks, Command, IfMatch, Problem, Reply, Validate, code};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::ManagedAdjustment;
use super::view::Adjustment;
use super::{Status, events, rows};

/// A word to a decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AdjustmentDecision)]
pub(super) struct Decision {
    /// For the vendor's books, 1 to 1000 characters.
    #[serde(default)]
    #[schema(example = "Checked against the credit note")]
    pub(super) note: Option<String>,
}

impl Validate for Decision {
    fn validate(&self, checks: &mut Checks) {
        if let Some(note) = &self.note {
            checks.text("/note", note, 1, 1000, true);
        }
    }
}

/// Decline an adjustment
///
/// By another person than the one who proposed it. Nothing is posted.
#[utoipa::path(post, path = "/api/v1/incentives/adjustments/{id}/decline", operation_id = "declineAdjustment",
    tag = "adjustments", security(("bearer" = ["earnings:manage"])),
    params(
        ("id" = String, Path, description = "the adjustment", example = "adj_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the adjustment", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Decision, example = json!({"note": "The credit note is for another invoice"})),
    responses((status = 200, description = "the adjustment after it", body = Adjustment,
        headers(("ETag" = String, description = "its version")))))]
pub(super) async fn decline_adjustment(
    managed: ManagedAdjustment,
    if_match: IfMatch,
    command: Command<Decision>,
) -> Result<Reply, Problem> {
    end(managed, if_match, command, Status::Declined).await
}

/// Withdraw an adjustment
///
/// By the person who proposed it, while nobody has decided on it.
#[utoipa::path(post, path = "/api/v1/incentives/adjustments/{id}/withdraw", operation_id = "withdrawAdjustment",
    tag = "adjustments", security(("bearer" = ["earnings:manage"])),
    params(
        ("id" = String, Path, description = "the adjustment", example = "adj_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the adjustment", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Decision, example = json!({"note": "Proposed for the wrong partner"})),
    responses((status = 200, description = "the adjustment after it", body = Adjustment,
        headers(("ETag" = String, description = "its version")))))]
pub(super) async fn withdraw_adjustment(
    managed: ManagedAdjustment,
    if_match: IfMatch,
    command: Command<Decision>,
) -> Result<Reply, Problem> {
    end(managed, if_match, command, Status::Withdrawn).await
}

async fn end(
    ManagedAdjustment {
        actor,
        vendor,
        adjustment,
    }: ManagedAdjustment,
    if_match: IfMatch,
    command: Command<Decision>,
    status: Status,
) -> Result<Reply, Problem> {
    let by = actor.require_user()?;
    let (decision, mut command) = command.take();
    let tx = &mut command.tx;
    let adjustment = rows::lock(tx, vendor, adjustment.id).await?;
    if_match.check(adjustment.version)?;
    adjustment.open_to(by, status)?;
    let ended = rows::decide(tx, &adjustment, status, by, decision.note.as_deref(), None).await?;
    events::tell(tx, &actor.origin(), &ended).await?;
    command.commit(Reply::ok(&ended)?.version(ended.version)).await
}

impl Adjustment {
    /// Whether `by` may make it `status`.
    ///
    /// # Errors
    /// 409 `illegal_move` once it is decided and for withdrawing another's, 409 `maker_is_approver` for deciding on one's
    /// own.
    pub(super) fn open_to(&self, by: UserId, status: Status) -> Result<(), Problem> {
        if self.status != Status::Proposed {
            let detail = format!("The adjustment is {}: propose another.", self.status.as_str());
            return Err(Problem::new(code::ILLEGAL_MOVE, detail));
        }
        match (status, self.proposed_by == by) {
            (Status::Withdrawn, false) => {
                let detail = "Only the person who proposed it withdraws it: decline it instead.";
                Err(Problem::new(code::ILLEGAL_MOVE, detail))
            }
            (Status::Approved | Status::Declined, true) => {
                let detail = "You proposed it: another person decides on it, or you withdraw it.";
                Err(Problem::new(code::MAKER_IS_APPROVER, detail))
            }
            _ => Ok(()),
        }
    }
}
