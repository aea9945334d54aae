//! Requests to addresses that somebody else chose: a webhook endpoint, a CRM. They must not reach what only this machine
//! or its network can (OWASP: server-side request forgery).

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::config::OutboundConfig;

const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(20);

/// The client for such requests: no redirects, no proxy, five seconds to connect and twenty for all of it.
#[derive(Clone, Debug)]
pub struct Outbound {
    client: reqwest::Client,
    private_allowed: bool,
}

/// Why an address is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Another scheme than HTTPS.
    #[error("must be an https address")]
    Scheme,
    /// A user name or password in the address.
    #[error("must not have a user name or password in it")]
    Credentials,
    /// An address of this machine or its network.
    #[error("must not be an address of a private, link-local or otherwise special network")]
    Private,
}

impl Outbound {
    /// The client that the settings allow.
    ///
    /// # Errors
    /// When TLS can't be set up.
    pub fn new(config: &OutboundConfig) -> Result<Self, String> {
        // Two are compiled in by way of dependencies, so that one has to be chosen; another one may have been already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let guard = Guard {
            private_allowed: config.allow_private_networks,
        };
        let client = reqwest::Client::builder()
            .user_agent(concat!("Guildhall/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_PATIENCE)
            .timeout(PATIENCE)
            .dns_resolver(Arc::new(guard))
            .build()
            .map_err(|error| format!("outbound: {error}"))?;
        Ok(Self {
            client,
            private_allowed: config.allow_private_networks,
        })
    }

    /// The client. An address has to pass [`Outbound::check`] first: names are checked when they are resolved, and
    /// addresses written as numbers are not resolved.
    #[must_use]
    pub const fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Whether `url` may be called at all, as far as can be told before its name is resolved. HTTP without TLS goes with
    /// private networks only.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, url: &Url) -> Result<(), Refused> {
        if url.scheme() != "https" && !(self.private_allowed && url.scheme() == "http") {
            return Err(Refused::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::Credentials);
        }
        let ip = match url.host() {
            Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            Some(Host::Domain(name)) if is_local(name) => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            _ => None,
        };
        match ip {
            Some(ip) if !self.private_allowed && !is_public(ip) => Err(Refused::Private),
            _ => Ok(()),
        }
    }
}

fn is_local(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

/// Resolves names to public addresses only, so that what was checked is what is connected to.
#[derive(Debug)]
struct Guard {
    private_allowed: bool,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let private_allowed = self.private_allowed;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let usable: Vec<SocketAddr> = found.filter(|at| private_allowed || is_public(at.ip())).collect();
            if usable.is_empty() {
                return Err(Refused::Private.into());
            }
            let usable: Addrs = Box::new(usable.into_iter());
            Ok(usable)
        })
    }
}

/// Whether an address is of the Internet at large: none of the special-purpose registries of IANA (RFC 6890), also when
/// it comes wrapped in IPv6.
#[must_use]
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_broadcast()
        || ip.is_documentation()
        || ip.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b));
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = ip.segments();
    let wrapped = |high: u16, low: u16| {
        let ([p, q], [r, s]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(p, q, r, s))
    };
    match (a, b) {
        // IPv4-mapped and -compatible addresses.
        (0, 0) if [c, d, e] == [0, 0, 0] && (f == 0xffff || f == 0) => f == 0xffff && wrapped(g, h),
        // NAT64 (RFC 6052) and 6to4 (RFC 3056).
        (0x64, 0xff9b) => [c, d, e, f] == [0; 4] && wrapped(g, h),
        (0x2002, _) => wrapped(b, c),
        // Of the global unicast block: without documentation, benchmarking, ORCHID and Teredo.
        (0x2001, 0xdb8 | 0 | 2) => false,
        (0x2001, 0x10..=0x2f) => false,
        _ => (0x2000..0x4000).contains(&a),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(allow_private_networks: bool) -> Outbound {
        Outbound::new(&OutboundConfig { allow_private_networks }).unwrap()
    }

    #[test]
    fn special_networks_are_refused_in_every_spelling() {
        let outbound = client(false);
        for place in [
            "127.0.0.1",
            "127.1",
            "0x7f000001",
            "2130706433",
            "0.0.0.0",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "[::1]",
            "[::]",
            "[fe80::1]",
            "[fd00::1]",
            "[::ffff:10.0.0.1]",
            "[::ffff:169.254.169.254]",
            "[64:ff9b::a00:1]",
            "[2002:a00:1::]",
            "[2001:db8::1]",
            "[ff02::1]",
            "localhost",
            "api.localhost",
        ] {
            let url = Url::parse(&format!("https://{place}/hook")).unwrap();
            assert_eq!(outbound.check(&url), Err(Refused::Private), "{place}");
        }
        for place in ["8.8.8.8", "[2606:4700::1111]", "[::ffff:8.8.8.8]", "hooks.example.com"] {
            let url = Url::parse(&format!("https://{place}/hook")).unwrap();
            assert_eq!(outbound.check(&url), Ok(()), "{place}");
        }
    }

    #[test]
    fn only_https_without_credentials() {
        let check = |text: &str, private| client(private).check(&Url::parse(text).unwrap());
        assert_eq!(check("http://hooks.example.com/", false), Err(Refused::Scheme));
        assert_eq!(check("ftp://hooks.example.com/", true), Err(Refused::Scheme));
        assert_eq!(
            check("https://me:pw@hooks.example.com/", false),
            Err(Refused::Credentials)
        );
        assert_eq!(check("http://127.0.0.1:9000/", true), Ok(()));
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_this_machine_is_not_connected_to() {
        let guard = Guard { private_allowed: false };
        let fault = guard.resolve("localhost".parse().unwrap()).await.err().unwrap();
        assert!(fault.downcast_ref::<Refused>().is_some(), "{fault}");
    }
}
