//! Mail as those have it whom it is sent to, and the links in it followed.

use std::{collections::HashSet, fs};

use guildhall_kernel::MailId;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Answer, Caller, TestServer, until};

/// Somebody's letters, each taken out once.
pub(crate) struct Mailbox {
    pub(crate) address: String,
    seen: HashSet<Uuid>,
}

/// A letter as it left the server.
pub(crate) struct Letter {
    pub(crate) subject: String,
    pub(crate) body: String,
}

impl Mailbox {
    pub(crate) fn of(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            seen: HashSet::new(),
        }
    }

    /// The one letter that was sent since the last look.
    pub(crate) async fn letter(&mut self, server: &TestServer) -> Letter {
        let mut letters = self.letters(server).await;
        assert_eq!(letters.len(), 1, "letters to {}", self.address);
        letters.remove(0)
    }

    /// All letters that were sent since the last look.
    pub(crate) async fn letters(&mut self, server: &TestServer) -> Vec<Letter> {
        let mut db = server.database.connect().await;
        let ids: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM mail WHERE recipient = $1 ORDER BY created_at, id")
            .bind(&self.address)
            .fetch_all(&mut db)
            .await
            .unwrap();
        let mut letters = Vec::new();
        for id in ids {
            if !self.seen.insert(id) {
                continue;
            }
            until("the letter goes out", async || {
                let sent: bool = sqlx::query_scalar("SELECT sent_at IS NOT NULL FROM mail WHERE id = $1")
                    .bind(id)
                    .fetch_one(&mut db)
                    .await
                    .unwrap();
                sent.then_some(())
            })
            .await;
            let file = format!("mail/{}.eml", MailId::from(id));
            letters.push(Letter::read(
                &fs::read_to_string(server.data().join(file)).unwrap(),
                &self.address,
            ));
        }
        letters
    }
}

impl Letter {
    fn read(message: &str, to: &str) -> Self {
        let (head, body) = message.split_once("\r\n\r\n").unwrap();
        let header = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
            line.unwrap_or_else(|| panic!("no {name} in {head}")).to_owned()
        };
        assert_eq!(header("To"), to);
        let body = match header("Content-Transfer-Encoding").as_str() {
            "7bit" | "8bit" => body.to_owned(),
            "quoted-printable" => from_quoted_printable(body),
            other => panic!("{other}"),
        };
        Self {
            subject: header("Subject"),
            body,
        }
    }

    /// The token of the link in it.
    pub(crate) fn token(&self) -> String {
        let token = self.body.split("#token=").nth(1);
        let token = token.unwrap_or_else(|| panic!("no link with a token: {}", self.body));
        token.split_whitespace().next().unwrap().to_owned()
    }
}

/// RFC 2045 section 6.7.
fn from_quoted_printable(text: &str) -> String {
    let joined = text.replace("=\r\n", "");
    let mut parts = joined.split('=');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap()
}

/// Invites someone to the organisation that `leader` acts for.
pub(crate) async fn invite(leader: &Caller, email: &str, role: &str) -> Answer {
    leader
        .post("/api/v1/invitations", &json!({"email": email, "role": role}))
        .await
}

/// Follows the link of an invitation; `password` is for someone new.
pub(crate) async fn accept(server: &TestServer, token: &str, password: Option<&str>) -> Answer {
    let mut body = json!({"token": token});
    if let Some(password) = password {
        body["name"] = "Nova Newcomer".into();
        body["password"] = password.into();
    }
    server.anonymous().post("/api/v1/invitations/accept", &body).await
}

/// Makes someone who has an account a member of another organisation, by invitation.
pub(crate) async fn join(server: &TestServer, leader: &Caller, email: &str, role: &str) -> Value {
    let mut mailbox = Mailbox::of(email);
    mailbox.letters(server).await;
    invite(leader, email, role).await.ok();
    let token = mailbox.letter(server).await.token();
    accept(server, &token, None).await.ok()
}
