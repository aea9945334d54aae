use proptest::prelude::*;

use super::{DomainFault, RegistrableDomain};

fn parsed(input: &str) -> Result<String, &'static str> {
    RegistrableDomain::parse(input)
        .map(|domain| domain.to_string())
        .map_err(|fault| fault.code())
}

#[test]
fn reads_what_people_paste() {
    let table = [
        ("example.com", "example.com"),
        ("Example.COM", "example.com"),
        ("  example.com\n", "example.com"),
        ("example.com.", "example.com"),
        ("www.example.com", "example.com"),
        ("https://www.example.co.uk/path?x", "example.co.uk"),
        ("HTTPS://Shop.Example.de:8443/a/b?c=d#e", "example.de"),
        ("//cdn.example.org/x", "example.org"),
        ("http://example.com?next=https://other.com/", "example.com"),
        ("https://user:secret@example.com/", "example.com"),
        ("https://example.com@attacker.net/", "attacker.net"),
        ("example.com:443", "example.com"),
        ("example.com/products", "example.com"),
        ("jane@example.com", "example.com"),
        ("Jane.Doe+deal@Mail.Example.COM", "example.com"),
        ("mailto:jane@example.com?subject=hi", "example.com"),
        ("@example.com", "example.com"),
        ("my_shop.example.com", "example.com"),
        ("bücher.de", "xn--bcher-kva.de"),
        ("BÜCHER.de", "xn--bcher-kva.de"),
        ("xn--bcher-kva.de", "xn--bcher-kva.de"),
        ("straße.de", "xn--strae-oqa.de"),
        ("www.例子.公司.cn", "xn--fsqu00a.xn--55qx5d.cn"),
        ("トヨタ.jp", "xn--5ckr0h.jp"),
        ("example。com", "example.com"),
        ("ｅｘａｍｐｌｅ.com", "example.com"),
        ("exam\u{ad}ple.com", "example.com"),
        ("a.b.github.io", "b.github.io"),
        ("acme.myshopify.com", "acme.myshopify.com"),
        ("shop.acme.com.au", "acme.com.au"),
        ("www.city.kawasaki.jp", "city.kawasaki.jp"),
        ("a.b.c.kobe.jp", "b.c.kobe.jp"),
        ("www.ck", "www.ck"),
        ("customer7.vendor1.example", "vendor1.example"),
        ("1und1.de", "1und1.de"),
        ("3m.com", "3m.com"),
        ("gmail.com", "gmail.com"),
    ];
    for (input, expected) in table {
        assert_eq!(parsed(input), Ok(expected.to_owned()), "{input:?}");
    }
}

#[test]
fn refuses_what_identifies_nobody() {
    let long_label = format!("{}.com", "a".repeat(64));
    let long_name = format!("{}example.com", "a.".repeat(130));
    let huge = "ü".repeat(100_000);
    let table = [
        ("", "domain_empty"),
        (" \t\n", "domain_empty"),
        (".", "domain_empty"),
        ("https://", "domain_empty"),
        ("https:///path", "domain_empty"),
        ("jane@", "domain_empty"),
        ("exa mple.com", "domain_white_space"),
        ("Jane <jane@example.com>", "domain_white_space"),
        ("example.com and more", "domain_white_space"),
        ("exa\u{a0}mple.com", "domain_white_space"),
        ("exa\0mple.com", "domain_control_character"),
        ("example.com\u{7f}x", "domain_control_character"),
        ("https://example.com/\u{1b}[31m", "domain_control_character"),
        ("127.0.0.1", "domain_ip_address"),
        ("http://10.1.2.3:8080/x", "domain_ip_address"),
        ("１２７.0.0.1", "domain_ip_address"),
        ("2130706433", "domain_ip_address"),
        ("0x7f.1", "domain_ip_address"),
        ("::1", "domain_ip_address"),
        ("2001:db8::1", "domain_ip_address"),
        ("http://[2001:db8::1]:80/", "domain_ip_address"),
        ("jane@[192.0.2.1]", "domain_ip_address"),
        ("localhost", "domain_private_network"),
        ("http://localhost:8080", "domain_private_network"),
        ("crm.corp.local", "domain_private_network"),
        ("metadata.google.internal", "domain_private_network"),
        ("1.0.0.127.in-addr.arpa", "domain_private_network"),
        ("acme", "domain_single_label"),
        ("com", "domain_single_label"),
        ("co.uk", "domain_public_suffix"),
        ("https://co.uk/", "domain_public_suffix"),
        ("github.io", "domain_public_suffix"),
        ("公司.cn", "domain_public_suffix"),
        ("example..com", "domain_malformed"),
        (".example.com", "domain_malformed"),
        ("example.com..", "domain_malformed"),
        ("-example.com", "domain_malformed"),
        ("example-.com", "domain_malformed"),
        ("exa_mple.com", "domain_malformed"),
        ("exa%6dple.com", "domain_malformed"),
        ("example.com:http", "domain_malformed"),
        ("javascript:alert(1)", "domain_malformed"),
        ("xn--a.com", "domain_malformed"),
        ("a\u{202e}b.com", "domain_malformed"),
        (long_label.as_str(), "domain_too_long"),
        (long_name.as_str(), "domain_too_long"),
        (huge.as_str(), "domain_too_long"),
    ];
    for (input, code) in table {
        assert_eq!(
            parsed(input),
            Err(code),
            "{:?}",
            input.chars().take(40).collect::<String>()
        );
    }
}

#[test]
fn shared_mailboxes_pass_for_contacts_and_not_for_customers() {
    for provider in [
        "jane@gmail.com",
        "outlook.com",
        "https://mail.yahoo.co.jp",
        "GMX.de",
        "joe@web.de",
        "qq.com",
    ] {
        assert!(
            RegistrableDomain::parse(provider).is_ok_and(|domain| domain.is_shared_mailbox()),
            "{provider}"
        );
        let refused = RegistrableDomain::parse_customer(provider).map_err(|fault| fault.code());
        assert_eq!(refused, Err("domain_shared_mailbox"), "{provider}");
    }
    for company in [
        "google.com",
        "microsoft.com",
        "yahooinc.com",
        "gmail-consulting.com",
        "orange.fr",
    ] {
        assert!(RegistrableDomain::parse_customer(company).is_ok(), "{company}");
    }
}

#[test]
fn messages_name_the_value_and_the_way_out() {
    let text = |input| RegistrableDomain::parse_customer(input).map_err(|fault: DomainFault| fault.to_string());
    assert_eq!(
        text("https://CO.uk/").err().as_deref(),
        Some("co.uk is shared by many organisations: give the customer's own domain, such as example.co.uk"),
    );
    assert_eq!(
        text("joe@gmail.com").err().as_deref(),
        Some("gmail.com gives mailboxes to everybody and does not identify a customer: give the customer's own domain"),
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn anything_is_answered_without_panic(input in "\\PC{0,60}|[\\x00-\\x7f]{0,60}") {
        if let Ok(domain) = RegistrableDomain::parse(&input) {
            prop_assert_eq!(RegistrableDomain::parse(domain.as_str()), Ok(domain));
        }
    }

    #[test]
    fn a_domain_reads_as_itself_however_it_is_dressed(
        label in "[a-z0-9äöüßéñа-яα-ω一-龥]{1,12}",
        suffix in prop::sample::select(vec!["com", "co.uk", "de", "com.br", "公司.cn", "github.io", "example"]),
        sub in "([a-z]{1,8}\\.){0,3}",
    ) {
        let Ok(domain) = RegistrableDomain::parse(&format!("{label}.{suffix}")) else { return Ok(()) };
        let dresses = [
            domain.to_string(),
            format!("https://{sub}{}/x?y=a@b.c#z", domain.as_str().to_uppercase()),
            format!("Jane.Doe@{sub}{domain}."),
            format!("{sub}{label}.{suffix}:443/"),
        ];
        for dress in dresses {
            prop_assert_eq!(RegistrableDomain::parse(&dress), Ok(domain.clone()), "{}", dress);
        }
    }
}
