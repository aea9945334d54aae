//! The spine that every feature stands on: database, HTTP conventions, identity, access, audit, event log, live
//! delivery, mail and files.

pub mod access;
pub mod app;
pub mod audit;
pub mod config;
pub mod db;
pub mod event;
pub mod http;
pub mod identity;
pub mod live;
pub mod mail;
pub mod secret;

pub use app::App;
