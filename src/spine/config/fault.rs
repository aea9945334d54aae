//! What is wrong with the settings, said for whoever wrote them.

use std::fmt;

use figment::error::{Kind, OneOf};

/// Why the server won't start with these settings: a line for each that is unknown, malformed or can't work, with its
/// name, where it was found and what was expected.
#[derive(Debug, Default, thiserror::Error)]
pub struct ConfigFault {
    lines: Vec<String>,
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines.join("\n"))
    }
}

impl ConfigFault {
    pub(super) fn add(&mut self, line: String) {
        if !self.lines.contains(&line) {
            self.lines.push(line);
        }
    }

    /// A setting, by its dotted name, has a value that can't work.
    pub(super) fn value(&mut self, name: &str, reason: &str) {
        self.add(format!("setting {name}: {reason}"));
    }

    /// What came up while the settings were read.
    pub(super) fn reading(&mut self, error: figment::Error) {
        for fault in error {
            let place = fault.metadata.as_ref().map_or_else(String::new, |metadata| {
                let source = metadata.source.as_ref();
                source.map_or_else(|| format!(" ({})", metadata.name), |source| format!(" ({source})"))
            });
            let name = fault.path.join(".");
            let space = if name.is_empty() { "" } else { " " };
            let reason = reason(&name, &fault.kind);
            let example = example(&name);
            self.add(format!("setting{space}{name}{place}: {reason}{example}"));
        }
    }

    pub(super) fn append(&mut self, other: Self) {
        for line in other.lines {
            self.add(line);
        }
    }

    pub(super) fn unless_empty(self) -> Result<(), Self> {
        if self.lines.is_empty() { Ok(()) } else { Err(self) }
    }
}

fn reason(name: &str, kind: &Kind) -> String {
    match kind {
        // What was found could be a key.
        Kind::InvalidType(..) if name.starts_with("secrets") => "it has another kind".to_owned(),
        Kind::InvalidType(found, kind) if is_number(kind) => format!("found {found}, expected a whole number"),
        Kind::InvalidType(found, kind) => format!("found {found}, expected {kind}"),
        Kind::UnknownField(found, known) => format!("unknown field `{found}`, expected {}", OneOf(known)),
        Kind::UnknownVariant(found, known) => format!("unknown variant `{found}`, expected {}", OneOf(known)),
        other => other.to_string(),
    }
}

/// Whether this is Rust's name for whole numbers.
fn is_number(kind: &str) -> bool {
    kind.strip_prefix(['i', 'u'])
        .is_some_and(|size| size == "size" || size.parse::<u8>().is_ok())
}

/// How to write a setting whose kind has no name that says it.
fn example(name: &str) -> &'static str {
    match name {
        "http.listen" => "; it is an address and a port, like 127.0.0.1:8080, or 0.0.0.0:8080 for every network",
        "http.cors_origins" => "; it is a list, like [\"https://portal.example\"]",
        "http.trusted_proxies" => "; it is a list, like [\"10.0.0.0/8\"]",
        "secrets.keys" => "; it is a list, like [\"<output of: openssl rand -base64 32>\"]",
        _ => "",
    }
}
