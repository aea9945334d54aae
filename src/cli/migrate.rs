//! `guildhall migrate`

use super::{CliFault, Place, say};

pub(super) async fn run(place: &Place) -> Result<(), CliFault> {
    let connected = place.connect_or_make().await?;
    connected.close().await?;
    say("the schema is up to date")
}
