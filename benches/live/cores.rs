//! One core for the server that is measured, the others for everybody else.

use crate::{Failure, machine};

/// Which cores the servers and everybody else run on.
pub(super) struct Cores {
    all: Vec<usize>,
    /// The servers' core.
    pub(super) server: Vec<usize>,
    /// The clients' and the database's cores.
    pub(super) others: Vec<usize>,
}

impl Cores {
    /// The first core is the servers', the rest the clients' and the database's. This process moves there.
    pub(super) fn divide() -> Result<Self, Failure> {
        let all = machine::cores()?;
        let (server, others) = match all.split_at_checked(1) {
            Some((server, others)) if !others.is_empty() => (server.to_vec(), others.to_vec()),
            _ => (all.clone(), all.clone()),
        };
        machine::confine(std::process::id(), &others)?;
        Ok(Self { all, server, others })
    }
}

impl Drop for Cores {
    fn drop(&mut self) {
        if let Err(error) = machine::confine(std::process::id(), &self.all) {
            eprintln!("giving this program all cores back: {error}");
        }
    }
}
