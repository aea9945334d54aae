use chrono::{DateTime, Days, Utc};
use guildhall_kernel::{AppealId, DealId, UserId};
use guildhall_spine::{
    access::{OrgKind, Permission, Role},
    db::Tx,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::EditableDeal;
use super::events::{DealAppealed, DealFacts};
use super::rows::{self, Locked};
use super::state::{DealStatus, Move};
use super::wire::Deal;
use super::{clock, code, decide, letters, policy};

/// Why the partner objects.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DealAppeal {
    /// What the vendor should think over, 1 to 4000 characters.
    #[schema(
        min_length = 1,
        max_length = 4000,
        example = "The account you named is another company of the group."
    )]
    statement: String,
}

impl Validate for DealAppeal {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/statement", &self.statement, 1, 4000, true);
    }
}

/// Appeal a refusal
///
/// For the partner, within the time that the program's terms give. Somebody else than who refused decides, when the
/// vendor has somebody else. Until then the deal claims nothing.
#[utoipa::path(post, path = "/api/v1/deals/{id}/appeal", operation_id = "appealDeal", tag = "deals",
    security(("bearer" = ["deals:submit"])),
    params(("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the deal that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = DealAppeal, example = json!({"statement": "The account you named is another company of the group."})),
    responses((status = 200, description = "the deal, which waits for a second answer", body = Deal, headers(("ETag" = String)))))]
pub(super) async fn appeal_deal(
    EditableDeal(reached): EditableDeal,
    if_match: IfMatch,
    command: Command<DealAppeal>,
) -> Result<Reply, Problem> {
    let (appeal, mut command) = command.take();
    let (deal, status) = decide::lock(&mut command, &reached, &if_match, Move::Appeal).await?;
    let (tx, by) = (&mut command.tx, reached.actor.user);
    decide::refuse_inactive(tx, &deal, "Ask the vendor to reactivate the partnership.").await?;
    refuse_late(tx, &deal).await?;
    let id = file(tx, &deal, &appeal.statement, by).await?;
    let written = rows::move_to(tx, &deal, status).await?;
    let terms = policy::rows::of_deal(tx, deal.id).await?;
    clock::start(tx, deal.id, &terms).await?;
    let appealed = DealFacts {
        note: Some(appeal.statement),
        appeal_id: Some(id),
        ..written.facts()
    };
    decide::finish::<DealAppealed>(command, &reached, appealed).await
}

/// Until when a refusal can be appealed.
pub(super) fn window_end(refused_at: DateTime<Utc>, appeal_days: u16) -> DateTime<Utc> {
    refused_at + Days::new(u64::from(appeal_days))
}

async fn refuse_late(tx: &mut Tx, deal: &Locked) -> Result<(), Problem> {
    let terms = policy::rows::of_deal(tx, deal.id).await?;
    let refused_at = sqlx::query_scalar!("SELECT decided_at FROM deal WHERE id = $1", deal.id.uuid())
        .fetch_one(&mut **tx)
        .await?
        .unwrap_or(tx.now());
    let end = window_end(refused_at, terms.appeal_days);
    let appealed = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM deal_appeal WHERE deal_id = $1) AS "appealed!""#,
        deal.id.uuid()
    )
    .fetch_one(&mut **tx)
    .await?;
    if tx.now() <= end && !appealed {
        return Ok(());
    }
    let detail = if appealed {
        "The deal was appealed once, and the refusal was upheld: that is final. Register a new deal if things have \
         changed."
            .to_owned()
    } else {
        format!(
            "The time to appeal ended at {}. Register a new deal instead.",
            letters::moment(end)
        )
    };
    Err(Problem::new(code::APPEAL_CLOSED, detail))
}

async fn file(tx: &mut Tx, deal: &Locked, statement: &str, by: Option<UserId>) -> Result<AppealId, sqlx::Error> {
    let (id, now): (AppealId, _) = (tx.new_id(), tx.now());
    sqlx::query!(
        "INSERT INTO deal_appeal (id, deal_id, statement, appealed_by, appealed_at, refused_by, refused_reason)
         SELECT $1, id, $3, $4, $5, decided_by, decision_reason FROM deal WHERE id = $2",
        id.uuid(),
        deal.id.uuid(),
        statement,
        by.map(UserId::uuid),
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(id)
}

/// How an appeal ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    /// The refusal stands.
    Upheld,
    /// The deal is approved.
    Approved,
    /// The partner gave it up.
    Withdrawn,
}

/// Notes how the appeal of a locked deal ended.
pub(super) async fn settle(tx: &mut Tx, deal: DealId, outcome: Outcome, by: Option<UserId>) -> Result<(), sqlx::Error> {
    let now = tx.now();
    let outcome = match outcome {
        Outcome::Upheld => "upheld",
        Outcome::Approved => "approved",
        Outcome::Withdrawn => "withdrawn",
    };
    sqlx::query!(
        "UPDATE deal_appeal SET outcome = $2, decided_by = $3, decided_at = $4 WHERE deal_id = $1 AND outcome IS NULL",
        deal.uuid(),
        outcome,
        by.map(UserId::uuid),
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The vendor's roles that may decide on deals.
pub(super) fn deciding_roles() -> Vec<String> {
    let roles = Role::ALL.iter();
    roles
        .filter(|role| role.kind() == OrgKind::Vendor && role.permissions().contains(Permission::DealDecide))
        .map(|role| role.as_str().to_owned())
        .collect()
}

/// Whoever refused a deal doesn't decide on the appeal, when there is another member who may.
pub(super) async fn refuse_same_person(tx: &mut Tx, deal: &Locked, by: Option<UserId>) -> Result<(), Problem> {
    if deal.status != DealStatus::Appealed {
        return Ok(());
    }
    if by.is_none() {
        let detail = "An API key decides on no appeal, since nobody can tell whose it is: a member does this.";
        return Err(Problem::new(code::APPEAL_NEEDS_ANOTHER, detail));
    }
    let others = sqlx::query_scalar!(
        r#"SELECT u.name FROM deal_appeal a
           JOIN membership m ON m.org_id = $2 AND m.role = ANY ($3) AND m.user_id <> a.refused_by
           JOIN user_account u ON u.id = m.user_id AND u.status = 'active'
           WHERE a.deal_id = $1 AND a.outcome IS NULL AND a.refused_by = $4
           ORDER BY u.name LIMIT 20"#,
        deal.id.uuid(),
        deal.vendor_id.uuid(),
        &deciding_roles(),
        by.map(UserId::uuid),
    )
    .fetch_all(&mut **tx)
    .await?;
    if others.is_empty() {
        return Ok(());
    }
    let detail = "You refused this deal, so somebody else decides on the appeal.";
    Err(Problem::new(code::APPEAL_NEEDS_ANOTHER, detail).with("up_next", others))
}
