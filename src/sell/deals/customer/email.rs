use unicode_normalization::UnicodeNormalization;

use super::host::{HostFault, ascii_host, is_strict};

#[cfg(test)]
mod tests;

/// A contact's mail address in the form that tells whether two registrations name the same person: lower case, the
/// domain in ASCII, without a `+tag`. Not the address to send to: a mail server may tell upper case from lower.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailKey(String);

/// Why a text is no mail address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailFault {
    /// Nothing but white space.
    #[error("the e-mail address is empty")]
    Empty,
    /// More than 254 octets (RFC 5321, 4.5.3.1.3), or more than 64 before the `@`.
    #[error("the e-mail address is too long: 254 characters at most, 64 before the @")]
    TooLong,
    /// Not exactly one `@`.
    #[error("an e-mail address has exactly one @, such as jane@example.com")]
    AtSign,
    /// What stands before the `@` is empty, or has white space, control characters, quotes or brackets.
    #[error("the part before the @ is not valid: give the plain address, such as jane@example.com")]
    Local,
    /// What stands behind the `@` is no public host name.
    #[error("behind the @: {0}")]
    Domain(#[from] HostFault),
}

impl EmailFault {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "email_empty",
            Self::TooLong => "email_too_long",
            Self::AtSign => "email_at_sign",
            Self::Local => "email_local_part",
            Self::Domain(_) => "email_domain",
        }
    }
}

const MAX_ADDRESS: usize = 254;
const MAX_LOCAL: usize = 64;

impl EmailKey {
    /// Reads a plain address. The result reads as itself.
    ///
    /// # Errors
    /// An [`EmailFault`] that says what is wrong with it.
    pub fn parse(input: &str) -> Result<Self, EmailFault> {
        let input = input.trim();
        if input.is_empty() {
            return Err(EmailFault::Empty);
        }
        if input.len() > MAX_ADDRESS {
            return Err(EmailFault::TooLong);
        }
        let (local, domain) = input.split_once('@').ok_or(EmailFault::AtSign)?;
        if domain.contains('@') {
            return Err(EmailFault::AtSign);
        }
        let local = fold_local(local)?;
        let domain = ascii_host(domain)?;
        if !is_strict(&domain) {
            return Err(HostFault::Malformed.into());
        }
        let key = format!("{local}@{domain}");
        if local.len() > MAX_LOCAL || key.len() > MAX_ADDRESS {
            return Err(EmailFault::TooLong);
        }
        Ok(Self(key))
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn fold_local(local: &str) -> Result<String, EmailFault> {
    let folded: String = local.nfkc().collect::<String>().to_lowercase().nfkc().collect();
    // A leading plus begins no tag: there would be no mailbox left.
    let mailbox = match folded.split_once('+') {
        Some((mailbox, _)) if !mailbox.is_empty() => mailbox,
        _ => folded.as_str(),
    };
    let bad = |c: char| c.is_whitespace() || c.is_control() || "@\"(),:;<>[\\]".contains(c);
    if mailbox.is_empty() || folded.contains(bad) {
        return Err(EmailFault::Local);
    }
    Ok(mailbox.to_owned())
}
