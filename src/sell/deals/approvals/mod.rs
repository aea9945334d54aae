//! Who approves a deal: a rule by itself, a chain of people, or, without a rule, anybody who may decide on deals.

mod chain;
mod delegations;
mod escalate;
mod rows;
mod vote;

pub(crate) use chain::refuse_unasked;
pub(super) use chain::{needs_turn, on_submit, void};
pub(super) use delegations::{
    __path_delegate_approvals, __path_list_approval_delegations, __path_revoke_approval_delegation, delegate_approvals,
    list_approval_delegations, revoke_approval_delegation,
};
pub(super) use escalate::EscalationTimer;
pub(super) use rows::has_open_chain;
pub(super) use vote::{Vote, approve, reject};
