//! The least a handler can do: the server's query, the same JSON, no authentication. It runs as a process of its own.

mod list;
mod read;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use clap::Args;
use guildhall_kernel::{Currency, Money, OrgId};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgPoolOptions;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::net::TcpListener;

use crate::Failure;
use crate::client::Client;
use crate::process::Owned;
use crate::server::{Server, free_address, until};

/// As many connections as the server's own pool has by default.
const CONNECTIONS: u32 = 16;

#[derive(Args)]
pub(crate) struct Settings {
    /// Where to listen.
    #[arg(long)]
    listen: SocketAddr,
    /// The server's database.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: String,
}

/// Serves until it is ended.
pub(crate) async fn serve(settings: &Settings) -> Result<(), Failure> {
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .test_before_acquire(false)
        .connect(&settings.database_url)
        .await?;
    let router = Router::new()
        .route("/deals", get(list::list))
        .route("/deals/{id}", get(read::read))
        .with_state(pool);
    let listener = TcpListener::bind(settings.listen).await?;
    Ok(axum::serve(listener, router).await?)
}

/// The organisation whose deals are read, in place of an access token.
#[derive(Deserialize)]
struct Scope {
    vendor: OrgId,
}

#[derive(Serialize)]
struct Party {
    id: OrgId,
    name: String,
}

#[derive(Serialize)]
struct Customer {
    name: String,
    domain: Option<String>,
    country: String,
}

/// An amount with the decimals of its currency, and no fewer than it has.
fn in_currency(amount: Decimal, currency: &str) -> Decimal {
    let mut amount = amount.normalize();
    let places = Currency::from_code(currency).map_or(2, Money::exponent);
    if amount.scale() < places {
        amount.rescale(places);
    }
    amount
}

fn failed(error: sqlx::Error) -> StatusCode {
    eprintln!("bare handler: {error}");
    StatusCode::INTERNAL_SERVER_ERROR
}

/// The bare handler as a child process on a server's database.
pub(crate) struct Process {
    process: Owned,
    address: SocketAddr,
}

impl Process {
    /// Starts it and waits until it listens.
    pub(crate) async fn start(server: &Server) -> Result<Self, Failure> {
        let address = free_address()?;
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["bare", "--listen", &address.to_string()])
            .env("DATABASE_URL", server.database_url()?)
            .stdin(Stdio::null());
        let mut bare = Self {
            process: Owned::spawn("the bare handler", &mut command)?,
            address,
        };
        until(Duration::from_secs(10), async || match bare.process.ended()? {
            Some(status) => Err(format!("the bare handler ended with {status}").into()),
            None => Ok(Client::connect(address).await.is_ok()),
        })
        .await?;
        Ok(bare)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// The path of a vendor's deal list.
    pub(crate) fn list(&self, vendor: &str) -> String {
        format!("/deals?vendor={vendor}")
    }

    /// The path of one deal of a vendor.
    pub(crate) fn read(&self, id: &str, vendor: &str) -> String {
        format!("/deals/{id}?vendor={vendor}")
    }
}
