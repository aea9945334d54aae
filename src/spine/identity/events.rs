//! What happens to an account. Only its owner hears of it.

use std::net::IpAddr;

use guildhall_kernel::{OrgId, SessionId, UserId};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::administer::{UserActivated, UserCreated, UserOperatorChanged, UserSuspended};
use crate::event::{Event, EventDoc, Subject, Topic};

/// The events of identity.
pub const EVENTS: &[EventDoc] = &[
    EventDoc::of::<SessionStarted>(),
    EventDoc::of::<SessionSwitched>(),
    EventDoc::of::<SessionRevoked>(),
    EventDoc::of::<LoginFailed>(),
    EventDoc::of::<PasswordChanged>(),
    EventDoc::of::<TotpStarted>(),
    EventDoc::of::<TotpEnabled>(),
    EventDoc::of::<TotpDisabled>(),
    EventDoc::of::<TotpLocked>(),
    EventDoc::of::<RecoveryCodesReplaced>(),
    EventDoc::of::<UserUpdated>(),
    EventDoc::of::<UserCreated>(),
    EventDoc::of::<UserSuspended>(),
    EventDoc::of::<UserActivated>(),
    EventDoc::of::<UserOperatorChanged>(),
    EventDoc::of::<SigningKeyRotated>(),
    EventDoc::of::<SecretsResealed>(),
];

/// How someone proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// By password alone.
    Password,
    /// By password and a code of the authenticator.
    Totp,
    /// By password and a recovery code, which is spent.
    RecoveryCode,
}

/// A device logged in.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SessionStarted {
    /// The new session.
    pub session_id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// The organisation it acts for.
    pub organisation_id: Option<OrgId>,
    /// How the person proved who they are.
    pub method: Method,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// The client's address.
    pub ip: IpAddr,
}

impl Event for SessionStarted {
    const KIND: &'static str = "session.started";
    const TOPIC: Topic = Topic::Account;
}

/// A session acts for another organisation from now on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SessionSwitched {
    /// The session.
    pub session_id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// The organisation it acts for now.
    pub organisation_id: OrgId,
}

impl Event for SessionSwitched {
    const KIND: &'static str = "session.switched";
    const TOPIC: Topic = Topic::Account;
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Its own device logged out.
    LoggedOut,
    /// The user logged out everywhere.
    LoggedOutEverywhere,
    /// The user ended it from another device.
    Revoked,
    /// A refresh token came a second time, so that someone else may have it.
    RefreshTokenReused,
    /// The password was changed on another device.
    PasswordChanged,
    /// The password was reset by mail.
    PasswordReset,
    /// The people who run the platform set another password.
    ResetByOperator,
    /// The account was suspended.
    Suspended,
}

impl EndReason {
    /// The name in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged_out",
            Self::LoggedOutEverywhere => "logged_out_everywhere",
            Self::Revoked => "revoked",
            Self::RefreshTokenReused => "refresh_token_reused",
            Self::PasswordChanged => "password_changed",
            Self::PasswordReset => "password_reset",
            Self::ResetByOperator => "reset_by_operator",
            Self::Suspended => "suspended",
        }
    }
}

/// A session ended before its time: its tokens are worth nothing from now on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SessionRevoked {
    /// The session.
    pub session_id: SessionId,
    /// Whose it was.
    pub user_id: UserId,
    /// Why.
    pub reason: EndReason,
}

impl Event for SessionRevoked {
    const KIND: &'static str = "session.revoked";
    const TOPIC: Topic = Topic::Account;
}

/// What was wrong about an attempt to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// Nobody has the address; no user hears of it.
    UnknownAccount,
    /// The password.
    WrongPassword,
    /// The code of the second factor; the password was right.
    WrongCode,
    /// The account is suspended.
    Suspended,
}

/// Someone tried to log in, or to confirm who they are, and failed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LoginFailed {
    /// As whom.
    pub user_id: Option<UserId>,
    /// What was wrong.
    pub reason: Failure,
    /// The client's address.
    pub ip: IpAddr,
}

impl Event for LoginFailed {
    const KIND: &'static str = "login.failed";
    const TOPIC: Topic = Topic::Account;
}

macro_rules! about_the_user {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Serialize, JsonSchema)]
        pub struct $name {
            /// Whose account it is.
            pub user_id: UserId,
        }

        impl Event for $name {
            const KIND: &'static str = $kind;
            const TOPIC: Topic = Topic::Account;
        }
    )*};
}

about_the_user! {
    /// The password is another one.
    PasswordChanged = "password.changed";
    /// An authenticator was shown the secret; it counts once it is confirmed.
    TotpStarted = "totp.started";
    /// From now on logging in needs a code.
    TotpEnabled = "totp.enabled";
    /// Logging in needs no code any more.
    TotpDisabled = "totp.disabled";
    /// Too many codes were wrong: for a day the authenticator is not believed, and only recovery codes are.
    TotpLocked = "totp.locked";
    /// The recovery codes of before are worth nothing; there are new ones.
    RecoveryCodesReplaced = "recovery_codes.replaced";
}

/// The user changed their own record.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UserUpdated {
    /// Whose record it is.
    pub user_id: UserId,
    /// The record's version now.
    pub version: i64,
}

impl Event for UserUpdated {
    const KIND: &'static str = "user.updated";
    const TOPIC: Topic = Topic::Account;
}

/// Tokens are signed with a new key. For the platform's audit log; nobody is told.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SigningKeyRotated {
    /// The new key's id, as the tokens and the JWK set name it.
    pub kid: String,
}

impl Event for SigningKeyRotated {
    const KIND: &'static str = "signing_key.rotated";
    const TOPIC: Topic = Topic::Account;
}

/// Secrets in the database were sealed with the newest master key. For the platform's audit log; nobody is told.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SecretsResealed {
    /// How many, in one transaction of a rotation.
    pub count: u64,
}

impl Event for SecretsResealed {
    const KIND: &'static str = "secrets.resealed";
    const TOPIC: Topic = Topic::Account;
}

/// The platform's keys, which have no id of their own.
pub(super) const KEYS: Subject = Subject {
    kind: "keys",
    id: Uuid::nil(),
};
