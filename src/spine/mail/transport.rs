//! How a letter leaves the server.

use std::{
    fmt,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Body, Mailbox,
        header::{ContentTransferEncoding, ContentType},
    },
};

use super::outbox::Taken;
use crate::config::MailConfig;

/// Time that the mail server has for each step.
const PATIENCE: Duration = Duration::from_secs(20);

/// How letters leave the server.
#[derive(Clone)]
pub enum MailTransport {
    /// Each is written to a file of its own, `<mail id>.eml`, readable by the owner alone.
    Folder {
        /// The sender.
        from: Mailbox,
        /// Where the files go.
        folder: PathBuf,
    },
    /// They go to a mail server.
    Smtp {
        /// The sender.
        from: Mailbox,
        /// The connections to it.
        server: AsyncSmtpTransport<Tokio1Executor>,
    },
}

/// Why mail can't be sent.
#[derive(Debug, thiserror::Error)]
pub enum MailFault {
    /// A setting is wrong.
    #[error("setting {name}: {reason}")]
    Setting {
        /// Its name.
        name: &'static str,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The recipient's address can't be written to.
    #[error("the letter can't be addressed: {0}")]
    Address(String),
    /// The folder can't be written to.
    #[error("mail folder {path}: {source}")]
    Folder {
        /// The folder.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The mail server refuses or doesn't answer.
    #[error("mail server: {0}")]
    Server(String),
}

impl fmt::Debug for MailTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder { folder, .. } => f.debug_tuple("Folder").field(folder).finish(),
            Self::Smtp { .. } => f.write_str("Smtp"),
        }
    }
}

impl MailTransport {
    /// The transport that the settings ask for; without an SMTP server, `mail/` in the folder `data`.
    ///
    /// # Errors
    /// [`MailFault::Setting`].
    pub fn new(config: &MailConfig, data: &Path) -> Result<Self, MailFault> {
        let from: Mailbox = config.from.parse().map_err(|error| MailFault::Setting {
            name: "mail.from",
            reason: format!("{error}: write it like Guildhall <no-reply@partners.example>"),
        })?;
        let Some(url) = &config.smtp_url else {
            return Ok(Self::Folder {
                from,
                folder: data.join("mail"),
            });
        };
        // The library's error could repeat the address, and the password in it.
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| MailFault::Setting {
            name: "mail.smtp_url",
            reason: "not a mail server's address: write it like smtps://user:password@mail.example or \
                     smtp://mail.example:587?tls=required"
                .to_owned(),
        })?;
        Ok(Self::Smtp {
            from,
            server: server.timeout(Some(PATIENCE)).build(),
        })
    }

    /// Tries whether mail could be sent: the folder can be written to, or the mail server greets and takes the
    /// credentials.
    ///
    /// # Errors
    /// What is wrong.
    pub async fn check(&self) -> Result<(), MailFault> {
        match self {
            Self::Folder { folder, .. } => {
                let folder = folder.clone();
                in_background(move || prepared(&folder)?.tempfile_in(&folder).map(drop).map_err(at(&folder))).await
            }
            Self::Smtp { server, .. } => match server.test_connection().await {
                Ok(true) => Ok(()),
                Ok(false) => Err(MailFault::Server("it doesn't answer NOOP".to_owned())),
                Err(error) => Err(MailFault::Server(error.to_string())),
            },
        }
    }

    /// Sends a letter.
    pub(super) async fn send(&self, letter: &Taken) -> Result<(), MailFault> {
        match self {
            Self::Folder { from, folder } => {
                let text = message(from, letter, true)?.formatted();
                let folder = folder.clone();
                let file = folder.join(format!("{}.eml", letter.id));
                in_background(move || {
                    let mut partial = prepared(&folder)?.tempfile_in(&folder).map_err(at(&folder))?;
                    partial.write_all(&text).map_err(at(&folder))?;
                    partial.persist(file).map_err(|error| at(&folder)(error.error))?;
                    Ok(())
                })
                .await
            }
            Self::Smtp { from, server } => {
                server
                    .send(message(from, letter, false)?)
                    .await
                    .map_err(|error| MailFault::Server(error.to_string()))?;
                Ok(())
            }
        }
    }
}

impl MailFault {
    /// Whether trying again can't help.
    pub(super) const fn is_hopeless(&self) -> bool {
        matches!(self, Self::Address(_))
    }
}

/// The same letter is the same message, whoever sends it and how often: receivers know a repeated one by its id.
fn message(from: &Mailbox, letter: &Taken, eight_bit: bool) -> Result<Message, MailFault> {
    let fault = |error: &dyn fmt::Display| MailFault::Address(error.to_string());
    let to: Address = letter.recipient.parse().map_err(|error| fault(&error))?;
    Message::builder()
        .from(from.clone())
        .to(to.into())
        .subject(&letter.subject)
        .date(SystemTime::from(letter.created_at))
        .message_id(Some(format!("<{}@{}>", letter.id, from.email.domain())))
        .header(ContentType::TEXT_PLAIN)
        .body(body(&letter.body, eight_bit))
        .map_err(|error| fault(&error))
}

/// The text as it is wherever that can be sent, so that links stay whole for those who read a letter's source. Text
/// beyond ASCII can be in a file, but not for every mail server.
fn body(text: &str, eight_bit: bool) -> Body {
    // RFC 5322 section 2.1.1.
    let sendable = text
        .lines()
        .all(|line| line.len() <= 998 && !line.contains(['\r', '\0']));
    let encoding = match (sendable, text.is_ascii()) {
        (true, true) => ContentTransferEncoding::SevenBit,
        (true, false) if eight_bit => ContentTransferEncoding::EightBit,
        _ => return Body::new(text.to_owned()),
    };
    let lines: String = text.lines().flat_map(|line| [line, "\r\n"]).collect();
    Body::dangerous_pre_encoded(lines.into_bytes(), encoding)
}

fn at(folder: &Path) -> impl Fn(std::io::Error) -> MailFault {
    move |source| MailFault::Folder {
        path: folder.display().to_string(),
        source,
    }
}

/// Makes the folder, and says how files in it are made: letters hold links that open accounts.
fn prepared(folder: &Path) -> Result<tempfile::Builder<'static, 'static>, MailFault> {
    std::fs::create_dir_all(folder).map_err(at(folder))?;
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o700)).map_err(at(folder))?;
    let mut builder = tempfile::Builder::new();
    builder
        .prefix(".partial-")
        .permissions(PermissionsExt::from_mode(0o600));
    Ok(builder)
}

async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, MailFault> + Send + 'static,
) -> Result<T, MailFault> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| MailFault::Server(error.to_string()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &str, eight_bit: bool) -> (ContentTransferEncoding, String) {
        let body = body(text, eight_bit);
        (body.encoding(), String::from_utf8(body.into_vec()).unwrap())
    }

    #[test]
    fn a_letter_is_sent_as_it_is_where_that_can_be_sent() {
        let link = format!("https://portal.example/x#token={}\n", "t".repeat(120));
        for eight_bit in [false, true] {
            let (encoding, body) = encoded(&link, eight_bit);
            assert_eq!(
                (encoding, body),
                (ContentTransferEncoding::SevenBit, link.replace('\n', "\r\n"))
            );
        }
        let (encoding, body) = encoded("Søn\n", true);
        assert_eq!(
            (encoding, body.as_str()),
            (ContentTransferEncoding::EightBit, "Søn\r\n")
        );
        assert!(encoded("Søn\n", false).1.is_ascii());
        for long in ["x".repeat(999), format!("ø{}", "x".repeat(998))] {
            let lines = encoded(&long, true).1;
            assert!(lines.split("\r\n").all(|line| line.len() <= 76), "{lines:?}");
        }
    }
}
