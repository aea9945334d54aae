//! What an access token says.

use guildhall_kernel::{OrgId, SessionId, UserId};
use serde::{Deserialize, Serialize};

use crate::access::OrgKind;

/// The claims of an access token (RFC 7519, EdDSA by RFC 8037). They name the session and the organisation acted
/// for; the role is looked up, so that a change of role holds at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// The issuer: the server's public URL.
    pub iss: String,
    /// The audience: `guildhall`.
    pub aud: String,
    /// The user.
    pub sub: UserId,
    /// The session.
    pub sid: SessionId,
    /// The organisation acted for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org: Option<OrgId>,
    /// Its kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<OrgKind>,
    /// The role when the token was made, for clients to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Issued at, seconds since 1970.
    pub iat: i64,
    /// Ends at, seconds since 1970.
    pub exp: i64,
}

impl Claims {
    /// The audience of Guildhall's tokens.
    pub const AUDIENCE: &'static str = "guildhall";
}
