//! What becomes of plans, for the vendor: partners read what is in force.

use guildhall_kernel::{OrgId, PlanId};
use guildhall_spine::event::{Event, EventDoc, Topic};
use schemars::JsonSchema;
use serde::Serialize;

use super::Plan;
use crate::earnings::Kind;

/// A plan right after a change.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PlanNow {
    /// The plan.
    pub plan_id: PlanId,
    /// Whose plan.
    pub vendor_id: OrgId,
    /// Its name.
    pub name: String,
    /// What it pays.
    pub kind: Kind,
    /// Which of its versions is in force today.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_force: Option<i32>,
    /// Its version after the change.
    pub version: i64,
}

impl From<&Plan> for PlanNow {
    fn from(plan: &Plan) -> Self {
        Self {
            plan_id: plan.id,
            vendor_id: plan.vendor_id,
            name: plan.name.clone(),
            kind: plan.kind,
            in_force: plan.in_force.as_ref().map(|version| version.no),
            version: plan.version,
        }
    }
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Serialize, JsonSchema)]
            pub struct $name(pub PlanNow);

            impl Event for $name {
                const KIND: &'static str = $kind;
                const TOPIC: Topic = Topic::Plans;
            }
        )*

        /// What the feature announces, for the documentation.
        pub const EVENTS: &[EventDoc] = &[$(EventDoc::of::<$name>(),)*];
    };
}

events! {
    /// A plan was made, as a draft.
    PlanCreated = "plan.created";
    /// A plan's name, approval or draft was changed.
    PlanChanged = "plan.changed";
    /// A version of a plan was published.
    PlanPublished = "plan.published";
    /// A plan got a last day.
    PlanEnded = "plan.ended";
}
