//! A field of a partial update.

use serde::{Deserialize, Deserializer};

/// One field of a PATCH body: absent leaves the value, `null` clears it, anything else sets it
/// (RFC 7396 section 1). Put `#[serde(default)]` and `#[schema(value_type = Option<T>)]` on the field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// The member is not in the body.
    #[default]
    Absent,
    /// The member is `null`.
    Null,
    /// The member has a value.
    Value(T),
}

impl<T> Patch<T> {
    /// Whether the body has nothing to say of this field.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Whether the body asks to clear the field.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// A field that can't be cleared, after the update. `null`, which the body's check refuses, leaves it as it is.
    #[must_use]
    pub fn or(self, current: T) -> T {
        match self {
            Self::Absent | Self::Null => current,
            Self::Value(value) => value,
        }
    }

    /// The field after the update, given what it is now.
    #[must_use]
    pub fn over(self, current: Option<T>) -> Option<T> {
        match self {
            Self::Absent => current,
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(|value| value.map_or(Self::Null, Self::Value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        note: Patch<String>,
    }

    #[test]
    fn absent_null_and_value_differ() {
        let note = |text| serde_json::from_str::<Body>(text).unwrap().note;
        assert_eq!(note("{}"), Patch::Absent);
        assert_eq!(note(r#"{"note":null}"#), Patch::Null);
        assert_eq!(note(r#"{"note":"x"}"#).over(None), Some("x".to_owned()));
        assert_eq!(note(r#"{"note":"x"}"#).or("y".to_owned()), "x");
        assert_eq!(note("{}").or("y".to_owned()), "y");
        assert!(note(r#"{"note":null}"#).is_null() && !note("{}").is_null());
    }
}
