//! A vote in a deal's chain.

use guildhall_kernel::{OrgId, UserId};
use guildhall_spine::{access::Role, db::Tx, event, http::Problem, identity::Actor};

use super::rows::{self, Ballot, Entry, Voice};
use crate::deals::code;
use crate::deals::history::{self, Vote as Voted};
use crate::deals::notices::DealApprovalVoted;
use crate::deals::policy::Needs;
use crate::deals::rows::Locked;
use crate::deals::state::DealStatus;

/// What an approval leads to.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::deals) enum Vote {
    /// The deal may be approved now: nobody else is asked.
    Decides,
    /// It was written down; others are asked yet.
    Counted,
}

/// Takes `actor`'s approval of a locked deal. Without a chain it decides.
///
/// # Errors
/// 403 `not_up_next`, naming who is, when the chain asks others.
pub(in crate::deals) async fn approve(
    tx: &mut Tx,
    actor: &Actor,
    deal: &Locked,
    note: Option<&str>,
) -> Result<Vote, Problem> {
    if deal.status != DealStatus::Submitted {
        return Ok(Vote::Decides);
    }
    let entries = rows::open_entries(tx, deal.id).await?;
    if entries.is_empty() {
        return Ok(Vote::Decides);
    }
    let (entry, by, for_another) = turn(tx, actor, deal.vendor_id, &entries).await?;
    let ballot = Ballot {
        by,
        for_another,
        approved: true,
        note,
    };
    cast(tx, actor, deal, entry, &ballot).await?;
    if completes(entry, &entries) && rows::end_step(tx, deal.id, entry.step, true).await? {
        return Ok(Vote::Decides);
    }
    crate::deals::rows::touch(tx, deal.id).await?;
    let voted = DealApprovalVoted {
        deal_id: deal.id,
        vendor_id: deal.vendor_id,
        step_id: entry.step,
        step: entry.step_name.clone(),
        by,
        on_behalf_of: for_another,
        note: note.map(str::to_owned),
    };
    event::append(tx, &actor.origin(), deal.id, &[deal.vendor_id.uuid()], &voted).await?;
    Ok(Vote::Counted)
}

/// Takes `actor`'s refusal of a locked deal, which ends its chain. An owner may always refuse.
///
/// # Errors
/// 403 `not_up_next`, naming who is, when the chain asks others.
pub(in crate::deals) async fn reject(
    tx: &mut Tx,
    actor: &Actor,
    deal: &Locked,
    note: Option<&str>,
) -> Result<(), Problem> {
    if deal.status != DealStatus::Submitted {
        return Ok(());
    }
    let entries = rows::open_entries(tx, deal.id).await?;
    if entries.is_empty() {
        return Ok(());
    }
    match turn(tx, actor, deal.vendor_id, &entries).await {
        Ok((entry, by, for_another)) => {
            let ballot = Ballot {
                by,
                for_another,
                approved: false,
                note,
            };
            cast(tx, actor, deal, entry, &ballot).await?;
            rows::end_step(tx, deal.id, entry.step, false).await?;
            Ok(())
        }
        Err(_) if actor.role == Some(Role::VendorOwner) => Ok(()),
        Err(refused) => Err(refused),
    }
}

/// Writes a vote down, in the chain and in the deal's history: there for the vendor alone, as the chain is.
async fn cast(tx: &mut Tx, actor: &Actor, deal: &Locked, entry: &Entry, ballot: &Ballot<'_>) -> Result<(), Problem> {
    rows::write(tx, entry, ballot).await?;
    let step = history::Entry {
        said: ballot.note,
        only_for: Some(deal.vendor_id),
        vote: Some(Voted {
            step: entry.step_name.clone(),
            approved: ballot.approved,
            for_another: ballot.for_another.map(UserId::uuid),
        }),
        ..history::Entry::of("approval_voted")
    };
    history::note(tx, deal.id, &actor.origin(), step).await
}

/// Whether this vote is the last that its step needs.
fn completes(entry: &Entry, entries: &[Entry]) -> bool {
    let is_open =
        |other: &&Entry| other.step == entry.step && other.no != entry.no && !other.escalation && !other.voted;
    entry.escalation || entry.needs == Needs::Any || !entries.iter().any(|other| is_open(&other))
}

/// The first entry that asks `actor`, and whose voice it is.
async fn turn<'a>(
    tx: &mut Tx,
    actor: &Actor,
    vendor: OrgId,
    entries: &'a [Entry],
) -> Result<(&'a Entry, UserId, Option<UserId>), Problem> {
    let voices: Vec<Voice> = match actor.user {
        Some(user) => rows::voices(tx, vendor, user).await?,
        None => Vec::new(),
    };
    let asked = || entries.iter().filter(|entry| !entry.voted);
    // Somebody named twice in a step, by role and by name, still has one vote in it.
    let spent = |step, user| {
        let mut votes = entries.iter().filter(|entry| entry.step == step);
        votes.any(|entry| entry.voice == Some(user))
    };
    let wanted =
        |entry: &&Entry, voice: &Voice| entry.asks(voice) && (entry.escalation || !spent(entry.step, voice.user));
    // What names them comes first: anybody of the role can give the other vote.
    let found = voices.iter().find_map(|voice| {
        let entry = asked()
            .filter(|entry| wanted(entry, voice))
            .min_by_key(|entry| entry.user.is_none())?;
        Some((entry, voice))
    });
    match (found, actor.user) {
        (Some((entry, voice)), Some(by)) => Ok((entry, by, voice.for_another.then_some(voice.user))),
        _ => {
            let up_next: Vec<String> = asked().map(Entry::who).collect();
            let detail = format!("This deal waits for others first: {}.", up_next.join(", "));
            Err(Problem::new(code::NOT_UP_NEXT, detail).with("up_next", up_next))
        }
    }
}
