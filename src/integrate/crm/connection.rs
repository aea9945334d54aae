//! A connection as the work needs it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use guildhall_kernel::{CrmConnectionId, OrgId};
use guildhall_spine::{App, event::Origin, http::Problem};
use sqlx::{PgExecutor, types::Json};
use url::Url;

use super::Kind;
use super::connector::{Connector, Cursor, Fault, FaultKind, HubSpot, Salesforce, Schema, Subject, Webhook};
use super::credentials::Secrets;
use super::mapping::Mapping;
use super::mirror::Mirror;
use super::token::Tokens;

/// A connection, its credentials still sealed.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) id: CrmConnectionId,
    pub(super) vendor: OrgId,
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) base_url: String,
    pub(super) object: String,
    pub(super) external_id_field: String,
    pub(super) credentials: Vec<u8>,
    pub(super) mapping: Json<Mapping>,
    pub(super) schema: Option<Json<Schema>>,
    pub(super) paused_at: Option<DateTime<Utc>>,
    pub(super) cursor: Option<Json<Cursor>>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) enabled: bool,
    pub(super) mirror: Option<Json<Mirror>>,
    pub(super) mirror_cursors: Json<BTreeMap<String, Cursor>>,
}

/// The connection, whosever it is.
pub(super) async fn load(db: impl PgExecutor<'_>, id: CrmConnectionId) -> Result<Option<Connection>, Problem> {
    Ok(sqlx::query_as!(
        Connection,
        r#"SELECT id AS "id: CrmConnectionId", vendor_id AS "vendor: OrgId", kind AS "kind: Kind", name, base_url, object,
                  external_id_field, credentials, mapping AS "mapping: Json<Mapping>", schema AS "schema: Json<Schema>",
                  paused_at, cursor AS "cursor: Json<Cursor>", created_at, enabled,
                  mirror AS "mirror: Json<Mirror>", mirror_cursors AS "mirror_cursors: Json<BTreeMap<String, Cursor>>"
           FROM crm_connection WHERE id = $1"#,
        id.uuid()
    )
    .fetch_optional(db)
    .await?)
}

impl Connection {
    /// On whose behalf it acts.
    pub(super) fn origin(&self) -> Origin {
        Origin {
            organisation_id: Some(self.vendor),
            ..Origin::default()
        }
    }

    /// The way to the CRM.
    pub(super) fn connector(&self, app: &App) -> Result<Box<dyn Connector>, Fault> {
        let subject = Subject {
            object: self.object.clone(),
            key_field: self.external_id_field.clone(),
            reads: self.mapping.reads(),
            schema: self.schema.as_ref().map(|schema| schema.0.clone()).unwrap_or_default(),
        };
        self.connector_for(app, subject)
    }

    /// The way to another of its objects.
    pub(super) fn connector_for(&self, app: &App, subject: Subject) -> Result<Box<dyn Connector>, Fault> {
        let inner = |problem: Problem| {
            Fault::new(
                FaultKind::Refused,
                format!("the credentials can't be opened: {problem}"),
            )
        };
        let secrets = Secrets::open(app, self.id, &self.credentials).map_err(inner)?;
        self.connector_with(app, secrets, subject)
    }

    fn connector_with(&self, app: &App, secrets: Secrets, subject: Subject) -> Result<Box<dyn Connector>, Fault> {
        let base = Url::parse(&self.base_url).map_err(|_| Fault::new(FaultKind::Refused, "the address is none"))?;
        let check = app.outbound.check(&base);
        check.map_err(|why| Fault::new(FaultKind::Refused, format!("the address {why}")))?;
        let client = app.outbound.client().clone();
        Ok(match self.kind {
            Kind::Salesforce => Box::new(Salesforce {
                client,
                tokens: Tokens {
                    app: app.clone(),
                    connection: self.id,
                    base,
                    secrets,
                },
                subject,
            }),
            Kind::HubSpot => Box::new(HubSpot {
                client,
                base,
                token: secrets.access_token.unwrap_or_default(),
                subject,
            }),
            Kind::Webhook => Box::new(Webhook {
                client,
                endpoint: base,
                secret: secrets.webhook_secret.unwrap_or_default(),
                clock: app.clock.clone(),
            }),
        })
    }

    /// The CRM answered as it should.
    pub(super) async fn note_success(&self, app: &App) -> Result<(), Problem> {
        sqlx::query!(
            "UPDATE crm_connection SET last_success_at = $2, auth_state = 'ok', auth_error = NULL WHERE id = $1",
            self.id.uuid(),
            app.clock.now()
        )
        .execute(app.db.pool())
        .await?;
        Ok(())
    }

    /// It did not.
    pub(super) async fn note_fault(&self, app: &App, fault: &Fault) -> Result<(), Problem> {
        sqlx::query!(
            "UPDATE crm_connection SET last_error = $2, last_error_at = $3,
                    auth_state = CASE WHEN $4 THEN 'refused' ELSE auth_state END,
                    auth_error = CASE WHEN $4 THEN $2 ELSE auth_error END
             WHERE id = $1",
            self.id.uuid(),
            fault.message,
            app.clock.now(),
            fault.kind == FaultKind::Auth
        )
        .execute(app.db.pool())
        .await?;
        Ok(())
    }
}
