use axum::{
    extract::{FromRequest, FromRequestParts, Request, State},
    http::StatusCode,
};
use bytes::Bytes;
use guildhall_kernel::{OrgId, PayoutId, entity};
use guildhall_payments::provider::stripe::{read_event, verify};
use guildhall_spine::{
    App,
    db::Tx,
    event::Origin,
    http::{PathId, Problem, read_within},
};
use uuid::Uuid;

use crate::payouts::apply::{Became, Told, apply};
use crate::{codes, reconcile::told as say, settings::webhook_secret};

/// The largest message, in bytes.
const LIMIT: usize = 256 * 1024;

/// A message of Stripe to a vendor, not yet checked.
pub(super) struct StripeMessage {
    vendor: OrgId,
    signature: String,
    body: Bytes,
}

impl FromRequest<App> for StripeMessage {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let PathId::<entity::Org>(vendor) = PathId::from_request_parts(&mut parts, app).await?;
        let signature = parts
            .headers
            .get("stripe-signature")
            .and_then(|value| value.to_str().ok());
        let signature = signature.unwrap_or_default().to_owned();
        let (_, body) = read_within(Request::from_parts(parts, body), app, LIMIT).await?;
        Ok(Self {
            vendor,
            signature,
            body,
        })
    }
}

/// Receive an event of Stripe
///
/// For Stripe alone: it signs each message with the secret of the webhook endpoint (`Stripe-Signature`), which the vendor
/// has set. A transfer that was reversed comes back: its money is owed again. Events of other kinds are taken and left.
#[utoipa::path(post, path = "/api/v1/payout-settings/{vendor}/stripe-events", operation_id = "receiveStripeEvent", tag = "payouts",
    params(
        ("vendor" = String, Path, description = "the vendor", example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("Stripe-Signature" = Option<String>, Header, description = "time and signature", example = "t=1764000000,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd"),
    ),
    request_body(content = serde_json::Value, example = json!({"id": "evt_1", "type": "transfer.reversed", "created": 1_764_000_000, "data": {"object": {}}})),
    responses(
        (status = 204, description = "it was taken"),
        (status = 400, description = "`bad_signature`: it isn't signed by the vendor's secret", content_type = "application/problem+json", body = ref("#/components/schemas/Problem")),
        (status = 404, description = "`not_found`: the vendor takes no events", content_type = "application/problem+json", body = ref("#/components/schemas/Problem")),
    ))]
pub(super) async fn receive_stripe_event(
    State(app): State<App>,
    message: StripeMessage,
) -> Result<StatusCode, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let secret = webhook_secret(&app, &mut conn, message.vendor).await?;
    drop(conn);
    let secret = secret.ok_or_else(Problem::not_found)?;
    let refused = |fault| Problem::new(codes::BAD_SIGNATURE, format!("{fault}."));
    verify(&secret, &message.signature, &message.body, app.clock.now()).map_err(refused)?;
    let event = read_event(&message.body).map_err(refused)?;
    // What becomes of money in a connected account is its owner's: it has left ours.
    if event.account.is_some() || event.kind == "payout.failed" {
        return Ok(StatusCode::NO_CONTENT);
    }
    let payout = event
        .report
        .as_ref()
        .and_then(|report| report.end_to_end_id.parse::<Uuid>().ok());
    let told = payout.map(PayoutId::from).zip(event.report);
    let Some(told) = told.and_then(|(payout, report)| say(payout, report)) else {
        return Ok(StatusCode::NO_CONTENT);
    };
    let mut tx = app.db.begin().await?;
    if !is_transfer(&mut tx, message.vendor, &told).await? {
        tracing::warn!(payout = %told.payout, event = event.kind, "an event of Stripe is of another transfer than the payout's");
        return Ok(StatusCode::NO_CONTENT);
    }
    let became = apply(
        &mut tx,
        &Origin::default(),
        message.vendor,
        std::slice::from_ref(&told),
        None,
    )
    .await?;
    tx.commit().await?;
    if let [Became::Clash(status)] = became.as_slice() {
        tracing::warn!(payout = %told.payout, ?status, event = event.kind, "an event of Stripe can't be after what was said");
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Whether the payout is one that Stripe makes, and by the transfer that is told of.
async fn is_transfer(tx: &mut Tx, vendor: OrgId, told: &Told) -> Result<bool, Problem> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM payout WHERE id = $1 AND vendor_id = $2 AND method = 'stripe'
                          AND (reference IS NULL OR $3::text IS NULL OR reference = $3)) AS "found!""#,
        told.payout.uuid(),
        vendor.uuid(),
        told.reference,
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(found)
}
