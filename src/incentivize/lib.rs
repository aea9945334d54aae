//! Incentives: what is paid for what, what has been earned, and the ledger that it stands in.

pub mod accruals;
pub mod adjustments;
pub mod api;
pub mod claims;
pub mod disputes;
pub mod earnings;
pub mod funds;
pub mod ledger;
mod nothing;
pub mod plans;
pub mod recalculations;
pub mod sales;

use std::sync::Arc;

use guildhall_spine::{
    App,
    event::{Consumer, EventDoc},
    http::Code,
    timer::Timer,
};
use utoipa_axum::router::OpenApiRouter;

/// The addresses of the pillar.
pub fn routes() -> OpenApiRouter<App> {
    ledger::routes()
        .merge(plans::routes())
        .merge(sales::routes())
        .merge(accruals::routes())
        .merge(earnings::routes())
        .merge(recalculations::routes())
        .merge(funds::routes())
        .merge(adjustments::routes())
        .merge(disputes::routes())
        .merge(claims::routes())
}

/// The error codes of the pillar, for the documentation.
#[must_use]
pub fn codes() -> Vec<Code> {
    [
        plans::CODES,
        sales::CODES,
        earnings::CODES,
        recalculations::CODES,
        funds::CODES,
        disputes::CODES,
        claims::CODES,
    ]
    .concat()
}

/// The events of the pillar, for the documentation.
#[must_use]
pub fn events() -> Vec<EventDoc> {
    [
        plans::EVENTS,
        sales::EVENTS,
        earnings::EVENTS,
        funds::EVENTS,
        adjustments::EVENTS,
        disputes::EVENTS,
        claims::EVENTS,
    ]
    .concat()
}

/// What of the pillar follows the event log.
#[must_use]
pub fn consumers() -> Vec<Arc<dyn Consumer>> {
    vec![Arc::new(accruals::Accruals)]
}

/// What of the pillar answers deadlines.
#[must_use]
pub fn timers() -> Vec<Arc<dyn Timer>> {
    vec![
        Arc::new(earnings::PayRested),
        Arc::new(recalculations::Recalculate),
        Arc::new(plans::ClosePeriods),
        Arc::new(funds::FundTimer),
    ]
}
