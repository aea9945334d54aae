use std::net::Ipv6Addr;

/// Why a host name is no name of an organisation on the public internet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostFault {
    /// Nothing but white space.
    #[error("the domain is empty: give one such as example.com")]
    Empty,
    /// Longer than the DNS allows: 253 octets, 63 for each label.
    #[error("the domain is too long: 253 characters at most, 63 between two dots")]
    TooLong,
    /// White space inside.
    #[error("the domain contains white space: give one domain and nothing else")]
    WhiteSpace,
    /// A control character inside.
    #[error("the domain contains a control character: type it instead of pasting it")]
    ControlCharacter,
    /// An IP address, in whatever notation.
    #[error("an IP address does not identify a customer: give its domain, such as example.com")]
    IpAddress,
    /// One label only, such as `intranet`.
    #[error("the domain lacks its ending: give it in full, such as example.com")]
    SingleLabel,
    /// A name that means something else on each network, such as `mail.corp.local`.
    #[error("{name} is a name inside a private network: give the customer's public domain")]
    PrivateNetwork {
        /// The host as understood.
        name: String,
    },
    /// Not a host name by the rules of IDNA and the DNS.
    #[error("this is not a valid domain: give one such as example.com")]
    Malformed,
}

impl HostFault {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "domain_empty",
            Self::TooLong => "domain_too_long",
            Self::WhiteSpace => "domain_white_space",
            Self::ControlCharacter => "domain_control_character",
            Self::IpAddress => "domain_ip_address",
            Self::SingleLabel => "domain_single_label",
            Self::PrivateNetwork { .. } => "domain_private_network",
            Self::Malformed => "domain_malformed",
        }
    }
}

/// Last labels that the DNS root will never delegate (RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`) or holds back
/// because private networks use them. `example` and `test` are left out: documentation and demo data live there.
const PRIVATE: [&str; 12] = [
    "arpa",
    "corp",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "onion",
    "private",
];

/// The longest name that the DNS carries, in its textual form without the final dot (RFC 1035, 2.3.4).
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// The lower-case ASCII form of a public host name of two labels or more. A dot at the end is dropped.
///
/// Underscores and the like are left to the caller: they occur in sub-domains, and only what is kept must be strict.
pub(super) fn ascii_host(input: &str) -> Result<String, HostFault> {
    refuse_invisible(input)?;
    if is_ipv6(input) {
        return Err(HostFault::IpAddress);
    }
    if input.len() > 4 * MAX_NAME {
        return Err(HostFault::TooLong);
    }
    let ascii =
        idna::domain_to_ascii_cow(input.as_bytes(), idna::AsciiDenyList::URL).map_err(|_| HostFault::Malformed)?;
    let host = ascii.strip_suffix('.').unwrap_or(&ascii);
    if host.is_empty() {
        return Err(HostFault::Empty);
    }
    if host.len() > MAX_NAME || host.split('.').any(|label| label.len() > MAX_LABEL) {
        return Err(HostFault::TooLong);
    }
    if host.split('.').any(str::is_empty) {
        return Err(HostFault::Malformed);
    }
    refuse_private(host)?;
    Ok(host.to_owned())
}

/// Whether each label is of letters, digits and inner hyphens (RFC 1123, 2.1).
pub(super) fn is_strict(host: &str) -> bool {
    host.split('.').all(|label| {
        !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    })
}

pub(super) fn refuse_invisible(input: &str) -> Result<(), HostFault> {
    if input.trim().is_empty() {
        return Err(HostFault::Empty);
    }
    if input.chars().any(char::is_whitespace) {
        return Err(HostFault::WhiteSpace);
    }
    if input.chars().any(char::is_control) {
        return Err(HostFault::ControlCharacter);
    }
    Ok(())
}

fn is_ipv6(input: &str) -> bool {
    let bare = input
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(input);
    bare.parse::<Ipv6Addr>().is_ok()
}

fn refuse_private(host: &str) -> Result<(), HostFault> {
    let last = host.rsplit('.').next().unwrap_or(host);
    // A name that ends in a number is an IPv4 address to every browser (WHATWG URL, "ends in a number").
    let hexadecimal = last
        .strip_prefix("0x")
        .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()));
    if hexadecimal || last.bytes().all(|b| b.is_ascii_digit()) {
        return Err(HostFault::IpAddress);
    }
    if PRIVATE.contains(&last) {
        return Err(HostFault::PrivateNetwork { name: host.to_owned() });
    }
    if !host.contains('.') {
        return Err(HostFault::SingleLabel);
    }
    Ok(())
}
