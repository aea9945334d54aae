//! Which field here is which field there, in which direction, and who wins. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::connector::{FieldType, Fields, Schema, canonical};

/// A field of a deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CrmDealField)]
pub enum DealField {
    /// The deal's id.
    DealId,
    /// The customer's legal name.
    CustomerName,
    /// The customer's domain.
    CustomerDomain,
    /// The customer's country (ISO 3166-1 alpha-2).
    CustomerCountry,
    /// The partner's name.
    PartnerName,
    /// The amount.
    Amount,
    /// Its currency (ISO 4217).
    Currency,
    /// When the customer is expected to buy.
    ExpectedClose,
    /// Where the deal stands: `approved`, `won`, `lost` and so on.
    Status,
    /// When it was closed.
    ClosedOn,
    /// Why it was won or lost.
    CloseReason,
    /// What the partner says of it.
    Note,
    /// The stage in the CRM's own words; it is kept beside the deal.
    Stage,
}

impl DealField {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DealId => "deal_id",
            Self::CustomerName => "customer_name",
            Self::CustomerDomain => "customer_domain",
            Self::CustomerCountry => "customer_country",
            Self::PartnerName => "partner_name",
            Self::Amount => "amount",
            Self::Currency => "currency",
            Self::ExpectedClose => "expected_close",
            Self::Status => "status",
            Self::ClosedOn => "closed_on",
            Self::CloseReason => "close_reason",
            Self::Note => "note",
            Self::Stage => "stage",
        }
    }

    /// Whether the CRM may say what it is.
    #[must_use]
    pub const fn comes_in(self) -> bool {
        matches!(
            self,
            Self::Amount | Self::ExpectedClose | Self::Status | Self::ClosedOn | Self::Stage
        )
    }

    /// A value in the one way of writing that values are compared in.
    #[must_use]
    pub fn canonical(self, value: &str) -> String {
        match self {
            Self::Amount => canonical(value, FieldType::Number),
            Self::ExpectedClose | Self::ClosedOn => canonical(value, FieldType::Date),
            _ => value.to_owned(),
        }
    }

    /// Whether it can be sent.
    #[must_use]
    pub const fn goes_out(self) -> bool {
        !matches!(self, Self::Stage)
    }
}

/// Which way values go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CrmDirection)]
pub enum Direction {
    /// From here to the CRM.
    ToCrm,
    /// From the CRM to here.
    ToPrm,
    /// Both ways.
    Both,
}

/// Who wins when both sides have changed a field since they last agreed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CrmWinner)]
pub enum Winner {
    /// This side.
    Prm,
    /// The CRM.
    Crm,
    /// Whichever changed later.
    #[default]
    Newest,
    /// A person decides.
    Ask,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CrmFieldMapping)]
pub struct FieldMapping {
    /// The deal's field.
    pub prm: DealField,
    /// The CRM's field.
    #[schema(example = "StageName")]
    pub crm: String,
    /// Which way.
    pub direction: Direction,
    /// Who wins; the newest unless told.
    #[serde(default)]
    pub winner: Winner,
    /// What values here are called there. When there are any, a value that isn't among them isn't sent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(example = json!({"approved": "Qualification", "won": "Closed Won", "lost": "Closed Lost"}))]
    pub values: BTreeMap<String, String>,
    /// What values there are called here; `values` read backwards when left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(example = json!({"Closed Won": "won"}))]
    pub crm_values: BTreeMap<String, String>,
    /// What is sent when the deal has no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// A value that every new record gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CrmConstant)]
pub struct Constant {
    /// The CRM's field.
    #[schema(example = "LeadSource")]
    pub crm: String,
    /// The value.
    #[schema(example = "Partner")]
    pub value: String,
}

/// How deals and records correspond.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CrmMapping)]
pub struct Mapping {
    /// The fields, each CRM field once.
    pub fields: Vec<FieldMapping>,
    /// What new records get besides.
    #[serde(default)]
    pub constants: Vec<Constant>,
}

/// What doesn't suit the CRM's fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, schemars::JsonSchema)]
#[schema(as = CrmDrift)]
pub struct Finding {
    /// What kind of thing: `field_missing`, `value_missing`, `field_required`, `field_read_only`, `key_not_unique`.
    #[schema(example = "value_missing")]
    pub code: String,
    /// The CRM's field.
    #[schema(example = "StageName")]
    pub field: String,
    /// What it means and what to do.
    pub message: String,
    /// Where in the mapping.
    #[schema(example = "/mapping/fields/3/values")]
    pub pointer: String,
}

impl FieldMapping {
    /// What the CRM would call this value; `None` for one that isn't sent.
    #[must_use]
    pub fn outward(&self, value: Option<&str>) -> Option<Option<String>> {
        if self.direction == Direction::ToPrm || !self.prm.goes_out() {
            return None;
        }
        let Some(value) = value else {
            return Some(self.default.clone());
        };
        if self.values.is_empty() {
            return Some(Some(value.to_owned()));
        }
        self.values
            .get(value)
            .or(self.default.as_ref())
            .map(|name| Some(name.clone()))
    }

    /// What this side calls the CRM's value; `None` for one that means nothing here.
    #[must_use]
    pub fn inward(&self, value: Option<&str>) -> Option<String> {
        if self.direction == Direction::ToCrm || !self.prm.comes_in() {
            return None;
        }
        let value = value?;
        if let Some(name) = self.crm_values.get(value) {
            return Some(name.clone());
        }
        if self.values.is_empty() && self.crm_values.is_empty() {
            return Some(value.to_owned());
        }
        if !self.crm_values.is_empty() {
            return None;
        }
        let mut names = self.values.iter().filter(|(_, theirs)| *theirs == value);
        names.next().map(|(ours, _)| ours.clone())
    }

    /// Whether the CRM's value should come here and has no name here. What `ours` is called there is not missed.
    #[must_use]
    pub fn has_no_name_for(&self, theirs: Option<&str>, ours: Option<&str>) -> bool {
        let comes = self.direction != Direction::ToCrm && self.prm.comes_in();
        let same = self.outward(ours).flatten();
        comes && theirs.is_some() && self.inward(theirs).is_none() && same.as_deref() != theirs
    }
}

impl Mapping {
    /// The CRM's fields that are read.
    #[must_use]
    pub fn reads(&self) -> Vec<String> {
        self.fields.iter().map(|field| field.crm.clone()).collect()
    }

    /// What a new record is made of.
    #[must_use]
    pub fn record(&self, deal: &BTreeMap<DealField, Option<String>>) -> Fields {
        let constants = self
            .constants
            .iter()
            .map(|constant| (constant.crm.clone(), Some(constant.value.clone())));
        let mapped = self.fields.iter().filter_map(|field| {
            let value = deal.get(&field.prm).cloned().flatten();
            Some((field.crm.clone(), field.outward(value.as_deref())?))
        });
        constants.chain(mapped).filter(|(_, value)| value.is_some()).collect()
    }

    /// What of it doesn't suit the schema: faults when it is written, drift when it is found later.
    #[must_use]
    pub fn findings(&self, schema: &Schema, key_field: &str) -> Vec<Finding> {
        if schema.open {
            return Vec::new();
        }
        let mut found = Vec::new();
        let at = "/external_id_field".to_owned();
        match schema.field(key_field) {
            None => found.push(Finding::missing(key_field, at)),
            Some(field) if !field.unique => {
                let message = format!("{key_field} must be a unique external id, or a record could be made twice");
                found.push(Finding::new("key_not_unique", key_field, at, message));
            }
            Some(_) => {}
        }
        for (place, field) in self.fields.iter().enumerate() {
            let values = field.values.values().chain(&field.default);
            let written = field.direction != Direction::ToPrm;
            check_field(
                &mut found,
                schema,
                &format!("/mapping/fields/{place}"),
                &field.crm,
                written,
                values,
            );
        }
        for (place, constant) in self.constants.iter().enumerate() {
            let pointer = format!("/mapping/constants/{place}");
            let values = std::iter::once(&constant.value);
            check_field(&mut found, schema, &pointer, &constant.crm, true, values);
        }
        for field in schema.fields.iter().filter(|field| field.required) {
            if field.name != key_field && !self.gives(&field.name) {
                let message = format!(
                    "the CRM needs {} for a new record: map it, or give a constant",
                    field.name
                );
                found.push(Finding::new(
                    "field_required",
                    &field.name,
                    "/mapping/fields".to_owned(),
                    message,
                ));
            }
        }
        found
    }

    fn gives(&self, name: &str) -> bool {
        let mut mapped = self.fields.iter();
        mapped.any(|field| field.crm == name && field.direction != Direction::ToPrm)
            || self.constants.iter().any(|constant| constant.crm == name)
    }
}

impl Finding {
    fn new(code: &str, field: &str, pointer: String, message: String) -> Self {
        Self {
            code: code.to_owned(),
            field: field.to_owned(),
            message,
            pointer,
        }
    }

    fn missing(field: &str, pointer: String) -> Self {
        Self::new("field_missing", field, pointer, format!("the CRM has no field {field}"))
    }
}

fn check_field<'a>(
    found: &mut Vec<Finding>,
    schema: &Schema,
    pointer: &str,
    name: &str,
    written: bool,
    values: impl Iterator<Item = &'a String>,
) {
    let Some(theirs) = schema.field(name) else {
        found.push(Finding::missing(name, format!("{pointer}/crm")));
        return;
    };
    if written && !theirs.writable {
        let message = format!("the CRM lets nobody set {name}");
        found.push(Finding::new("field_read_only", name, format!("{pointer}/crm"), message));
    }
    if theirs.kind != FieldType::Choice || theirs.values.is_empty() {
        return;
    }
    for value in values.filter(|value| !theirs.values.contains(value)) {
        let message = format!("{name} has no value {value:?} in the CRM (any more)");
        found.push(Finding::new(
            "value_missing",
            name,
            format!("{pointer}/values"),
            message,
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crm::connector::Field;

    fn status(values: &[(&str, &str)], crm_values: &[(&str, &str)]) -> FieldMapping {
        let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        FieldMapping {
            prm: DealField::Status,
            crm: "StageName".to_owned(),
            direction: Direction::Both,
            winner: Winner::Newest,
            values: map(values),
            crm_values: map(crm_values),
            default: None,
        }
    }

    #[test]
    fn values_are_translated_both_ways_and_unknown_ones_stay_where_they_are() {
        let field = status(&[("approved", "Qualification"), ("won", "Closed Won")], &[]);
        assert_eq!(field.outward(Some("won")), Some(Some("Closed Won".to_owned())));
        assert_eq!(field.outward(Some("expired")), None);
        assert_eq!(field.inward(Some("Closed Won")).as_deref(), Some("won"));
        assert_eq!(field.inward(Some("Negotiation")), None);
        let field = status(&[("won", "Closed Won")], &[("Closed - Renewal", "won")]);
        assert_eq!(field.inward(Some("Closed - Renewal")).as_deref(), Some("won"));
        assert_eq!(field.inward(Some("Closed Won")), None);
    }

    fn schema(fields: &[(&str, FieldType, bool, &[&str])]) -> Schema {
        let field = |(name, kind, required, values): &(&str, FieldType, bool, &[&str])| Field {
            name: (*name).to_owned(),
            label: (*name).to_owned(),
            kind: *kind,
            required: *required,
            writable: true,
            unique: *name == "Key__c",
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        Schema {
            fields: fields.iter().map(field).collect(),
            open: false,
        }
    }

    #[test]
    fn what_the_crm_has_changed_is_found() {
        let mapping = Mapping {
            fields: vec![status(&[("won", "Closed Won")], &[])],
            constants: vec![],
        };
        let codes = |schema: &Schema| {
            let found = mapping.findings(schema, "Key__c");
            found.into_iter().map(|one| (one.code, one.field)).collect::<Vec<_>>()
        };
        let key = ("Key__c", FieldType::Text, false, &[][..]);
        let stage: &[&str] = &["Closed Won", "Open"];
        let good = schema(&[key, ("StageName", FieldType::Choice, true, stage)]);
        assert_eq!(codes(&good), []);
        let renamed: &[&str] = &["Won", "Open"];
        let found = |code: &str, field: &str| vec![(code.to_owned(), field.to_owned())];
        let one = schema(&[key, ("StageName", FieldType::Choice, true, renamed)]);
        assert_eq!(codes(&one), found("value_missing", "StageName"));
        assert_eq!(codes(&schema(&[key])), found("field_missing", "StageName"));
        let more = schema(&[
            key,
            ("StageName", FieldType::Choice, true, stage),
            ("Region__c", FieldType::Text, true, &[]),
        ]);
        assert_eq!(codes(&more), found("field_required", "Region__c"));
        let keyless = schema(&[("StageName", FieldType::Choice, true, stage)]);
        assert_eq!(codes(&keyless), found("field_missing", "Key__c"));
    }
}
