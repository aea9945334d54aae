//! The error codes.

use std::fmt::Write;

use super::{cell, head};
use crate::api;

pub(super) fn page() -> String {
    let mut page = head(
        "Error codes",
        "Every failure is `application/problem+json` (RFC 9457). `code` is stable, and means what stands here; `detail` \
         says what happened this time and what to do; `errors` names each field at fault by a JSON pointer.",
    );
    let mut codes = api::codes();
    codes.sort_by_key(|code| (code.status, code.name));
    page.push_str("\n| code | status | meaning |\n| --- | --- | --- |\n");
    for code in codes {
        let _ = writeln!(page, "| `{}` | {} | {} |", code.name, code.status, cell(code.title));
    }
    page
}
