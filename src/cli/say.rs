//! What commands print.

use std::{
    fmt::Display,
    io::{ErrorKind, Write, stdout},
};

use super::CliFault;

/// Prints a line.
///
/// # Errors
/// [`CliFault::Unheard`] when whoever read has gone (`| head`), which `println!` would take for a defect.
pub(super) fn say(line: impl Display) -> Result<(), CliFault> {
    writeln!(stdout().lock(), "{line}").map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => CliFault::Unheard,
        _ => CliFault::Other(format!("standard output: {error}")),
    })
}
