//! The harness: servers, databases, people and callers.

mod caller;
mod cluster;
mod mailbox;
mod process;
mod redis;
mod scene;
mod server;
mod socket;
mod wait;

pub(crate) use caller::{Answer, Caller};
pub(crate) use cluster::Database;
pub(crate) use mailbox::{Letter, Mailbox, accept, invite, join};
pub(crate) use process::{Place, Process, Said};
pub(crate) use redis::RedisServer;
pub(crate) use scene::{PASSWORD, Scene, deal_body};
pub(crate) use server::TestServer;
pub(crate) use socket::Socket;
pub(crate) use wait::{PATIENCE, audited, consumed, until};
