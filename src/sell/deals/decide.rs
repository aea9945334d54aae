//! What the verdicts on a deal have in common: the locked row at the wanted version, the legal move, and the answer.

use guildhall_spine::{
    event::Event,
    http::{Command, IfMatch, Problem, Reply, code},
};

use super::access::Reached;
use super::events::{DealFacts, announce};
use super::rows::{self, Locked, Written};
use super::state::{self, DealStatus, IllegalMove, Move};
use super::view;

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
    let status = state::apply(deal.status, attempted).map_err(illegal)?;
    Ok((deal, status))
}

/// 409 that names the legal moves.
pub(super) fn illegal(fault: IllegalMove) -> Problem {
    let legal: Vec<&str> = fault.legal.iter().map(|legal| legal.as_str()).collect();
    let mut detail = fault.to_string();
    if let Some(first) = detail.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Problem::new(code::ILLEGAL_MOVE, format!("{detail}.")).with("legal", legal)
}

/// Announces the change, commits and answers with the deal as it is now.
pub(super) async fn finish<E>(mut command: Command<()>, reached: &Reached, written: &Written) -> Result<Reply, Problem>
where
    E: Event + From<DealFacts>,
{
    announce::<E>(&mut command.tx, &reached.actor.origin(), written).await?;
    let view = view::reload(&mut *command.tx, written.id, reached.org).await?;
    let version = view.version;
    let reply = Reply::ok(&view.into_deal(reached.actor.permissions))?.version(version);
    command.commit(reply).await
}
