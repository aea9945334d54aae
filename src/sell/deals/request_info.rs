use guildhall_spine::http::{Checks, Command, IfMatch, Problem, Reply, Validate};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::DecidableDeal;
use super::decide;
use super::events::DealInfoRequested;
use super::rows::{self, Verdict};
use super::state::Move;
use super::wire::Deal;

/// What the vendor wants to know.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealInfoRequest)]
pub(super) struct InfoRequest {
    /// The question, 1 to 2000 characters.
    #[schema(min_length = 1, max_length = 2000, example = "Which site is it for?")]
    question: String,
}

impl Validate for InfoRequest {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/question", &self.question, 1, 2000, true);
    }
}

/// Ask for information
///
/// Puts a question to the partner, who answers by changing the deal; that submits it again.
#[utoipa::path(post, path = "/api/v1/deals/{id}/request-info", operation_id = "requestDealInfo", tag = "deals",
    security(("bearer" = ["deals:decide"])),
    params(
        ("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the deal that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = InfoRequest, example = json!({"question": "Which site is it for?"})),
    responses((status = 200, description = "the deal, which now waits for the partner", body = Deal, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn request_deal_info(
    DecidableDeal(reached): DecidableDeal,
    if_match: IfMatch,
    command: Command<InfoRequest>,
) -> Result<Reply, Problem> {
    let (request, mut command) = command.take();
    let (deal, status) = decide::lock(&mut command, &reached, &if_match, Move::RequestInfo).await?;
    let verdict = Verdict {
        status,
        by: reached.actor.user,
        note: Some(&request.question),
        reason: None,
        conflict_level: None,
    };
    let written = rows::decide(&mut command.tx, &deal, &verdict).await?;
    decide::finish::<DealInfoRequested>(command, &reached, written.facts()).await
}
