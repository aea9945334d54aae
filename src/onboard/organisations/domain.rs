//! Domain names of companies.

use guildhall_spine::http::Checks;

/// The form in which domain names are kept: lower case, ASCII (IDNA 2008 by UTS 46), without a dot at the end.
/// `None` for what is no domain name of at least two labels.
pub(crate) fn canonical_domain(text: &str) -> Option<String> {
    let ascii = idna::domain_to_ascii_strict(text.trim().trim_end_matches('.')).ok()?;
    let numeric_end = ascii
        .rsplit('.')
        .next()
        .is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    (ascii.contains('.') && ascii.len() <= 253 && !numeric_end).then_some(ascii)
}

/// Notes in `checks` when `domain` is there and no domain name.
pub(crate) fn check_domain(checks: &mut Checks, pointer: &str, domain: Option<&str>) {
    let fine = domain.is_none_or(|domain| canonical_domain(domain).is_some());
    checks.check(fine, pointer, "domain", "must be a domain name, like example.com");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_domain_has_one_form() {
        assert_eq!(
            canonical_domain("Müller.Example."),
            Some("xn--mller-kva.example".to_owned())
        );
        for text in [
            "",
            "localhost",
            "10.0.0.1",
            "a b.example",
            "https://a.example",
            "a..example",
            "-a.example",
        ] {
            assert_eq!(canonical_domain(text), None, "{text}");
        }
    }
}
