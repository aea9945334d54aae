//! Master keys and what they seal.

use std::path::Path;

use guildhall_kernel::Entropy;
use guildhall_spine::{
    config::Config,
    db::Db,
    identity::{Sealed, sealed_secrets},
    secret::Keyring,
};

use super::Findings;
use crate::app::sealed_stores;

pub(super) async fn check(findings: &mut Findings, config: &Config, data: &Path, db: &Db) {
    let file = data.join("secret.keys");
    let (ring, from) = if config.secrets.keys.is_empty() {
        if !file.exists() {
            return findings.warn(
                "keys",
                format!(
                    "{} is not there: the server makes it on its first start",
                    file.display()
                ),
            );
        }
        (Keyring::from_file(&file, Entropy::system()), file.display().to_string())
    } else {
        (
            Keyring::from_keys(&config.secrets.keys, Entropy::system()),
            "secrets.keys".to_owned(),
        )
    };
    let ring = match ring {
        Ok(ring) => ring,
        Err(fault) => return findings.fail("keys", fault.to_string()),
    };
    match sealed_secrets(db, &ring, &sealed_stores()).await {
        Err(problem) => findings.fail("keys", problem.detail()),
        Ok(Sealed { faults, .. }) if !faults.is_empty() => {
            findings.fail(
                "keys",
                format!(
                    "{} of the secrets in the database don't open with {from}: {}",
                    faults.len(),
                    faults.join("; ")
                ),
            );
        }
        Ok(Sealed { signing_keys: 0, .. }) => {
            findings.warn(
                "keys",
                "there is no token signing key: the server makes one on its next start",
            );
        }
        Ok(Sealed { outdated, .. }) if outdated > 0 => {
            findings.warn(
                "keys",
                format!("{outdated} secrets are sealed with an older master key: run `guildhall keys rotate-secrets`"),
            );
        }
        Ok(sealed) => {
            let stored: Vec<String> = sealed
                .stored
                .iter()
                .map(|(name, count)| format!("{count} {name}"))
                .collect();
            let (keys, stored) = (sealed.signing_keys, stored.join(", "));
            findings.ok("keys", format!("{from} opens {keys} signing keys, {stored}"));
        }
    }
}
