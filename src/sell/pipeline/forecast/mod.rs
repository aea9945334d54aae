//! What is to come, by commit category, and what came: from roll-ups alone.

mod export;
mod get;
mod query;
mod rows;

pub(super) use export::{__path_export_forecast, export_forecast};
pub(super) use get::{__path_get_forecast, get_forecast};
pub(super) use query::encoded;
