//! `guildhall migrate`

use super::{CliFault, Place};

pub(super) async fn run(place: &Place) -> Result<(), CliFault> {
    let connected = place.connect().await?;
    println!("the schema is up to date");
    connected.close().await?;
    Ok(())
}
