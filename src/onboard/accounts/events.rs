//! What accounts publish, to their owner alone.

use guildhall_kernel::UserId;
use guildhall_spine::event::{Event, EventDoc, Topic};
use schemars::JsonSchema;
use serde::Serialize;

/// The events of accounts.
pub(super) const EVENTS: &[EventDoc] = &[EventDoc::of::<UserRegistered>(), EventDoc::of::<EmailVerified>()];

/// Someone registered; the account is of use once the address is confirmed.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct UserRegistered {
    /// Who.
    pub(crate) user_id: UserId,
}

impl Event for UserRegistered {
    const KIND: &'static str = "user.registered";
    const TOPIC: Topic = Topic::Account;
}

/// The user has shown that the e-mail address is theirs.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct EmailVerified {
    /// Who.
    pub(crate) user_id: UserId,
}

impl Event for EmailVerified {
    const KIND: &'static str = "user.email_verified";
    const TOPIC: Topic = Topic::Account;
}
