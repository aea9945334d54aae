use axum::extract::State;
use guildhall_kernel::{Currency, Money, PayoutProfileId, UserId, parse_decimal};
use guildhall_payments::Destination;
use guildhall_spine::{
    App,
    access::{May, right},
    db::Tx,
    http::{Checks, Command, Problem, Reply, Validate},
    identity::{Actor, confirm_password},
};
use rust_decimal::Decimal;
use serde::Deserialize;
use utoipa::ToSchema;

use super::destination::{DestinationDraft, from_object};
use super::notice::{Change, tell};
use super::rows::{self, Facts, NewDestination, Stored};
use super::{Owner, PayoutProfile, TaxForm};
use crate::secrets;

/// Where to pay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PayoutProfileDraft {
    /// The password of whoever sets it, once more.
    #[schema(example = "correct horse battery staple")]
    password: String,
    /// Where to pay; left out, the present destination stays. Needed the first time.
    #[serde(default, deserialize_with = "from_object")]
    destination: Option<DestinationDraft>,
    /// The currency in which to be paid (ISO 4217).
    #[schema(value_type = String, example = "EUR")]
    currency: Currency,
    /// The least to be paid, as digits; 0 when left out.
    #[serde(default)]
    #[schema(example = "50.00")]
    minimum_payout: Option<String>,
    /// Where one is taxed (ISO 3166-1).
    #[schema(example = "DE")]
    country: String,
    /// The form by which one says so.
    tax_form: TaxForm,
    /// The tax number, 1 to 50 characters; left out, the present one stays.
    #[serde(default)]
    #[schema(example = "DE123456789")]
    tax_id: Option<String>,
}

impl Validate for PayoutProfileDraft {
    fn validate(&self, checks: &mut Checks) {
        checks.check(
            (1..=1024).contains(&self.password.chars().count()),
            "/password",
            "length",
            "must have 1 to 1024 characters",
        );
        if let Some(minimum) = &self.minimum_payout {
            checks.money("/minimum_payout", minimum, self.currency);
        }
        checks.country("/country", &self.country);
        if let Some(tax_id) = &self.tax_id {
            checks.text("/tax_id", tax_id, 1, 50, false);
        }
    }
}

/// Set where the partner is paid
///
/// By a person, with the password once more. All who administer the company get a letter when the destination is another,
/// and nothing that is proposed within the cooling-off period, 72 hours, goes there. A payout that was approved before goes
/// to no other destination: it is stopped.
#[utoipa::path(put, path = "/api/v1/payout-profile", operation_id = "putPayoutProfile", tag = "payouts",
    security(("bearer" = ["payout_profiles:manage"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = PayoutProfileDraft, example = json!({"password": "correct horse battery staple", "destination": {"type": "iban", "iban": "DE89370400440532013000", "holder": "Alder GmbH", "country": "DE"}, "currency": "EUR", "minimum_payout": "50.00", "country": "DE", "tax_form": "vat", "tax_id": "DE123456789"})),
    responses((status = 200, description = "the profile", body = PayoutProfile, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn put_payout_profile(
    State(app): State<App>,
    May { actor, org, .. }: May<right::PayoutProfileManage>,
    command: Command<PayoutProfileDraft>,
) -> Result<Reply, Problem> {
    put(&app, &actor, Owner::Company(org.id), command).await
}

/// Set where one is paid oneself
///
/// As for a company, with the letter to the user. What one earns in person is paid there, as long as the employer lets
/// vendors pay its people.
#[utoipa::path(put, path = "/api/v1/payout-profile/mine", operation_id = "putMyPayoutProfile", tag = "payouts",
    security(("bearer" = ["rewards:read"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = PayoutProfileDraft, example = json!({"password": "correct horse battery staple", "destination": {"type": "iban", "iban": "DE89370400440532013000", "holder": "Jane Roe", "country": "DE"}, "currency": "EUR", "country": "DE", "tax_form": "none"})),
    responses((status = 200, description = "the profile", body = PayoutProfile, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn put_my_payout_profile(
    State(app): State<App>,
    May { actor, .. }: May<right::RewardRead>,
    command: Command<PayoutProfileDraft>,
) -> Result<Reply, Problem> {
    let user = actor.require_user()?;
    put(&app, &actor, Owner::Person(user), command).await
}

async fn put(app: &App, actor: &Actor, owner: Owner, command: Command<PayoutProfileDraft>) -> Result<Reply, Problem> {
    let by = actor.require_user()?;
    let (mut draft, mut command) = command.take();
    let destination = draft.destination.as_ref().map(DestinationDraft::read).transpose()?;
    draft.check_destination(destination.as_ref())?;
    let password = std::mem::take(&mut draft.password);
    confirm_password(app, actor, "/password", password).await?;
    let tx = &mut command.tx;
    let stored = rows::lock(tx, owner).await?;
    let changed = store(app, tx, (owner, by), &draft, destination, stored).await?;
    let profile = rows::find(tx, owner).await?;
    let profile = profile.ok_or_else(|| Problem::internal("the profile that was written is gone"))?;
    let change = Change {
        profile: &profile,
        destination: changed,
        by,
    };
    tell(app, tx, &actor.origin(), owner, &change).await?;
    command.commit(Reply::ok(&profile)?.version(profile.version)).await
}

impl PayoutProfileDraft {
    pub(super) fn check_destination(&self, destination: Option<&Destination>) -> Result<(), Problem> {
        match destination {
            Some(destination) if !destination.fits(self.currency) => Err(Problem::field(
                "/currency",
                "currency",
                "must be USD: ACH moves nothing else",
            )),
            _ => Ok(()),
        }
    }

    fn minimum(&self) -> Decimal {
        let minimum = self.minimum_payout.as_deref().and_then(|text| parse_decimal(text).ok());
        Money::new(minimum.unwrap_or_default(), self.currency).rounded().amount
    }
}

/// Stores the profile; returns whether the destination is another than before.
pub(super) async fn store(
    app: &App,
    tx: &mut Tx,
    (owner, by): (Owner, UserId),
    draft: &PayoutProfileDraft,
    destination: Option<Destination>,
    stored: Option<Stored>,
) -> Result<bool, Problem> {
    let destination = match (&stored, destination) {
        (None, None) => return Err(Problem::field("/destination", "missing", "is needed the first time")),
        (Some(stored), Some(new)) => {
            let now: Destination = secrets::load(app, tx, stored.secret_id).await?;
            (now != new).then_some(new)
        }
        (_, new) => new,
    };
    let tax_secret = match &draft.tax_id {
        Some(tax_id) => Some(secrets::store(tx, &app.keyring, tax_id).await?),
        None => stored.as_ref().and_then(|stored| stored.tax_secret_id),
    };
    let facts = Facts {
        currency: draft.currency.code(),
        minimum: draft.minimum(),
        country: &draft.country,
        tax_form: draft.tax_form,
        tax_secret,
    };
    let id: PayoutProfileId = stored.as_ref().map_or_else(|| tx.new_id(), |stored| stored.id);
    let added = match (&destination, &draft.destination) {
        (Some(new), Some(told)) => {
            let new = NewDestination {
                kind: told.kind(),
                secret: secrets::store(tx, &app.keyring, new).await?,
                masked: &new.masked(),
                by,
            };
            Some((rows::add_destination(tx, id, &new).await?, rows::rests_until(tx).await?))
        }
        _ => None,
    };
    match (stored.is_some(), added) {
        (false, Some(added)) => rows::insert(tx, id, owner, &facts, added).await?,
        (_, added) => rows::update(tx, id, &facts, added).await?,
    }
    Ok(added.is_some())
}
