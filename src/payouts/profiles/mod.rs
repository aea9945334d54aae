//! Where a partner company, or a person, is paid: one profile for all vendors.
//!
//! A change needs the password, is told to all who administer the company, and rests before money goes there. Numbers are
//! sealed: whoever reads a profile sees enough to recognise the account by.

mod consent;
mod destination;
mod events;
mod get;
mod letters;
mod list;
mod notice;
mod put;
mod rows;
mod tax_status;
pub(crate) mod told;

use chrono::{DateTime, Utc};
use guildhall_kernel::{OrgId, PayoutProfileId, UserId};
use guildhall_spine::App;
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::method::{DestinationKind, named, shown};
pub(crate) use consent::{give, pays_persons};
pub(crate) use events::EVENTS;

/// The feature's addresses.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get::get_payout_profile, put::put_payout_profile))
        .routes(routes!(get::get_my_payout_profile, put::put_my_payout_profile))
        .routes(routes!(list::list_payout_profiles))
        .routes(routes!(tax_status::set_tax_status))
        .routes(routes!(consent::list_payee_consents, consent::put_payee_consent))
}

named! {
    /// The form by which a payee says where it is taxed.
    TaxForm {
        /// IRS form W-9: a person or company of the United States.
        W9 = "w9",
        /// IRS form W-8BEN: a person elsewhere.
        W8ben = "w8ben",
        /// IRS form W-8BEN-E: a company elsewhere.
        W8bene = "w8bene",
        /// A number for value added tax.
        Vat = "vat",
        /// None.
        None = "none",
    }
}

named! {
    /// What a vendor knows of a payee's tax form.
    TaxStatus {
        /// It has none.
        Missing = "missing",
        /// It has one.
        Received = "received",
        /// It has one and has checked it.
        Verified = "verified",
    }
}

/// Whose profile it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Company(OrgId),
    Person(UserId),
}

/// Where one is paid.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PayoutProfile {
    /// Its id.
    id: PayoutProfileId,
    /// Rises with each change; the `ETag` is made of it.
    #[schema(example = 1)]
    version: i64,
    /// The company, where it is a company's.
    partner_id: Option<OrgId>,
    /// The person, where it is a person's.
    user_id: Option<UserId>,
    /// What the destination is.
    method: DestinationKind,
    /// The destination, as far as it is shown.
    #[schema(example = "DE** **** 3000")]
    destination: String,
    /// The currency in which one is paid (ISO 4217).
    #[schema(example = "EUR")]
    currency: String,
    /// The least that is paid; less is carried to the next batch.
    #[schema(example = "50.00")]
    minimum_payout: Decimal,
    /// Where one is taxed (ISO 3166-1).
    #[schema(example = "DE")]
    country: String,
    /// The form by which one says so.
    tax_form: TaxForm,
    /// Whether there is a tax number.
    tax_id: bool,
    /// Nothing that is proposed before goes to this destination.
    usable_from: DateTime<Utc>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

impl PayoutProfile {
    fn shown(mut self) -> Self {
        self.minimum_payout = shown(self.minimum_payout, &self.currency);
        self
    }
}
