//! HubSpot over its CRM v3 API (developers.hubspot.com).
//!
//! A deal is looked for by the unique property with the deal's id (`?idProperty=`, which reads the record itself and not
//! the search index that lags behind) before it is created; HubSpot refuses a second one with the same value of a property
//! that is set to be unique, and then it is read again.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use reqwest::{Method, RequestBuilder};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use url::Url;

use super::answer::{Answer, send};
use super::salesforce::canonical;
use super::{
    Changes, Connector, Cursor, Fault, FaultKind, Field, FieldType, Fields, Found, Remote, Schema, Subject, written,
};

const PAGE: usize = 100;

/// A HubSpot account.
pub(in crate::crm) struct HubSpot {
    pub(in crate::crm) client: reqwest::Client,
    pub(in crate::crm) base: Url,
    pub(in crate::crm) token: String,
    pub(in crate::crm) subject: Subject,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Property {
    name: String,
    #[serde(default)]
    label: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    has_unique_value: bool,
    #[serde(default)]
    calculated: bool,
    #[serde(default)]
    options: Vec<PropertyOption>,
    #[serde(default)]
    modification_metadata: Modification,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Modification {
    #[serde(default)]
    read_only_value: bool,
}

#[derive(Deserialize)]
struct PropertyOption {
    value: String,
}

#[derive(Deserialize)]
struct Listed<T> {
    results: Vec<T>,
}

#[derive(Deserialize)]
struct Pipeline {
    id: String,
    stages: Vec<PipelineStage>,
}

#[derive(Deserialize)]
struct PipelineStage {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Object {
    id: String,
    #[serde(default)]
    properties: BTreeMap<String, Option<String>>,
    updated_at: Option<DateTime<Utc>>,
    #[serde(default)]
    archived: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HubSpotError {
    #[serde(default)]
    message: String,
    #[serde(default)]
    category: String,
    policy_name: Option<String>,
    #[serde(default)]
    errors: Vec<Detail>,
}

#[derive(Deserialize)]
struct Detail {
    #[serde(default)]
    message: String,
    #[serde(default)]
    code: String,
}

#[derive(Deserialize)]
struct Associated {
    from: ObjectRef,
    to: Vec<Association>,
}

#[derive(Deserialize)]
struct ObjectRef {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Association {
    to_object_id: Value,
    #[serde(default)]
    association_types: Vec<AssociationType>,
}

#[derive(Deserialize)]
struct AssociationType {
    label: Option<String>,
}

impl Association {
    fn is_primary(&self) -> bool {
        let primary = |kind: &AssociationType| kind.label.as_deref() == Some("Primary");
        self.association_types.iter().any(primary)
    }

    fn id(&self) -> String {
        let id = &self.to_object_id;
        id.as_str().map_or_else(|| id.to_string(), str::to_owned)
    }
}

impl HubSpot {
    /// Records by their ids, at most 100. What isn't there is left out of the answer.
    async fn batch(&self, object: &str, ids: &BTreeSet<&str>, reads: &[String]) -> Result<Vec<Object>, Fault> {
        let inputs: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
        let body = json!({"inputs": inputs, "properties": reads});
        let path = ["crm", "v3", "objects", object, "batch", "read"];
        let answer = self.call(Method::POST, &path, |request| request.json(&body)).await?;
        Ok(answer.json::<Listed<Object>>()?.results)
    }

    fn object(&self, id: &[&str]) -> Vec<String> {
        let path = ["crm", "v3", "objects", &self.subject.object];
        path.iter().chain(id).map(|part| (*part).to_owned()).collect()
    }

    async fn call(
        &self,
        method: Method,
        path: &[impl AsRef<str> + Sync],
        with: impl Fn(RequestBuilder) -> RequestBuilder + Send,
    ) -> Result<Answer, Fault> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| Fault::new(FaultKind::Refused, "the address takes no path"))?
            .pop_if_empty()
            .extend(path.iter().map(AsRef::as_ref));
        let request = with(self.client.request(method, url).bearer_auth(&self.token));
        let answer = send(request).await?;
        if answer.status.is_success() {
            Ok(answer)
        } else {
            Err(refused(&answer))
        }
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self
            .subject
            .reads
            .iter()
            .map(String::as_str)
            .chain([self.subject.key_field.as_str(), "hs_lastmodifieddate"])
            .collect();
        names.join(",")
    }

    fn record(&self, object: Object) -> Result<Remote, Fault> {
        let at = object.properties.get("hs_lastmodifieddate").cloned().flatten();
        let at = at.and_then(|at| at.parse().ok()).or(object.updated_at);
        let modified_at = at.ok_or_else(|| Fault::new(FaultKind::Away, "a deal came without hs_lastmodifieddate"))?;
        let kind = |name: &str| {
            self.subject
                .schema
                .field(name)
                .map_or(FieldType::Text, |field| field.kind)
        };
        let read = self.subject.reads.iter().map(|name| {
            let value = object
                .properties
                .get(name)
                .cloned()
                .flatten()
                .filter(|text| !text.is_empty());
            (name.clone(), value.map(|text| canonical(&text, kind(name))))
        });
        Ok(Remote {
            key: object.properties.get(&self.subject.key_field).cloned().flatten(),
            fields: read.collect(),
            id: object.id,
            modified_at,
            deleted: object.archived,
            merged_into: None,
        })
    }

    async fn by_key(&self, key: &str) -> Result<Option<String>, Fault> {
        let query = [("idProperty", self.subject.key_field.as_str())];
        match self
            .call(Method::GET, &self.object(&[key]), |request| request.query(&query))
            .await
        {
            Ok(answer) => Ok(Some(answer.json::<Object>()?.id)),
            Err(fault) if fault.kind == FaultKind::Gone => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}

#[async_trait]
impl Connector for HubSpot {
    async fn probe(&self) -> Result<(), Fault> {
        self.describe().await.map(|_| ())
    }

    async fn describe(&self) -> Result<Schema, Fault> {
        let path = ["crm", "v3", "properties", &self.subject.object];
        let answer = self.call(Method::GET, &path, |request| request).await?;
        let mut fields: Vec<Field> = answer
            .json::<Listed<Property>>()?
            .results
            .into_iter()
            .map(field)
            .collect();
        if self.subject.object == "deals" {
            let answer = self
                .call(Method::GET, &["crm", "v3", "pipelines", "deals"], |request| request)
                .await?;
            let pipelines = answer.json::<Listed<Pipeline>>()?.results;
            for field in &mut fields {
                match field.name.as_str() {
                    "pipeline" => field.values = pipelines.iter().map(|pipeline| pipeline.id.clone()).collect(),
                    "dealstage" => {
                        let stages = pipelines.iter().flat_map(|pipeline| &pipeline.stages);
                        field.values = stages.map(|stage| stage.id.clone()).collect();
                    }
                    _ => {}
                }
            }
        }
        Ok(Schema { fields, open: false })
    }

    async fn create(&self, key: &str, _once: &str, fields: &Fields) -> Result<String, Fault> {
        if let Some(id) = self.by_key(key).await? {
            self.update(&id, key, "", fields).await?;
            return Ok(id);
        }
        let body = self.body(None, key, fields)?;
        match self
            .call(Method::POST, &self.object(&[]), |request| request.json(&body))
            .await
        {
            Ok(answer) => Ok(answer.json::<Object>()?.id),
            // Somebody else was quicker, or an earlier call whose answer was lost.
            Err(fault) if matches!(fault.kind, FaultKind::Refused | FaultKind::Schema) => {
                self.by_key(key).await?.ok_or(fault)
            }
            Err(fault) => Err(fault),
        }
    }

    async fn update(&self, id: &str, key: &str, _once: &str, fields: &Fields) -> Result<(), Fault> {
        let body = self.body(Some(id), key, fields)?;
        self.call(Method::PATCH, &self.object(&[id]), |request| request.json(&body))
            .await?;
        Ok(())
    }

    async fn fetch(&self, id: &str) -> Result<Found, Fault> {
        let names = self.names();
        let query = [("properties", names.as_str())];
        let answer = match self
            .call(Method::GET, &self.object(&[id]), |request| request.query(&query))
            .await
        {
            Err(fault) if fault.kind == FaultKind::Gone => return Ok(Found::Deleted),
            other => other?,
        };
        let record = self.record(answer.json()?)?;
        // A merged deal answers with the id of the one that it became.
        Ok(match record.id == id {
            _ if record.deleted => Found::Deleted,
            true => Found::Record(record),
            false => Found::Merged(record.id),
        })
    }

    async fn changes_since(&self, cursor: &Cursor) -> Result<Changes, Fault> {
        let names: Vec<String> = self.names().split(',').map(str::to_owned).collect();
        // The search has no order by two keys, so a page begins again at the last one's time.
        let body = json!({
            "filterGroups": [{"filters": [{
                "propertyName": "hs_lastmodifieddate",
                "operator": "GTE",
                "value": cursor.at.timestamp_millis().to_string(),
            }]}],
            "sorts": [{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}],
            "properties": names,
            "limit": PAGE,
        });
        let answer = self
            .call(Method::POST, &self.object(&["search"]), |request| request.json(&body))
            .await?;
        let found = answer.json::<Listed<Object>>()?.results;
        let full = found.len() >= PAGE;
        let records: Vec<Remote> = found
            .into_iter()
            .map(|object| self.record(object))
            .collect::<Result<_, _>>()?;
        let moves_on = records.last().is_some_and(|last| last.modified_at > cursor.at);
        Ok(Changes {
            more: full && moves_on,
            records,
        })
    }

    async fn customers_of(&self, sales: &[&str], reads: &[String]) -> Result<BTreeMap<String, Fields>, Fault> {
        let inputs: Vec<Value> = sales.iter().map(|id| json!({"id": id})).collect();
        let body = json!({"inputs": inputs});
        let path = ["crm", "v4", "associations", "deals", "companies", "batch", "read"];
        let answer = self.call(Method::POST, &path, |request| request.json(&body)).await?;
        let associated = answer.json::<Listed<Associated>>()?.results;
        let company = |one: &Associated| {
            let primary = one.to.iter().find(|to| to.is_primary());
            primary.or(one.to.first()).map(Association::id)
        };
        let of: BTreeMap<String, String> = associated
            .iter()
            .filter_map(|one| Some((one.from.id.clone(), company(one)?)))
            .collect();
        if of.is_empty() {
            return Ok(BTreeMap::new());
        }
        let wanted = of.values().map(String::as_str).collect();
        let companies = self.batch("companies", &wanted, reads).await?;
        let companies: BTreeMap<String, Fields> = companies.into_iter().map(|one| (one.id, one.properties)).collect();
        let found = of
            .into_iter()
            .filter_map(|(sale, company)| Some((sale, companies.get(&company)?.clone())));
        Ok(found.collect())
    }

    async fn living(&self, ids: &[String]) -> Result<Option<BTreeSet<String>>, Fault> {
        let asked = ids.iter().map(String::as_str).collect();
        let found = self.batch(&self.subject.object, &asked, &[]).await?;
        let there = found.into_iter().filter(|one| !one.archived).map(|one| one.id);
        Ok(Some(there.collect()))
    }

    fn request(&self, id: Option<&str>, _key: &str) -> (&'static str, String) {
        let object = &self.subject.object;
        match id {
            Some(id) => ("PATCH", format!("/crm/v3/objects/{object}/{id}")),
            None => ("POST", format!("/crm/v3/objects/{object}")),
        }
    }

    /// All values are strings, and an empty one clears.
    fn body(&self, id: Option<&str>, key: &str, fields: &Fields) -> Result<Box<RawValue>, Fault> {
        let values = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_deref().unwrap_or_default()));
        let known_by = (id.is_none()).then_some((self.subject.key_field.as_str(), key));
        let properties: BTreeMap<&str, &str> = values.chain(known_by).collect();
        written(&json!({"properties": properties}))
    }
}

fn field(property: Property) -> Field {
    let kind = match property.kind.as_str() {
        "number" => FieldType::Number,
        "date" => FieldType::Date,
        // Dates of deals are kept as moments and mean the day.
        "datetime" if property.name == "closedate" => FieldType::Date,
        "datetime" => FieldType::Moment,
        "bool" => FieldType::Boolean,
        "enumeration" => FieldType::Choice,
        _ => FieldType::Text,
    };
    Field {
        required: matches!(property.name.as_str(), "dealname" | "dealstage"),
        writable: !property.calculated && !property.modification_metadata.read_only_value,
        unique: property.has_unique_value,
        values: property.options.into_iter().map(|option| option.value).collect(),
        name: property.name,
        label: property.label,
        kind,
    }
}

/// The fault in `{"status": "error", "message": …, "category": …, "policyName": …, "errors": […]}`.
fn refused(answer: &Answer) -> Fault {
    let Ok(error) = answer.json::<HubSpotError>() else {
        return answer.fault(answer.text());
    };
    let policy = error.policy_name.map(|name| format!(" ({name})")).unwrap_or_default();
    let details = error
        .errors
        .iter()
        .map(|detail| format!("; {}: {}", detail.code, detail.message));
    let said = format!(
        "{}: {}{policy}{}",
        error.category,
        error.message,
        details.collect::<String>()
    );
    let mut fault = answer.fault(said);
    fault.kind = match (error.category.as_str(), fault.kind) {
        ("EXPIRED_AUTHENTICATION" | "INVALID_AUTHENTICATION", _) => FaultKind::Auth,
        ("RATE_LIMITS", FaultKind::Refused) => FaultKind::Busy(None),
        ("VALIDATION_ERROR", _) => FaultKind::Schema,
        (_, kind) => kind,
    };
    fault
}
