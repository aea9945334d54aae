//! What tells spam from people: a trap, the time that filling in takes, and links.

use chrono::{DateTime, TimeDelta, Utc};

/// A token older than this says nothing any more.
const LONGEST: TimeDelta = TimeDelta::hours(24);

/// What is known of how a form was sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signs<'a> {
    /// What stands in the field that people don't see.
    pub(super) trap: Option<&'a str>,
    /// When the form was shown, if its token is genuine.
    pub(super) shown: Option<DateTime<Utc>>,
    /// Whether its token came before, with other answers.
    pub(super) reused: bool,
    pub(super) now: DateTime<Utc>,
    pub(super) min_fill_seconds: i32,
    pub(super) most_links: i32,
}

/// Why what was sent looks like spam: `honeypot`, `no_token`, `too_fast`, `stale`, `reused_token`, `links`. Names have no
/// links: letters to partners carry them.
pub(super) fn suspicions(signs: &Signs<'_>, names: &[&str], message: &str) -> Vec<&'static str> {
    let taken = signs.shown.map(|shown| signs.now - shown);
    let soon = TimeDelta::seconds(signs.min_fill_seconds.into());
    let most = usize::try_from(signs.most_links).unwrap_or(0);
    let linked = names.iter().any(|name| links(name) > 0) || links(message) + bare_links(message) > most;
    [
        (signs.trap.is_some_and(|trap| !trap.trim().is_empty()), "honeypot"),
        (taken.is_none() && signs.min_fill_seconds > 0, "no_token"),
        (taken.is_some_and(|taken| taken < soon), "too_fast"),
        (taken.is_some_and(|taken| taken > LONGEST), "stale"),
        (signs.reused, "reused_token"),
        (linked, "links"),
    ]
    .into_iter()
    .filter_map(|(is, name)| is.then_some(name))
    .collect()
}

/// How many links a text has: addresses with a scheme, or that begin with `www.`.
fn links(text: &str) -> usize {
    let text = text.to_lowercase();
    text.matches("://").count()
        + text
            .split(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | '/' | ':'))
            .filter(|word| word.starts_with("www."))
            .count()
}

/// How many addresses it has without either, like `shop.example/cheap`.
fn bare_links(text: &str) -> usize {
    let text = text.to_lowercase();
    let words = text.split_whitespace();
    words
        .filter(|word| !word.contains("://") && !word.starts_with("www."))
        .filter_map(|word| word.split_once('/')?.0.rsplit_once('.'))
        .filter(|(_, end)| end.len() > 1 && end.chars().all(char::is_alphabetic))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(seconds: Option<i64>) -> Signs<'static> {
        let now = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000);
        Signs {
            trap: None,
            shown: seconds.map(|seconds| now - TimeDelta::seconds(seconds)),
            reused: false,
            now,
            min_fill_seconds: 3,
            most_links: 1,
        }
    }

    #[test]
    fn people_take_their_time() {
        assert!(suspicions(&signs(Some(3)), &[], "").is_empty());
        assert_eq!(suspicions(&signs(Some(2)), &[], ""), ["too_fast"]);
        assert_eq!(suspicions(&signs(Some(90_000)), &[], ""), ["stale"]);
        assert_eq!(suspicions(&signs(None), &[], ""), ["no_token"]);
    }

    #[test]
    fn traps_and_links_tell() {
        let mut trapped = signs(Some(60));
        trapped.trap = Some("1");
        assert_eq!(suspicions(&trapped, &[], ""), ["honeypot"]);
        let found = |text| suspicions(&signs(Some(60)), &[], text);
        assert!(found("see https://acme.example/x").is_empty());
        assert_eq!(found("buy http://a.example and HTTPS://b.example"), ["links"]);
        assert_eq!(found("www.a.example, www.b.example"), ["links"]);
        assert_eq!(found("shop.example/cheap and https://b.example"), ["links"]);
        assert!(found("and/or e.g./i.e. on 24.12/25.12, 3.5/4").is_empty());
        let named = |name| suspicions(&signs(Some(60)), &[name], "");
        assert!(named("Acme and/or Co. www").is_empty());
        assert_eq!(named("Log in at https://a.example"), ["links"]);
    }
}
