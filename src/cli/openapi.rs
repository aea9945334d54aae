//! `guildhall openapi`

use super::{CliFault, say};
use crate::api;

pub(super) fn run() -> Result<(), CliFault> {
    let text = api::openapi()
        .to_pretty_json()
        .map_err(|error| CliFault::Other(error.to_string()))?;
    say(text)
}
