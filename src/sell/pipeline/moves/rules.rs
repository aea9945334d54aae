//! What has to be done before a deal moves on.

use crate::pipeline::stages::{Field, Stage};

/// What a deal has of what stages ask for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Has {
    pub(super) customer_domain: bool,
    pub(super) contacts: bool,
    pub(super) note: bool,
    pub(super) amount: bool,
}

impl Has {
    const fn has(self, field: Field) -> bool {
        match field {
            Field::CustomerDomain => self.customer_domain,
            Field::Contacts => self.contacts,
            Field::Note => self.note,
            Field::Amount => self.amount,
        }
    }
}

/// What is still open before a move.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) criteria: Vec<String>,
    pub(super) fields: Vec<&'static str>,
}

impl Open {
    pub(super) fn is_empty(&self) -> bool {
        self.criteria.is_empty() && self.fields.is_empty()
    }
}

/// What is open before a deal leaves `from` for `to`: forward, the criteria of the stage that it leaves and of those
/// that it passes over; backward, nothing.
pub(super) fn open(stages: &[Stage], from: &Stage, to: &Stage, confirmed: &[String], has: Has) -> Open {
    let passed = stages.iter().filter(|stage| {
        stage.id == from.id
            || (stage.retired_at.is_none() && stage.position > from.position && stage.position < to.position)
    });
    let mut open = Open::default();
    if to.id == from.id || to.position < from.position {
        return open;
    }
    for stage in passed {
        let missing = stage.criteria.iter().filter(|text| !confirmed.contains(text));
        open.criteria.extend(missing.cloned());
        for field in stage.required_fields.iter().filter(|field| !has.has(**field)) {
            if !open.fields.contains(&field.as_str()) {
                open.fields.push(field.as_str());
            }
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use guildhall_kernel::{ProgramId, StageId};
    use uuid::Uuid;

    use super::*;
    use crate::pipeline::Category;

    fn stages() -> Vec<Stage> {
        (1..=4)
            .map(|position: i32| Stage {
                id: StageId::from(Uuid::from_u128(u128::try_from(position).unwrap())),
                version: 1,
                program_id: ProgramId::from(Uuid::nil()),
                name: format!("S{position}"),
                position,
                probability: 10,
                category: Category::Pipeline,
                criteria: vec![format!("done {position}")],
                required_fields: if position == 2 { vec![Field::Contacts] } else { vec![] },
                retired_at: None,
            })
            .collect()
    }

    #[test]
    fn forward_needs_all_that_is_passed_and_backward_nothing() {
        let all = stages();
        let asked = |from: usize, to: usize, confirmed: &[&str], has: Has| {
            let confirmed: Vec<String> = confirmed.iter().map(|text| (*text).to_owned()).collect();
            open(&all, &all[from], &all[to], &confirmed, has)
        };
        let nothing = Has::default();
        assert_eq!(asked(0, 1, &[], nothing).criteria, ["done 1"]);
        assert!(asked(0, 1, &["done 1"], nothing).is_empty());
        let skipped = asked(0, 3, &["done 1"], nothing);
        assert_eq!(
            (skipped.criteria, skipped.fields),
            (vec!["done 2".to_owned(), "done 3".to_owned()], vec!["contacts"])
        );
        let contacts = Has {
            contacts: true,
            ..nothing
        };
        assert!(asked(0, 3, &["done 1", "done 2", "done 3"], contacts).is_empty());
        assert!(asked(3, 0, &[], nothing).is_empty() && asked(2, 2, &[], nothing).is_empty());
    }
}
