//! Reading client frames: each malformed one gets a named error that says where and why.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use super::protocol::{ClientFrame, LONGEST_NONCE, Ping, Refused};

/// Longest part of a message that is said back to the client, in characters.
const LONGEST_DETAIL: usize = 300;
const TYPES: &str = "subscribe, unsubscribe, authenticate or ping";

/// The frame in `text`.
///
/// # Errors
/// A [`Refused`] to send back.
pub fn parse(text: &str) -> Result<ClientFrame, Refused> {
    let frame: Value = serde_json::from_str(text)
        .map_err(|error| refuse(None, "not_json", format!("the frame is not JSON: {error}"), None))?;
    let Value::Object(mut members) = frame else {
        return Err(refuse(
            None,
            "not_an_object",
            format!("a frame is a JSON object with a type: {TYPES}"),
            None,
        ));
    };
    let id = members
        .get("id")
        .and_then(Value::as_str)
        .map(|id| id.chars().take(64).collect::<String>());
    let at_type = Some("/type".to_owned());
    let kind = match members.remove("type") {
        Some(Value::String(kind)) => kind,
        Some(_) => {
            return Err(refuse(
                id,
                "invalid_field",
                format!("type is a string: {TYPES}"),
                at_type,
            ));
        }
        None => {
            return Err(refuse(
                id,
                "missing_field",
                format!("type is missing: {TYPES}"),
                at_type,
            ));
        }
    };
    let rest = Value::Object(members);
    match kind.as_str() {
        "subscribe" => read(rest, id.as_ref()).map(ClientFrame::Subscribe),
        "unsubscribe" => read(rest, id.as_ref()).map(ClientFrame::Unsubscribe),
        "authenticate" => read(rest, id.as_ref()).map(ClientFrame::Authenticate),
        "ping" => read(rest, id.as_ref()).and_then(short).map(ClientFrame::Ping),
        _ => Err(refuse(
            id,
            "unknown_type",
            format!("no such frame type: {TYPES}"),
            at_type,
        )),
    }
}

fn short(ping: Ping) -> Result<Ping, Refused> {
    if ping
        .nonce
        .as_ref()
        .is_some_and(|nonce| nonce.chars().count() > LONGEST_NONCE)
    {
        let detail = format!("a nonce has at most {LONGEST_NONCE} characters");
        return Err(refuse(None, "invalid_field", detail, Some("/nonce".to_owned())));
    }
    Ok(ping)
}

fn read<T: DeserializeOwned>(value: Value, id: Option<&String>) -> Result<T, Refused> {
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(value, &mut track);
    T::deserialize(tracked).map_err(|error| {
        let text = error.to_string();
        // serde names these two kinds of fault by how its message begins, and in no other way.
        let code = if text.starts_with("unknown field") {
            "unknown_field"
        } else if text.starts_with("missing field") {
            "missing_field"
        } else {
            "invalid_field"
        };
        let mut pointer = pointer(&track.path());
        if let ("missing_field", Some(name)) = (code, text.split('`').nth(1)) {
            pointer = format!("{pointer}/{name}");
        }
        let detail = text.chars().take(LONGEST_DETAIL).collect();
        refuse(
            id.cloned(),
            code,
            detail,
            Some(pointer.chars().take(LONGEST_DETAIL).collect()),
        )
    })
}

fn pointer(path: &Path) -> String {
    path.iter().fold(String::new(), |text, segment| match segment {
        Segment::Seq { index } => format!("{text}/{index}"),
        Segment::Map { key } => format!("{text}/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { variant } => format!("{text}/{variant}"),
        Segment::Unknown => text,
    })
}

pub(super) fn refuse(id: Option<String>, code: &'static str, detail: String, pointer: Option<String>) -> Refused {
    Refused {
        id,
        code,
        detail,
        pointer,
    }
}
