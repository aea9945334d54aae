use guildhall_kernel::{DealId, entity};
use guildhall_spine::{
    access::{May, right},
    db::Tx,
    event::Origin,
    http::{Checks, Command, IfMatch, PathId, Problem, Reply, Validate},
    identity::Actor,
};
use rust_decimal::Decimal;
use serde::Deserialize;
use utoipa::ToSchema;

use super::propose::{refuse_unless_approved, weigh};
use super::rows::{self, Amendment, ShownAmendment, Status};
use crate::deals::{
    conflict::Level,
    draft::Draft,
    events::{DealAmended, DealFacts, announce_conflicts, publish},
    find_conflicts::{Claim, find_conflicts, gravest, store_conflicts},
    history::{Entry, note},
    refuse_unasked,
    rows::{Locked, lock, rewrite},
    state::DealStatus,
};

/// The word that goes with a decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealAmendmentDecision)]
pub(super) struct Word {
    /// For the other side, 1 to 2000 characters.
    #[serde(default)]
    #[schema(example = "Fine with us.")]
    pub(super) note: Option<String>,
}

impl Validate for Word {
    fn validate(&self, checks: &mut Checks) {
        if let Some(note) = &self.note {
            checks.text("/note", note, 1, 2000, true);
        }
    }
}

/// Approve an amendment
///
/// The deal becomes as it says and stays approved. What changed of the deal meanwhile stays, but for what the amendment
/// changes. Conflicts are looked for again. One that raises the amount needs somebody who has the last word on a
/// registration of that amount, by the program's rules.
#[utoipa::path(post, path = "/api/v1/deal-amendments/{id}/approve", operation_id = "approveDealAmendment", tag = "deals",
    security(("bearer" = ["deals:decide"])),
    params(
        ("id" = String, Path, description = "the amendment", example = "amd_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the amendment that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Word, example = json!({"note": "Fine with us."})),
    responses((status = 200, description = "the approved amendment", body = ShownAmendment, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn approve_deal_amendment(
    May { actor, org, .. }: May<right::DealDecide>,
    PathId(id): PathId<entity::Amendment>,
    if_match: IfMatch,
    command: Command<Word>,
) -> Result<Reply, Problem> {
    let (word, mut command) = command.take();
    let tx = &mut command.tx;
    let amendment = rows::lock(tx, id, org.id).await?;
    if_match.check(amendment.version)?;
    amendment.require_open()?;
    let deal = lock(tx, amendment.deal_id, org.id)
        .await?
        .ok_or_else(Problem::not_found)?;
    refuse_unless_approved(tx, &deal).await?;
    carry_out(tx, &actor, &deal, &amendment, word.note.as_deref()).await?;
    rows::decide(tx, id, Status::Approved, actor.user, word.note.as_deref()).await?;
    let shown = ShownAmendment::from(rows::find(&mut **tx, id, org.id).await?);
    let version = shown.version;
    command.commit(Reply::ok(&shown)?.version(version)).await
}

async fn carry_out(
    tx: &mut Tx,
    actor: &Actor,
    deal: &Locked,
    amendment: &Amendment,
    said: Option<&str>,
) -> Result<(), Problem> {
    let (draft, stored) = weigh(tx, deal, amendment.proposed.0.clone(), false).await?;
    let origin = &actor.origin();
    let before = amount(tx, deal.id).await?;
    let (facts, level) = store(tx, origin, deal, &draft).await?;
    if amount(tx, deal.id).await? > before {
        refuse_unasked(tx, actor, deal, level).await?;
    }
    let entry = Entry {
        said,
        changes: draft.steps(&stored),
        ..Entry::of("amended").about(amendment.id)
    };
    note(tx, deal.id, origin, entry).await?;
    let facts = DealFacts {
        changed: draft.changes(&stored),
        note: said.map(str::to_owned),
        ..facts
    };
    publish::<DealAmended>(tx, origin, facts).await
}

async fn amount(tx: &mut Tx, deal: DealId) -> Result<Decimal, sqlx::Error> {
    sqlx::query_scalar!("SELECT amount FROM deal WHERE id = $1", deal.uuid())
        .fetch_one(&mut **tx)
        .await
}

async fn store(tx: &mut Tx, origin: &Origin, deal: &Locked, draft: &Draft) -> Result<(DealFacts, Level), Problem> {
    let rivals = find_conflicts(tx, &Claim::of(draft, deal.vendor_id, deal.partner_id)).await?;
    let level = gravest(&rivals);
    let written = rewrite(tx, deal, DealStatus::Approved, draft, level).await?;
    if store_conflicts(tx, deal.id, &rivals).await? > 0 {
        announce_conflicts(tx, origin, &written, &rivals).await?;
    }
    Ok((written.facts(), level))
}
