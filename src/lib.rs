//! Guildhall: the server on which technology vendors and their channel partners do business.

pub mod api;
pub mod app;
pub mod cli;
pub mod demo;
mod pages;
mod sheet;
mod system;

/// The program's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
