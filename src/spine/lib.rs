//! The spine that every feature stands on: database, HTTP conventions, identity, access, audit, event log, live
//! delivery, mail and files.

pub mod access;
pub mod app;
pub mod audit;
pub mod config;
pub mod db;
pub mod event;
pub mod files;
pub mod http;
pub mod identity;
pub mod live;
pub mod mail;
pub mod outbound;
mod panic;
pub mod secret;
pub mod storage;
pub mod timer;
pub mod work;

pub use app::App;
