//! How many sockets there are, and whose.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use parking_lot::Mutex;
use tokio::sync::Notify;
use uuid::Uuid;

use super::{
    Hub,
    registry::{Group, Members},
    socket::Socket,
};

/// Why there is no place for another socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The node has as many as it may.
    Node,
    /// The user or API key has as many as it may.
    Owner,
    /// The server is stopping.
    Stopping,
}

/// A place for one socket, given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    pub(super) hub: Arc<Hub>,
    owner: Uuid,
}

impl Place {
    pub(super) const fn new(hub: Arc<Hub>, owner: Uuid) -> Self {
        Self { hub, owner }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.hub.census.give_back(self.owner);
    }
}

pub(super) struct Census {
    counts: Mutex<Counts>,
    sockets: Mutex<Group<Socket>>,
    changed: Notify,
    most: usize,
    most_per_owner: usize,
}

#[derive(Default)]
struct Counts {
    places: usize,
    owners: HashMap<Uuid, usize>,
    stopping: bool,
}

impl Census {
    pub(super) fn new(most: usize, most_per_owner: usize) -> Self {
        Self {
            counts: Mutex::default(),
            sockets: Mutex::default(),
            changed: Notify::new(),
            most,
            most_per_owner,
        }
    }

    pub(super) fn admit(&self, owner: Uuid) -> Result<(), Full> {
        let mut counts = self.counts.lock();
        if counts.stopping {
            return Err(Full::Stopping);
        }
        if counts.places >= self.most {
            return Err(Full::Node);
        }
        let held = counts.owners.entry(owner).or_default();
        if *held >= self.most_per_owner {
            return Err(Full::Owner);
        }
        *held += 1;
        counts.places += 1;
        Ok(())
    }

    fn give_back(&self, owner: Uuid) {
        let mut counts = self.counts.lock();
        counts.places = counts.places.saturating_sub(1);
        if let Entry::Occupied(mut held) = counts.owners.entry(owner) {
            *held.get_mut() = held.get().saturating_sub(1);
            if *held.get() == 0 {
                held.remove();
            }
        }
        drop(counts);
        self.changed.notify_waiters();
    }

    pub(super) fn enter(&self, socket: &Arc<Socket>) {
        self.sockets.lock().insert(socket.id, Arc::clone(socket));
    }

    pub(super) fn leave(&self, id: Uuid) {
        self.sockets.lock().remove(id);
    }

    pub(super) fn len(&self) -> usize {
        self.sockets.lock().len()
    }

    pub(super) fn members(&self) -> Members<Socket> {
        self.sockets.lock().members()
    }

    /// Admits nobody from here on.
    pub(super) fn stop(&self) {
        self.counts.lock().stopping = true;
    }

    /// Waits until every place was given back.
    pub(super) async fn empty(&self) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.counts.lock().places == 0 {
                return;
            }
            changed.await;
        }
    }
}
