//! Leads: interest that a vendor hears of and hands to the partner that is best for it.
//!
//! A lead comes in by the API, a web form or another pillar, is scored, found again if it is known, and offered to
//! partners by rules that are data. A partner learns who the person is once it accepted.

mod capabilities;
mod forms;
pub mod lead;
mod offers;
mod rules;
pub mod steps;

use std::sync::Arc;

use guildhall_spine::{
    App,
    event::{Consumer, EventDoc},
    http::Code,
    timer::Timer,
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The feature's own error codes.
pub mod code {
    use guildhall_spine::http::Code;

    /// Another partner has the lead, or the offer ran out.
    pub const LEAD_GONE: Code = Code {
        name: "lead_gone",
        status: 409,
        title: "The lead is not this partner's to take any more",
    };
    /// Only who accepted the lead can do this.
    pub const LEAD_NOT_ACCEPTED: Code = Code {
        name: "lead_not_accepted",
        status: 409,
        title: "The partner has not accepted the lead",
    };
}

/// The feature's own error codes, for the documentation.
pub const CODES: &[Code] = &[code::LEAD_GONE, code::LEAD_NOT_ACCEPTED];

/// The events of the feature, for the documentation.
#[must_use]
pub fn events() -> Vec<EventDoc> {
    let mut events = lead::events::EVENTS.to_vec();
    events.extend([
        EventDoc::of::<rules::sets::LeadRulesChanged>(),
        EventDoc::of::<rules::settings::LeadSettingsChanged>(),
        EventDoc::of::<capabilities::LeadCapabilitiesChanged>(),
        EventDoc::of::<forms::manage::LeadFormChanged>(),
    ]);
    events
}

/// What of the feature follows the event log.
#[must_use]
pub fn consumers() -> Vec<Arc<dyn Consumer>> {
    vec![
        Arc::new(capabilities::WinRates),
        Arc::new(offers::inactive::InactivePartners),
    ]
}

/// What of the feature answers deadlines.
#[must_use]
pub fn timers() -> Vec<Arc<dyn Timer>> {
    vec![
        Arc::new(offers::timers::OfferTimer),
        Arc::new(offers::timers::ContactTimer),
    ]
}

/// The feature's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(lead::list::list_leads, lead::submit::submit_lead))
        .routes(routes!(lead::submit::submit_leads))
        .routes(routes!(offers::distribute::distribute_leads))
        .routes(routes!(lead::export::export_leads))
        .routes(routes!(lead::get::get_lead))
        .routes(routes!(lead::touches::list_lead_touches))
        .routes(routes!(lead::notes::list_lead_notes, lead::notes::note_on_lead))
        .routes(routes!(lead::release::release_lead))
        .routes(routes!(lead::discard::discard_lead))
        .routes(routes!(offers::assignments::list_lead_assignments))
        .routes(routes!(offers::assign::assign_lead))
        .routes(routes!(offers::pull_back::pull_back_lead))
        .routes(routes!(offers::accept::accept_lead))
        .routes(routes!(offers::decline::decline_lead))
        .routes(routes!(offers::give_back::return_lead))
        .routes(routes!(offers::work::contact_lead))
        .routes(routes!(offers::work::qualify_lead))
        .routes(routes!(offers::work::disqualify_lead))
        .routes(routes!(offers::convert::convert_lead))
        .merge(set_up())
}

fn set_up() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(rules::sets::get_lead_rules, rules::sets::replace_lead_rules))
        .routes(routes!(rules::sets::list_lead_rule_versions))
        .routes(routes!(rules::simulate::simulate_lead_rules))
        .routes(routes!(
            rules::settings::get_lead_settings,
            rules::settings::replace_lead_settings
        ))
        .routes(routes!(
            capabilities::get_lead_capabilities,
            capabilities::replace_lead_capabilities
        ))
        .routes(routes!(forms::manage::list_lead_forms, forms::manage::create_lead_form))
        .routes(routes!(forms::show::get_lead_form, forms::manage::replace_lead_form))
        .routes(routes!(forms::submit::submit_lead_form))
}
