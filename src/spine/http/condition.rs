//! Conditional requests (RFC 9110 section 13): versions as strong entity tags.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts},
};

use super::{Problem, code};

/// The `ETag` of a record's version.
#[must_use]
pub fn etag(version: i64) -> HeaderValue {
    HeaderValue::try_from(format!("\"v{version}\"")).unwrap_or(HeaderValue::from_static("\"v0\""))
}

/// Whether the client has this version already, so that 304 will do.
#[must_use]
pub fn if_none_match(headers: &HeaderMap, version: i64) -> bool {
    let ours = etag(version);
    let ours = ours.to_str().unwrap_or_default();
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .filter_map(tags)
        .flatten()
        .any(|tag| tag == "*" || tag.trim_start_matches("W/") == ours)
}

/// The version that a change is meant for: 428 without the header, 400 when it is no entity tag.
#[derive(Clone, Debug)]
pub struct IfMatch(Vec<String>);

impl IfMatch {
    /// # Errors
    /// 412 with the current `ETag` when the record has another version by now.
    pub fn check(&self, version: i64) -> Result<(), Problem> {
        let current = etag(version);
        let ours = current.to_str().unwrap_or_default();
        // Strong comparison (section 8.8.3.2): a weak tag never matches.
        if self.0.iter().any(|tag| tag == "*" || tag == ours) {
            return Ok(());
        }
        let detail = format!("The record is at {ours} now: read it again, then decide whether the change still holds.");
        Err(Problem::new(code::STALE_VERSION, detail).header(header::ETAG, current))
    }
}

/// The entity tags, or the `*`, of a condition (RFC 9110 section 13.1.1): a comma in quotes is part of its tag.
fn tags(text: &str) -> Option<Vec<&str>> {
    let mut rest = text.trim();
    if rest == "*" {
        return Some(vec![rest]);
    }
    let mut tags = Vec::new();
    loop {
        let opened = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
        let (_, behind) = opened.split_once('"')?;
        tags.push(rest.strip_suffix(behind)?);
        rest = behind.trim_start();
        match rest.strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None => return rest.is_empty().then_some(tags),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let value = parts.headers.get(header::IF_MATCH).ok_or_else(|| {
            Problem::new(
                code::PRECONDITION_REQUIRED,
                "Send If-Match with the ETag that came with the record.",
            )
        })?;
        let text = value.to_str().unwrap_or_default();
        let tags = tags(text).ok_or_else(|| {
            let detail = "If-Match must be the ETag that came with the record: write it with its quotes, like \"v1\".";
            Problem::new(code::INVALID_HEADER, detail)
        })?;
        Ok(Self(tags.into_iter().map(str::to_owned).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_quotes_is_one_tag() {
        assert_eq!(tags("\"x, *, y\""), Some(vec!["\"x, *, y\""]));
        assert_eq!(tags(" W/\"a\" ,\"b\""), Some(vec!["W/\"a\"", "\"b\""]));
        let sent = |text: &str| IfMatch(tags(text).unwrap().into_iter().map(str::to_owned).collect());
        assert!(sent("\"v2\", \"v1\"").check(1).is_ok() && sent("*").check(1).is_ok());
        for other in ["\"x, *, y\"", "\"x, \", \"v2\"", "W/\"v1\""] {
            assert!(sent(other).check(1).is_err(), "{other}");
        }
    }

    #[test]
    fn a_condition_is_made_of_quoted_tags() {
        for good in ["*", "\"v1\"", "W/\"v1\"", "\"a\", \"b,c\" , W/\"\"", " \"v1\" "] {
            assert!(tags(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "v1",
            "1",
            "\"v1",
            "v1\"",
            "'v1'",
            "\"v1\",",
            "\"v1\" \"v2\"",
            "w/\"v1\"",
            "*, \"v1\"",
        ] {
            assert!(tags(bad).is_none(), "{bad}");
        }
    }
}
