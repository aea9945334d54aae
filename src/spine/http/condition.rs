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
        .any(|tags| {
            tags.split(',')
                .map(|tag| tag.trim().trim_start_matches("W/"))
                .any(|tag| tag == "*" || tag == ours)
        })
}

/// The version that a change is meant for: 428 without the header, 400 when it is no entity tag.
#[derive(Clone, Debug)]
pub struct IfMatch(String);

impl IfMatch {
    /// # Errors
    /// 412 with the current `ETag` when the record has another version by now.
    pub fn check(&self, version: i64) -> Result<(), Problem> {
        let current = etag(version);
        let ours = current.to_str().unwrap_or_default();
        // Strong comparison (section 8.8.3.2): a weak tag never matches.
        if self.0.split(',').map(str::trim).any(|tag| tag == "*" || tag == ours) {
            return Ok(());
        }
        let detail = format!("The record is at {ours} now: read it again, then decide whether the change still holds.");
        Err(Problem::new(code::STALE_VERSION, detail).header(header::ETAG, current))
    }
}

/// Whether the text has the form of `If-Match` (RFC 9110 section 13.1.1): `*`, or entity tags with commas between.
fn is_condition(text: &str) -> bool {
    let mut rest = text.trim();
    if rest == "*" {
        return true;
    }
    loop {
        let Some(opened) = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"') else {
            return false;
        };
        let Some((_, behind)) = opened.split_once('"') else {
            return false;
        };
        rest = behind.trim_start();
        match rest.strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None => return rest.is_empty(),
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
        if !is_condition(text) {
            let detail = "If-Match must be the ETag that came with the record: write it with its quotes, like \"v1\".";
            return Err(Problem::new(code::INVALID_HEADER, detail));
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_made_of_quoted_tags() {
        for good in ["*", "\"v1\"", "W/\"v1\"", "\"a\", \"b,c\" , W/\"\"", " \"v1\" "] {
            assert!(is_condition(good), "{good}");
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
            assert!(!is_condition(bad), "{bad}");
        }
    }
}
