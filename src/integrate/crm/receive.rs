//! What the CRM says of a record, by a message or when it was asked what has changed.

use guildhall_spine::{db::Tx, http::Problem};

use super::Kind;
use super::connection::Connection;
use super::connector::Remote;
use super::link::{self, Link};
use super::log::{self, Entry, Outcome};
use super::queue::{self, Work};
use super::settle::settle;

/// How the CRM said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// By a message that was not taken before. What became of it is logged.
    Message,
    /// When it was asked: it says much that is known already, or no deal's.
    Poll,
}

/// Takes what the CRM says of a record. Older than what is known is logged and dropped; what has to go there in return is
/// queued.
pub(super) async fn receive(tx: &mut Tx, connection: &Connection, remote: &Remote, by: By) -> Result<(), Problem> {
    let Some(mut link) = link::lock_of_record(tx, connection.id, &remote.id).await? else {
        return match by {
            By::Message => ignore(tx, connection, &remote.id).await,
            By::Poll => Ok(()),
        };
    };
    let gone = remote.deleted || remote.merged_into.is_some();
    if let Some(known) = link.crm_modified_at {
        if remote.modified_at < known {
            let why = format!("changed at {}, and {known} is known", remote.modified_at);
            return drop_it(tx, connection, &link, Outcome::Stale, why).await;
        }
        if remote.modified_at == known && !gone {
            if by == By::Poll {
                return Ok(());
            }
            // Of two that changed within one tick of its clock, a system that can be asked knows which is the last.
            if connection.kind != Kind::Webhook && says_more(connection, &link, remote) {
                return queue::ask(tx, connection.id, Work::Pull, &remote.id).await;
            }
        }
    }
    if gone {
        return link::disconnect(tx, connection, &link, remote.merged_into.as_deref()).await;
    }
    let mut mapped = connection.mapping.fields.iter();
    if by == By::Message && !mapped.any(|field| remote.fields.contains_key(&field.crm)) {
        let why = "none of its fields is mapped".to_owned();
        return drop_it(tx, connection, &link, Outcome::Unmapped, why).await;
    }
    let outgoing = settle(tx, connection, &mut link, Some((&remote.fields, remote.modified_at))).await?;
    if !outgoing.fields.is_empty() {
        queue::ask(tx, connection.id, Work::Sync, &link.deal.to_string()).await?;
    }
    Ok(())
}

/// Logs that a message concerns no deal.
pub(super) async fn ignore(tx: &mut Tx, connection: &Connection, record: &str) -> Result<(), Problem> {
    let entry = Entry {
        record: Some(record.to_owned()),
        error: Some("no deal is linked with this record".to_owned()),
        ..Entry::new(Outcome::Ignored)
    };
    log::write(tx, connection.id, &entry).await
}

/// Logs that what was said of a deal's record was not taken, and why.
pub(super) async fn drop_it(
    tx: &mut Tx,
    connection: &Connection,
    link: &Link,
    outcome: Outcome,
    why: String,
) -> Result<(), Problem> {
    let entry = Entry {
        deal: Some(link.deal),
        record: link.record.clone(),
        error: Some(why),
        ..Entry::new(outcome)
    };
    log::write(tx, connection.id, &entry).await
}

/// Whether a value isn't the one that is known.
fn says_more(connection: &Connection, link: &Link, remote: &Remote) -> bool {
    connection.mapping.fields.iter().any(|field| {
        let told = remote.fields.get(&field.crm);
        told.is_some() && told != link.crm_seen.get(&field.crm)
    })
}
