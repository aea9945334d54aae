//! What an organisation may hear of, and what an endpoint asks for.

use guildhall_spine::{
    App,
    access::{OrgKind, Permissions},
    event::{EventDoc, Topic},
    http::Checks,
    live::reserved,
};
use url::Url;

const LONGEST_URL: usize = 2000;
/// Kinds or topics that one endpoint can name.
const MOST_NAMED: usize = 200;

/// Whether an organisation of this kind can hear an event: some role there may know of its topic, and the event isn't
/// kept for those who hold a further right, which an address outside can't.
pub(super) fn may_hear(org: OrgKind, kind: &str, topic: Topic) -> bool {
    reserved(kind).is_none() && topic.permission().is_some_and(|needed| needed.applies_to(org))
}

/// Every kind of event that an organisation of this kind can hear.
pub(super) fn kinds(org: OrgKind) -> Vec<EventDoc> {
    let mut events = guildhall_onboard::events();
    events.extend(guildhall_sell::events());
    events.extend(guildhall_incentivize::events());
    events.extend(guildhall_payouts::events());
    events.extend(crate::events());
    events.retain(|event| may_hear(org, event.kind, event.topic));
    events.sort_by_key(|event| event.kind);
    events
}

/// What an endpoint is asked to hear, by whom.
pub(super) struct Asked<'a> {
    pub(super) org: OrgKind,
    pub(super) permissions: Permissions,
    pub(super) kinds: &'a [String],
    pub(super) topics: &'a [String],
}

impl Asked<'_> {
    /// Notes each kind and topic that there isn't, or that the person who asks may not know of.
    pub(super) fn check(&self, checks: &mut Checks) {
        if self.kinds.is_empty() && self.topics.is_empty() {
            checks.refuse("/kinds", "missing", "name at least one kind of event, or a topic");
        }
        if self.kinds.len() > MOST_NAMED {
            checks.refuse("/kinds", "length", format!("must be at most {MOST_NAMED}"));
            return;
        }
        let known = kinds(self.org);
        let heard = |topic: Topic| {
            topic
                .permission()
                .is_some_and(|needed| self.permissions.contains(needed))
        };
        for (place, kind) in self.kinds.iter().enumerate() {
            let pointer = format!("/kinds/{place}");
            match known.iter().find(|event| event.kind == kind) {
                None => checks.refuse(
                    pointer,
                    "unknown",
                    "there is no such kind of event for your organisation: GET /api/v1/webhook-event-kinds lists them",
                ),
                Some(event) if !heard(event.topic) => checks.refuse(
                    pointer,
                    "not_granted",
                    "is of a topic that you may not know of yourself",
                ),
                Some(_) if repeated(self.kinds, place) => checks.refuse(pointer, "repeated", "stands here twice"),
                Some(_) => {}
            }
        }
        for (place, topic) in self.topics.iter().enumerate() {
            let pointer = format!("/topics/{place}");
            let permission = Topic::parse(topic).and_then(Topic::permission);
            match permission.filter(|needed| needed.applies_to(self.org)) {
                None => checks.refuse(pointer, "unknown", "there is no such topic for your organisation"),
                Some(needed) if !self.permissions.contains(needed) => {
                    checks.refuse(pointer, "not_granted", "is a topic that you may not know of yourself")
                }
                Some(_) if repeated(self.topics, place) => checks.refuse(pointer, "repeated", "stands here twice"),
                Some(_) => {}
            }
        }
    }
}

fn repeated(names: &[String], place: usize) -> bool {
    let (earlier, rest) = names.split_at(place);
    rest.first().is_some_and(|name| earlier.contains(name))
}

/// The address in the form in which it is stored. Notes what is wrong when it is none, or one that is not called.
pub(super) fn check_url(app: &App, text: &str, checks: &mut Checks) -> String {
    read_url(app, text).unwrap_or_else(|(code, message)| {
        checks.refuse("/url", code, message);
        String::new()
    })
}

fn read_url(app: &App, text: &str) -> Result<String, (&'static str, String)> {
    let too_long = || ("length", format!("must have at most {LONGEST_URL} bytes"));
    if text.len() > LONGEST_URL {
        return Err(too_long());
    }
    let url = Url::parse(text).map_err(|fault| ("url", format!("is no address: {fault}")))?;
    if url.fragment().is_some() {
        return Err(("url", "must not have a fragment (#…), which is never sent".to_owned()));
    }
    let checked = app.outbound.check(&url);
    checked.map_err(|refused| ("refused_address", refused.to_string()))?;
    if url.as_str().len() > LONGEST_URL {
        return Err(too_long());
    }
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_hears_of_accounts_or_of_keys_and_a_partner_not_of_the_vendors_crm() {
        for org in [OrgKind::Vendor, OrgKind::Partner] {
            assert!(!may_hear(org, "session.revoked", Topic::Account));
            assert!(!may_hear(org, "api_key.created", Topic::Organisation));
            assert!(may_hear(org, "deal.approved", Topic::Deals));
            assert!(kinds(org).iter().all(|event| !event.kind.starts_with("api_key.")));
        }
        assert!(!may_hear(OrgKind::Partner, "crm.failed", Topic::Crm));
        assert!(may_hear(OrgKind::Vendor, "crm.failed", Topic::Crm));
    }
}
