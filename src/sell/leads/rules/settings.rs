//! How leads are scored and how long partners have.

use axum::{Json, extract::State, http::header, response::IntoResponse};
use guildhall_kernel::OrgId;
use guildhall_spine::{
    App,
    access::{May, right},
    event::{self, Event, Topic},
    http::{Checks, Command, IfMatch, Problem, Reply, Validate, etag},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, types::Json as Stored};
use utoipa::ToSchema;

use super::scoring::Scoring;
use super::sets::program;

/// How a vendor's leads are scored, and how long partners have.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LeadSettings)]
pub(in crate::leads) struct Settings {
    /// The weights of the score.
    pub(in crate::leads) scoring: Scoring,
    /// How long an offer stands, in minutes, unless its rule says.
    #[schema(minimum = 1, maximum = 43200, example = 1440)]
    pub(in crate::leads) offer_minutes: i32,
    /// How long after it accepted a partner has for the first contact, in minutes.
    #[schema(minimum = 1, maximum = 43200, example = 1440)]
    pub(in crate::leads) contact_minutes: i32,
    /// How long it waits between one notice and the next, in minutes.
    #[schema(minimum = 1, maximum = 43200, example = 240)]
    pub(in crate::leads) notice_minutes: i32,
    /// How many notices it gets before the lead is pulled back.
    #[schema(minimum = 0, maximum = 20, example = 2)]
    pub(in crate::leads) notices: i32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            scoring: Scoring::default(),
            offer_minutes: 1440,
            contact_minutes: 1440,
            notice_minutes: 480,
            notices: 2,
        }
    }
}

impl Validate for Settings {
    fn validate(&self, checks: &mut Checks) {
        self.scoring.check("/scoring", checks);
        for (at, minutes) in [
            ("/offer_minutes", self.offer_minutes),
            ("/contact_minutes", self.contact_minutes),
            ("/notice_minutes", self.notice_minutes),
        ] {
            checks.check((1..=43_200).contains(&minutes), at, "range", "must be from 1 to 43200");
        }
        checks.check(
            (0..=20).contains(&self.notices),
            "/notices",
            "range",
            "must be from 0 to 20",
        );
    }
}

/// The vendor changed how its leads are scored or how long partners have.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::leads) struct LeadSettingsChanged {
    /// Whose settings.
    pub(in crate::leads) vendor_id: OrgId,
    /// Their version now.
    pub(in crate::leads) version: i64,
}

impl Event for LeadSettingsChanged {
    const KIND: &'static str = "lead_settings.changed";
    const TOPIC: Topic = Topic::Leads;
}

/// The vendor's settings.
pub(in crate::leads) async fn of(conn: &mut PgConnection, vendor: OrgId) -> Result<Settings, Problem> {
    Ok(read(conn, vendor).await?.1)
}

async fn read(conn: &mut PgConnection, vendor: OrgId) -> Result<(i64, Settings), Problem> {
    let row = sqlx::query!(
        r#"SELECT scoring AS "scoring: Stored<Scoring>", offer_minutes, contact_minutes, notice_minutes, notices, version
           FROM lead_settings WHERE vendor_id = $1"#,
        vendor.uuid()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map_or((0, Settings::default()), |row| {
        let settings = Settings {
            scoring: row.scoring.0,
            offer_minutes: row.offer_minutes,
            contact_minutes: row.contact_minutes,
            notice_minutes: row.notice_minutes,
            notices: row.notices,
        };
        (row.version, settings)
    }))
}

/// Read the lead settings
///
/// How leads are scored, and how long partners have. A vendor that never set them has the defaults, version 0.
#[utoipa::path(get, path = "/api/v1/lead-settings", operation_id = "getLeadSettings", tag = "leads",
    security(("bearer" = ["leads:manage"])),
    responses((status = 200, description = "the settings", body = Settings, headers(("ETag" = String, description = "their version")))))]
pub(in crate::leads) async fn get_lead_settings(
    State(app): State<App>,
    May { org, .. }: May<right::LeadManage>,
) -> Result<impl IntoResponse, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let (version, settings) = read(&mut conn, org.id).await?;
    Ok(([(header::ETAG, etag(version))], Json(settings)))
}

/// Replace the lead settings
///
/// New weights count for leads that come in from now on; new times for offers made and leads accepted from now on.
#[utoipa::path(put, path = "/api/v1/lead-settings", operation_id = "replaceLeadSettings", tag = "leads",
    security(("bearer" = ["leads:manage"])),
    params(
        ("If-Match" = String, Header, description = "the ETag of the settings that were looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Settings, example = json!({
        "scoring": {"fields": {"contact_phone": 10}, "sources": {"referral": 25}, "sizes": [{"from": 100, "points": 15}],
                    "countries": {"DE": 10}, "completeness": 30},
        "offer_minutes": 240, "contact_minutes": 1440, "notice_minutes": 240, "notices": 2
    })),
    responses((status = 200, description = "the settings now", body = Settings, headers(("ETag" = String, description = "their version")))))]
pub(in crate::leads) async fn replace_lead_settings(
    May { actor, org, .. }: May<right::LeadManage>,
    if_match: IfMatch,
    command: Command<Settings>,
) -> Result<Reply, Problem> {
    let (settings, mut command) = command.take();
    let tx = &mut command.tx;
    crate::leads::lead::rows::take_turns(tx, org.id).await?;
    let (before, _) = read(tx, org.id).await?;
    if_match.check(before)?;
    let (version, at) = (before + 1, tx.now());
    sqlx::query!(
        "INSERT INTO lead_settings (vendor_id, scoring, offer_minutes, contact_minutes, notice_minutes, notices, version,
                                    updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (vendor_id) DO UPDATE SET scoring = excluded.scoring, offer_minutes = excluded.offer_minutes,
             contact_minutes = excluded.contact_minutes, notice_minutes = excluded.notice_minutes,
             notices = excluded.notices, version = excluded.version, updated_at = excluded.updated_at",
        org.id.uuid(),
        serde_json::to_value(&settings.scoring).map_err(Problem::internal)?,
        settings.offer_minutes,
        settings.contact_minutes,
        settings.notice_minutes,
        settings.notices,
        version,
        at,
    )
    .execute(&mut **tx)
    .await?;
    let changed = LeadSettingsChanged {
        vendor_id: org.id,
        version,
    };
    event::append(tx, &actor.origin(), program(org.id), &[org.id.uuid()], &changed).await?;
    let reply = Reply::ok(&settings)?.version(version);
    command.commit(reply).await
}
