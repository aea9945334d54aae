//! What a partner can do with leads: its territories, competences, certifications and capacity as the vendor keeps
//! them, and the win rate that its deals earned it.

mod keep;
mod win_rates;

pub(super) use keep::*;
pub(super) use win_rates::WinRates;
