//! A transaction that carries its own time and announces its events when it commits.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use guildhall_kernel::{Clock, Entity, Entropy, Id, IdSequence};
use sqlx::{PgConnection, Postgres, Transaction};

use crate::{event::Wake, http::Problem};

/// An open transaction. Dropped without [`Tx::commit`], it rolls back and nothing was announced.
#[derive(Debug)]
pub struct Tx {
    inner: Transaction<'static, Postgres>,
    at: DateTime<Utc>,
    clock: Clock,
    entropy: Entropy,
    ids: IdSequence,
    wake: Arc<Wake>,
    pub(crate) published: bool,
}

impl Tx {
    pub(super) fn new(inner: Transaction<'static, Postgres>, clock: Clock, entropy: Entropy, wake: Arc<Wake>) -> Self {
        Self {
            inner,
            at: clock.now(),
            clock,
            entropy,
            ids: IdSequence::default(),
            wake,
            published: false,
        }
    }

    /// Goes on at another clock's time and with other ids, to tell of the past.
    pub fn go_on_by(&mut self, clock: &Clock, entropy: &Entropy) {
        self.at = clock.now();
        self.clock = clock.clone();
        self.entropy = entropy.clone();
        self.ids = IdSequence::default();
    }

    /// The time of everything that this transaction writes.
    #[must_use]
    pub const fn now(&self) -> DateTime<Utc> {
        self.at
    }

    /// A new id. What is written later by one transaction has the higher id.
    #[must_use]
    pub fn new_id<E: Entity>(&self) -> Id<E> {
        Id::next(&self.ids, &self.clock, &self.entropy)
    }

    /// The source of tokens.
    #[must_use]
    pub const fn entropy(&self) -> &Entropy {
        &self.entropy
    }

    /// Wakes those who wait for commits when this one is done, for a queue beside the event log.
    pub const fn wake_on_commit(&mut self) {
        self.published = true;
    }

    /// Commits and, when events were published, wakes those who wait for them.
    ///
    /// # Errors
    /// When the database refuses or doesn't answer; then it is unknown only if the connection broke during commit.
    pub async fn commit(self) -> Result<(), Problem> {
        self.inner.commit().await?;
        if self.published {
            self.wake.committed();
        }
        Ok(())
    }

    /// Rolls back and returns when the locks are free, which dropping doesn't wait for.
    ///
    /// # Errors
    /// When the connection is lost; the database then rolls back by itself.
    pub async fn rollback(self) -> Result<(), Problem> {
        Ok(self.inner.rollback().await?)
    }
}

impl Deref for Tx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.inner
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.inner
    }
}
