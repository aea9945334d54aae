//! One text for one JSON value.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// The audit log's own values are a few levels deep.
const DEEPEST: usize = 64;

/// Why a value has no canonical text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the JSON is broken, or nested deeper than 64 levels")]
pub struct Unhashable;

/// Appends the canonical text of `value` to `out`: no white space, members sorted by the bytes of their names,
/// strings with the fewest escapes that JSON allows. Numbers stay as they are written: PostgreSQL keeps one form of
/// each, and reading them as floating point would let the last digits of a long one change unseen.
pub(super) fn write(value: &RawValue, out: &mut String) -> Result<(), Unhashable> {
    level(value, out, DEEPEST)
}

fn level(value: &RawValue, out: &mut String, left: usize) -> Result<(), Unhashable> {
    let left = left.checked_sub(1).ok_or(Unhashable)?;
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'{') => {
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).map_err(|_| Unhashable)?;
            out.push('{');
            for (place, (name, member)) in members.into_iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                string(&name, out)?;
                out.push(':');
                level(member, out, left)?;
            }
            out.push('}');
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| Unhashable)?;
            out.push('[');
            for (place, item) in items.into_iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                level(item, out, left)?;
            }
            out.push(']');
        }
        Some(b'"') => string(&serde_json::from_str::<String>(text).map_err(|_| Unhashable)?, out)?,
        _ => out.push_str(text),
    }
    Ok(())
}

fn string(text: &str, out: &mut String) -> Result<(), Unhashable> {
    out.push_str(&serde_json::to_string(text).map_err(|_| Unhashable)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> Result<String, Unhashable> {
        let mut out = String::new();
        write(&RawValue::from_string(text.to_owned()).unwrap(), &mut out).map(|()| out)
    }

    #[test]
    fn order_space_and_escapes_make_no_difference() {
        let one = canonical(r#"{"b": [1, 2.50, {"z": null, "a": "\u00e9\/"}], "a": true}"#);
        let other = canonical("{ \"a\":true,\"b\":[1,2.50,{\"a\":\"é/\",\"z\":null}]}");
        assert_eq!(one, other);
        assert_eq!(one.unwrap(), r#"{"a":true,"b":[1,2.50,{"a":"é/","z":null}]}"#);
    }

    #[test]
    fn the_last_digit_of_a_long_number_counts() {
        assert_ne!(
            canonical("[100000000000000000000000001]"),
            canonical("[100000000000000000000000002]")
        );
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(canonical(&nested(60)).is_ok());
        assert_eq!(canonical(&nested(100)), Err(Unhashable));
    }

    proptest::proptest! {
        #[test]
        fn a_canonical_text_is_its_own(names in proptest::collection::vec(".{0,8}", 0..6), number in proptest::num::i64::ANY) {
            let value: serde_json::Map<String, serde_json::Value> =
                names.iter().map(|name| (name.clone(), serde_json::json!([name, number]))).collect();
            let once = canonical(&serde_json::Value::Object(value).to_string()).unwrap();
            proptest::prop_assert_eq!(canonical(&once).unwrap(), once);
        }
    }
}
