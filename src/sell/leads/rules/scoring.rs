//! How promising a lead is, from 0 to 100: points as the vendor sets them, and where they come from.

use std::collections::BTreeMap;

use guildhall_kernel::is_country;
use guildhall_spine::http::Checks;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::leads::lead::draft::{Checked, Source};

/// A part of a lead that can be filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LeadField)]
pub(in crate::leads) enum Field {
    /// The company's domain, given or read from a business address.
    Domain,
    /// The company's country.
    Country,
    /// The company's industry.
    Industry,
    /// The company's size.
    Employees,
    /// What it is about.
    Product,
    /// What it may be worth.
    Amount,
    /// The person's name.
    ContactName,
    /// The person's role.
    ContactTitle,
    /// The person's e-mail address.
    ContactEmail,
    /// The person's telephone number.
    ContactPhone,
    /// What was said.
    Message,
}

impl Field {
    const ALL: [Self; 11] = [
        Self::Domain,
        Self::Country,
        Self::Industry,
        Self::Employees,
        Self::Product,
        Self::Amount,
        Self::ContactName,
        Self::ContactTitle,
        Self::ContactEmail,
        Self::ContactPhone,
        Self::Message,
    ];

    fn is_filled(self, lead: &Checked) -> bool {
        let draft = &lead.draft;
        let contact = draft.contact.as_ref();
        match self {
            Self::Domain => lead.domain.is_some(),
            Self::Country => draft.company.country.is_some(),
            Self::Industry => draft.company.industry.is_some(),
            Self::Employees => draft.company.employees.is_some(),
            Self::Product => draft.product.is_some(),
            Self::Amount => draft.amount.is_some(),
            Self::ContactName => contact.is_some_and(|one| one.name.is_some()),
            Self::ContactTitle => contact.is_some_and(|one| one.title.is_some()),
            Self::ContactEmail => contact.is_some_and(|one| one.email.is_some()),
            Self::ContactPhone => contact.is_some_and(|one| one.phone.is_some()),
            Self::Message => draft.message.is_some(),
        }
    }
}

/// Points for companies of at least so many people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LeadSizePoints)]
pub(in crate::leads) struct SizePoints {
    /// From how many people on.
    #[schema(example = 100)]
    pub(in crate::leads) from: i32,
    /// The points; the largest `from` that the company reaches counts.
    #[schema(minimum = -100, maximum = 100, example = 15)]
    pub(in crate::leads) points: i16,
}

/// The weights of the score. Their sum is cut to 0 and 100.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LeadScoring)]
pub(in crate::leads) struct Scoring {
    /// Points for each part that is filled in, -100 to 100.
    #[serde(default)]
    pub(in crate::leads) fields: BTreeMap<Field, i16>,
    /// Points by source.
    #[serde(default)]
    pub(in crate::leads) sources: BTreeMap<Source, i16>,
    /// Points by the company's size, at most 20 steps.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub(in crate::leads) sizes: Vec<SizePoints>,
    /// Points by country (ISO 3166-1 alpha-2).
    #[serde(default)]
    pub(in crate::leads) countries: BTreeMap<String, i16>,
    /// Points for a lead that has every part; fewer parts, as many fewer points.
    #[serde(default)]
    #[schema(minimum = -100, maximum = 100, example = 20)]
    pub(in crate::leads) completeness: i16,
}

impl Default for Scoring {
    fn default() -> Self {
        Self {
            fields: BTreeMap::from([
                (Field::ContactEmail, 10),
                (Field::ContactPhone, 10),
                (Field::Product, 10),
            ]),
            sources: BTreeMap::from([(Source::Referral, 25), (Source::Event, 15), (Source::Marketplace, 15)]),
            sizes: vec![SizePoints { from: 50, points: 5 }, SizePoints { from: 250, points: 15 }],
            countries: BTreeMap::new(),
            completeness: 30,
        }
    }
}

/// Where points come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = LeadScorePart)]
pub(in crate::leads) struct ScorePart {
    /// `field contact_email`, `source referral`, `size 250`, `country DE`, `completeness 8/11`.
    #[schema(example = "source referral")]
    pub(in crate::leads) because: String,
    /// The points.
    #[schema(example = 25)]
    pub(in crate::leads) points: i16,
}

impl Scoring {
    /// Notes every fault in `checks`, below `at`.
    pub(in crate::leads) fn check(&self, at: &str, checks: &mut Checks) {
        let countries = self
            .countries
            .iter()
            .map(|(name, points)| (format!("countries/{name}"), *points));
        let sizes = self
            .sizes
            .iter()
            .enumerate()
            .map(|(no, size)| (format!("sizes/{no}/points"), size.points));
        let fields = self
            .fields
            .iter()
            .map(|(field, points)| (format!("fields/{}", name(field)), *points));
        let sources = self
            .sources
            .iter()
            .map(|(source, points)| (format!("sources/{}", source.as_str()), *points));
        let all = countries.chain(sizes).chain(fields).chain(sources);
        for (place, points) in all.chain([("completeness".to_owned(), self.completeness)]) {
            let bounded = (-100..=100).contains(&points);
            checks.check(bounded, &format!("{at}/{place}"), "range", "must be from -100 to 100");
        }
        for country in self.countries.keys().filter(|country| !is_country(country)) {
            checks.refuse(
                format!("{at}/countries/{country}"),
                "country",
                "must be a country code like DE",
            );
        }
        checks.check(
            self.sizes.len() <= 20,
            &format!("{at}/sizes"),
            "length",
            "must have at most 20 steps",
        );
        for (no, size) in self.sizes.iter().enumerate() {
            checks.check(
                size.from > 0,
                &format!("{at}/sizes/{no}/from"),
                "range",
                "must be more than 0",
            );
        }
    }

    /// The score of a lead, with its parts in the order of the settings. Parts without points are left out.
    pub(in crate::leads) fn score(&self, lead: &Checked) -> (i16, Vec<ScorePart>) {
        let mut parts = Vec::new();
        let mut add = |because: String, points: i16| {
            if points != 0 {
                parts.push(ScorePart { because, points });
            }
        };
        for (field, points) in self.fields.iter().filter(|(field, _)| field.is_filled(lead)) {
            add(format!("field {}", name(field)), *points);
        }
        let source = lead.draft.source;
        if let Some(points) = self.sources.get(&source) {
            add(format!("source {}", source.as_str()), *points);
        }
        let reached = |size: &&SizePoints| lead.draft.company.employees.is_some_and(|count| count >= size.from);
        if let Some(size) = self.sizes.iter().filter(reached).max_by_key(|size| size.from) {
            add(format!("size {}", size.from), size.points);
        }
        if let Some((country, points)) = lead
            .draft
            .company
            .country
            .as_ref()
            .and_then(|c| self.countries.get_key_value(c))
        {
            add(format!("country {country}"), *points);
        }
        let filled = Field::ALL.iter().filter(|field| field.is_filled(lead)).count();
        let share = i16::try_from(filled).unwrap_or(0).saturating_mul(self.completeness) / 11;
        add(format!("completeness {filled}/{}", Field::ALL.len()), share);
        let sum = parts.iter().fold(0_i16, |sum, part| sum.saturating_add(part.points));
        (sum.clamp(0, 100), parts)
    }
}

fn name(field: &Field) -> String {
    let json = serde_json::to_value(field).unwrap_or_default();
    json.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use guildhall_kernel::OrgId;
    use proptest::prelude::*;

    use super::*;
    use crate::leads::lead::draft::{CompanyDraft, LeadDraft};

    fn lead(source: Source, employees: Option<i32>, country: &str) -> Checked {
        let draft = LeadDraft {
            company: CompanyDraft {
                name: "Acme".to_owned(),
                country: Some(country.to_owned()),
                employees,
                ..CompanyDraft::default()
            },
            contact: None,
            product: Some("Gateway".to_owned()),
            amount: None,
            currency: None,
            message: None,
            source,
            campaign: None,
            reference: None,
        };
        draft
            .check(OrgId::from(uuid::Uuid::nil()), "", &mut Checks::default())
            .unwrap()
    }

    #[test]
    fn each_point_is_explained() {
        let scoring = Scoring {
            countries: BTreeMap::from([("DE".to_owned(), 7)]),
            ..Scoring::default()
        };
        let (score, parts) = scoring.score(&lead(Source::Referral, Some(300), "DE"));
        let told: Vec<(&str, i16)> = parts.iter().map(|part| (part.because.as_str(), part.points)).collect();
        assert_eq!(
            told,
            [
                ("field product", 10),
                ("source referral", 25),
                ("size 250", 15),
                ("country DE", 7),
                ("completeness 3/11", 8)
            ]
        );
        assert_eq!(score, 65);
    }

    proptest! {
        #[test]
        fn a_score_is_the_sum_of_its_parts_within_bounds(weights in proptest::collection::vec(-100i16..=100, 4), size in 1i32..5000) {
            let scoring = Scoring {
                fields: BTreeMap::from([(Field::Product, weights[0])]),
                sources: BTreeMap::from([(Source::Api, weights[1])]),
                sizes: vec![SizePoints { from: 100, points: weights[2] }],
                countries: BTreeMap::new(),
                completeness: weights[3],
            };
            let (score, parts) = scoring.score(&lead(Source::Api, Some(size), "FR"));
            let sum: i16 = parts.iter().map(|part| part.points).sum();
            prop_assert_eq!(score, sum.clamp(0, 100));
        }
    }
}
