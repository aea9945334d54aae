//! `guildhall serve`

use std::net::SocketAddr;

use clap::ValueEnum;
use tokio::signal::unix::{SignalKind, signal};

use super::{CliFault, Place, start_log};
use crate::{
    app::Server,
    demo::{self, DemoRequest, Scale},
};

/// What to serve with.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Address and port, instead of http.listen
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Demo data to load into an empty database first
    #[arg(long, value_enum, default_value = "none")]
    demo: Demo,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Demo {
    None,
    Small,
    Large,
}

pub(super) async fn run(place: &Place, args: Args) -> Result<(), CliFault> {
    let mut start = place.start()?;
    start_log(&start.config.log)?;
    if let Some(listen) = args.listen {
        start.config.http.listen = listen;
    }
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let server = Server::start(start).await?;
    let scale = match args.demo {
        Demo::None => None,
        Demo::Small => Some(Scale::Small),
        Demo::Large => Some(Scale::Large),
    };
    let demo = match scale {
        Some(scale) => demo::load_if_empty(&server.app, &DemoRequest { scale, deals: None }).await,
        None => demo::is_loaded(server.app.db.pool()).await,
    };
    let demo = match demo {
        Ok(demo) => demo,
        Err(fault) => {
            server.stop().await;
            return Err(CliFault::Other(fault.to_string()));
        }
    };
    greet(server.address(), demo);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: requests and sockets have time to finish");
    server.stop().await;
    Ok(())
}

fn greet(address: SocketAddr, demo: bool) {
    let host = if address.ip().is_loopback() {
        "localhost".to_owned()
    } else {
        address.ip().to_string()
    };
    println!(
        "Guildhall is at http://{host}:{port}  (the API: http://{host}:{port}/docs)",
        port = address.port()
    );
    if demo {
        println!("Demo log-ins, password {}:", demo::PASSWORD);
        for (email, who) in demo::PEOPLE {
            println!("  {email:<28} {who}");
        }
    }
}
