//! Who hears of what: audiences and their members.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use uuid::Uuid;

use super::subscriptions::Standing;
use crate::event::Position;

/// Members that are shared with whoever walks them, so that walking needs no lock.
pub(super) type Members<M> = Arc<[Arc<M>]>;

/// A set of members that is walked far more often than it changes.
#[derive(Debug)]
pub(super) struct Group<M> {
    members: HashMap<Uuid, Arc<M>>,
    walk: Option<Members<M>>,
}

impl<M> Default for Group<M> {
    fn default() -> Self {
        Self {
            members: HashMap::new(),
            walk: None,
        }
    }
}

impl<M> Group<M> {
    pub(super) fn insert(&mut self, id: Uuid, member: Arc<M>) {
        self.walk = None;
        self.members.insert(id, member);
    }

    pub(super) fn remove(&mut self, id: Uuid) {
        self.walk = None;
        self.members.remove(&id);
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    /// The members as they are now.
    pub(super) fn members(&mut self) -> Members<M> {
        Arc::clone(
            self.walk
                .get_or_insert_with(|| self.members.values().cloned().collect()),
        )
    }
}

/// The members of each audience, and how far the hub has come. One lock holds all of it: `subscriptions` needs membership and
/// position to change together.
#[derive(Debug)]
pub(super) struct Registry<M> {
    audiences: HashMap<Uuid, Group<M>>,
    standing: Standing,
}

impl<M> Registry<M> {
    /// A registry whose hub has published everything up to `position`.
    pub(super) fn new(position: Position) -> Self {
        Self {
            audiences: HashMap::new(),
            standing: Standing {
                begun: position,
                done: position,
            },
        }
    }

    pub(super) const fn standing(&self) -> Standing {
        self.standing
    }

    /// Makes `member` hear what `audience` hears, above [`Standing::begun`].
    pub(super) fn join(&mut self, audience: Uuid, id: Uuid, member: &Arc<M>) {
        self.audiences
            .entry(audience)
            .or_default()
            .insert(id, Arc::clone(member));
    }

    /// Undoes [`Registry::join`].
    pub(super) fn leave(&mut self, audience: Uuid, id: Uuid) {
        if let Entry::Occupied(mut group) = self.audiences.entry(audience) {
            group.get_mut().remove(id);
            if group.get().len() == 0 {
                group.remove();
            }
        }
    }

    /// The hub begins the event at `position`: whom to offer it to.
    pub(super) fn begin(&mut self, position: Position, audiences: &[Uuid]) -> Vec<Members<M>> {
        self.standing.begun = self.standing.begun.max(position);
        audiences
            .iter()
            .filter_map(|audience| self.audiences.get_mut(audience).map(Group::members))
            .collect()
    }

    /// The hub offered the event at `position` to all.
    pub(super) fn finish(&mut self, position: Position) {
        self.standing.done = self.standing.done.max(position);
    }
}
