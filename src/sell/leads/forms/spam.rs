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
    pub(super) now: DateTime<Utc>,
    pub(super) min_fill_seconds: i32,
    pub(super) most_links: i32,
}

/// Why what was sent looks like spam: `honeypot`, `no_token`, `too_fast`, `stale`, `links`.
pub(super) fn suspicions(signs: &Signs<'_>, texts: &[&str]) -> Vec<&'static str> {
    let taken = signs.shown.map(|shown| signs.now - shown);
    let soon = TimeDelta::seconds(signs.min_fill_seconds.into());
    let links: usize = texts.iter().map(|text| links(text)).sum();
    [
        (signs.trap.is_some_and(|trap| !trap.trim().is_empty()), "honeypot"),
        (taken.is_none() && signs.min_fill_seconds > 0, "no_token"),
        (taken.is_some_and(|taken| taken < soon), "too_fast"),
        (taken.is_some_and(|taken| taken > LONGEST), "stale"),
        (links > usize::try_from(signs.most_links).unwrap_or(0), "links"),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(seconds: Option<i64>) -> Signs<'static> {
        let now = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000);
        Signs {
            trap: None,
            shown: seconds.map(|seconds| now - TimeDelta::seconds(seconds)),
            now,
            min_fill_seconds: 3,
            most_links: 1,
        }
    }

    #[test]
    fn people_take_their_time() {
        assert!(suspicions(&signs(Some(3)), &[]).is_empty());
        assert_eq!(suspicions(&signs(Some(2)), &[]), ["too_fast"]);
        assert_eq!(suspicions(&signs(Some(90_000)), &[]), ["stale"]);
        assert_eq!(suspicions(&signs(None), &[]), ["no_token"]);
    }

    #[test]
    fn traps_and_links_tell() {
        let mut trapped = signs(Some(60));
        trapped.trap = Some("1");
        assert_eq!(suspicions(&trapped, &[]), ["honeypot"]);
        let found = |text| suspicions(&signs(Some(60)), &[text]);
        assert!(found("see https://acme.example/x").is_empty());
        assert_eq!(found("buy http://a.example and HTTPS://b.example"), ["links"]);
        assert_eq!(found("www.a.example, www.b.example"), ["links"]);
    }
}
