use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use guildhall_kernel::{Money, OrgId, SaleId, SaleReversalId};
use guildhall_spine::{
    db::Tx,
    event,
    http::{self, Checks, Command, IfMatch, Problem, Reply, Validate},
};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::access::ManagedSale;
use super::events::{ReversedNow, SaleReversed};
use super::rows::{self, Held, in_currency};
use super::view::Sale;
use super::{ReversalKind, code};

/// What became of a sale.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SaleReversalDraft)]
pub(super) struct Draft {
    /// What happened.
    kind: ReversalKind,
    /// The vendor's own number, unique among all refunds and chargebacks, 1 to 100 characters.
    #[schema(example = "CN-2026-77")]
    reference: String,
    /// When: not before the sale, not in the future.
    on: NaiveDate,
    /// How much of the whole; it is shared among the lines in proportion to what is left of each. All that is left when
    /// neither `amount` nor `lines` is given; so is an activity without amounts taken back, by a refund.
    #[serde(default)]
    #[schema(example = "1200.50")]
    amount: Option<String>,
    /// How much of which lines.
    #[serde(default)]
    lines: Vec<LinePart>,
    /// The chargeback that was won: all of it comes back.
    #[serde(default)]
    undoes: Option<SaleReversalId>,
    /// For the vendor's books, 1 to 2000 characters.
    #[serde(default)]
    note: Option<String>,
}

/// How much of a line.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SaleReversalLine)]
struct LinePart {
    /// The line's number.
    no: i16,
    /// How much of it.
    #[schema(example = "1200.50")]
    amount: String,
}

impl Validate for Draft {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/reference", &self.reference, 1, 100, false);
        if let Some(note) = &self.note {
            checks.text("/note", note, 1, 2000, true);
        }
        let one = self.amount.is_none() || self.lines.is_empty();
        checks.check(one, "/amount", "not_allowed", "give amount or lines, not both");
        let won = self.kind == ReversalKind::ChargebackWon;
        checks.check(
            won == self.undoes.is_some(),
            "/undoes",
            "undoes",
            "names the chargeback that was won, and nothing else",
        );
        let whole = !won || (self.amount.is_none() && self.lines.is_empty());
        checks.check(whole, "/amount", "not_allowed", "a chargeback is won whole");
        let numbers: BTreeSet<i16> = self.lines.iter().map(|line| line.no).collect();
        checks.check(
            numbers.len() == self.lines.len(),
            "/lines",
            "repeated",
            "name each line once",
        );
    }
}

/// Record a refund or a chargeback
///
/// What the sale has earned is taken back in the same proportion: at once where it isn't paid yet, from the next payout
/// where it is. A chargeback that was won brings it back. The reference makes a repetition harmless: 409 `already_exists`.
#[utoipa::path(post, path = "/api/v1/incentives/sales/{id}/reversals", operation_id = "recordSaleReversal", tag = "sales",
    security(("bearer" = ["sales:manage"])),
    params(
        ("id" = String, Path, description = "the sale", example = "sale_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the sale", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Draft, example = json!({"kind": "refund", "reference": "CN-2026-77", "on": "2026-11-22", "amount": "1200.50"})),
    responses((status = 200, description = "the sale after it", body = Sale, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn record_reversal(
    ManagedSale { actor, org, id }: ManagedSale,
    if_match: IfMatch,
    command: Command<Draft>,
) -> Result<Reply, Problem> {
    let (draft, mut command) = command.take();
    let mut held = rows::lock(&mut command.tx, org.id, id).await?;
    if_match.check(held.now.version)?;
    let parts = draft.parts(&mut command.tx, &held, id).await?;
    let reversal = insert(&mut command.tx, org.id, id, &draft, &parts).await?;
    let kept = apply(&mut command.tx, id, draft.kind, &parts).await?;
    if draft.takes_back(&held) {
        let tx = &mut *command.tx;
        sqlx::query!("UPDATE sale_party SET percent = 0 WHERE sale_id = $1", id.uuid())
            .execute(tx)
            .await?;
    }
    held.now.version += 1;
    held.now.kept = in_currency(kept, held.currency);
    let reversed = SaleReversed(ReversedNow {
        reversal_id: reversal,
        reversal: draft.kind,
        reversed: in_currency(parts.values().sum(), held.currency),
        sale: held.now,
    });
    event::append(&mut command.tx, &actor.origin(), id, &[org.id.uuid()], &reversed).await?;
    let sale = rows::find(&mut command.tx, id, org.id, None)
        .await?
        .ok_or_else(Problem::not_found)?;
    command.commit(Reply::ok(&sale)?.version(sale.version)).await
}

impl Draft {
    /// How much of which line is taken back, or comes back.
    async fn parts(&self, tx: &mut Tx, held: &Held, sale: SaleId) -> Result<BTreeMap<i16, Decimal>, Problem> {
        let mut checks = Checks::default();
        let latest = tx.now().date_naive() + Days::new(1);
        let dated = self.on >= held.sold_on && self.on <= latest;
        checks.check(dated, "/on", "date", "must not be before the sale nor in the future");
        if let Some(undone) = self.undoes {
            checks.done()?;
            return chargeback(tx, sale, undone).await;
        }
        let left: Decimal = held.lines.values().map(|(_, kept)| *kept).sum();
        let parts = if self.lines.is_empty() {
            let amount = match &self.amount {
                Some(text) => checks.money("/amount", text, held.currency),
                None => Some(left),
            };
            checks.done()?;
            shared(
                held,
                amount.unwrap_or_default().min(left),
                amount.unwrap_or_default() > left,
            )?
        } else {
            self.named(held, checks)?
        };
        if self.takes_back(held) {
            return Ok(parts);
        }
        if parts.values().sum::<Decimal>() <= Decimal::ZERO {
            return Err(exceeds(
                "Nothing of the sale would be taken back: either nothing is left, or the amount is 0.",
            ));
        }
        Ok(parts)
    }

    /// Whether an activity is taken back that has no amounts of which a part could be.
    fn takes_back(&self, held: &Held) -> bool {
        held.done && self.kind == ReversalKind::Refund && self.amount.is_none() && self.lines.is_empty()
    }

    fn named(&self, held: &Held, mut checks: Checks) -> Result<BTreeMap<i16, Decimal>, Problem> {
        let mut parts = BTreeMap::new();
        for (line, place) in self.lines.iter().zip(0..) {
            let amount = checks.money(&format!("/lines/{place}/amount"), &line.amount, held.currency);
            match (held.lines.get(&line.no), amount) {
                (None, _) => checks.refuse(format!("/lines/{place}/no"), "unknown", "the sale has no such line"),
                (Some((_, kept)), Some(amount)) if amount > *kept => {
                    return Err(exceeds(format!("Of line {} only {kept} are left.", line.no)));
                }
                (Some(_), Some(amount)) if amount > Decimal::ZERO => {
                    parts.insert(line.no, amount);
                }
                _ => {}
            }
        }
        checks.done()?;
        Ok(parts)
    }
}

fn exceeds(detail: impl Into<String>) -> Problem {
    Problem::new(code::EXCEEDS_SALE, detail)
}

/// Shares an amount among the lines in proportion to what is left of each.
fn shared(held: &Held, amount: Decimal, too_much: bool) -> Result<BTreeMap<i16, Decimal>, Problem> {
    let left: Vec<Decimal> = held.lines.values().map(|(_, kept)| *kept).collect();
    let total: Decimal = left.iter().sum();
    if too_much {
        return Err(exceeds(format!("Only {total} are left of the sale.")));
    }
    if total.is_zero() {
        return Ok(BTreeMap::new());
    }
    let split = Money::new(amount, held.currency)
        .split(&left)
        .map_err(Problem::internal)?;
    let parts = held
        .lines
        .keys()
        .copied()
        .zip(split.into_iter().map(|part| part.amount));
    Ok(parts.filter(|(_, amount)| !amount.is_zero()).collect())
}

/// What a chargeback of the sale took.
async fn chargeback(tx: &mut Tx, sale: SaleId, id: SaleReversalId) -> Result<BTreeMap<i16, Decimal>, Problem> {
    #[derive(Debug, Deserialize)]
    struct Part {
        no: i16,
        amount: Decimal,
    }
    let lines = sqlx::query_scalar!(
        r#"SELECT lines AS "lines: sqlx::types::Json<Vec<Part>>" FROM sale_reversal r
           WHERE id = $1 AND sale_id = $2 AND kind = 'chargeback'
             AND NOT EXISTS (SELECT FROM sale_reversal w WHERE w.undoes = r.id)"#,
        id.uuid(),
        sale.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    let detail = "Name a chargeback of this sale that has not been won before: GET the sale lists them.";
    let lines = lines.ok_or_else(|| Problem::new(code::NOT_CHARGED_BACK, detail))?;
    Ok(lines.0.into_iter().map(|part| (part.no, part.amount)).collect())
}

async fn insert(
    tx: &mut Tx,
    vendor: OrgId,
    sale: SaleId,
    draft: &Draft,
    parts: &BTreeMap<i16, Decimal>,
) -> Result<SaleReversalId, Problem> {
    let (id, at): (SaleReversalId, _) = (tx.new_id(), tx.now());
    let lines: Vec<_> = parts
        .iter()
        .map(|(no, amount)| json!({"no": no, "amount": amount.to_string()}))
        .collect();
    let added = sqlx::query!(
        "INSERT INTO sale_reversal (id, sale_id, vendor_id, kind, reference, on_day, amount, lines, undoes, note, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (vendor_id, reference) DO NOTHING",
        id.uuid(),
        sale.uuid(),
        vendor.uuid(),
        draft.kind.as_str(),
        draft.reference,
        draft.on,
        parts.values().sum::<Decimal>(),
        serde_json::Value::Array(lines),
        draft.undoes.map(SaleReversalId::uuid),
        draft.note,
        at,
    )
    .execute(&mut **tx)
    .await?;
    if added.rows_affected() == 0 {
        let detail = format!(
            "There is a refund or chargeback with the reference {}.",
            draft.reference
        );
        return Err(Problem::new(http::code::ALREADY_EXISTS, detail));
    }
    Ok(id)
}

/// Takes the parts off the lines, or puts them back; returns what is left of the sale.
async fn apply(
    tx: &mut Tx,
    sale: SaleId,
    kind: ReversalKind,
    parts: &BTreeMap<i16, Decimal>,
) -> Result<Decimal, Problem> {
    let back = kind == ReversalKind::ChargebackWon;
    let (numbers, amounts): (Vec<i16>, Vec<Decimal>) = parts
        .iter()
        .map(|(no, amount)| (*no, if back { *amount } else { -*amount }))
        .unzip();
    sqlx::query!(
        "UPDATE sale_line l SET kept = kept + p.amount FROM unnest($2::smallint[], $3::numeric[]) p (no, amount)
         WHERE l.sale_id = $1 AND l.no = p.no",
        sale.uuid(),
        &numbers,
        &amounts,
    )
    .execute(&mut **tx)
    .await?;
    let at = tx.now();
    let kept = sqlx::query_scalar!(
        "UPDATE sale SET kept = kept + $2, version = version + 1, updated_at = $3 WHERE id = $1 RETURNING kept",
        sale.uuid(),
        amounts.iter().sum::<Decimal>(),
        at,
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(kept)
}
