//! Wrong codes in a row: with the right password at hand, six digits must not be guessed one by one for weeks.

use chrono::{DateTime, TimeDelta, Utc};
use guildhall_kernel::UserId;
use serde::Serialize;

use super::{Trial, notice};
use crate::{
    App,
    db::Tx,
    event,
    http::{Problem, code},
    identity::events::TotpLocked,
    mail::Letter,
};

/// Wrong codes in a row, all within [`WINDOW`] of the first, that lock the authenticator out.
const MOST_WRONG: i32 = 20;
const WINDOW: TimeDelta = TimeDelta::days(1);
/// How long only recovery codes are taken then.
const LOCKED_FOR: TimeDelta = TimeDelta::days(1);

/// Goes to the user, who may not be the one who typed.
#[derive(Serialize)]
struct SecondFactorLocked {
    wrong: i32,
    reset_link: String,
}

impl Letter for SecondFactorLocked {
    const NAME: &'static str = "second_factor_locked";
    const TEMPLATE: &'static str = include_str!("letters/second_factor_locked.txt");
}

/// The wrong codes in a row so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) wrong: i32,
    /// When the first of them came.
    pub(super) since: Option<DateTime<Utc>>,
}

impl Tally {
    /// The tally with one more at `now`.
    fn and_one(self, now: DateTime<Utc>) -> Self {
        match self.since.filter(|since| now - *since < WINDOW) {
            Some(since) => Self {
                wrong: self.wrong.saturating_add(1),
                since: Some(since),
            },
            None => Self {
                wrong: 1,
                since: Some(now),
            },
        }
    }
}

/// Counts a wrong code; the one too many locks the authenticator out, and the user hears of it by mail. The factor's
/// row is locked by `tx`.
pub(super) async fn count(app: &App, tx: &mut Tx, by: &Trial, tally: Tally) -> Result<(), Problem> {
    let now = tx.now();
    let tally = tally.and_one(now);
    let full = tally.wrong >= MOST_WRONG;
    sqlx::query!(
        "UPDATE totp_factor SET wrong_codes = $2, wrong_since = $3, locked_until = $4 WHERE user_id = $1",
        by.user.uuid(),
        if full { 0 } else { tally.wrong },
        tally.since.filter(|_| !full),
        full.then(|| now + LOCKED_FOR)
    )
    .execute(&mut **tx)
    .await?;
    if !full {
        return Ok(());
    }
    event::append(
        tx,
        &by.origin,
        by.user,
        &[by.user.uuid()],
        &TotpLocked { user_id: by.user },
    )
    .await?;
    notice::send(app, tx, by.user, |reset_link| SecondFactorLocked {
        wrong: MOST_WRONG,
        reset_link,
    })
    .await
}

/// Takes codes of the user's authenticator again, and forgets the wrong ones.
///
/// # Errors
/// When the database fails.
pub async fn unlock_second_factor(tx: &mut Tx, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE totp_factor SET wrong_codes = 0, wrong_since = NULL, locked_until = NULL
         WHERE user_id = $1 AND (wrong_codes > 0 OR locked_until IS NOT NULL)",
        user.uuid()
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// 429 for a code of the authenticator, right or wrong, while it is locked out.
pub(in crate::identity) fn locked(now: DateTime<Utc>, until: DateTime<Utc>) -> Problem {
    let seconds = (until - now).num_seconds().max(1).unsigned_abs();
    let detail = format!("Use a recovery code; codes are taken again from {until:?}.");
    Problem::new(code::SECOND_FACTOR_LOCKED, detail)
        .with("locked_until", until.to_rfc3339())
        .retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tally_begins_anew_a_day_after_its_first_code() {
        let at = |hours| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::hours(hours);
        let none = Tally { wrong: 0, since: None };
        let one = none.and_one(at(0));
        assert_eq!(
            one,
            Tally {
                wrong: 1,
                since: Some(at(0))
            }
        );
        assert_eq!(
            one.and_one(at(23)),
            Tally {
                wrong: 2,
                since: Some(at(0))
            }
        );
        assert_eq!(
            one.and_one(at(24)),
            Tally {
                wrong: 1,
                since: Some(at(24))
            }
        );
    }
}
