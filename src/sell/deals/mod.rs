//! Deal registration: a partner claims a customer for a vendor's products, and the vendor grants or refuses the claim.
//!
//! Both sides use the same addresses and see their own deals only. A partner learns how seriously its registration
//! conflicts with another one, and never with whose.

pub(crate) mod access;
mod appeal;
mod approvals;
mod approve;
pub(crate) mod bulk;
mod change;
mod changes;
mod clock;
pub(crate) mod close;
pub mod conflict;
mod conflicts;
pub mod customer;
mod decide;
mod desk;
pub(crate) mod direct;
pub(crate) mod draft;
pub mod events;
mod export;
pub(crate) mod find_conflicts;
pub(crate) mod found;
mod frequent;
mod get;
mod grant;
pub(crate) mod history;
mod history_list;
mod letters;
mod list;
mod notices;
mod pages;
mod policy;
pub(crate) mod protection;
mod quota;
pub(crate) mod register;
mod reject;
mod rekey;
mod request_info;
mod resubmit;
pub(crate) mod revise;
pub(crate) mod rows;
mod search;
mod standing;
mod standings;
pub mod state;
pub(crate) mod stored;
mod submit;
pub(crate) mod view;
mod watch;
pub(crate) mod wire;
mod withdraw;
pub mod won;

use std::sync::Arc;

use guildhall_spine::{App, event::EventDoc, http::Code, timer::Timer};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use approvals::refuse_unasked;
pub use frequent::note_frequent_words;
pub use watch::WatchedDeals;

/// The feature's own error codes.
pub mod code {
    use guildhall_spine::http::Code;

    /// Another partner holds the approved registration for the customer's domain.
    pub const CUSTOMER_PROTECTED: Code = Code {
        name: "customer_protected",
        status: 409,
        title: "Another partner holds an approved registration for this customer",
    };
    /// The partner's place in the program has to be active before its claim is granted.
    pub const PARTNERSHIP_NOT_ACTIVE: Code = Code {
        name: "partnership_not_active",
        status: 409,
        title: "The partner is not active in the vendor's program",
    };
    /// Another approved registration protects the opportunity.
    pub const OPPORTUNITY_PROTECTED: Code = Code {
        name: "opportunity_protected",
        status: 409,
        title: "Another approved registration protects this opportunity",
    };
    /// The partner has as many open registrations as the program's terms allow.
    pub const REGISTRATION_QUOTA_REACHED: Code = Code {
        name: "registration_quota_reached",
        status: 409,
        title: "The partner has as many open registrations as it may",
    };
    /// The protection has been extended as often as the program's terms allow.
    pub const EXTENSION_LIMIT_REACHED: Code = Code {
        name: "extension_limit_reached",
        status: 409,
        title: "The protection has been extended as often as it may",
    };
    /// A partner is heard before a customer is released from it.
    pub const PARTNER_NOT_HEARD: Code = Code {
        name: "partner_not_heard",
        status: 409,
        title: "The partner has not been heard yet",
    };
    /// The refusal can't be appealed any more.
    pub const APPEAL_CLOSED: Code = Code {
        name: "appeal_closed",
        status: 409,
        title: "The refusal can't be appealed any more",
    };
    /// Whoever refused a deal doesn't decide on the appeal.
    pub const APPEAL_NEEDS_ANOTHER: Code = Code {
        name: "appeal_needs_another",
        status: 403,
        title: "Somebody else than who refused the deal decides on the appeal",
    };
    /// The chain asks others to approve.
    pub const NOT_UP_NEXT: Code = Code {
        name: "not_up_next",
        status: 403,
        title: "Others are asked to approve this deal now",
    };
    /// The approval has to name the approved registrations that it conflicts with.
    pub const UNACKNOWLEDGED_CONFLICTS: Code = Code {
        name: "unacknowledged_conflicts",
        status: 409,
        title: "The deal conflicts with approved registrations that the approval does not acknowledge",
    };
}

/// The feature's own error codes, for the documentation.
pub const CODES: &[Code] = &[
    code::CUSTOMER_PROTECTED,
    code::PARTNERSHIP_NOT_ACTIVE,
    code::UNACKNOWLEDGED_CONFLICTS,
    code::OPPORTUNITY_PROTECTED,
    code::REGISTRATION_QUOTA_REACHED,
    code::EXTENSION_LIMIT_REACHED,
    code::PARTNER_NOT_HEARD,
    code::APPEAL_CLOSED,
    code::APPEAL_NEEDS_ANOTHER,
    code::NOT_UP_NEXT,
];

/// What the feature announces, for the documentation.
#[must_use]
pub fn events() -> Vec<EventDoc> {
    [events::EVENTS, notices::EVENTS].concat()
}

/// What of the feature answers deadlines.
#[must_use]
pub fn timers() -> Vec<Arc<dyn Timer>> {
    vec![
        Arc::new(clock::DecisionTimer),
        Arc::new(protection::ProtectionTimer),
        Arc::new(protection::IdleTimer),
        Arc::new(approvals::EscalationTimer),
        Arc::new(rekey::KeyTimer),
    ]
}

/// The feature's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_deals, submit::submit_deal))
        .routes(routes!(export::export_deals))
        .routes(routes!(get::get_deal, change::change_deal))
        .routes(routes!(conflicts::list_deal_conflicts))
        .routes(routes!(approve::approve_deal))
        .routes(routes!(reject::reject_deal))
        .routes(routes!(request_info::request_deal_info))
        .routes(routes!(withdraw::withdraw_deal))
        .routes(routes!(close::close_deal))
        .routes(routes!(history_list::list_deal_history))
        .routes(routes!(appeal::appeal_deal))
        .routes(routes!(policy::get_deal_policy, policy::put_deal_policy))
        .routes(routes!(policy::simulate_deal_policy))
        .routes(routes!(
            protection::list_deal_progress,
            protection::record_deal_progress
        ))
        .routes(routes!(protection::list_deal_extensions, protection::request_extension))
        .routes(routes!(protection::get_extension))
        .routes(routes!(protection::decide_extension))
        .routes(routes!(protection::request_release))
        .routes(routes!(protection::get_release))
        .routes(routes!(protection::answer_release))
        .routes(routes!(protection::decide_release))
        .routes(routes!(
            approvals::list_approval_delegations,
            approvals::delegate_approvals
        ))
        .routes(routes!(approvals::revoke_approval_delegation))
        .routes(routes!(direct::list_direct_accounts, direct::put_direct_accounts))
        .routes(routes!(direct::export_direct_accounts))
        .routes(routes!(direct::link_deal_account))
        .routes(routes!(desk::list_conflict_cases, desk::open_conflict_case))
        .routes(routes!(desk::get_conflict_case))
        .routes(routes!(desk::give_conflict_evidence))
        .routes(routes!(desk::decide_conflict_case))
        .routes(routes!(standings::list_registration_standings))
        .routes(routes!(standings::export_registration_standings))
}
