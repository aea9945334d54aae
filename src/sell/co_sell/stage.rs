//! How far a partner is in a shared opportunity: which steps are legal from which stage.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far a party is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = CoSellStage)]
pub enum Stage {
    /// The vendor has asked it; it reads the brief.
    Invited,
    /// It wants to know more.
    Interested,
    /// It works on it and sees everything that is shared.
    Joined,
    /// It doesn't want to.
    Declined,
    /// It worked on it and doesn't any more.
    Left,
    /// The vendor took it off.
    Removed,
}

/// What a party or the vendor does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The vendor asks the partner.
    Invite,
    /// The partner shows interest.
    Interest,
    /// The partner joins.
    Join,
    /// The partner says no.
    Decline,
    /// The partner stops.
    Leave,
    /// The vendor takes the partner off.
    Remove,
}

impl Stage {
    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Interested => "interested",
            Self::Joined => "joined",
            Self::Declined => "declined",
            Self::Left => "left",
            Self::Removed => "removed",
        }
    }

    /// Whether it still has a part, and so sees something.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Invited | Self::Interested | Self::Joined)
    }
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 6] = [
        Self::Invite,
        Self::Interest,
        Self::Join,
        Self::Decline,
        Self::Leave,
        Self::Remove,
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invite => "invite",
            Self::Interest => "interested",
            Self::Join => "join",
            Self::Decline => "decline",
            Self::Leave => "leave",
            Self::Remove => "remove",
        }
    }

    /// The stage after the step; `None` when it isn't legal. Who was never asked has no stage.
    #[must_use]
    pub const fn from(self, stage: Option<Stage>) -> Option<Stage> {
        match (self, stage) {
            (Self::Invite, None | Some(Stage::Declined | Stage::Left | Stage::Removed)) => Some(Stage::Invited),
            (Self::Interest, Some(Stage::Invited)) => Some(Stage::Interested),
            (Self::Join, Some(Stage::Interested)) => Some(Stage::Joined),
            (Self::Decline, Some(Stage::Invited | Stage::Interested)) => Some(Stage::Declined),
            (Self::Leave, Some(Stage::Joined)) => Some(Stage::Left),
            (Self::Remove, Some(Stage::Invited | Stage::Interested | Stage::Joined)) => Some(Stage::Removed),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stage_allows_its_steps_and_no_other() {
        use Stage::{Declined, Interested, Invited, Joined, Left, Removed};
        type Steps<'s> = &'s [(Step, Stage)];
        let table: &[(Option<Stage>, Steps<'_>)] = &[
            (None, &[(Step::Invite, Invited)]),
            (
                Some(Invited),
                &[
                    (Step::Interest, Interested),
                    (Step::Decline, Declined),
                    (Step::Remove, Removed),
                ],
            ),
            (
                Some(Interested),
                &[(Step::Join, Joined), (Step::Decline, Declined), (Step::Remove, Removed)],
            ),
            (Some(Joined), &[(Step::Leave, Left), (Step::Remove, Removed)]),
            (Some(Declined), &[(Step::Invite, Invited)]),
            (Some(Left), &[(Step::Invite, Invited)]),
            (Some(Removed), &[(Step::Invite, Invited)]),
        ];
        for (stage, legal) in table {
            for step in Step::ALL {
                let expected = legal.iter().find(|(one, _)| *one == step).map(|(_, after)| *after);
                assert_eq!(step.from(*stage), expected, "{step:?} from {stage:?}");
            }
        }
    }
}
