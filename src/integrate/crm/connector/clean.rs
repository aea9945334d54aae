//! What a CRM says without the characters that can't be stored or compared.

/// Whether a character of a text stays: line breaks and tabs do, other control characters don't. PostgreSQL stores no NUL.
pub(super) fn is_kept(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\t') || !c.is_control()
}

/// A JSON text whose strings have no control characters, and U+FFFD in place of what is no character: bytes that aren't
/// UTF-8 and halves of a surrogate pair.
pub(super) fn json(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let mut clean = String::with_capacity(text.len());
    let mut quoted = false;
    let mut rest = text.as_ref();
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '\\' if quoted => escape(rest, &mut clean),
            '\n' | '\r' | '\t' if quoted => {
                clean.extend(c.escape_default());
                1
            }
            _ => {
                quoted ^= c == '"';
                if is_kept(c) {
                    clean.push(c);
                }
                c.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    clean
}

/// Takes the escape that `rest` begins with, and returns its length.
fn escape(rest: &str, clean: &mut String) -> usize {
    if let Some(unit) = unit(rest) {
        let (code, length) = match (unit, rest.get(6..).and_then(self::unit)) {
            (0xd800..0xdc00, Some(low @ 0xdc00..0xe000)) => (0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00), 12),
            _ => (unit, 6),
        };
        let found = char::from_u32(code);
        if found.is_none() {
            clean.push('\u{fffd}');
        } else if found.is_some_and(is_kept) {
            clean.push_str(rest.get(..length).unwrap_or_default());
        }
        return length;
    }
    let length = 1 + rest.chars().nth(1).map_or(0, char::len_utf8);
    let pair = rest.get(..length).unwrap_or_default();
    if !matches!(pair, "\\b" | "\\f") {
        clean.push_str(pair);
    }
    length
}

/// The UTF-16 unit of `\uXXXX`.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| hex)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn read(text: &str) -> Value {
        serde_json::from_str(&json(text.as_bytes())).unwrap()
    }

    #[test]
    fn what_cant_be_stored_goes_and_all_else_stays() {
        for (text, read_as) in [
            (r#""a\u0000b\b\f\u001F\u007f\u0085c""#, "abc"),
            (r#""\\u0000 \" \/ \n\t\r \u000a""#, "\\u0000 \" / \n\t\r \n"),
            (r#""\ud83d\ude00 \u00e9 é""#, "\u{1f600} é é"),
            (
                r#""\ud83d|\ude00|\ud83d\ud83d\ude00""#,
                "\u{fffd}|\u{fffd}|\u{fffd}\u{1f600}",
            ),
            ("\"a\u{0}b\nc\td\"", "ab\nc\td"),
        ] {
            assert_eq!(read(text), read_as, "{text}");
        }
        assert_eq!(json(b"{\n\t\"a\" : 1.10\x00}"), "{\n\t\"a\" : 1.10}");
        let odd: Value = serde_json::from_str(&json(b"\"M\xfcller\"")).unwrap();
        assert_eq!(odd, "M\u{fffd}ller");
    }

    proptest! {
        #[test]
        fn texts_are_as_they_were_but_for_control_characters(text in any::<String>(), ascii in any::<bool>()) {
            let mut sent = Value::from(text.as_str()).to_string();
            if ascii {
                let unit = |unit: u16| match char::from_u32(unit.into()).filter(char::is_ascii) {
                    Some(c) if !c.is_control() && c != '"' && c != '\\' => c.to_string(),
                    _ => format!("\\u{unit:04x}"),
                };
                sent = format!("\"{}\"", text.encode_utf16().map(unit).collect::<String>());
            }
            let kept: String = text.chars().filter(|c| is_kept(*c)).collect();
            prop_assert_eq!(read(&sent), Value::from(kept));
        }

        #[test]
        fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..200), text in "[\"\\\\ud8ac0-9\u{0}]{0,60}") {
            json(&body);
            json(text.as_bytes());
        }
    }
}
