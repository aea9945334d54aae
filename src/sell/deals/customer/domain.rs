use std::fmt;

use super::host::{HostFault, ascii_host, is_strict, refuse_invisible};

#[cfg(test)]
mod tests;

/// The domain that an organisation registers, and under which all its hosts lie: `example.co.uk` for
/// `www.shop.example.co.uk`. Lower-case, internationalised names in their ASCII form (`xn--…`).
///
/// Suffixes come from the Public Suffix List, its private part included: whoever rents a name below a shared suffix
/// (`acme.github.io`, `acme.myshopify.com`) is a customer of its own. A top-level domain that the list does not know
/// counts as a suffix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistrableDomain(String);

/// Why no customer's domain can be read from what was given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DomainFault {
    /// The host name itself is at fault.
    #[error(transparent)]
    Host(#[from] HostFault),
    /// A suffix below which others register, such as `co.uk`.
    #[error("{suffix} is shared by many organisations: give the customer's own domain, such as example.{suffix}")]
    PublicSuffix {
        /// The suffix as understood.
        suffix: String,
    },
    /// A provider of mailboxes for everybody, such as `gmail.com`.
    #[error("{domain} gives mailboxes to everybody and does not identify a customer: give the customer's own domain")]
    SharedMailbox {
        /// The provider's domain.
        domain: String,
    },
}

impl DomainFault {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Host(fault) => fault.code(),
            Self::PublicSuffix { .. } => "domain_public_suffix",
            Self::SharedMailbox { .. } => "domain_shared_mailbox",
        }
    }
}

impl RegistrableDomain {
    /// Reads the domain from what a person pastes: a domain, a link, or a mail address. The result reads as itself.
    ///
    /// # Errors
    /// [`DomainFault::Host`] or [`DomainFault::PublicSuffix`] when no registrable domain is in it.
    pub fn parse(input: &str) -> Result<Self, DomainFault> {
        let input = input.trim();
        refuse_invisible(input)?;
        let host = ascii_host(host_part(input)?)?;
        let Some(domain) = psl::domain_str(&host) else {
            return Err(DomainFault::PublicSuffix { suffix: host });
        };
        if !is_strict(domain) {
            return Err(HostFault::Malformed.into());
        }
        Ok(Self(domain.to_owned()))
    }

    /// Like [`parse`](Self::parse), and refuses a domain that cannot stand for one customer.
    ///
    /// # Errors
    /// Those of `parse`, and [`DomainFault::SharedMailbox`].
    pub fn parse_customer(input: &str) -> Result<Self, DomainFault> {
        let domain = Self::parse(input)?;
        if domain.is_shared_mailbox() {
            return Err(DomainFault::SharedMailbox { domain: domain.0 });
        }
        Ok(domain)
    }

    /// Whether anybody can get a mailbox here, so that the domain says nothing about the owner's employer.
    #[must_use]
    pub fn is_shared_mailbox(&self) -> bool {
        let brand = self.0.split('.').next().unwrap_or_default();
        MAILBOX_BRANDS.contains(&brand) || MAILBOX_DOMAINS.contains(&self.0.as_str())
    }

    /// The domain as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RegistrableDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The host of a link or a mail address; a bare host is its own.
fn host_part(input: &str) -> Result<&str, HostFault> {
    let rest = input.split_once("://").map_or(input, |(_, rest)| rest);
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host_port = authority.rsplit('@').next().unwrap_or_default();
    let colons = host_port.matches(':').count();
    if host_port.starts_with('[') || colons > 1 {
        return Err(if host_port.contains(|c: char| c.is_ascii_hexdigit()) {
            HostFault::IpAddress
        } else {
            HostFault::Malformed
        });
    }
    match host_port.split_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => Ok(host),
        Some(_) => Err(HostFault::Malformed),
        None => Ok(host_port),
    }
}

/// Providers that own their name under every ending.
const MAILBOX_BRANDS: [&str; 8] = [
    "gmail",
    "gmx",
    "googlemail",
    "hotmail",
    "outlook",
    "protonmail",
    "yahoo",
    "ymail",
];

/// The widely used providers besides. A provider whose staff use the same domain as its mailboxes is left out: as a
/// customer it must be registrable.
const MAILBOX_DOMAINS: [&str; 60] = [
    "126.com",
    "139.com",
    "163.com",
    "abv.bg",
    "aim.com",
    "aol.com",
    "bigpond.com",
    "bk.ru",
    "bluewin.ch",
    "bol.com.br",
    "btinternet.com",
    "centrum.cz",
    "comcast.net",
    "cox.net",
    "email.com",
    "email.cz",
    "fastmail.com",
    "fastmail.fm",
    "foxmail.com",
    "freenet.de",
    "hanmail.net",
    "hey.com",
    "hushmail.com",
    "icloud.com",
    "inbox.ru",
    "interia.pl",
    "laposte.net",
    "libero.it",
    "list.ru",
    "live.co.uk",
    "live.com",
    "live.fr",
    "live.nl",
    "mac.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "naver.com",
    "o2.pl",
    "onet.pl",
    "pm.me",
    "proton.me",
    "qq.com",
    "rediffmail.com",
    "rocketmail.com",
    "rogers.com",
    "sbcglobal.net",
    "seznam.cz",
    "sina.com",
    "t-online.de",
    "tuta.com",
    "tutanota.com",
    "uol.com.br",
    "wanadoo.fr",
    "web.de",
    "wp.pl",
    "ya.ru",
    "yandex.ru",
    "zohomail.com",
];
