//! How often a form is sent: by whom, and with which token.

use chrono::{DurationRound, TimeDelta};
use guildhall_spine::{
    App,
    db::Tx,
    http::{Problem, code},
    secret::keyed_hash,
};

use super::form::Form;
use super::show::Shown;

/// Whether a token was taken before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// It is new.
    Never,
    /// With the same answers: somebody pressed the button twice, or a network did.
    Same,
    /// With other answers.
    Other,
}

/// Looks whether the token that says `shown` was taken before, with all that is `sent` or with something else, and notes
/// that it is taken as part of `tx`: what is refused doesn't count. Two at once take turns.
pub(super) async fn before(app: &App, tx: &mut Tx, shown: &Shown, sent: &[u8]) -> Result<Before, Problem> {
    let (at, number) = shown;
    let hour = at.duration_trunc(TimeDelta::hours(1)).map_err(Problem::internal)?;
    let key = app.keyring.derive("lead form tokens");
    for (what, before) in [(sent, Before::Same), (number.as_bytes(), Before::Other)] {
        // Kept for as long as the token says anything.
        let taken = sqlx::query_scalar!(
            "INSERT INTO lead_form_rate AS r (key, hour, count) VALUES ($1, $2, 1)
             ON CONFLICT (key, hour) DO UPDATE SET count = r.count + 1 RETURNING count",
            keyed_hash(&key, what).to_vec(),
            hour,
        )
        .fetch_one(&mut **tx)
        .await?;
        if taken > 1 {
            return Ok(before);
        }
    }
    Ok(Before::Never)
}

/// Counts a submission, by the address and for the form, and refuses those over the limits. Counted for good whatever
/// comes of it.
pub(super) async fn count(app: &App, form: &Form, ip: std::net::IpAddr) -> Result<(), Problem> {
    let now = app.clock.now();
    let hour = now.duration_trunc(TimeDelta::hours(1)).map_err(Problem::internal)?;
    let key = app.keyring.derive("lead form addresses");
    let hash = |what: String| keyed_hash(&key, what.as_bytes()).to_vec();
    let whole = match ip.to_canonical() {
        std::net::IpAddr::V4(v4) => v4.to_string(),
        // One customer's network.
        std::net::IpAddr::V6(v6) => format!("{:x?}", v6.segments().split_at(4).0),
    };
    for (what, most) in [
        (format!("{} {whole} {hour}", form.id), form.per_address_hourly),
        (format!("{} {hour}", form.id), form.per_form_hourly),
    ] {
        let sent = sqlx::query_scalar!(
            "WITH old AS (DELETE FROM lead_form_rate WHERE hour < $2::timestamptz - interval '1 day')
             INSERT INTO lead_form_rate AS r (key, hour, count) VALUES ($1, $2, 1)
             ON CONFLICT (key, hour) DO UPDATE SET count = r.count + 1 RETURNING count",
            hash(what),
            hour,
        )
        .fetch_one(app.db.pool())
        .await?;
        if sent > most {
            let seconds = (hour + TimeDelta::hours(1) - now).num_seconds();
            let detail = format!("The form takes {most} in an hour: try again in {seconds} s.");
            let seconds = u64::try_from(seconds).unwrap_or(3600);
            return Err(Problem::new(code::RATE_LIMITED, detail).retry_after(seconds));
        }
    }
    Ok(())
}
