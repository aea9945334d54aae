//! Credentials: sealed at rest, opened for a call, never shown again.

use async_trait::async_trait;
use guildhall_kernel::CrmConnectionId;
use guildhall_spine::{
    App,
    db::Tx,
    http::{Checks, Problem},
    identity::{SealedSecret, SealedStore},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Kind, signature};

/// How to be let in. Which of these are needed goes by the kind of CRM.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CrmCredentials)]
pub(crate) struct Secrets {
    /// Salesforce: the consumer key of the external client app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) client_id: Option<String>,
    /// Salesforce: its consumer secret. HubSpot: the private app's client secret, that its webhooks are signed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) client_secret: Option<String>,
    /// Salesforce: for the refresh token flow; without it, the client credentials flow is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) refresh_token: Option<String>,
    /// HubSpot: the private app's access token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) access_token: Option<String>,
    /// The secret of Standard Webhooks: `whsec_` and base64 of 24 to 64 bytes. Needed for a webhook connection; a Salesforce
    /// connection with one takes messages on its inbound address too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) webhook_secret: Option<String>,
}

/// That secrets are there, and by which end to know them.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = CrmCredentialHint)]
pub(crate) struct Hint {
    /// Which.
    #[schema(example = "client_secret")]
    name: String,
    /// Its last characters.
    #[schema(example = "…k9Qe")]
    hint: String,
}

impl Secrets {
    fn all(&self) -> [(&'static str, Option<&String>); 5] {
        [
            ("client_id", self.client_id.as_ref()),
            ("client_secret", self.client_secret.as_ref()),
            ("refresh_token", self.refresh_token.as_ref()),
            ("access_token", self.access_token.as_ref()),
            ("webhook_secret", self.webhook_secret.as_ref()),
        ]
    }

    pub(super) fn validate(&self, kind: Kind, checks: &mut Checks) {
        let needed: &[&str] = match kind {
            Kind::Salesforce => &["client_id", "client_secret"],
            Kind::HubSpot => &["access_token"],
            Kind::Webhook => &["webhook_secret"],
        };
        for (name, value) in self.all() {
            let pointer = format!("/credentials/{name}");
            match value {
                None => checks.check(
                    !needed.contains(&name),
                    &pointer,
                    "missing",
                    "is needed for this kind of CRM",
                ),
                Some(value) => {
                    let sendable =
                        (1..=2000).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic());
                    checks.check(
                        sendable,
                        &pointer,
                        "invalid",
                        "must have 1 to 2000 visible ASCII characters",
                    );
                }
            }
        }
        if let Some(secret) = &self.webhook_secret {
            checks.check(
                signature::key(secret).is_some(),
                "/credentials/webhook_secret",
                "invalid",
                "must be whsec_ and base64 of 24 to 64 bytes",
            );
        }
    }

    pub(super) fn hints(&self) -> Vec<Hint> {
        let hint = |(name, value): (&'static str, Option<&String>)| {
            let value = value?;
            let end = if value.len() >= 16 {
                value.get(value.len() - 4..).unwrap_or_default()
            } else {
                ""
            };
            Some(Hint {
                name: name.to_owned(),
                hint: format!("…{end}"),
            })
        };
        self.all().into_iter().filter_map(hint).collect()
    }

    pub(super) fn seal(&self, app: &App, id: CrmConnectionId) -> Result<Vec<u8>, Problem> {
        let plain = serde_json::to_vec(self).map_err(Problem::internal)?;
        app.keyring.seal(&purpose(id), &plain).map_err(Problem::internal)
    }

    pub(super) fn open(app: &App, id: CrmConnectionId, sealed: &[u8]) -> Result<Self, Problem> {
        let plain = app.keyring.open(&purpose(id), sealed).map_err(Problem::internal)?;
        serde_json::from_slice(&plain).map_err(Problem::internal)
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

fn purpose(id: CrmConnectionId) -> String {
    format!("crm_connection/{id}")
}

/// The credentials of all connections as a rotation of master keys sees them.
pub(crate) struct CrmCredentials;

#[async_trait]
impl SealedStore for CrmCredentials {
    fn name(&self) -> &'static str {
        "CRM credentials"
    }

    async fn page(&self, tx: &mut Tx, after: Uuid, most: i64) -> Result<Vec<SealedSecret>, sqlx::Error> {
        let rows = sqlx::query!(
            "SELECT id, credentials FROM crm_connection WHERE id > $1 ORDER BY id LIMIT $2",
            after,
            most
        )
        .fetch_all(&mut **tx)
        .await?;
        let secret = |id: Uuid, sealed| SealedSecret {
            key: id,
            purpose: purpose(id.into()),
            sealed,
        };
        Ok(rows.into_iter().map(|row| secret(row.id, row.credentials)).collect())
    }

    async fn replace(&self, tx: &mut Tx, secret: &SealedSecret, fresh: &[u8]) -> Result<u64, sqlx::Error> {
        let written = sqlx::query!(
            "UPDATE crm_connection SET credentials = $2 WHERE id = $1 AND credentials = $3",
            secret.key,
            fresh,
            secret.sealed
        )
        .execute(&mut **tx)
        .await?;
        Ok(written.rows_affected())
    }
}
