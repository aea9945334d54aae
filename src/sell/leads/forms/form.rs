//! A form as its vendor set it up.

use chrono::{DateTime, Utc};
use guildhall_kernel::{LeadFormId, OrgId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::{PgExecutor, types::Json};
use utoipa::ToSchema;

/// A question that a form asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LeadFormQuestion)]
pub(in crate::leads) enum Question {
    /// The company's name; every form asks it.
    Company,
    /// The company's web site.
    Website,
    /// The company's country (ISO 3166-1 alpha-2).
    Country,
    /// The company's industry.
    Industry,
    /// How many people work there.
    Employees,
    /// The person's name.
    Name,
    /// The person's role.
    Title,
    /// The person's e-mail address.
    Email,
    /// The person's telephone number.
    Phone,
    /// What it is about.
    Product,
    /// What the person has to say.
    Message,
}

/// A field of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LeadFormField)]
pub(in crate::leads) struct Field {
    /// What it asks; the name under which the answer is sent.
    pub(in crate::leads) question: Question,
    /// How it asks, 1 to 200 characters.
    #[schema(example = "Your company")]
    pub(in crate::leads) label: String,
    /// Whether it has to be answered.
    #[serde(default)]
    pub(in crate::leads) required: bool,
}

/// A web form.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = LeadForm)]
pub(in crate::leads) struct Form {
    /// Its id.
    pub(in crate::leads) id: LeadFormId,
    /// Rises with each change; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(in crate::leads) version: i64,
    /// Its name, for the vendor.
    #[schema(example = "Contact us")]
    pub(in crate::leads) name: String,
    /// The campaign that its leads are of.
    #[schema(example = "spring-fair-2027")]
    pub(in crate::leads) campaign: Option<String>,
    /// Web origins that may send it from a browser; empty is any.
    pub(in crate::leads) origins: Vec<String>,
    /// What it asks.
    #[schema(value_type = Vec<Field>)]
    pub(in crate::leads) fields: Json<Vec<Field>>,
    /// Whether it takes anything.
    pub(in crate::leads) active: bool,
    /// Sent sooner than this after it was shown, it looks like spam.
    #[schema(example = 3)]
    pub(in crate::leads) min_fill_seconds: i32,
    /// With more links than this in its texts, it looks like spam.
    #[schema(example = 2)]
    pub(in crate::leads) most_links: i32,
    /// How often one address may send it in an hour.
    #[schema(example = 10)]
    pub(in crate::leads) per_address_hourly: i32,
    /// How often all together may send it in an hour.
    #[schema(example = 500)]
    pub(in crate::leads) per_form_hourly: i32,
    /// When it was made.
    pub(in crate::leads) created_at: DateTime<Utc>,
    /// When it last changed.
    pub(in crate::leads) updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub(in crate::leads) vendor_id: OrgId,
}

macro_rules! forms {
    ($condition:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Form,
            r#"SELECT id AS "id: LeadFormId", version, name, campaign, origins, fields AS "fields: Json<Vec<Field>>", active,
                      min_fill_seconds, most_links, per_address_hourly, per_form_hourly, created_at, updated_at,
                      vendor_id AS "vendor_id: OrgId"
               FROM lead_form WHERE "# + $condition,
            $($argument),+
        )
    };
}
pub(in crate::leads) use forms;

/// A form that takes answers.
pub(in crate::leads) async fn active(db: impl PgExecutor<'_>, id: LeadFormId) -> Result<Option<Form>, sqlx::Error> {
    forms!(
        "id = $1 AND active AND EXISTS (SELECT FROM organisation o WHERE o.id = vendor_id AND o.status = 'active')",
        id.uuid()
    )
    .fetch_optional(db)
    .await
}

impl Form {
    /// Whether a page of this origin may send it.
    pub(in crate::leads) fn admits(&self, origin: Option<&str>) -> bool {
        let listed = |origin: &str| self.origins.iter().any(|one| one.eq_ignore_ascii_case(origin));
        self.origins.is_empty() || origin.is_none_or(listed)
    }
}
