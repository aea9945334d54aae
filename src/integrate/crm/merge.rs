//! What to do about one field, from what both sides hold now and held when they last agreed. Pure.

use chrono::{DateTime, Utc};

use super::connector::Fields;
use super::mapping::{Direction, FieldMapping, Winner};

/// What becomes of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing has changed.
    Rest,
    /// Both sides say the same, or what the CRM says means nothing here: it is remembered.
    Agree,
    /// The CRM's value comes here.
    Take { ours: String, why: &'static str },
    /// Ours goes to the CRM.
    Send { theirs: Option<String>, why: &'static str },
    /// A person decides.
    Ask { ours: Option<String> },
}

/// Both sides of one field.
#[derive(Debug)]
pub(super) struct Sides<'a> {
    /// What the deal has.
    pub(super) prm: Option<&'a str>,
    /// When the deal changed.
    pub(super) prm_at: DateTime<Utc>,
    /// What the record has; `None` when the CRM didn't say.
    pub(super) crm: Option<Option<&'a str>>,
    /// When the record changed.
    pub(super) crm_at: DateTime<Utc>,
}

fn differs(seen: &Fields, name: &str, now: Option<&str>) -> bool {
    seen.get(name).is_none_or(|before| before.as_deref() != now)
}

/// Decides. `prm_seen` and `crm_seen` are what each side held when they were last brought together.
pub(super) fn decide(field: &FieldMapping, sides: &Sides<'_>, prm_seen: &Fields, crm_seen: &Fields) -> Verdict {
    let outward = field.outward(sides.prm);
    let ours_changed = differs(prm_seen, field.prm.as_str(), sides.prm);
    let Some(crm) = sides.crm else {
        // Only what was last seen there is known.
        let known = crm_seen.get(&field.crm);
        return match outward {
            Some(theirs) if ours_changed && known != Some(&theirs) => Verdict::Send {
                theirs,
                why: "only this side has changed",
            },
            _ if ours_changed => Verdict::Agree,
            _ => Verdict::Rest,
        };
    };
    let theirs_changed = differs(crm_seen, &field.crm, crm);
    if !ours_changed && !theirs_changed {
        return Verdict::Rest;
    }
    let inward = field.inward(crm);
    let same_there = outward.as_ref().is_some_and(|theirs| theirs.as_deref() == crm);
    let same_here = inward.is_some() && inward.as_deref() == sides.prm;
    if same_there || same_here {
        return Verdict::Agree;
    }
    let send = |why| {
        outward
            .clone()
            .map_or(Verdict::Agree, |theirs| Verdict::Send { theirs, why })
    };
    let take = |why| {
        inward
            .clone()
            .map_or(Verdict::Agree, |ours| Verdict::Take { ours, why })
    };
    match (ours_changed, theirs_changed, field.direction) {
        (true, false, _) => send("only this side has changed"),
        (false, true, _) => take("only the CRM has changed"),
        (_, _, Direction::ToCrm) => send("the field goes to the CRM only"),
        (_, _, Direction::ToPrm) => take("the field comes from the CRM only"),
        // A value that means nothing here is no rival.
        (_, _, Direction::Both) if inward.is_none() => send("the CRM's value means nothing here"),
        (_, _, Direction::Both) if outward.is_none() => take("this side's value means nothing there"),
        (_, _, Direction::Both) => match field.winner {
            Winner::Prm => send("both have changed and this side wins"),
            Winner::Crm => take("both have changed and the CRM wins"),
            Winner::Newest if sides.crm_at >= sides.prm_at => take("both have changed and the CRM's is newer"),
            Winner::Newest => send("both have changed and this side's is newer"),
            Winner::Ask => Verdict::Ask { ours: inward },
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;
    use crate::crm::mapping::DealField;

    fn field(direction: Direction, winner: Winner) -> FieldMapping {
        FieldMapping {
            prm: DealField::Amount,
            crm: "Amount".to_owned(),
            direction,
            winner,
            values: BTreeMap::new(),
            crm_values: BTreeMap::new(),
            default: None,
        }
    }

    fn seen(name: &str, value: &str) -> Fields {
        [(name.to_owned(), Some(value.to_owned()))].into()
    }

    fn judge(winner: Winner, ours: &str, theirs: &str, crm_is_newer: bool) -> Verdict {
        let now = DateTime::UNIX_EPOCH;
        let sides = Sides {
            prm: Some(ours),
            prm_at: now,
            crm: Some(Some(theirs)),
            crm_at: now + TimeDelta::seconds(if crm_is_newer { 1 } else { -1 }),
        };
        decide(
            &field(Direction::Both, winner),
            &sides,
            &seen("amount", "1"),
            &seen("Amount", "1"),
        )
    }

    #[test]
    fn the_winner_decides_only_when_both_have_changed() {
        for winner in [Winner::Prm, Winner::Crm, Winner::Newest, Winner::Ask] {
            assert!(matches!(judge(winner, "1", "2", false), Verdict::Take { .. }));
            assert!(matches!(judge(winner, "2", "1", true), Verdict::Send { .. }));
            assert_eq!(judge(winner, "2", "2", true), Verdict::Agree);
            assert_eq!(judge(winner, "1", "1", true), Verdict::Rest);
        }
        assert!(matches!(judge(Winner::Prm, "2", "3", true), Verdict::Send { .. }));
        assert!(matches!(judge(Winner::Crm, "2", "3", false), Verdict::Take { .. }));
        assert!(matches!(judge(Winner::Newest, "2", "3", true), Verdict::Take { .. }));
        assert!(matches!(judge(Winner::Newest, "2", "3", false), Verdict::Send { .. }));
        assert!(matches!(judge(Winner::Ask, "2", "3", true), Verdict::Ask { .. }));
    }

    proptest! {
        /// After both sides hold the verdict's value, there is nothing left to do: no loop.
        #[test]
        fn what_was_settled_stays_settled(ours in "[0-2]", theirs in "[0-2]", before in "[0-2]", newer: bool, pick in 0..3_usize) {
            let winner = [Winner::Prm, Winner::Crm, Winner::Newest][pick];
            let now = DateTime::UNIX_EPOCH;
            let at = now + TimeDelta::seconds(if newer { 1 } else { -1 });
            let rule = field(Direction::Both, winner);
            let sides = Sides { prm: Some(&ours), prm_at: now, crm: Some(Some(&theirs)), crm_at: at };
            let verdict = decide(&rule, &sides, &seen("amount", &before), &seen("Amount", &before));
            let (ours, theirs) = match &verdict {
                Verdict::Take { ours, .. } => (ours.clone(), theirs),
                Verdict::Send { theirs, .. } => (ours, theirs.clone().unwrap()),
                _ => (ours, theirs),
            };
            prop_assert_eq!(&ours, &theirs);
            let sides = Sides { prm: Some(&ours), prm_at: now, crm: Some(Some(&theirs)), crm_at: at };
            prop_assert_eq!(decide(&rule, &sides, &seen("amount", &ours), &seen("Amount", &theirs)), Verdict::Rest);
        }
    }
}
