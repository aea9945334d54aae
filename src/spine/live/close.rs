//! Why the server ends a socket, and what the client does then.

/// Why the server ends a socket.
///
/// | code | meaning | the client |
/// | --- | --- | --- |
/// | 1000 | the client asked, or its subject ended | stops |
/// | 1002 | it broke RFC 6455: unmasked frame, reserved bits, bad fragmentation | is fixed |
/// | 1003 | it sent a binary message | is fixed |
/// | 1007 | it sent text that is not UTF-8 | is fixed |
/// | 1009 | it sent a message above `max_frame_bytes` | is fixed |
/// | 1012 | the server restarts | reconnects after a random wait of up to 5 s and resumes |
/// | 1013 | the server could not read the log | reconnects with back-off and resumes |
/// | 4001 | its access token expired | gets a fresh token, reconnects and resumes |
/// | 4003 | its access was revoked | asks its user to sign in |
/// | 4008 | it reads too slowly | resumes with `since` |
/// | 4029 | it sends too many frames, or too many bad ones | is fixed; reconnects with back-off |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// 1000.
    Normal,
    /// 1002.
    Protocol,
    /// 1003.
    Binary,
    /// 1007.
    NotUtf8,
    /// 1009.
    TooBig,
    /// 1012.
    Restart,
    /// 1013.
    TryAgain,
    /// 4001.
    TokenExpired,
    /// 4003.
    Revoked,
    /// 4008.
    TooSlow,
    /// 4029.
    TooManyFrames,
}

impl Close {
    /// The status code on the wire: RFC 6455 §7.4.1 below 4000, ours above.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::Protocol => 1002,
            Self::Binary => 1003,
            Self::NotUtf8 => 1007,
            Self::TooBig => 1009,
            Self::Restart => 1012,
            Self::TryAgain => 1013,
            Self::TokenExpired => 4001,
            Self::Revoked => 4003,
            Self::TooSlow => 4008,
            Self::TooManyFrames => 4029,
        }
    }

    /// The reason on the wire; at most 123 bytes, as a control frame demands.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Normal => "",
            Self::Protocol => "protocol_error: the frame breaks RFC 6455",
            Self::Binary => "binary_not_supported: send JSON text frames",
            Self::NotUtf8 => "not_utf8: text frames are UTF-8",
            Self::TooBig => "too_big: see max_frame_bytes in hello",
            Self::Restart => "server_restart: reconnect and resume with since",
            Self::TryAgain => "try_again: reconnect later and resume with since",
            Self::TokenExpired => "token_expired: reconnect with a fresh token and resume with since",
            Self::Revoked => "access_revoked: sign in again",
            Self::TooSlow => "too_slow: resume with since",
            Self::TooManyFrames => "too_many_frames: slow down and reconnect",
        }
    }
}
