//! What follows from an attempt: decided on the answer and the time since the first one.

use std::time::Duration;

use chrono::TimeDelta;
use guildhall_payments::Sent;

/// How long the service keeps an idempotency key (Stripe's API reference, "Idempotent requests": 24 hours at least), less
/// an hour for a call under way and clocks that differ.
pub(super) const KEPT: TimeDelta = TimeDelta::hours(23);
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(1);

/// What to do about a payout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It was sent, and has arrived if `settled`.
    Sent { reference: String, settled: bool },
    /// It was not paid.
    Failed { code: String, message: String },
    /// It is attempted again.
    Again { after: TimeDelta, message: String },
    /// A person finds out.
    Stopped { message: String },
}

/// What follows from the answer to attempt number `attempt`, made `since` the first one.
pub(super) fn next(sent: Sent, attempt: i32, since: TimeDelta) -> Next {
    match sent {
        Sent::Done { reference, settled } => Next::Sent { reference, settled },
        Sent::Refused { code, message } => Next::Failed { code, message },
        Sent::Unknown { message } | Sent::Later { message, .. } if since >= KEPT => Next::Stopped { message },
        Sent::Unknown { message } => Next::Again {
            after: pause(attempt),
            message,
        },
        Sent::Later { retry_after, message } => Next::Again {
            after: pause(attempt).max(asked(retry_after)),
            message,
        },
    }
}

/// Two seconds after the first attempt, then twice as long each time.
fn pause(attempt: i32) -> TimeDelta {
    TimeDelta::seconds(2 << attempt.clamp(1, 12).saturating_sub(1)).min(LONGEST_PAUSE)
}

fn asked(retry_after: Option<Duration>) -> TimeDelta {
    let asked = retry_after.and_then(|pause| TimeDelta::from_std(pause).ok());
    asked.unwrap_or_default().min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown() -> Sent {
        Sent::Unknown {
            message: "no answer in time".to_owned(),
        }
    }

    #[test]
    fn an_unknown_outcome_is_tried_again_while_the_key_is_kept_and_never_after() {
        assert!(matches!(next(unknown(), 1, TimeDelta::zero()), Next::Again { after, .. } if after.num_seconds() == 2));
        assert!(
            matches!(next(unknown(), 30, TimeDelta::hours(22)), Next::Again { after, .. } if after == LONGEST_PAUSE)
        );
        assert!(matches!(next(unknown(), 31, KEPT), Next::Stopped { .. }));
    }

    #[test]
    fn a_service_that_asks_for_patience_gets_it() {
        let later = |seconds| Sent::Later {
            retry_after: Some(Duration::from_secs(seconds)),
            message: "too many requests".to_owned(),
        };
        assert!(
            matches!(next(later(30), 1, TimeDelta::zero()), Next::Again { after, .. } if after.num_seconds() == 30)
        );
        assert!(matches!(next(later(0), 3, TimeDelta::zero()), Next::Again { after, .. } if after.num_seconds() == 8));
        assert!(matches!(next(later(30), 9, KEPT), Next::Stopped { .. }));
    }

    #[test]
    fn a_refusal_fails_however_late() {
        let refused = Sent::Refused {
            code: "balance_insufficient".to_owned(),
            message: "no money".to_owned(),
        };
        assert!(matches!(next(refused, 9, KEPT), Next::Failed { .. }));
    }
}
