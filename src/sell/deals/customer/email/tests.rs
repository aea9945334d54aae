use proptest::prelude::*;

use super::EmailKey;

fn key(input: &str) -> Result<String, &'static str> {
    EmailKey::parse(input)
        .map(|key| key.as_str().to_owned())
        .map_err(|fault| fault.code())
}

#[test]
fn equal_mailboxes_have_equal_keys() {
    let table = [
        ("jane@example.com", "jane@example.com"),
        ("  Jane.Doe@EXAMPLE.com \n", "jane.doe@example.com"),
        ("jane+guildhall@example.com", "jane@example.com"),
        ("jane+a+b@example.com", "jane@example.com"),
        ("+jane@example.com", "+jane@example.com"),
        ("o'brien@example.ie", "o'brien@example.ie"),
        ("jane@eu.example.com.", "jane@eu.example.com"),
        ("jürgen@Bücher.de", "jürgen@xn--bcher-kva.de"),
        ("ju\u{308}rgen@xn--bcher-kva.de", "jürgen@xn--bcher-kva.de"),
        ("joe@gmail.com", "joe@gmail.com"),
    ];
    for (input, expected) in table {
        assert_eq!(key(input), Ok(expected.to_owned()), "{input:?}");
    }
}

#[test]
fn what_is_no_address_is_refused() {
    let long_local = format!("{}@example.com", "a".repeat(65));
    let long = format!("jane@{}.com", "a.".repeat(130));
    let table = [
        ("", "email_empty"),
        ("  ", "email_empty"),
        ("jane", "email_at_sign"),
        ("jane@doe@example.com", "email_at_sign"),
        ("@example.com", "email_local_part"),
        ("jane doe@example.com", "email_local_part"),
        ("Jane <jane@example.com>", "email_local_part"),
        ("mailto:jane@example.com", "email_local_part"),
        ("ja\0ne@example.com", "email_local_part"),
        ("ja\u{fe6b}ne@example.com", "email_local_part"),
        ("jane@", "email_domain"),
        ("jane@localhost", "email_domain"),
        ("jane@127.0.0.1", "email_domain"),
        ("jane@exam ple.com", "email_domain"),
        ("jane@example..com", "email_domain"),
        ("jane@exa_mple.com", "email_domain"),
        (long_local.as_str(), "email_too_long"),
        (long.as_str(), "email_too_long"),
    ];
    for (input, code) in table {
        assert_eq!(key(input), Err(code), "{input:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_key_reads_as_itself(input in "\\PC{0,30}@\\PC{0,30}|\\PC{1,30}@[a-z]{1,9}\\.(com|de)|[\\x00-\\x7f]{0,60}") {
        if let Ok(key) = EmailKey::parse(&input) {
            prop_assert!(key.as_str().len() <= 254);
            prop_assert_eq!(EmailKey::parse(key.as_str()), Ok(key));
        }
    }
}
