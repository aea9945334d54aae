//! Exchange rates of days, and amounts converted by them.

mod convert;
mod file;
mod import;
mod list;

pub use convert::Rates;
pub(super) use import::{__path_put_exchange_rates, ExchangeRatesImported, put_exchange_rates};
pub use import::{ImportFault, Imported, import_shared};
pub(super) use list::{__path_list_exchange_rates, list_exchange_rates};

use uuid::Uuid;

/// Whose rates everyone's are.
const SHARED: Uuid = Uuid::nil();
