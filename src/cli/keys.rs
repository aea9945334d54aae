//! `guildhall keys`

use guildhall_spine::{
    App,
    identity::{Sealed, reseal_secrets, sealed_secrets},
};

use crate::app::sealed_stores;

use super::{CliFault, Place, say};

/// What to do with keys.
#[derive(Debug, clap::Subcommand)]
pub(super) enum KeysCommand {
    /// Show the token signing keys and the ids of the master keys
    List,
    /// Make a new token signing key; tokens signed with the old one stay valid until they end
    RotateSigning,
    /// Put a new master key in front of secret.keys and seal every secret in the database with it. With secrets.keys in
    /// the settings, seal with the first of those, which must be a new one
    RotateSecrets,
}

pub(super) async fn run(place: &Place, command: KeysCommand) -> Result<(), CliFault> {
    let connected = place.connect().await?;
    let app = &connected.app;
    let done = match command {
        KeysCommand::List => list(app).await,
        KeysCommand::RotateSigning => rotate_signing(app).await,
        KeysCommand::RotateSecrets => rotate_secrets(app).await,
    };
    connected.close().await?;
    done
}

async fn list(app: &App) -> Result<(), CliFault> {
    let rows = sqlx::query!("SELECT kid, secret, created_at, retired_at FROM signing_key ORDER BY created_at")
        .fetch_all(app.db.pool())
        .await?;
    for row in rows {
        let state = row
            .retired_at
            .map_or_else(|| "in use".to_owned(), |at| format!("retired {at}"));
        let sealed = if app.keyring.is_current(&row.secret) {
            ""
        } else {
            ", sealed with an older master key"
        };
        say(format_args!(
            "signing key {} made {}, {state}{sealed}",
            row.kid, row.created_at
        ))?;
    }
    say(format_args!("master keys, newest first: {:?}", app.keyring))
}

async fn rotate_signing(app: &App) -> Result<(), CliFault> {
    app.identity.keys.rotate(&app.db).await?;
    say("new tokens are signed with a new key; the old one verifies for another day")
}

async fn rotate_secrets(app: &App) -> Result<(), CliFault> {
    let other = |text: String| Err(CliFault::Other(text));
    // Before a key is made: what doesn't open now could not be sealed with it.
    let Sealed { outdated, faults, .. } = sealed_secrets(&app.db, &app.keyring, &sealed_stores()).await?;
    if !faults.is_empty() {
        return other(format!("nothing was rotated: {}", faults.join("; ")));
    }
    let key = if app.keyring.has_file() {
        let file = app
            .keyring
            .add_key()
            .map_err(|fault| CliFault::Other(fault.to_string()))?;
        format!("the new key in front of {}", file.display())
    } else if outdated == 0 {
        return other(
            "nothing was rotated: every secret is sealed with the first of secrets.keys already. Put a new key \
             (`openssl rand -base64 32`) in front there on every node, restart them, then run this again"
                .to_owned(),
        );
    } else {
        "the first of secrets.keys".to_owned()
    };
    let resealed = reseal_secrets(&app.db, &app.keyring, &sealed_stores()).await?;
    let left = sealed_secrets(&app.db, &app.keyring, &sealed_stores()).await?;
    if left.outdated > 0 || !left.faults.is_empty() {
        let faults = left.faults.join("; ");
        return other(format!(
            "{} secrets are not sealed with {key}: run this again. {faults}",
            left.outdated + left.faults.len()
        ));
    }
    say(format_args!(
        "{resealed} secrets were sealed anew, and all are sealed with {key}"
    ))?;
    say("make a new backup of the keys, and keep the older ones for as long as there are backups from before")
}
