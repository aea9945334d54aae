use axum::{extract::State, response::IntoResponse};
use chrono::{DateTime, Utc};
use guildhall_kernel::{OrgId, PayoutProfileId, UserId};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Page, Paging, Problem, ValidQuery},
};
use serde::{Deserialize, Serialize};
use sqlx::{PgExecutor, PgPool};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{TaxForm, TaxStatus};
use crate::method::DestinationKind;

/// What a vendor sees of where a payee is paid.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct PayeeProfile {
    /// The profile.
    pub(super) id: PayoutProfileId,
    /// The company, where it is a company's.
    pub(super) partner_id: Option<OrgId>,
    /// The person, where it is a person's.
    pub(super) user_id: Option<UserId>,
    /// What the destination is.
    pub(super) method: DestinationKind,
    /// The destination, as far as it is shown.
    #[schema(example = "DE** **** 3000")]
    pub(super) destination: String,
    /// The currency in which the payee is paid (ISO 4217).
    #[schema(example = "EUR")]
    pub(super) currency: String,
    /// Where the payee is taxed (ISO 3166-1).
    #[schema(example = "DE")]
    pub(super) country: String,
    /// The form by which the payee says so.
    pub(super) tax_form: TaxForm,
    /// What the vendor knows of it.
    pub(super) tax_status: TaxStatus,
    /// Nothing that is proposed before goes to this destination.
    pub(super) usable_from: DateTime<Utc>,
    /// When it last changed.
    pub(super) updated_at: DateTime<Utc>,
}

macro_rules! payees {
    ($from:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            PayeeProfile,
            r#"SELECT p.id AS "id: PayoutProfileId", p.partner_id AS "partner_id: OrgId", p.user_id AS "user_id: UserId",
                      d.method AS "method: DestinationKind", d.masked AS destination, p.currency, p.country,
                      p.tax_form AS "tax_form: TaxForm", coalesce(f.status, 'missing') AS "tax_status!: TaxStatus",
                      p.usable_from, p.updated_at
               FROM "# + $from,
            $($argument),+
        )
    };
}

/// A profile that `vendor` sees: a partner's of its program, or a person's who has earned with it.
pub(super) async fn find(db: impl PgExecutor<'_>, vendor: OrgId, id: PayoutProfileId) -> Result<PayeeProfile, Problem> {
    payees!(
        "payout_profile p
         JOIN payout_destination d ON d.id = p.destination_id
         LEFT JOIN payout_tax_form f ON f.profile_id = p.id AND f.vendor_id = $1
         WHERE p.id = $2
           AND (EXISTS (SELECT FROM partnership s WHERE s.vendor_id = $1 AND s.partner_id = p.partner_id
                           AND s.status IN ('active', 'suspended'))
                OR EXISTS (SELECT FROM ledger_account a WHERE a.vendor_id = $1 AND a.user_id = p.user_id))",
        vendor.uuid(),
        id.uuid()
    )
    .fetch_optional(db)
    .await?
    .ok_or_else(Problem::not_found)
}

/// A page by id. It begins with the vendor's own partners and people, and looks each one's profile up (`LIMIT 1` has it do so,
/// each has one at most): joined as tables, all profiles of the platform would be read.
async fn page(
    db: &PgPool,
    vendor: OrgId,
    partner: Option<OrgId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<PayeeProfile>, sqlx::Error> {
    payees!(
        "(SELECT id FROM (
             SELECT o.id FROM partnership s
             CROSS JOIN LATERAL (SELECT id FROM payout_profile WHERE partner_id = s.partner_id LIMIT 1) o
             WHERE s.vendor_id = $1 AND s.status IN ('active', 'suspended') AND ($2::uuid IS NULL OR s.partner_id = $2)
             UNION ALL
             SELECT o.id FROM (SELECT DISTINCT user_id FROM ledger_account
                               WHERE vendor_id = $1 AND user_id IS NOT NULL AND $2::uuid IS NULL) a
             CROSS JOIN LATERAL (SELECT id FROM payout_profile WHERE user_id = a.user_id LIMIT 1) o) every
          WHERE ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4) own
         JOIN payout_profile p ON p.id = own.id
         JOIN payout_destination d ON d.id = p.destination_id
         LEFT JOIN payout_tax_form f ON f.profile_id = p.id AND f.vendor_id = $1
         ORDER BY p.id",
        vendor.uuid(),
        partner.map(Uuid::from),
        after,
        limit
    )
    .fetch_all(db)
    .await
}

/// Which profiles.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileQuery {
    /// Only the profile of this partner.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    partner_id: Option<OrgId>,
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List where payees are paid
///
/// For a vendor: its partners, and people who have earned with it. Only what it needs to know: method, currency, country,
/// a masked destination, and what it has recorded of the tax form.
#[utoipa::path(get, path = "/api/v1/payout-profiles", operation_id = "listPayoutProfiles", tag = "payouts",
    security(("bearer" = ["payouts:prepare"])), params(ProfileQuery),
    responses((status = 200, description = "one page of profiles", body = Page<PayeeProfile>)))]
pub(super) async fn list_payout_profiles(
    State(app): State<App>,
    May { org, .. }: May<right::PayoutPrepare>,
    ValidQuery(query): ValidQuery<ProfileQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("payout-profiles {} {:?}", org.id, query.partner_id);
    let paging = Paging::<Uuid>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let rows = page(app.db.pool(), org.id, query.partner_id, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id.uuid(), |row| row))
}
