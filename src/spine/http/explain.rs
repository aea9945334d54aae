//! The words of the type layer, put for clients who know JSON and no Rust.

/// What a text must be to be read as a `T`, where the reader's own words are of no use.
pub(super) fn wanted<T>() -> Option<&'static str> {
    let name = std::any::type_name::<T>();
    let known = [
        ("::NaiveDate", "must be a date like 2027-03-31"),
        (
            "::DateTime<",
            "must be a time with its offset, like 2027-03-31T12:00:00Z",
        ),
        ("iso_currency::", "must be an ISO 4217 code, like EUR"),
    ];
    known
        .iter()
        .find(|(part, _)| name.contains(part))
        .map(|(_, words)| *words)
}

/// What is wrong with a value.
pub(super) fn in_words(said: &str) -> String {
    if let Some((_, expected)) = said
        .strip_prefix("invalid type: ")
        .or_else(|| said.strip_prefix("invalid value: "))
        .and_then(|rest| rest.split_once(", expected "))
    {
        return format!("must be {}", kind(expected));
    }
    if let Some((given, expected)) = said
        .strip_prefix("unknown variant `")
        .and_then(|rest| rest.split_once("`, expected "))
    {
        return match names(expected).as_slice() {
            [one] => format!("must be {one}, and is {}", short(given)),
            several => format!("must be one of {}, and is {}", several.join(", "), short(given)),
        };
    }
    match said {
        "invalid digit found in string" | "cannot parse integer from empty string" => {
            "must be a whole number, like 50".into()
        }
        "number too large to fit in target type" | "number too small to fit in target type" => "is out of range".into(),
        "provided string was not `true` or `false`" => "must be true or false".into(),
        other => other.to_owned(),
    }
}

/// What was given, or how it begins.
fn short(given: &str) -> String {
    let mut letters = given.chars();
    let begins: String = letters.by_ref().take(40).collect();
    if letters.next().is_some() {
        begins + "…"
    } else {
        begins
    }
}

/// What is wrong with a field's name: the name and the words.
pub(super) fn of_name(said: &str) -> Option<(&str, String)> {
    let quoted = |start: &str| said.strip_prefix(start)?.strip_prefix('`')?.split_once('`');
    if let Some((name, _)) = quoted("missing field ") {
        return Some((name, "is needed".to_owned()));
    }
    if let Some((name, _)) = quoted("duplicate field ") {
        return Some((name, "came more than once: send it once".to_owned()));
    }
    let (name, rest) = quoted("unknown field ")?;
    let known = names(rest).join(", ");
    let words = if known.is_empty() {
        "is not known here".to_owned()
    } else {
        format!("is not known here; known are {known}")
    };
    Some((name, words))
}

/// The names that stand in backticks.
fn names(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// What is expected, as clients call it.
fn kind(expected: &str) -> &str {
    match expected {
        "a string" | "a borrowed string" => "a string",
        "a boolean" => "true or false",
        "a sequence" => "an array",
        "a map" | "an object" => "an object",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number within range",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number within range, not negative",
        "f32" | "f64" => "a number",
        "a Decimal type representing a fixed-point number" => {
            "digits alone, like \"60000\": no currency and no separators between thousands"
        }
        "a formatted date string" => "a date like 2027-03-31",
        "an RFC 3339 formatted date and time string" => "a time with its offset, like 2027-03-31T12:00:00Z",
        // A type of ours by its name in the code, or a choice whose names are the message for other values.
        other if other.starts_with("struct ") => "an object",
        other if other.starts_with("variant ") || other.starts_with("enum ") || other.contains("enum") => {
            "one of the names that the API's description lists"
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, NaiveDate, Utc};
    use guildhall_kernel::Currency;
    use serde::{Deserialize, de::IntoDeserializer};

    use super::*;

    #[test]
    fn types_of_other_crates_are_known_by_their_names() {
        assert!(wanted::<NaiveDate>().unwrap().contains("date like"));
        assert!(wanted::<DateTime<Utc>>().unwrap().contains("offset"));
        assert!(wanted::<Currency>().unwrap().contains("4217"));
        assert_eq!(wanted::<String>(), None);
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Tier {
        Gold,
        Silver,
    }

    #[test]
    fn what_serde_says_becomes_advice() {
        let reader: serde::de::value::StrDeserializer<'_, serde::de::value::Error> = "tin".into_deserializer();
        let said = Tier::deserialize(reader).unwrap_err().to_string();
        assert_eq!(in_words(&said), "must be one of gold, silver, and is tin");
        let said = |text: &str| serde_json::from_str::<u32>(text).unwrap_err().to_string();
        let said = said("\"x\"");
        let said = said.split(" at line").next().unwrap();
        assert_eq!(in_words(said), "must be a whole number within range, not negative");
        assert_eq!(
            in_words("invalid digit found in string"),
            "must be a whole number, like 50"
        );
        assert_eq!(
            of_name("unknown field `a`, expected one of `b`, `c`"),
            Some(("a", "is not known here; known are b, c".to_owned()))
        );
        assert_eq!(of_name("missing field `a`"), Some(("a", "is needed".to_owned())));
        assert_eq!(of_name("something else"), None);
    }
}
