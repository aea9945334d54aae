//! Access tokens: had by the credentials, sealed in the database, renewed by one at a time.

use std::time::Duration;

use chrono::TimeDelta;
use guildhall_kernel::CrmConnectionId;
use guildhall_spine::App;
use serde::{Deserialize, Serialize};
use url::Url;

use super::connector::{Fault, FaultKind};
use super::credentials::Secrets;

/// Longer than asking for a token takes.
const LEASE: TimeDelta = TimeDelta::seconds(40);
const WAITS: u32 = 400;
const WAIT: Duration = Duration::from_millis(50);

/// A token and where it is good.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) secret: String,
    pub(super) instance: Url,
    pub(super) generation: i64,
}

/// The tokens of one Salesforce connection.
#[derive(Clone)]
pub(super) struct Tokens {
    pub(super) app: App,
    pub(super) connection: CrmConnectionId,
    pub(super) base: Url,
    pub(super) secrets: Secrets,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    secret: String,
    instance: String,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    instance_url: Option<String>,
}

#[derive(Default, Deserialize)]
struct Denied {
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_description: String,
}

struct Held {
    generation: i64,
    kept: Option<Kept>,
}

fn inner(error: impl std::fmt::Display) -> Fault {
    tracing::error!(%error, "a CRM token could not be kept");
    Fault::new(FaultKind::Away, "the token could not be read or kept here")
}

impl Tokens {
    fn purpose(&self) -> String {
        format!("crm_token/{}", self.connection)
    }

    /// The token at hand, or a first one.
    pub(super) async fn current(&self) -> Result<Token, Fault> {
        let held = self.held().await?;
        match held.kept {
            Some(kept) => token(kept, held.generation),
            None => self.renew(held.generation).await,
        }
    }

    async fn held(&self) -> Result<Held, Fault> {
        let row = sqlx::query!(
            "SELECT token, token_generation FROM crm_connection WHERE id = $1",
            self.connection.uuid()
        )
        .fetch_optional(self.app.db.pool())
        .await
        .map_err(inner)?
        .ok_or_else(|| Fault::new(FaultKind::Refused, "the connection was deleted"))?;
        let kept = row.token.and_then(|sealed| {
            let opened = self.app.keyring.open(&self.purpose(), &sealed).ok()?;
            serde_json::from_slice(&opened).ok()
        });
        Ok(Held {
            generation: row.token_generation,
            kept,
        })
    }

    /// Another token than that of generation `stale`. Whoever finds it being fetched waits for it.
    pub(super) async fn renew(&self, stale: i64) -> Result<Token, Fault> {
        for _ in 0..WAITS {
            let now = self.app.clock.now();
            let claimed = sqlx::query!(
                "UPDATE crm_connection SET token_lease = $3
                 WHERE id = $1 AND token_generation = $2 AND (token_lease IS NULL OR token_lease < $4)",
                self.connection.uuid(),
                stale,
                now + LEASE,
                now
            )
            .execute(self.app.db.pool())
            .await
            .map_err(inner)?;
            if claimed.rows_affected() == 1 {
                return self.fetch(stale).await;
            }
            let held = self.held().await?;
            if let Some(kept) = held.kept.filter(|_| held.generation != stale) {
                return token(kept, held.generation);
            }
            tokio::time::sleep(WAIT).await;
        }
        Err(Fault::new(
            FaultKind::Away,
            "another request for a token takes too long",
        ))
    }

    async fn fetch(&self, stale: i64) -> Result<Token, Fault> {
        let granted = self.ask().await;
        let (sealed, state, error) = match &granted {
            Ok(kept) => {
                let plain = serde_json::to_vec(kept).map_err(inner)?;
                let sealed = self.app.keyring.seal(&self.purpose(), &plain).map_err(inner)?;
                (Some(sealed), Some("ok"), None)
            }
            Err(fault) if fault.kind == FaultKind::Auth => (None, Some("refused"), Some(fault.message.as_str())),
            Err(_) => (None, None, None),
        };
        let row = sqlx::query!(
            "UPDATE crm_connection
             SET token_lease = NULL, token = coalesce($3, token),
                 token_generation = token_generation + CASE WHEN $3::bytea IS NULL THEN 0 ELSE 1 END,
                 auth_state = coalesce($4, auth_state),
                 auth_error = CASE WHEN $4::text IS NULL THEN auth_error ELSE $5 END
             WHERE id = $1 AND token_generation = $2 RETURNING token_generation",
            self.connection.uuid(),
            stale,
            sealed,
            state,
            error
        )
        .fetch_optional(self.app.db.pool())
        .await
        .map_err(inner)?;
        token(granted?, row.map_or(stale, |row| row.token_generation))
    }

    /// The OAuth 2.0 client credentials flow, or the refresh token flow when there is a refresh token.
    async fn ask(&self) -> Result<Kept, Fault> {
        let mut url = self.base.clone();
        url.set_path("/services/oauth2/token");
        let secrets = &self.secrets;
        let mut form = vec![
            ("client_id", secrets.client_id.as_deref().unwrap_or_default()),
            ("client_secret", secrets.client_secret.as_deref().unwrap_or_default()),
        ];
        match secrets.refresh_token.as_deref() {
            Some(refresh) => form.extend([("grant_type", "refresh_token"), ("refresh_token", refresh)]),
            None => form.push(("grant_type", "client_credentials")),
        }
        let away = |_| Fault::new(FaultKind::Away, "no answer to the request for a token");
        let response = self
            .app
            .outbound
            .client()
            .post(url)
            .form(&form)
            .send()
            .await
            .map_err(away)?;
        let status = response.status();
        let body = response.bytes().await.map_err(away)?;
        if !status.is_success() {
            let denied: Denied = serde_json::from_slice(&body).unwrap_or_default();
            let kind = if status.is_server_error() || status == 429 {
                FaultKind::Away
            } else {
                FaultKind::Auth
            };
            let said = format!("{} {}: {}", status.as_u16(), denied.error, denied.error_description);
            return Err(Fault::new(kind, said));
        }
        let unreadable = |_| Fault::new(FaultKind::Away, "the answer to the request for a token can't be read");
        let granted: Granted = serde_json::from_slice(&body).map_err(unreadable)?;
        let instance = granted.instance_url.unwrap_or_else(|| self.base.to_string());
        let refuse = |why: String| {
            Fault::new(
                FaultKind::Refused,
                format!("the instance_url that came with the token {why}"),
            )
        };
        let url = Url::parse(&instance).map_err(|_| refuse("is no address".to_owned()))?;
        self.app.outbound.check(&url).map_err(|why| refuse(why.to_string()))?;
        Ok(Kept {
            secret: granted.access_token,
            instance,
        })
    }
}

fn token(kept: Kept, generation: i64) -> Result<Token, Fault> {
    Ok(Token {
        instance: Url::parse(&kept.instance).map_err(inner)?,
        secret: kept.secret,
        generation,
    })
}
