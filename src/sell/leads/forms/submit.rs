use axum::{
    extract::{FromRequest, Query, Request, State},
    http::{HeaderMap, Uri, header},
    response::IntoResponse,
};
use chrono::{DateTime, Utc};
use guildhall_kernel::{OrgId, entity};
use guildhall_spine::{
    App,
    http::{Checks, PathId, Problem, Reply, RequestContext, Validate, code, parse_json, read_within},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::form::{self, Form, Question};
use super::rates::{Before, before, count};
use super::show::{Shown, scope};
use super::spam::{Signs, suspicions};
use crate::leads::lead::{
    draft::{CompanyDraft, Contact, LeadDraft, Source},
    take_in::{Intake, take_in},
};

/// Longer than any form that people fill in, in bytes.
const LONGEST: usize = 32 * 1024;

/// The answers to a form, under the names of its questions.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::leads) struct LeadFormSubmission {
    /// The token that came with the form.
    #[serde(default)]
    token: Option<String>,
    /// Not for people: left empty.
    #[serde(default)]
    fax_number: Option<String>,
    /// The company's name.
    #[serde(default)]
    #[schema(example = "Contoso Robotics GmbH")]
    company: Option<String>,
    /// The company's web site.
    #[serde(default)]
    website: Option<String>,
    /// The company's country (ISO 3166-1 alpha-2).
    #[serde(default)]
    country: Option<String>,
    /// The company's industry.
    #[serde(default)]
    industry: Option<String>,
    /// How many people work there: digits.
    #[serde(default)]
    employees: Option<String>,
    /// The person's name.
    #[serde(default)]
    name: Option<String>,
    /// The person's role.
    #[serde(default)]
    title: Option<String>,
    /// The person's e-mail address.
    #[serde(default)]
    email: Option<String>,
    /// The person's telephone number.
    #[serde(default)]
    phone: Option<String>,
    /// What it is about.
    #[serde(default)]
    product: Option<String>,
    /// What the person has to say.
    #[serde(default)]
    message: Option<String>,
}

/// What the form asks is known once it is read.
impl Validate for LeadFormSubmission {
    fn validate(&self, _: &mut Checks) {}
}

/// Thanks.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::leads) struct LeadFormReceipt {
    /// Always true: whether it looks like spam is not told.
    #[schema(example = true)]
    received: bool,
}

/// A submission in either of the formats that pages send.
#[derive(Debug)]
pub(in crate::leads) struct Sent(LeadFormSubmission);

impl FromRequest<App> for Sent {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, body) = read_within(request, app, LONGEST).await?;
        let kind = parts
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let essence = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return parse_json(&parts, &body).map(Self);
        }
        let malformed = || Problem::field("", "invalid", "must be fields of the form, encoded as a URL's query is");
        let text = std::str::from_utf8(&body).map_err(|_| malformed())?;
        let uri: Uri = format!("/?{text}").parse().map_err(|_| malformed())?;
        if text.contains("%00") {
            return Err(malformed());
        }
        let parsed = Query::try_from_uri(&uri);
        parsed
            .map(|Query(sent)| Self(sent))
            .map_err(|error| Problem::field("", "invalid", error.body_text()))
    }
}

/// Send a web form
///
/// Takes the answers as JSON, or as a page's form sends them, 32 KiB at most. Needs no credentials. What looks like spam is
/// kept for the vendor to look at, and answered like the rest. The same answers with the same token count once.
#[utoipa::path(post, path = "/api/v1/lead-forms/{id}/submissions", operation_id = "submitLeadForm", tag = "leads",
    params(("id" = String, Path, description = "the form", example = "lform_01kaqv6r3gf5ht2x0m8c9ezw4n")),
    request_body(content = LeadFormSubmission, example = json!({
        "token": "3q2-7w", "company": "Contoso Robotics GmbH", "email": "jonas.weber@contoso.example"
    })),
    responses((status = 200, description = "received", body = LeadFormReceipt)))]
pub(in crate::leads) async fn submit_lead_form(
    State(app): State<App>,
    PathId(id): PathId<entity::LeadForm>,
    context: RequestContext,
    headers: HeaderMap,
    Sent(sent): Sent,
) -> Result<impl IntoResponse, Problem> {
    let form = form::active(app.db.pool(), id).await?.ok_or_else(Problem::not_found)?;
    let page = headers
        .get(header::ORIGIN)
        .map(|value| value.to_str().unwrap_or_default());
    if !form.admits(page) {
        return Err(Problem::new(
            code::FORBIDDEN,
            "Pages of this origin may not send the form.",
        ));
    }
    count(&app, &form, context.ip).await?;
    let shown: Option<Shown> = sent
        .token
        .as_deref()
        .and_then(|token| app.cursors.open(&scope(id), token).ok());
    let mut tx = app.db.begin().await?;
    let taken = match &shown {
        Some(shown) => {
            let all = serde_json::to_vec(&sent).map_err(Problem::internal)?;
            before(&app, &mut tx, shown, &all).await?
        }
        None => Before::Never,
    };
    if taken == Before::Same {
        return Reply::ok(&LeadFormReceipt { received: true });
    }
    let intake = Intake {
        form: Some(id),
        suspicions: sent.suspicions(&form, shown.map(|(at, _)| at), taken, app.clock.now()),
        hold: false,
    };
    let (vendor, draft): (OrgId, LeadDraft) = (form.vendor_id, sent.into_lead(&form)?);
    let answers = take_in(&mut tx, &context.origin(), vendor, vec![draft], &intake).await?;
    for answer in answers {
        answer.map_err(|errors| Problem::fields(errors.into_iter().map(in_form).collect()))?;
    }
    tx.commit().await?;
    Reply::ok(&LeadFormReceipt { received: true })
}

impl LeadFormSubmission {
    fn suspicions(
        &self,
        form: &Form,
        shown: Option<DateTime<Utc>>,
        before: Before,
        now: DateTime<Utc>,
    ) -> Vec<&'static str> {
        let signs = Signs {
            trap: self.fax_number.as_deref(),
            shown,
            reused: before == Before::Other,
            now,
            min_fill_seconds: form.min_fill_seconds,
            most_links: form.most_links,
        };
        let names = [
            &self.company,
            &self.name,
            &self.title,
            &self.product,
            &self.industry,
            &self.phone,
        ];
        let names: Vec<&str> = names.into_iter().filter_map(|text| text.as_deref()).collect();
        suspicions(&signs, &names, self.message.as_deref().unwrap_or_default())
    }

    fn answers(&self) -> [(Question, &'static str, &Option<String>); 11] {
        [
            (Question::Company, "company", &self.company),
            (Question::Website, "website", &self.website),
            (Question::Country, "country", &self.country),
            (Question::Industry, "industry", &self.industry),
            (Question::Employees, "employees", &self.employees),
            (Question::Name, "name", &self.name),
            (Question::Title, "title", &self.title),
            (Question::Email, "email", &self.email),
            (Question::Phone, "phone", &self.phone),
            (Question::Product, "product", &self.product),
            (Question::Message, "message", &self.message),
        ]
    }

    fn into_lead(self, form: &Form) -> Result<LeadDraft, Problem> {
        let mut checks = Checks::default();
        for (question, name, answer) in self.answers() {
            let asked = form.fields.iter().find(|field| field.question == question);
            let filled = answer.as_ref().is_some_and(|text| !text.trim().is_empty());
            let needed = question == Question::Company || asked.is_some_and(|field| field.required);
            checks.check(filled || !needed, &format!("/{name}"), "missing", "is needed");
            checks.check(
                !filled || asked.is_some(),
                &format!("/{name}"),
                "unknown",
                "is not asked by this form",
            );
        }
        let count = self
            .employees
            .as_deref()
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(str::parse::<i32>);
        checks.check(
            !matches!(count, Some(Err(_))),
            "/employees",
            "invalid",
            "must be a number",
        );
        checks.done()?;
        Ok(LeadDraft {
            company: CompanyDraft {
                name: self.company.unwrap_or_default(),
                domain: self.website,
                country: self.country,
                industry: self.industry,
                employees: count.and_then(Result::ok),
            },
            contact: Some(Contact {
                name: self.name,
                title: self.title,
                email: self.email,
                phone: self.phone,
            }),
            product: self.product,
            amount: None,
            currency: None,
            message: self.message,
            source: Source::WebForm,
            campaign: form.campaign.clone(),
            reference: None,
        })
    }
}

/// A lead's fields by the names that the form gives them.
fn in_form(mut error: guildhall_spine::http::FieldError) -> guildhall_spine::http::FieldError {
    let name = match error.pointer.as_str() {
        "/company/name" => "/company",
        "/company/domain" => "/website",
        pointer => pointer.rfind('/').and_then(|at| pointer.get(at..)).unwrap_or(pointer),
    };
    error.pointer = name.to_owned();
    error
}
