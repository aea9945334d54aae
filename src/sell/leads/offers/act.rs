//! What commands on a lead have in common: the locked row at the wanted version, the legal move, and the answer.

use guildhall_onboard::api::active_partnership;
use guildhall_spine::{
    access::OrgKind,
    db::Tx,
    http::{Checks, Command, IfMatch, Problem, Reply},
};

use crate::leads::code;
use crate::leads::lead::{
    access::Reached,
    rows::{self, Lead},
    stage::Move,
    view,
};

/// Locks the lead, checks that it is at the version that the client saw and that it accepts the move.
pub(in crate::leads) async fn lock(
    tx: &mut Tx,
    reached: &Reached,
    if_match: &IfMatch,
    attempted: Move,
) -> Result<Lead, Problem> {
    let lead = rows::lock(tx, reached.id).await?;
    // Held until the transaction ends: a suspension waits for what the partner does now.
    if reached.kind == OrgKind::Partner && active_partnership(tx, lead.vendor_id, reached.org).await?.is_none() {
        let detail = "Your partnership is not active: the vendor can reactivate it.";
        return Err(Problem::new(crate::deals::code::PARTNERSHIP_NOT_ACTIVE, detail));
    }
    // Another may have been first while the lock was waited for.
    if !rows::is_seen(&mut **tx, reached.org, reached.kind, reached.id).await? {
        let detail =
            "Another partner was first, or the offer has ended: GET /api/v1/leads lists what you are asked about.";
        return Err(Problem::new(code::LEAD_GONE, detail));
    }
    if_match.check(lead.version)?;
    lead.stage.accept(attempted, reached.kind, reached.may())?;
    Ok(lead)
}

/// The same for a move that may hand the lead out: the vendor's turn is taken first.
pub(in crate::leads) async fn lock_in_turn(
    tx: &mut Tx,
    reached: &Reached,
    if_match: &IfMatch,
    attempted: Move,
) -> Result<Lead, Problem> {
    let vendor = rows::vendor_of(tx, reached.id).await?.ok_or_else(Problem::not_found)?;
    rows::take_turns(tx, vendor).await?;
    lock(tx, reached, if_match, attempted).await
}

/// Commits and answers with the lead as it is now.
pub(in crate::leads) async fn answer(mut command: Command<()>, reached: &Reached) -> Result<Reply, Problem> {
    let view = view::reload(&mut *command.tx, reached.id, reached.org).await?;
    let version = view.version;
    let reply = Reply::ok(&view.into_lead(reached.kind, reached.may()))?.version(version);
    command.commit(reply).await
}

/// Checks a note that is needed when the reason says nothing.
pub(in crate::leads) fn check_note(checks: &mut Checks, is_needed: bool, note: Option<&String>) {
    if let Some(note) = note {
        checks.text("/note", note, 1, 2000, true);
    }
    checks.check(
        !is_needed || note.is_some(),
        "/note",
        "missing",
        "is needed for the reason other",
    );
}
