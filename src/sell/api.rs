//! What the other pillars may ask of this one.

pub use crate::catalogue::{ProductRecord, Upserted, check_product, upsert_products};
pub use crate::co_sell::{PLAN_TASK_DUE, open_for as open_co_sell_for};
pub use crate::credit::{CreditRole, InForce, Share, credit_of, rules::ShareDraft, set_by_decision};
pub use crate::deals::bulk::{
    AddFault, BulkDeal, BulkLine, BulkSides, FormKey as DealFormKey, add_deals, complete as complete_deals,
    form_keys as deal_form_keys, protected_elsewhere, rooms as registration_rooms,
};
pub use crate::deals::close::{Close, Closed, Outcome, close as close_deal};
pub use crate::deals::direct::{
    DirectAccountInput, DirectAccountKind, DirectAccountStage, check_direct_account, close_direct_accounts,
    link_direct_account, upsert_direct_accounts,
};
pub use crate::deals::revise::{Revision, revise as revise_deal};
pub use crate::deals::state::DealStatus;
pub use crate::deals::wire::CloseReason;
pub use crate::deals::won::{WonDeal, WonLine, WonShare, won_deals};
pub use crate::leads::lead::{
    draft::{CompanyDraft as LeadCompanyDraft, Contact as LeadContact, LeadDraft, Source as LeadSource},
    take_in::{Intake as LeadIntake, Outcome as LeadOutcome, TakenIn as LeadTakenIn, take_in as take_in_leads},
};
pub use crate::leads::steps::{LeadStep, take_step as take_lead_step};
pub use crate::pipeline::Rates;
