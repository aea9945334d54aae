use guildhall_kernel::{DealId, OrgId, StageId};
use guildhall_spine::event::{Event, Topic};
use schemars::JsonSchema;
use serde::Serialize;

use crate::pipeline::Category;

/// A deal moved to another stage, or counts otherwise in the one that it is in.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct DealStageChanged {
    /// The deal.
    pub(crate) deal_id: DealId,
    /// Whose products.
    pub(crate) vendor_id: OrgId,
    /// Whose customer.
    pub(crate) partner_id: OrgId,
    /// Where it was.
    pub(crate) from_stage_id: StageId,
    /// Where it is.
    pub(crate) stage_id: StageId,
    /// That stage's name.
    pub(crate) stage: String,
    /// What it counts as in the forecast.
    pub(crate) category: Category,
    /// How probable it is that it is won, in per cent.
    pub(crate) probability: i16,
    /// The criteria that were confirmed.
    pub(crate) confirmed: Vec<String>,
    /// The deal's version after the change.
    pub(crate) version: i64,
}

impl Event for DealStageChanged {
    const KIND: &'static str = "deal.stage_changed";
    const TOPIC: Topic = Topic::Deals;
}
