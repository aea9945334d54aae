use guildhall_kernel::UserId;
use guildhall_spine::http::{Checks, Command, Problem, Reply, Validate, code};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Status;
use super::access::Party;
use super::events::{self, AnsweredNow, DisputeAnswered};
use super::rows;
use super::view::{Dispute, DisputeThread};

/// The most messages of a thread.
const MOST_MESSAGES: i32 = 200;

/// Something to be said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DisputeMessageDraft)]
pub(super) struct Draft {
    /// For both sides, 1 to 4000 characters.
    #[schema(example = "Which rule was used for the second line?")]
    text: String,
}

impl Validate for Draft {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/text", &self.text, 1, 4000, true);
    }
}

/// Answer in a dispute
///
/// By either side while it is open; a thread has at most 200 messages.
#[utoipa::path(post, path = "/api/v1/incentives/disputes/{id}/messages", operation_id = "answerDispute", tag = "disputes",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "the dispute", example = "dsp_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Draft, example = json!({"text": "Which rule was used for the second line?"})),
    responses((status = 200, description = "the dispute with its thread", body = DisputeThread,
        headers(("ETag" = String, description = "its version")))))]
pub(super) async fn answer_dispute(
    Party { actor, sight, id }: Party,
    command: Command<Draft>,
) -> Result<Reply, Problem> {
    let (draft, mut command) = command.take();
    let tx = &mut command.tx;
    let dispute = rows::lock(tx, id, sight).await?;
    dispute.still_open()?;
    if dispute.messages >= MOST_MESSAGES {
        let detail = "The thread has 200 messages, which is the most: decide on the dispute, or take it back.";
        return Err(Problem::new(code::ILLEGAL_MOVE, detail));
    }
    let at = tx.now();
    sqlx::query!(
        "WITH numbered AS (
             UPDATE dispute SET messages = messages + 1, version = version + 1, updated_at = $5 WHERE id = $1
             RETURNING messages)
         INSERT INTO dispute_message (dispute_id, no, org_id, user_id, text, created_at)
         SELECT $1, messages, $2, $3, $4, $5 FROM numbered",
        id.uuid(),
        sight.org.uuid(),
        actor.user.map(UserId::uuid),
        draft.text,
        at,
    )
    .execute(&mut **tx)
    .await?;
    let dispute = rows::again(tx, id, sight).await?;
    let answered = DisputeAnswered(AnsweredNow {
        dispute: (&dispute).into(),
        by: sight.org,
    });
    events::tell(tx, &actor.origin(), &dispute, &answered).await?;
    let thread = rows::thread(tx, id, sight.org).await?;
    let version = dispute.version;
    command
        .commit(Reply::ok(&DisputeThread { dispute, thread })?.version(version))
        .await
}

impl Dispute {
    /// # Errors
    /// 409 `illegal_move` once it has ended.
    pub(super) fn still_open(&self) -> Result<(), Problem> {
        if self.status == Status::Open {
            return Ok(());
        }
        let detail = format!(
            "The dispute is {}. The partner may open another about the line.",
            self.status.as_str()
        );
        Err(Problem::new(code::ILLEGAL_MOVE, detail))
    }
}
