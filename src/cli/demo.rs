//! `guildhall demo`

use clap::ValueEnum;

use super::{CliFault, Place, say};
use crate::demo::{self, DemoRequest, Scale};

/// What to load.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How much: small is for looking at, large for measuring, crowded for measuring the search for conflicts
    #[arg(long, value_enum, default_value = "small")]
    scale: Size,
    /// Deals to make instead of the scale's own number
    #[arg(long)]
    deals: Option<u64>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Size {
    Small,
    Large,
    Crowded,
}

pub(super) async fn run(place: &Place, args: Args) -> Result<(), CliFault> {
    let connected = place.connect_or_make().await?;
    let scale = match args.scale {
        Size::Small => Scale::Small,
        Size::Large => Scale::Large,
        Size::Crowded => Scale::Crowded,
    };
    let loaded = demo::load(
        &connected.app,
        &DemoRequest {
            scale,
            deals: args.deals,
        },
    )
    .await;
    connected.close().await?;
    let summary = loaded.map_err(|fault| CliFault::Other(fault.to_string()))?;
    say(summary)
}
