//! `guildhall serve`

use std::net::SocketAddr;

use clap::ValueEnum;
use tokio::signal::unix::{SignalKind, signal};

use super::{CliFault, Place, say, start_log};
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
    let start = place.start(args.listen)?;
    start_log(&start.config.log)?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let scale = match args.demo {
        Demo::None => None,
        Demo::Small => Some(Scale::Small),
        Demo::Large => Some(Scale::Large),
    };
    let server = match scale {
        Some(_) => Server::start_loading(start).await?,
        None => Server::start(start).await?,
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
    server.loaded();
    // A server runs on when nobody reads its greeting.
    let _ = greet(server.address(), demo, scale.is_some());
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: requests and sockets have time to finish");
    server.stop().await;
    Ok(())
}

fn greet(address: SocketAddr, demo: bool, wanted: bool) -> Result<(), CliFault> {
    let host = if address.ip().is_loopback() {
        "localhost".to_owned()
    } else {
        address.ip().to_string()
    };
    say(format_args!(
        "Guildhall is at http://{host}:{port}  (the API: http://{host}:{port}/docs)",
        port = address.port()
    ))?;
    if demo && !wanted {
        return say("This data holds demo people, whose password is public: it is not for production.");
    }
    if demo {
        say(format_args!("Demo log-ins, password {}:", demo::PASSWORD))?;
        for (email, who) in demo::PEOPLE {
            say(format_args!("  {email:<28} {who}"))?;
        }
    }
    Ok(())
}
