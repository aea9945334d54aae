//! What a word on a payout makes of it: decided on its state alone.

use schemars::JsonSchema;
use serde::Serialize;

use super::PayoutStatus;
use crate::posting::Step;

/// What is said of a payout, by a bank, a service or a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "PayoutWord")]
pub(crate) enum Word {
    /// It is on its way.
    Sent,
    /// It has arrived.
    Paid,
    /// It was not and will not be paid.
    Failed,
    /// It came back.
    Returned,
    /// A person has to find out.
    Stopped,
}

/// What comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another status, and what is posted.
    Go(PayoutStatus, Option<Step>),
    /// It was known.
    Stay,
    /// It can't be, after what was said before.
    Clash,
}

/// What `word` makes of a payout whose money has left in the ledger if `posted`.
pub(crate) fn next(status: PayoutStatus, posted: bool, word: Word) -> Next {
    use PayoutStatus::{Failed, Paid, Returned, Sending, Sent, Stopped};
    match (status, word) {
        (Sending, Word::Sent) => Next::Go(Sent, None),
        (Sending | Sent, Word::Paid) => Next::Go(Paid, Some(Step::Paid)),
        (Stopped, Word::Paid) if posted => Next::Go(Paid, Some(Step::Paid)),
        (Sending | Sent, Word::Failed) => Next::Go(Failed, Some(Step::Failed)),
        (Stopped, Word::Failed) => Next::Go(Failed, posted.then_some(Step::Failed)),
        (Sending | Sent, Word::Returned) => Next::Go(Returned, Some(Step::Bounced)),
        (Stopped, Word::Returned) if posted => Next::Go(Returned, Some(Step::Bounced)),
        // A bank that refuses what it said to have paid has taken it back.
        (Paid, Word::Failed | Word::Returned) => Next::Go(Returned, Some(Step::Returned)),
        (Sending | Sent, Word::Stopped) => Next::Go(Stopped, None),
        (Sent | Paid, Word::Sent) | (Paid, Word::Paid) | (Stopped, Word::Sent | Word::Stopped) => Next::Stay,
        (Failed | Returned, Word::Failed | Word::Returned) => Next::Stay,
        // The booking of what has come back since.
        (Returned, Word::Sent | Word::Paid) => Next::Stay,
        _ => Next::Clash,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn word() -> impl Strategy<Value = Word> {
        prop::sample::select(vec![
            Word::Sent,
            Word::Paid,
            Word::Failed,
            Word::Returned,
            Word::Stopped,
        ])
    }

    proptest! {
        /// Whatever is said in whatever order, the money is in transit, paid or owed, and in one place.
        #[test]
        fn the_money_is_in_one_place(words in prop::collection::vec(word(), 0..12), begins_sending: bool) {
            let mut status = if begins_sending { PayoutStatus::Sending } else { PayoutStatus::Sent };
            let (mut transit, mut paid, mut owed) = (1, 0, 0);
            for word in words {
                let Next::Go(next, step) = next(status, true, word) else { continue };
                match step {
                    Some(Step::Paid) => (transit, paid) = (transit - 1, paid + 1),
                    Some(Step::Failed | Step::Bounced) => (transit, owed) = (transit - 1, owed + 1),
                    Some(Step::Returned) => (paid, owed) = (paid - 1, owed + 1),
                    Some(Step::Sent) => prop_assert!(false, "sent twice"),
                    None => {}
                }
                status = next;
                let places = match status {
                    PayoutStatus::Paid => (0, 1, 0),
                    PayoutStatus::Failed | PayoutStatus::Returned => (0, 0, 1),
                    _ => (1, 0, 0),
                };
                prop_assert_eq!((transit, paid, owed), places, "{:?}", status);
            }
        }

        #[test]
        fn what_is_said_twice_changes_nothing(before in word(), twice in word()) {
            let first = match next(PayoutStatus::Sent, true, before) {
                Next::Go(status, _) => status,
                _ => PayoutStatus::Sent,
            };
            if let Next::Go(status, _) = next(first, true, twice) {
                prop_assert!(!matches!(next(status, true, twice), Next::Go(..)));
            }
        }
    }

    #[test]
    fn what_never_left_comes_back_without_a_posting() {
        assert_eq!(
            next(PayoutStatus::Stopped, false, Word::Failed),
            Next::Go(PayoutStatus::Failed, None)
        );
        assert_eq!(next(PayoutStatus::Stopped, false, Word::Paid), Next::Clash);
        assert_eq!(next(PayoutStatus::Failed, true, Word::Paid), Next::Clash);
        assert_eq!(next(PayoutStatus::Proposed, false, Word::Paid), Next::Clash);
        assert_eq!(next(PayoutStatus::Cancelled, false, Word::Failed), Next::Clash);
    }
}
