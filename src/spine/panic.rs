//! Panics as faults: one that ended a background task would stop its work for everybody until the next start.

use std::{any::Any, panic::AssertUnwindSafe};

use futures_util::FutureExt;

/// What `work` comes to, or what its panic said. What it shared must be thrown away after a panic, as a transaction is
/// that rolls back.
///
/// # Errors
/// The message of the panic.
pub(crate) async fn unpanicked<T>(work: impl Future<Output = T>) -> Result<T, String> {
    AssertUnwindSafe(work)
        .catch_unwind()
        .await
        .map_err(|panic| said(&*panic))
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    format!("panicked: {}", text.as_deref().unwrap_or("without a message"))
}
