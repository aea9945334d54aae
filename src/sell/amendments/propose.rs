use guildhall_onboard::api::active_partnership;
use guildhall_spine::{
    access::Permission,
    db::Tx,
    http::{Command, IfMatch, Problem, Reply, code as common},
};

use super::events::{DealAmendmentProposed, announce};
use super::proposed::{Amending, Proposed};
use super::rows::{self, ShownAmendment};
use crate::attachments::attach_answers;
use crate::deals::{
    access::SeenDeal,
    code as deal_code,
    draft::{Draft, Unchecked},
    history::{Entry, note},
    rows::{Locked, lock},
    state::DealStatus,
    stored,
};
use crate::forms;

/// Propose an amendment
///
/// A change of an approved deal that the vendor decides on: lines, expected close, contacts, answers to the form. The deal
/// stays approved as it is until then. One at a time (`amendment_open`). The customer can't be amended: register a new
/// deal for another one.
#[utoipa::path(post, path = "/api/v1/deals/{id}/amendments", operation_id = "proposeDealAmendment", tag = "deals",
    security(("bearer" = ["deals:read", "deals:submit"])),
    params(
        ("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the deal that the change is meant for", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Amending, example = json!({
        "products": [{"name": "Edge gateway", "quantity": "60", "unit_amount": "349.50"}],
        "note": "The customer has added a second site."})),
    responses((status = 201, description = "the amendment, which waits for the vendor", body = ShownAmendment, headers(
        ("ETag" = String, description = "its version"), ("Location" = String, description = "its address")))))]
pub(super) async fn propose_deal_amendment(
    seen: SeenDeal,
    if_match: IfMatch,
    command: Command<Amending>,
) -> Result<Reply, Problem> {
    seen.actor.require(Permission::DealSubmit)?;
    let (amending, mut command) = command.take();
    let tx = &mut command.tx;
    let deal = lock(tx, seen.id, seen.org).await?.ok_or_else(Problem::not_found)?;
    if_match.check(deal.version)?;
    refuse_unless_approved(tx, &deal).await?;
    let why = amending.note.clone();
    let proposed = Proposed::from(amending);
    let (draft, stored) = weigh(tx, &deal, proposed.clone(), true).await?;
    let changes = draft.steps(&stored);
    if changes.is_empty() {
        return Err(Problem::field(
            "",
            "no_change",
            "must make something of the deal different",
        ));
    }
    attach_answers(tx, deal.id, deal.vendor_id, deal.partner_id, &draft.custom.files).await?;
    let id = rows::insert(tx, deal.id, seen.actor.user, (&proposed, &changes), why.as_deref()).await?;
    let origin = seen.actor.origin();
    let entry = Entry {
        said: why.as_deref(),
        changes,
        ..Entry::of("amendment_proposed").about(id)
    };
    note(tx, deal.id, &origin, entry).await?;
    let amendment = rows::find(&mut **tx, id, seen.org).await?;
    announce::<DealAmendmentProposed>(tx, &origin, &amendment, why).await?;
    let reply = Reply::created(
        &format!("/api/v1/deal-amendments/{id}"),
        &ShownAmendment::from(amendment),
    )?;
    command.commit(reply.version(1)).await
}

/// Only what is granted can be amended, and only while the partner is active in the program.
pub(super) async fn refuse_unless_approved(tx: &mut Tx, deal: &Locked) -> Result<(), Problem> {
    if deal.status != DealStatus::Approved {
        let detail = format!("The deal is {}: only an approved deal is amended.", deal.status);
        return Err(Problem::new(common::ILLEGAL_MOVE, detail).with("legal", Vec::<String>::new()));
    }
    match active_partnership(tx, deal.vendor_id, deal.partner_id).await? {
        Some(_) => Ok(()),
        None => {
            let detail = "The vendor has to reactivate the partnership first: PATCH /api/v1/partnerships/{id}.";
            Err(Problem::new(deal_code::PARTNERSHIP_NOT_ACTIVE, detail))
        }
    }
}

/// What the change makes of the deal, checked by the deal's form, and what the deal is. A date that was accepted when it
/// was proposed isn't checked again: it may have passed since.
pub(super) async fn weigh(
    tx: &mut Tx,
    deal: &Locked,
    proposed: Proposed,
    fresh: bool,
) -> Result<(Draft, Unchecked), Problem> {
    let today = (fresh && proposed.expected_close.is_some()).then(|| tx.now().date_naive());
    let stored = stored::as_sent(tx, deal).await?;
    let form = forms::rows::of_deal(tx, deal.id).await?;
    let draft = proposed.over(stored.clone()).check(today, form.as_ref())?;
    Ok((draft, stored))
}
