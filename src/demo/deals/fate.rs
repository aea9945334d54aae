//! When a deal was registered and what became of it.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc, Weekday};
use guildhall_kernel::UserId;
use guildhall_sell::deals::state::DealStatus;

use crate::demo::{
    draw::Draw,
    vocabulary::{BLESSINGS, FAREWELLS, QUESTIONS, REFUSALS, TAKEN},
    world::{HISTORY, Vendor},
};

/// Shares of the statuses among the newest tenth, the four tenths before it, and the older half. Together: submitted
/// 6 %, info requested 2 %, approved 26 %, rejected 14 %, withdrawn 10 %, won 21 %, lost 12 %, expired 8 %.
const NEWEST: &[(DealStatus, u64)] = &[
    (DealStatus::Submitted, 550),
    (DealStatus::InfoRequested, 170),
    (DealStatus::Approved, 160),
    (DealStatus::Rejected, 60),
    (DealStatus::Withdrawn, 60),
];
const RECENT: &[(DealStatus, u64)] = &[
    (DealStatus::Submitted, 13),
    (DealStatus::InfoRequested, 7),
    (DealStatus::Approved, 560),
    (DealStatus::Rejected, 140),
    (DealStatus::Withdrawn, 90),
    (DealStatus::Won, 90),
    (DealStatus::Lost, 60),
    (DealStatus::Expired, 40),
];
const OLDER: &[(DealStatus, u64)] = &[
    (DealStatus::Approved, 48),
    (DealStatus::Rejected, 155),
    (DealStatus::Withdrawn, 115),
    (DealStatus::Won, 350),
    (DealStatus::Lost, 200),
    (DealStatus::Expired, 132),
];

/// The last word on a deal, and how far it has come.
#[derive(Debug)]
pub(in crate::demo) struct Outcome {
    pub(in crate::demo) decided_by: Option<UserId>,
    pub(in crate::demo) decided_at: Option<DateTime<Utc>>,
    pub(in crate::demo) decision_note: Option<&'static str>,
    pub(in crate::demo) decision_reason: Option<&'static str>,
    /// One more than the number of changes.
    pub(in crate::demo) version: u32,
    pub(in crate::demo) updated_at: DateTime<Utc>,
    /// How it was won or lost.
    pub(in crate::demo) close_reason: Option<&'static str>,
    /// Where it is in the pipeline, or was at the end.
    pub(in crate::demo) progress: Option<Progress>,
}

/// How far a deal has come in the pipeline.
#[derive(Clone, Copy, Debug)]
pub(in crate::demo) struct Progress {
    /// The stage, from 1.
    pub(in crate::demo) stage: u8,
    /// When it entered the first one.
    pub(in crate::demo) approved_at: DateTime<Utc>,
    /// When it entered this one.
    pub(in crate::demo) since: DateTime<Utc>,
    /// What somebody thinks of it.
    pub(in crate::demo) category: Option<&'static str>,
    pub(in crate::demo) probability: Option<u8>,
}

const STAGES: &[(u8, u64)] = &[(1, 30), (2, 25), (3, 20), (4, 15), (5, 10)];
const REASONS: &[(&str, u64)] = &[
    ("price", 24),
    ("product", 18),
    ("competitor", 20),
    ("timing", 10),
    ("budget", 12),
    ("no_decision", 10),
    ("relationship", 6),
];

/// How far an approved deal came between the approval and the last word.
fn progress(draw: &mut Draw, status: DealStatus, approved_at: DateTime<Utc>, until: DateTime<Utc>) -> Option<Progress> {
    let stage = match status {
        DealStatus::Approved | DealStatus::Lost => draw.share(1, STAGES),
        DealStatus::Won => 5,
        _ => return None,
    };
    let since = if stage == 1 {
        approved_at
    } else {
        draw.moment(approved_at, until)
    };
    let open = status == DealStatus::Approved;
    Some(Progress {
        stage,
        approved_at,
        since,
        category: (open && draw.chance(4)).then_some("commit"),
        probability: (open && draw.chance(4)).then_some(60),
    })
}

/// When the deal with this number was registered: in the office hours of some time zone, on a working day, later ones
/// closer together because the business grows.
pub(super) fn registered_at(draw: &mut Draw, day: DateTime<Utc>, number: u64, count: u64) -> DateTime<Utc> {
    let days = u64::try_from(HISTORY.num_days()).unwrap_or_default();
    let passed = (days * three_quarter_power((number << 32) / count.max(1))) >> 32;
    let date = day - HISTORY + TimeDelta::days(i64::try_from(passed).unwrap_or_default());
    let date = match date.weekday() {
        Weekday::Sat => date - TimeDelta::days(1),
        Weekday::Sun => date - TimeDelta::days(2),
        _ => date,
    };
    draw.moment(date + TimeDelta::hours(6), date + TimeDelta::hours(19))
}

/// `x^(3/4)` of a fraction in units of 2^-32, exact to the last but one bit.
fn three_quarter_power(fraction: u64) -> u64 {
    let root = (fraction << 32).isqrt();
    let fourth_root = (root << 32).isqrt();
    (root * (fourth_root >> 1)) >> 31
}

/// The status today of the deal with this number.
pub(super) fn status(draw: &mut Draw, number: u64, count: u64) -> DealStatus {
    let table = match number * 10 / count.max(1) {
        0..5 => OLDER,
        5..9 => RECENT,
        _ => NEWEST,
    };
    draw.share(DealStatus::Rejected, table)
}

/// The day on which the deal is to be closed; open deals look ahead.
pub(super) fn expected_close(
    draw: &mut Draw,
    status: DealStatus,
    created_at: DateTime<Utc>,
    day: DateTime<Utc>,
) -> NaiveDate {
    let open = day + TimeDelta::days(draw.between(5, 270));
    let planned = created_at + TimeDelta::days(draw.between(25, 240));
    let close = match status {
        status if status.is_live() => open,
        DealStatus::Expired => planned.min(day - TimeDelta::days(2)),
        _ => planned,
    };
    close.date_naive()
}

/// Who may have the last word.
pub(super) struct Voices<'w> {
    pub(super) vendor: &'w Vendor,
    pub(super) submitted_by: UserId,
}

/// What happened between `created_at` and `day`; `taken` says that the customer was another's.
pub(super) fn outcome(
    draw: &mut Draw,
    voices: &Voices<'_>,
    status: DealStatus,
    taken: bool,
    created_at: DateTime<Utc>,
    day: DateTime<Utc>,
) -> Outcome {
    let decided_at = draw.moment(created_at, day.min(created_at + TimeDelta::days(9)));
    let ended_at = draw.moment(decided_at, day.min(decided_at + TimeDelta::days(150)));
    let manager = draw.entry(&voices.vendor.managers).copied();
    let word = |decided_by, decision_note| Outcome {
        decided_by,
        decided_at: Some(decided_at),
        decision_note,
        decision_reason: None,
        version: 2,
        updated_at: decided_at,
        close_reason: None,
        progress: None,
    };
    let approval = draw.chance(40).then(|| draw.one_of(BLESSINGS));
    let refusal = if taken {
        TAKEN
    } else {
        draw.entry(REFUSALS).copied().unwrap_or(TAKEN)
    };
    let last_word = if status == DealStatus::Approved { day } else { ended_at };
    let progress = progress(draw, status, decided_at, last_word);
    let close_reason = draw.share("price", REASONS);
    match status {
        DealStatus::Submitted => Outcome {
            decided_at: None,
            version: 1,
            updated_at: created_at,
            ..word(None, None)
        },
        DealStatus::InfoRequested => word(manager, Some(draw.one_of(QUESTIONS))),
        DealStatus::Approved => Outcome {
            updated_at: progress.map_or(decided_at, |progress| progress.since),
            version: progress.map_or(2, |progress| 1 + u32::from(progress.stage)),
            progress,
            ..word(manager, approval)
        },
        DealStatus::Won | DealStatus::Lost => Outcome {
            decided_at: Some(ended_at),
            version: 3,
            updated_at: ended_at,
            close_reason: Some(close_reason),
            progress,
            ..word(manager, None)
        },
        DealStatus::Rejected => Outcome {
            decision_reason: Some(refusal.0),
            ..word(manager, Some(refusal.1))
        },
        DealStatus::Withdrawn => word(
            Some(voices.submitted_by),
            draw.chance(60).then(|| draw.one_of(FAREWELLS)),
        ),
        DealStatus::Expired | DealStatus::Appealed | DealStatus::Released => Outcome {
            version: 3,
            updated_at: ended_at,
            ..word(manager, approval)
        },
    }
}
