//! Public web forms that make leads.

pub(super) mod form;
pub(super) mod manage;
pub(super) mod rates;
pub(super) mod show;
pub(super) mod spam;
pub(super) mod submit;
