//! Reading a plan's JSON field by field, so that all faults are found at once and each has its pointer.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::{Segment, deserialize};

use crate::{Exact, Fault};

/// The fields of an object that are not read yet.
pub(crate) struct Fields<'a> {
    map: &'a Map<String, Value>,
    pointer: String,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    pub(crate) fn of(value: &'a Value, pointer: impl Into<String>, faults: &mut Vec<Fault>) -> Option<Self> {
        let pointer = pointer.into();
        let Value::Object(map) = value else {
            faults.push(Fault::new(pointer, "malformed", "must be an object"));
            return None;
        };
        Some(Self {
            map,
            pointer,
            known: Vec::new(),
        })
    }

    pub(crate) fn at(&self, name: &str) -> String {
        format!("{}/{}", self.pointer, escaped(name))
    }

    /// The field's value; null counts as absent.
    pub(crate) fn value(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        self.map.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn optional<T: DeserializeOwned>(&mut self, name: &'static str, faults: &mut Vec<Fault>) -> Option<T> {
        let value = self.value(name)?;
        read(value, &self.at(name), faults)
    }

    pub(crate) fn required<T: DeserializeOwned>(&mut self, name: &'static str, faults: &mut Vec<Fault>) -> Option<T> {
        if self.value(name).is_none() {
            faults.push(Fault::new(self.at(name), "missing", "is needed"));
            return None;
        }
        self.optional(name, faults)
    }

    /// The elements of a list, each read by itself; none when the field is absent.
    pub(crate) fn list<T>(
        &mut self,
        name: &'static str,
        faults: &mut Vec<Fault>,
        element: impl Fn(&Value, &str, &mut Vec<Fault>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let value = self.value(name)?;
        let Value::Array(values) = value else {
            faults.push(Fault::new(self.at(name), "malformed", "must be a list"));
            return None;
        };
        let before = faults.len();
        let elements: Vec<T> = values
            .iter()
            .enumerate()
            .filter_map(|(place, value)| element(value, &format!("{}/{place}", self.at(name)), faults))
            .collect();
        // An element that can't be read would shift the pointers of those after it.
        (faults.len() == before).then_some(elements)
    }

    /// Exactly one of the figures, with its name.
    pub(crate) fn one_of(&mut self, names: &[&'static str], faults: &mut Vec<Fault>) -> Option<(&'static str, Exact)> {
        let given: Vec<&'static str> = names
            .iter()
            .copied()
            .filter(|name| self.value(name).is_some())
            .collect();
        match given.as_slice() {
            [name] => self.optional(name, faults).map(|figure| (*name, figure)),
            [] => {
                let message = format!("needs one of {}", names.join(", "));
                faults.push(Fault::new(self.pointer.clone(), "missing", message));
                None
            }
            [_, second, ..] => {
                let message = format!("only one of {} can be given", names.join(", "));
                faults.push(Fault::new(self.at(second), "more_than_one", message));
                None
            }
        }
    }

    /// Refuses what was not asked for.
    pub(crate) fn finish(self, faults: &mut Vec<Fault>) {
        for name in self.map.keys().filter(|name| !self.known.contains(&name.as_str())) {
            let message = format!("no such field here; there are {}", self.known.join(", "));
            faults.push(Fault::new(self.at(name), "unknown_field", message));
        }
    }
}

/// Reads a value; a fault points at the part that doesn't fit.
pub(crate) fn read<T: DeserializeOwned>(value: &Value, pointer: &str, faults: &mut Vec<Fault>) -> Option<T> {
    match deserialize(value) {
        Ok(read) => Some(read),
        Err(error) => {
            let path: String = error.path().iter().map(segment).collect();
            let message = error.inner().to_string();
            faults.push(Fault::new(format!("{pointer}{path}"), code(&message), message));
            None
        }
    }
}

fn segment(segment: &Segment) -> String {
    match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", escaped(key)),
        // The variant of a rate is the key that was written.
        Segment::Enum { variant } => format!("/{}", escaped(variant)),
        Segment::Unknown => String::new(),
    }
}

/// A reference token of a JSON pointer (RFC 6901 section 3).
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// serde tells its faults apart by text alone.
fn code(message: &str) -> &'static str {
    let table = [
        ("unknown field", "unknown_field"),
        ("unknown variant", "unknown_value"),
        ("missing field", "missing"),
        ("figure", "malformed_figure"),
    ];
    table
        .iter()
        .find(|(start, _)| message.starts_with(start))
        .map_or("malformed", |(_, code)| code)
}
