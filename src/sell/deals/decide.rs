//! What the verdicts on a deal have in common: the locked row at the wanted version, the legal move, and the answer.

use guildhall_kernel::DealId;
use guildhall_onboard::api::active_partnership;
use guildhall_spine::{
    db::Tx,
    event::Event,
    http::{self, Command, IfMatch, Problem, Reply},
};

use super::access::Reached;
use super::events::{DealFacts, announce};
use super::rows::{self, Locked};
use super::state::{self, DealStatus, IllegalMove, Move};
use super::{code, view};

/// Locks the deal, checks that it is at the version that the client saw and that it accepts the move. Returns it with
/// the status that it will have.
pub(super) async fn lock<T>(
    command: &mut Command<T>,
    reached: &Reached,
    if_match: &IfMatch,
    attempted: Move,
) -> Result<(Locked, DealStatus), Problem> {
    let deal = rows::lock(&mut command.tx, reached.id, reached.org)
        .await?
        .ok_or_else(Problem::not_found)?;
    if_match.check(deal.version)?;
    let status = state::apply(deal.status, attempted).map_err(|fault| illegal(fault, reached))?;
    Ok((deal, status))
}

/// 409 that names the moves that the actor could make.
pub(super) fn illegal(mut fault: IllegalMove, reached: &Reached) -> Problem {
    fault.legal = Move::open_to(fault.from, reached.actor.permissions);
    let mut detail = fault.to_string();
    if let Some(first) = detail.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    refused(&fault.legal, &format!("{detail}."))
}

/// The same for a change, which asks for no move by name.
pub(super) fn unchangeable(fault: IllegalMove, reached: &Reached) -> Problem {
    if fault.from != DealStatus::Approved {
        return illegal(fault, reached);
    }
    let legal = Move::open_to(fault.from, reached.actor.permissions);
    let detail =
        "An approved deal stands as it was approved: propose the change with POST /api/v1/deals/{id}/amendments.";
    refused(&legal, detail)
}

fn refused(legal: &[Move], detail: &str) -> Problem {
    let legal: Vec<&str> = legal.iter().map(|legal| legal.as_str()).collect();
    Problem::new(http::code::ILLEGAL_MOVE, detail).with("legal", legal)
}

/// A partner that is not active in the program gains nothing by what it registered before: its claims are not changed
/// and not granted until it is. `advice` says what to do.
pub(super) async fn refuse_inactive(tx: &mut Tx, deal: &Locked, advice: &str) -> Result<(), Problem> {
    match active_partnership(tx, deal.vendor_id, deal.partner_id).await? {
        Some(_) => Ok(()),
        None => Err(Problem::new(code::PARTNERSHIP_NOT_ACTIVE, advice)),
    }
}

/// Announces the change, commits and answers with the deal as it is now.
pub(super) async fn finish<E>(mut command: Command<()>, reached: &Reached, facts: DealFacts) -> Result<Reply, Problem>
where
    E: Event + From<DealFacts>,
{
    let deal = facts.deal_id;
    announce::<E>(&mut command.tx, &reached.actor.origin(), facts).await?;
    answer(command, reached, deal).await
}

/// Commits and answers with the deal as it is now.
pub(super) async fn answer(mut command: Command<()>, reached: &Reached, deal: DealId) -> Result<Reply, Problem> {
    let view = view::reload(&mut *command.tx, deal, reached.org).await?;
    let version = view.version;
    let reply = Reply::ok(&view.into_deal(reached.actor.permissions))?.version(version);
    command.commit(reply).await
}
