//! Demo data: fictional companies, people and deals, the same for the same scale and day on every machine. Every
//! domain ends in `.example`, so nothing that the demo sends can reach anybody.
//!
//! Everybody's password is [`PASSWORD`]. Every vendor N has `owner@vendorN.example`, `manager@vendorN.example` and
//! `finance@vendorN.example`, every partner N `admin@partnerN.example` and `rep@partnerN.example`; [`PEOPLE`] names the
//! ones to begin with. Partners 1 and 2 are active partners of vendors 1 and 2.

mod aside;
mod company;
mod copy;
mod deals;
mod draw;
mod feed;
mod incentives;
mod load;
mod rates;
mod scale;
mod selling;
mod teller;
#[cfg(test)]
mod tests;
mod vocabulary;
mod world;
mod world_rows;

use std::{fmt, time::Duration};

use chrono::{DateTime, Utc};
use guildhall_spine::http::Problem;

pub use load::{is_loaded, load, load_if_empty};
pub use scale::Scale;

/// The password of everybody in the demo. The API refuses it as a new password.
pub const PASSWORD: &str = "guildhall-demo";

/// Whom to log in as, and who that is.
pub const PEOPLE: &[(&str, &str)] = &[
    ("manager@vendor1.example", "channel manager of a vendor: approves deals"),
    ("owner@vendor1.example", "owner of the vendor: members, keys, program"),
    ("finance@vendor1.example", "finance of the vendor"),
    ("rep@partner1.example", "sales at a partner: registers deals"),
    ("rep@partner2.example", "sales at another partner of the same vendor"),
    ("admin@partner1.example", "administrator of the partner"),
    ("operator@guildhall.example", "administrator of the platform"),
];

/// What to load.
#[derive(Clone, Copy, Debug)]
pub struct DemoRequest {
    /// How many companies and people.
    pub scale: Scale,
    /// How many deals; the scale's own number when not given.
    pub deals: Option<u64>,
}

/// What was loaded, and how long each part took.
#[derive(Clone, Debug, Default)]
pub struct DemoSummary {
    /// Vendors and partners.
    pub organisations: u64,
    /// User accounts.
    pub users: u64,
    /// Partnerships.
    pub partnerships: u64,
    /// Deals.
    pub deals: u64,
    /// Deal lines.
    pub lines: u64,
    /// Contacts on deals.
    pub contacts: u64,
    /// Pairs of deals that conflict.
    pub conflicts: u64,
    /// Leads; those that were converted are deals besides.
    pub leads: u64,
    /// Lines of what partners and people have earned.
    pub earnings: u64,
    /// The parts of the work in their order.
    pub phases: Vec<(&'static str, Duration)>,
}

impl fmt::Display for DemoSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Loaded {} organisations, {} users, {} partnerships, {} deals with {} lines, {} contacts and {} conflicts, {} leads, {} earnings.",
            self.organisations,
            self.users,
            self.partnerships,
            self.deals,
            self.lines,
            self.contacts,
            self.conflicts,
            self.leads,
            self.earnings,
        )?;
        for (phase, took) in &self.phases {
            writeln!(f, "  {:>7.1} s  {phase}", took.as_secs_f64())?;
        }
        write!(
            f,
            "Everybody's password is {PASSWORD}; log in as {}.",
            PEOPLE.iter().map(|(email, _)| *email).collect::<Vec<_>>().join(", ")
        )
    }
}

/// Why demo data was not loaded. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum DemoFault {
    /// The database is in use.
    #[error("this database already has data: demo data goes into an empty database only; make a new one for it")]
    HasData,
    /// Demo data is there already.
    #[error(
        "this database already has the {scale} demo data, loaded on {loaded_at}: make a new database to load it again"
    )]
    AlreadyLoaded {
        /// Its scale.
        scale: String,
        /// When.
        loaded_at: DateTime<Utc>,
    },
    /// The spine failed.
    #[error("the demo data could not be prepared: {}", .0.account())]
    Spine(#[from] Problem),
    /// The database failed.
    #[error("the database refused the demo data: {0}")]
    Database(#[from] sqlx::Error),
    /// The generator broke off.
    #[error("the demo data could not be generated: {0}")]
    Generator(#[from] tokio::task::JoinError),
}
