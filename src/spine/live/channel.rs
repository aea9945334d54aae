//! Whose events a subscription is for.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Longest channel in characters.
const LONGEST: usize = 128;

/// Whose events a subscription is for: `org`, the organisation acted for; `me`, the user; or the id of one thing with
/// its kind before it, like `deal:deal_01h455vb4pex5vsknk084sn02q`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channel {
    /// The organisation acted for.
    Org,
    /// The user.
    Me,
    /// One thing.
    Subject {
        /// What it is, like `deal`.
        kind: String,
        /// Its id.
        id: String,
    },
}

/// Why a text is not a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a channel: expected org, me, or one thing like deal:deal_01h455vb4pex5vsknk084sn02q")]
pub struct ChannelFault;

impl FromStr for Channel {
    type Err = ChannelFault;

    fn from_str(text: &str) -> Result<Self, ChannelFault> {
        match text {
            "org" => return Ok(Self::Org),
            "me" => return Ok(Self::Me),
            _ if text.len() > LONGEST => return Err(ChannelFault),
            _ => {}
        }
        let (kind, id) = text.split_once(':').ok_or(ChannelFault)?;
        let plain = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        if plain(kind) && plain(id) {
            Ok(Self::Subject {
                kind: kind.to_owned(),
                id: id.to_owned(),
            })
        } else {
            Err(ChannelFault)
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Org => f.write_str("org"),
            Self::Me => f.write_str("me"),
            Self::Subject { kind, id } => write!(f, "{kind}:{id}"),
        }
    }
}

impl Serialize for Channel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Channel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Channel {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Channel".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "maxLength": LONGEST,
            "pattern": "^(org|me|[a-z0-9_]+:[a-z0-9_]+)$",
            "examples": ["org", "me", "deal:deal_01h455vb4pex5vsknk084sn02q"],
        })
    }
}
