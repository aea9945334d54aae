//! Places in the event log.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The place of an event in the log: the transaction that wrote it, then its number. Written `<tx>-<seq>` and
/// compared by numbers, not as text. All readers see events in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The transaction.
    pub tx: i64,
    /// The number.
    pub seq: i64,
}

/// Why a text is not a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a position in the event log: expected two numbers like 7102-4519, as in the position of an event")]
pub struct PositionFault;

impl Position {
    /// Before every event.
    pub const START: Self = Self { tx: 0, seq: 0 };
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.tx, self.seq)
    }
}

impl FromStr for Position {
    type Err = PositionFault;

    fn from_str(text: &str) -> Result<Self, PositionFault> {
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse::<i64>().ok()).flatten().ok_or(PositionFault)
        };
        let (tx, seq) = text.split_once('-').ok_or(PositionFault)?;
        Ok(Self {
            tx: number(tx)?,
            seq: number(seq)?,
        })
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Position {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Position".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^[0-9]+-[0-9]+$", "examples": ["7102-4519"]})
    }
}

impl utoipa::PartialSchema for Position {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .pattern(Some("^[0-9]+-[0-9]+$"))
            .examples(["7102-4519"])
            .into()
    }
}

impl utoipa::ToSchema for Position {}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn text_and_place_are_one(tx in 0..i64::MAX, seq in 0..i64::MAX) {
            let position = Position { tx, seq };
            proptest::prop_assert_eq!(position.to_string().parse(), Ok(position));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,60}") {
            if let Ok(position) = text.parse::<Position>() {
                proptest::prop_assert!(position >= Position::START);
            }
        }
    }
}
