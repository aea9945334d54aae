//! What every handler can reach.

use std::{
    net::IpAddr,
    ops::Deref,
    sync::{Arc, atomic::AtomicBool},
};

use guildhall_kernel::{Clock, CursorKey, Entity, Entropy, Id};
use tokio_util::sync::CancellationToken;

use crate::{
    config::Config,
    db::Db,
    http::Limits,
    identity::{Identity, Passwords},
    live::Hub,
    outbound::Outbound,
    secret::Keyring,
    storage::Files,
};

/// The running server's parts; clones share them.
#[derive(Clone, Debug)]
pub struct App(Arc<AppParts>);

/// See [`App`].
#[derive(Debug)]
pub struct AppParts {
    /// The settings.
    pub config: Config,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// The database.
    pub db: Db,
    /// Secrets at rest.
    pub keyring: Keyring,
    /// Seals list cursors.
    pub cursors: CursorKey,
    /// Checks credentials.
    pub identity: Arc<Identity>,
    /// Hashes and verifies passwords.
    pub passwords: Passwords,
    /// Request limits.
    pub limits: Limits,
    /// Proxies whose word on the client's address is taken.
    pub proxies: TrustedProxies,
    /// The bytes of stored files.
    pub files: Files,
    /// Calls addresses that somebody else chose.
    pub outbound: Outbound,
    /// The sockets of this node.
    pub live: Arc<Hub>,
    /// Cancelled when the server begins to stop.
    pub stopping: CancellationToken,
    /// Whether data is being loaded that requests should wait for.
    pub loading: AtomicBool,
}

impl From<AppParts> for App {
    fn from(parts: AppParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = AppParts;

    fn deref(&self) -> &AppParts {
        &self.0
    }
}

impl AppParts {
    /// A new id.
    #[must_use]
    pub fn new_id<E: Entity>(&self) -> Id<E> {
        Id::generate(&self.clock, &self.entropy)
    }
}

/// Addresses and networks of proxies.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<(IpAddr, u8)>);

impl TrustedProxies {
    /// Parses addresses (`10.1.2.3`, `::1`) and networks (`10.0.0.0/8`).
    ///
    /// # Errors
    /// The text that is neither.
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        let network = |text: &String| {
            let (address, bits) = text
                .split_once('/')
                .map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
            let address: IpAddr = address.parse().ok()?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.map_or(Some(most), |bits| bits.parse().ok().filter(|bits| *bits <= most))?;
            Some((address, bits))
        };
        texts
            .iter()
            .map(|text| network(text).ok_or_else(|| text.clone()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether `ip` is one of them.
    #[must_use]
    pub fn trusts(&self, ip: IpAddr) -> bool {
        let bits_of = |ip: IpAddr| match ip {
            IpAddr::V4(v4) => u128::from(u32::from(v4)) << 96,
            IpAddr::V6(v6) => u128::from(v6),
        };
        self.0.iter().any(|(network, bits)| {
            network.is_ipv4() == ip.is_ipv4()
                && (bits_of(*network) ^ bits_of(ip))
                    .checked_shr(128 - u32::from(*bits))
                    .unwrap_or(0)
                    == 0
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses_only() {
        let proxies = TrustedProxies::parse(&["10.0.0.0/8".into(), "::1".into()]).unwrap();
        let trusts = |text: &str| proxies.trusts(text.parse().unwrap());
        assert!(trusts("10.255.0.1") && trusts("::1"));
        assert!(!trusts("11.0.0.1") && !trusts("::2"));
        assert_eq!(
            TrustedProxies::parse(&["10.0.0.0/33".into()]).unwrap_err(),
            "10.0.0.0/33"
        );
    }
}
