//! What is believed of credentials for a few seconds, so that a request costs no look-up.

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;
use parking_lot::Mutex;
use uuid::Uuid;

use super::{Credential, Standing};

/// How long a standing is believed without asking the database, when no news of it comes.
const BELIEVED: Duration = Duration::from_secs(5);

/// Standings by credential.
#[derive(Debug)]
pub(super) struct Standings {
    kept: Cache<Credential, Arc<Standing>>,
    /// How often something was forgotten.
    forgotten: Mutex<u64>,
}

/// The moment before a look-up. What was forgotten since makes its result too old to keep.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked(u64);

impl Standings {
    pub(super) fn new() -> Self {
        Self {
            kept: Cache::builder()
                .max_capacity(50_000)
                .time_to_live(BELIEVED)
                .support_invalidation_closures()
                .build(),
            forgotten: Mutex::new(0),
        }
    }

    pub(super) fn get(&self, credential: &Credential) -> Option<Arc<Standing>> {
        self.kept.get(credential)
    }

    /// To be called before the database is asked.
    pub(super) fn ask(&self) -> Asked {
        Asked(*self.forgotten.lock())
    }

    /// Keeps the answer to a look-up, unless something was forgotten meanwhile: the answer may be from before. A
    /// standing that is kept already isn't kept anew, or one in steady use would never be looked up again.
    pub(super) fn keep(&self, asked: Asked, credential: Credential, standing: &Arc<Standing>) {
        let forgotten = self.forgotten.lock();
        if *forgotten == asked.0 {
            self.kept.insert(credential, Arc::clone(standing));
        }
    }

    /// Forgets the standings of a user, a session, an API key or an organisation, by its id.
    pub(super) fn forget(&self, id: Uuid) {
        // First of all, so that what is kept from now on is not from before, and what was is seen below.
        *self.forgotten.lock() += 1;
        let stale = move |_: &Credential, standing: &Arc<Standing>| {
            standing.user.is_some_and(|user| user.uuid() == id)
                || standing.session.is_some_and(|session| session.uuid() == id)
                || standing.api_key.is_some_and(|key| key.uuid() == id)
                || standing.org.is_some_and(|org| org.id.uuid() == id)
        };
        if self.kept.invalidate_entries_if(stale).is_err() {
            self.kept.invalidate_all();
        }
    }

    pub(super) fn forget_all(&self) {
        *self.forgotten.lock() += 1;
        self.kept.invalidate_all();
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use guildhall_kernel::ApiKeyId;

    use super::*;

    fn of_key(id: Uuid) -> Arc<Standing> {
        Arc::new(Standing {
            principal: id,
            user: None,
            session: None,
            api_key: Some(ApiKeyId::from(id)),
            org: None,
            role: None,
            permissions: Default::default(),
            operator: false,
            expires_at: DateTime::<Utc>::MAX_UTC,
        })
    }

    #[test]
    fn an_answer_from_before_the_news_is_not_kept_after_it() {
        let standings = Standings::new();
        let (key, other) = (Credential::ApiKey([1; 32]), Credential::ApiKey([2; 32]));
        let (id, another) = (Uuid::from_u128(1), Uuid::from_u128(2));
        standings.keep(standings.ask(), other, &of_key(another));

        let before = standings.ask();
        standings.forget(id);
        standings.keep(before, key, &of_key(id));
        assert!(standings.get(&key).is_none(), "the look-up may have missed the news");
        assert!(standings.get(&other).is_some(), "what the news is not about stays");

        standings.keep(standings.ask(), key, &of_key(id));
        assert!(standings.get(&key).is_some());
        standings.forget(id);
        assert!(standings.get(&key).is_none());

        let before = standings.ask();
        standings.forget_all();
        standings.keep(before, key, &of_key(id));
        assert!(standings.get(&key).is_none() && standings.get(&other).is_none());
    }
}
