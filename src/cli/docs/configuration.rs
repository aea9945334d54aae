//! The settings.

use std::fmt::Write;

use guildhall_spine::config::Config;
use serde_json::Value;

use super::{
    cell, head,
    schema::{Definitions, about, kind, resolved},
};

pub(super) fn page() -> String {
    let schema = schemars::schema_for!(Config).to_value();
    let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
    let none = Definitions::new();
    let definitions = schema.get("$defs").and_then(Value::as_object).unwrap_or(&none);
    let mut page = head(
        "Settings",
        "Each setting has a default. `guildhall.toml` in the working folder, or the file named by `--config`, sets it by \
         section and name; an environment variable overrides the file. `DATABASE_URL` and `REDIS_URL` are read too and \
         give way to both. An unknown or malformed setting stops the start with its name and the reason; \
         `guildhall config check` prints what the settings amount to, secrets masked.\n\n\
         ```toml\n[http]\nlisten = \"0.0.0.0:8080\"\npublic_url = \"https://partners.example\"\n```",
    );
    for (name, section) in schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let _ = write!(page, "\n## {name}\n\n{}\n", about(section, definitions));
        page.push_str("\n| setting | environment | kind | default | meaning |\n| --- | --- | --- | --- | --- |\n");
        let settings = resolved(section, definitions)
            .get("properties")
            .and_then(Value::as_object);
        for (setting, schema) in settings.into_iter().flatten() {
            let default = defaults
                .get(name)
                .and_then(|section| section.get(setting))
                .unwrap_or(&Value::Null);
            let default = if default.is_null() {
                "not set".to_owned()
            } else {
                format!("`{default}`")
            };
            let variable = format!("GUILDHALL_{}__{}", name.to_uppercase(), setting.to_uppercase());
            let (kind, meaning) = (cell(&kind(schema, definitions)), cell(&about(schema, definitions)));
            let _ = writeln!(
                page,
                "| `{name}.{setting}` | `{variable}` | {kind} | {} | {meaning} |",
                cell(&default)
            );
        }
    }
    page
}
