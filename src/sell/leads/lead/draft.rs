//! A lead as it is sent, and what remains of it once every field was checked.

use guildhall_kernel::{Currency, Money, OrgId};
use guildhall_spine::http::{Checks, FieldError};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::deals::customer::{EmailKey, NameKey, NameKeys, RegistrableDomain};

/// Where a lead comes from.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = LeadSource)]
pub enum Source {
    /// Another system of the vendor.
    Api,
    /// A web form.
    WebForm,
    /// An answer to a campaign.
    Campaign,
    /// An inquiry in the marketplace.
    Marketplace,
    /// A trade fair, a webinar.
    Event,
    /// Somebody's recommendation.
    Referral,
    /// A file.
    Import,
}

impl Source {
    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::WebForm => "web_form",
            Self::Campaign => "campaign",
            Self::Marketplace => "marketplace",
            Self::Event => "event",
            Self::Referral => "referral",
            Self::Import => "import",
        }
    }
}

/// The company that shows interest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LeadCompanyDraft)]
pub struct CompanyDraft {
    /// Its name, 1 to 200 characters.
    #[schema(example = "Contoso Robotics GmbH")]
    pub name: String,
    /// Its domain, or a link or address that contains it.
    #[serde(default)]
    #[schema(example = "contoso.example")]
    pub domain: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[serde(default)]
    #[schema(example = "DE")]
    pub country: Option<String>,
    /// Its industry in the vendor's words, at most 100 characters.
    #[serde(default)]
    #[schema(example = "manufacturing")]
    pub industry: Option<String>,
    /// How many people work there.
    #[serde(default)]
    #[schema(minimum = 1, example = 250)]
    pub employees: Option<i32>,
}

/// Who shows interest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LeadContact)]
pub struct Contact {
    /// The name, at most 200 characters.
    #[serde(default)]
    #[schema(example = "Jonas Weber")]
    pub name: Option<String>,
    /// The role there, at most 200 characters.
    #[serde(default)]
    #[schema(example = "Head of IT")]
    pub title: Option<String>,
    /// The e-mail address.
    #[serde(default)]
    #[schema(example = "jonas.weber@contoso.example")]
    pub email: Option<String>,
    /// The telephone number, at most 40 characters.
    #[serde(default)]
    #[schema(example = "+49 30 5550123")]
    pub phone: Option<String>,
}

/// A lead to be taken in.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeadDraft {
    /// The company.
    pub company: CompanyDraft,
    /// The person.
    #[serde(default)]
    pub contact: Option<Contact>,
    /// What it is about, at most 200 characters.
    #[serde(default)]
    #[schema(example = "Edge gateway")]
    pub product: Option<String>,
    /// What it may be worth, not negative; goes with a currency.
    #[serde(default)]
    #[schema(example = "15000")]
    pub amount: Option<String>,
    /// ISO 4217.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "EUR")]
    pub currency: Option<Currency>,
    /// What was said, at most 4000 characters.
    #[serde(default)]
    pub message: Option<String>,
    /// Where it comes from.
    pub source: Source,
    /// The campaign, at most 200 characters.
    #[serde(default)]
    #[schema(example = "spring-fair-2027")]
    pub campaign: Option<String>,
    /// What the source calls it, at most 200 characters.
    #[serde(default)]
    #[schema(example = "crm-48213")]
    pub reference: Option<String>,
}

/// A checked lead.
#[derive(Clone, Debug)]
pub(in crate::leads) struct Checked {
    pub(in crate::leads) draft: LeadDraft,
    pub(in crate::leads) key: String,
    pub(in crate::leads) keys: NameKeys,
    pub(in crate::leads) domain: Option<String>,
    pub(in crate::leads) email_key: Option<String>,
    pub(in crate::leads) amount: Option<Decimal>,
}

impl LeadDraft {
    /// What is wrong with it, with pointers into the draft (`/company/name`).
    #[must_use]
    pub fn faults(&self, vendor: OrgId) -> Vec<FieldError> {
        let mut checks = Checks::default();
        let _checked = self.clone().check(vendor, "", &mut checks);
        checks.faults().to_vec()
    }

    /// Checks every field; `at` is the pointer of the lead in the body. `None` when something was refused.
    pub(in crate::leads) fn check(mut self, vendor: OrgId, at: &str, checks: &mut Checks) -> Option<Checked> {
        let before = checks.faults().len();
        self.tidy();
        self.check_texts(at, checks);
        let country = self.company.country.as_deref();
        let key = NameKey::from_legal_name(&self.company.name, country.unwrap_or_default())
            .map_err(|fault| checks.refuse(format!("{at}/company/name"), fault.code(), fault.to_string()))
            .ok();
        // A free-mail domain identifies nobody: such a lead goes by name and address.
        let domain = self.company.domain.as_deref().map(RegistrableDomain::parse).transpose();
        let domain = domain
            .map_err(|fault| checks.refuse(format!("{at}/company/domain"), fault.code(), fault.to_string()))
            .unwrap_or_default();
        let email = self.contact.as_ref().and_then(|contact| contact.email.as_deref());
        let email_key = email.map(EmailKey::parse).transpose();
        let email_key = email_key
            .map_err(|fault| checks.refuse(format!("{at}/contact/email"), fault.code(), fault.to_string()))
            .unwrap_or_default();
        let amount = self.check_amount(at, checks);
        let domain = domain.or_else(|| email.and_then(|email| RegistrableDomain::parse(email).ok()));
        let domain = domain.filter(|domain| !domain.is_shared_mailbox());
        let key = key.filter(|_| checks.faults().len() == before)?;
        Some(Checked {
            keys: NameKeys::new(vendor, &key),
            key: key.as_str().to_owned(),
            domain: domain.map(|domain| domain.as_str().to_owned()),
            email_key: email_key.map(|key| key.as_str().to_owned()),
            amount,
            draft: self,
        })
    }

    /// Empty texts are no texts: forms send them.
    fn tidy(&mut self) {
        let contact = self.contact.get_or_insert_default();
        let texts = [
            &mut self.company.domain,
            &mut self.company.country,
            &mut self.company.industry,
            &mut contact.name,
            &mut contact.title,
            &mut contact.email,
            &mut contact.phone,
            &mut self.product,
            &mut self.amount,
            &mut self.message,
            &mut self.campaign,
            &mut self.reference,
        ];
        for text in texts {
            *text = text
                .take()
                .map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty());
        }
        self.company.name = self.company.name.trim().to_owned();
        if *contact == Contact::default() {
            self.contact = None;
        }
    }

    fn check_texts(&self, at: &str, checks: &mut Checks) {
        let text = |checks: &mut Checks, name: &str, value: Option<&String>, most: usize, lines: bool| {
            if let Some(value) = value {
                checks.text(&format!("{at}/{name}"), value, 1, most, lines);
            }
        };
        let contact = self.contact.as_ref();
        text(checks, "company/name", Some(&self.company.name), 200, false);
        text(checks, "company/industry", self.company.industry.as_ref(), 100, false);
        text(
            checks,
            "contact/name",
            contact.and_then(|one| one.name.as_ref()),
            200,
            false,
        );
        text(
            checks,
            "contact/title",
            contact.and_then(|one| one.title.as_ref()),
            200,
            false,
        );
        text(
            checks,
            "contact/phone",
            contact.and_then(|one| one.phone.as_ref()),
            40,
            false,
        );
        text(checks, "product", self.product.as_ref(), 200, false);
        text(checks, "message", self.message.as_ref(), 4000, true);
        text(checks, "campaign", self.campaign.as_ref(), 200, false);
        text(checks, "reference", self.reference.as_ref(), 200, false);
        if let Some(country) = &self.company.country {
            checks.country(&format!("{at}/company/country"), country);
        }
        let many = self
            .company
            .employees
            .is_none_or(|count| (1..=10_000_000).contains(&count));
        checks.check(
            many,
            &format!("{at}/company/employees"),
            "range",
            "must be from 1 to 10000000",
        );
    }

    fn check_amount(&self, at: &str, checks: &mut Checks) -> Option<Decimal> {
        match (&self.amount, self.currency) {
            (Some(text), Some(currency)) => checks.money(&format!("{at}/amount"), text, currency).map(|amount| {
                let rounded = Money::new(amount, currency).rounded();
                rounded.amount
            }),
            (None, None) => None,
            (Some(_), None) => {
                checks.refuse(format!("{at}/currency"), "missing", "is needed with an amount");
                None
            }
            (None, Some(_)) => {
                checks.refuse(format!("{at}/amount"), "missing", "is needed with a currency");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(name: &str, email: Option<&str>) -> LeadDraft {
        LeadDraft {
            company: CompanyDraft {
                name: name.to_owned(),
                country: Some("DE".to_owned()),
                ..CompanyDraft::default()
            },
            contact: Some(Contact {
                email: email.map(str::to_owned),
                ..Contact::default()
            }),
            product: Some("  ".to_owned()),
            amount: None,
            currency: None,
            message: None,
            source: Source::Api,
            campaign: None,
            reference: None,
        }
    }

    #[test]
    fn the_address_tells_the_domain_unless_it_is_anybodys() {
        let domain = |email| {
            let mut checks = Checks::default();
            draft("Acme GmbH", Some(email))
                .check(OrgId::from(uuid::Uuid::nil()), "", &mut checks)
                .unwrap()
                .domain
        };
        assert_eq!(domain("Jo@mail.acme.example").as_deref(), Some("acme.example"));
        assert_eq!(domain("jo@gmail.com"), None);
    }

    #[test]
    fn blank_texts_are_none_and_all_faults_are_named() {
        let mut checks = Checks::default();
        let checked = draft("Acme", None)
            .check(OrgId::from(uuid::Uuid::nil()), "", &mut checks)
            .unwrap();
        assert!(checked.draft.product.is_none() && checked.draft.contact.is_none());
        let mut bad = draft("", Some("nobody"));
        bad.amount = Some("-3".to_owned());
        assert!(bad.check(OrgId::from(uuid::Uuid::nil()), "/3", &mut checks).is_none());
        let pointers: Vec<&str> = checks.faults().iter().map(|fault| fault.pointer.as_str()).collect();
        for pointer in ["/3/company/name", "/3/contact/email", "/3/currency"] {
            assert!(pointers.contains(&pointer), "{pointers:?}");
        }
    }
}
