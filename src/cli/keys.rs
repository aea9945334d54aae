//! `guildhall keys`

use guildhall_spine::{identity::reseal_secrets, secret::Keyring};

use super::{CliFault, Place};
use crate::app::Connected;

/// What to do with keys.
#[derive(Debug, clap::Subcommand)]
pub(super) enum KeysCommand {
    /// Show the token signing keys and the ids of the master keys
    List,
    /// Make a new token signing key; tokens signed with the old one stay valid until they end
    RotateSigning,
    /// Seal every secret in the database with the newest master key
    RotateSecrets {
        /// Make a new master key in secret.keys first
        #[arg(long)]
        new_key: bool,
    },
}

pub(super) async fn run(place: &Place, command: KeysCommand) -> Result<(), CliFault> {
    let connected = place.connect().await?;
    let done = match command {
        KeysCommand::List => list(&connected).await,
        KeysCommand::RotateSigning => rotate_signing(&connected).await,
        KeysCommand::RotateSecrets { new_key } => rotate_secrets(&connected, new_key).await,
    };
    connected.close().await?;
    done
}

async fn list(connected: &Connected) -> Result<(), CliFault> {
    let app = &connected.app;
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
        println!("signing key {} made {}, {state}{sealed}", row.kid, row.created_at);
    }
    println!("master keys, newest first: {:?}", app.keyring);
    Ok(())
}

async fn rotate_signing(connected: &Connected) -> Result<(), CliFault> {
    connected.app.identity.keys.rotate(&connected.app.db).await?;
    println!("new tokens are signed with a new key; the old one verifies for another day");
    Ok(())
}

async fn rotate_secrets(connected: &Connected, new_key: bool) -> Result<(), CliFault> {
    let app = &connected.app;
    let mut ring = app.keyring.clone();
    if new_key {
        if !app.config.secrets.keys.is_empty() {
            let advice = "the master keys come from secrets.keys: put a new one in front there (`openssl rand -base64 32`), \
                          restart every node, then run this without --new-key";
            return Err(CliFault::Other(advice.to_owned()));
        }
        let file = connected.data.join("secret.keys");
        let fault = |fault: guildhall_spine::secret::SecretFault| CliFault::Other(fault.to_string());
        Keyring::add_to_file(&file, &app.entropy).map_err(fault)?;
        println!("{} has a new key in front; keep a copy of the file", file.display());
        if connected.lock.is_none() {
            // A server that runs knows the old keys only, and could not open what was sealed with the new one.
            println!("restart the server, then run `guildhall keys rotate-secrets`");
            return Ok(());
        }
        ring = Keyring::from_file(&file, app.entropy.clone()).map_err(fault)?;
    }
    if started_before_the_newest_key(connected) {
        return Err(CliFault::Other(
            "the server was started before secret.keys got its newest key: restart it first".to_owned(),
        ));
    }
    let resealed = reseal_secrets(&app.db, &ring).await?;
    println!("{resealed} secrets were sealed with the newest master key");
    println!(
        "keep the older keys for as long as there are backups from before; the oldest also makes cursors and refresh tokens"
    );
    Ok(())
}

/// Whether the server that runs on this data folder can't know the newest key of `secret.keys`: it writes its lock as
/// it starts.
fn started_before_the_newest_key(connected: &Connected) -> bool {
    let config = &connected.app.config;
    if connected.lock.is_some() || config.database.url.is_some() || !config.secrets.keys.is_empty() {
        return false;
    }
    let changed = |name: &str| {
        std::fs::metadata(connected.data.join(name))
            .and_then(|found| found.modified())
            .ok()
    };
    changed("secret.keys") > changed("guildhall.lock")
}
