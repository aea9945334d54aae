//! The operations of the HTTP API.

use std::fmt::Write;

use serde_json::Value;

use super::{cell, head};
use crate::api;

const METHODS: &[&str] = &["get", "post", "put", "patch", "delete"];

pub(super) fn page() -> String {
    let mut page = head(
        "Operations",
        "Every operation with what it needs: nothing, any valid credentials, or a scope. The whole contract is \
         `api-docs/openapi.json`, and `/docs` of a running server.",
    );
    let document = serde_json::to_value(api::openapi()).unwrap_or_default();
    page.push_str("\n| operation | needs | does |\n| --- | --- | --- |\n");
    for (path, item) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
        for method in METHODS {
            let Some(operation) = item.get(method) else { continue };
            let does = operation
                .get("summary")
                .or_else(|| operation.get("description"))
                .and_then(Value::as_str);
            let does = does.unwrap_or_default().lines().next().unwrap_or_default();
            let _ = writeln!(
                page,
                "| `{} {path}` | {} | {} |",
                method.to_uppercase(),
                needs(operation.get("security")),
                cell(does)
            );
        }
    }
    page
}

fn needs(security: Option<&Value>) -> String {
    let Some(schemes) = security.and_then(Value::as_array).filter(|schemes| !schemes.is_empty()) else {
        return "nothing".to_owned();
    };
    let scopes: Vec<String> = schemes
        .iter()
        .filter_map(Value::as_object)
        .flat_map(|scheme| scheme.values())
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(Value::as_str)
        .map(|scope| format!("`{scope}`"))
        .collect();
    if scopes.is_empty() {
        "credentials".to_owned()
    } else {
        scopes.join(" or ")
    }
}
