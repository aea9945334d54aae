//! How an organisation wants its pipeline reported.

use axum::{Json, extract::State, http::header, response::IntoResponse};
use guildhall_kernel::{Currency, OrgId, countries};
use guildhall_spine::{
    App,
    access::{May, right},
    event::{self, Event, Topic},
    http::{Checks, Command, IfMatch, Problem, Reply, Validate, etag},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::{PgExecutor, types::Json as Stored};
use utoipa::ToSchema;

/// Countries that are reported together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SalesRegion)]
pub(super) struct Region {
    /// 1 to 60 characters.
    #[schema(example = "DACH")]
    pub(super) name: String,
    /// ISO 3166-1 alpha-2.
    #[schema(example = json!(["AT", "CH", "DE"]))]
    pub(super) countries: Vec<String>,
}

/// How the pipeline is reported.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PipelineSettings {
    /// What sums are converted into, ISO 4217.
    #[schema(value_type = String, example = "EUR")]
    pub(super) reporting_currency: Currency,
    /// The sales regions, at most 100; a country stands in one of them.
    #[schema(max_items = 100)]
    pub(super) regions: Vec<Region>,
}

impl Validate for PipelineSettings {
    fn validate(&self, checks: &mut Checks) {
        checks.check(
            self.regions.len() <= 100,
            "/regions",
            "length",
            "must have at most 100 entries",
        );
        let mut names = Vec::new();
        let mut seen = Vec::new();
        for (place, region) in self.regions.iter().enumerate() {
            let pointer = format!("/regions/{place}/name");
            checks.text(&pointer, &region.name, 1, 60, false);
            checks.check(
                !names.contains(&&region.name),
                &pointer,
                "repeated",
                "is the name of another region",
            );
            names.push(&region.name);
            for (place_of_country, country) in region.countries.iter().enumerate() {
                let pointer = format!("/regions/{place}/countries/{place_of_country}");
                checks.country(&pointer, country);
                checks.check(
                    !seen.contains(&country),
                    &pointer,
                    "repeated",
                    "stands in a region already",
                );
                seen.push(country);
            }
        }
    }
}

impl PipelineSettings {
    /// The region of a country; empty when it is in none.
    pub(super) fn region_of(&self, country: &str) -> &str {
        let of = |region: &&Region| region.countries.iter().any(|one| one == country);
        self.regions.iter().find(of).map_or("", |region| &region.name)
    }

    /// The countries of a region; of the one without a name, those that are in no other.
    pub(super) fn countries(&self, name: &str) -> Option<Vec<String>> {
        if name.is_empty() {
            let others = countries().filter(|country| self.region_of(country).is_empty());
            return Some(others.map(str::to_owned).collect());
        }
        let region = self.regions.iter().find(|region| region.name == name);
        region.map(|region| region.countries.clone())
    }
}

/// The vendor wants its pipeline reported otherwise.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct PipelineSettingsChanged {
    /// The vendor.
    pub(crate) vendor_id: OrgId,
    /// What sums are converted into now, ISO 4217.
    pub(crate) reporting_currency: String,
    /// The names of its regions.
    pub(crate) regions: Vec<String>,
    /// The settings' version.
    pub(crate) version: i64,
}

impl Event for PipelineSettingsChanged {
    const KIND: &'static str = "pipeline_settings.changed";
    const TOPIC: Topic = Topic::Programs;
}

/// The settings of an organisation and their version: euros without regions, at version 0, until it chooses.
pub(super) async fn of(db: impl PgExecutor<'_>, org: OrgId) -> Result<(PipelineSettings, i64), Problem> {
    let row = sqlx::query!(
        r#"SELECT reporting_currency, regions AS "regions: Stored<Vec<Region>>", version
           FROM pipeline_setting WHERE vendor_id = $1"#,
        org.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(match row {
        Some(row) => {
            let settings = PipelineSettings {
                reporting_currency: Currency::from_code(&row.reporting_currency).unwrap_or(Currency::EUR),
                regions: row.regions.0,
            };
            (settings, row.version)
        }
        None => {
            let settings = PipelineSettings {
                reporting_currency: Currency::EUR,
                regions: Vec::new(),
            };
            (settings, 0)
        }
    })
}

/// Read how the pipeline is reported
///
/// Euros without regions until the vendor chooses.
#[utoipa::path(get, path = "/api/v1/pipeline/settings", operation_id = "getPipelineSettings", tag = "pipeline",
    security(("bearer" = ["pipeline:read"])),
    responses((status = 200, description = "the settings", body = PipelineSettings, headers(("ETag" = String, description = "their version")))))]
pub(super) async fn get_pipeline_settings(
    State(app): State<App>,
    May { org, .. }: May<right::PipelineRead>,
) -> Result<impl IntoResponse, Problem> {
    let (settings, version) = of(app.db.pool(), org.id).await?;
    Ok(([(header::ETAG, etag(version))], Json(settings)))
}

/// Set how the pipeline is reported
///
/// Sums of the forecast are in the new currency and regions at once.
#[utoipa::path(put, path = "/api/v1/pipeline/settings", operation_id = "putPipelineSettings", tag = "pipeline",
    security(("bearer" = ["programs:manage"])),
    params(("If-Match" = String, Header, description = "the ETag of the settings that were looked at", example = "\"v0\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = PipelineSettings, example = json!({"reporting_currency": "EUR",
        "regions": [{"name": "DACH", "countries": ["AT", "CH", "DE"]}]})),
    responses((status = 200, description = "the settings as they are now", body = PipelineSettings, headers(("ETag" = String, description = "their version")))))]
pub(super) async fn put_pipeline_settings(
    May { actor, org, .. }: May<right::ProgramManage>,
    if_match: IfMatch,
    command: Command<PipelineSettings>,
) -> Result<Reply, Problem> {
    let (settings, mut command) = command.take();
    let tx = &mut command.tx;
    let turn = format!("pipeline settings {}", org.id.uuid());
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", turn)
        .execute(&mut **tx)
        .await?;
    let (_, version) = of(&mut **tx, org.id).await?;
    if_match.check(version)?;
    let (version, at, currency) = (version + 1, tx.now(), settings.reporting_currency.code());
    sqlx::query!(
        "INSERT INTO pipeline_setting (vendor_id, reporting_currency, regions, version, updated_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (vendor_id) DO UPDATE SET reporting_currency = $2, regions = $3, version = $4, updated_at = $5",
        org.id.uuid(),
        currency,
        Stored(&settings.regions) as _,
        version,
        at,
    )
    .execute(&mut **tx)
    .await?;
    let changed = PipelineSettingsChanged {
        vendor_id: org.id,
        reporting_currency: currency.to_owned(),
        regions: settings.regions.iter().map(|region| region.name.clone()).collect(),
        version,
    };
    event::append(tx, &actor.origin(), org.id, &[org.id.uuid()], &changed).await?;
    command.commit(Reply::ok(&settings)?.version(version)).await
}
