//! Taking sales in: one by the API, many by CSV.

use std::collections::BTreeSet;

use guildhall_kernel::{OrgId, SaleId};
use guildhall_spine::{
    access::{May, right},
    db::Tx,
    event::{Origin, append_all},
    http::{Checks, Command, Problem, Reply, Validate, code},
};

use super::draft::{CheckedParty, CheckedSale, SaleDraft};
use super::events::{self, SaleRecorded};
use super::rows::{self, NewSale, PartyFacts, Surroundings};
use super::view::Sale;
use super::{Role, rows::NewParty};

/// What became of a sale that was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenIn {
    /// It is recorded.
    Recorded(SaleId),
    /// There is one of that kind and number.
    Before,
}

impl Validate for SaleDraft {
    fn validate(&self, _: &mut Checks) {}
}

/// Record a sale
///
/// Takes in an invoice or an activity: what it earns under the plans in force on its day is accrued within a moment, and
/// heard of as `earning.accrued`. A reference that another of the kind has answers 409 `already_exists`.
#[utoipa::path(post, path = "/api/v1/incentives/sales", operation_id = "recordSale", tag = "sales",
    security(("bearer" = ["sales:manage"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = SaleDraft, example = json!({"kind": "invoice", "reference": "INV-2026-1042",
        "partner_id": "org_01kaqv6r3gf5ht2x0m8c9ezw4n", "currency": "EUR", "sold_on": "2026-11-20",
        "lines": [{"sku": "EG-200", "name": "Edge gateway", "quantity": "3", "amount": "3601.50"}]})),
    responses((status = 201, description = "the sale", body = Sale, headers(
        ("ETag" = String, description = "its version"), ("Location" = String, description = "its address")))))]
pub(super) async fn record_sale(
    May { actor, org, .. }: May<right::SaleManage>,
    command: Command<SaleDraft>,
) -> Result<Reply, Problem> {
    let (draft, mut command) = command.take();
    let mut checks = Checks::default();
    let told = draft.facts.keys().all(|name| !name.starts_with("claim_"));
    let message = "must not have names that begin with claim_: those are of verified claims";
    checks.check(told, "/facts", "reserved", message);
    let sale = draft.check(command.tx.now().date_naive(), &mut checks);
    let Some(sale) = sale else {
        checks.done()?;
        return Err(Problem::internal("a sale that can't be read has no fault"));
    };
    let around = rows::surroundings(&mut command.tx, org.id, std::slice::from_ref(&sale)).await?;
    sale.fits(&around, &mut checks);
    checks.done()?;
    let taken = take_in(&mut command.tx, &actor.origin(), org.id, &[sale], &around).await?;
    let Some(TakenIn::Recorded(id)) = taken.first() else {
        let detail = format!("There is a sale of this kind with the reference {}.", draft.reference);
        return Err(Problem::new(code::ALREADY_EXISTS, detail));
    };
    let sale = rows::find(&mut command.tx, *id, org.id, None)
        .await?
        .ok_or_else(|| Problem::internal("a sale vanished inside its own transaction"))?;
    let reply = Reply::created(&format!("/api/v1/incentives/sales/{id}"), &sale)?;
    command.commit(reply.version(sale.version)).await
}

impl CheckedSale {
    /// Notes in `checks` what it names and the vendor hasn't.
    pub fn fits(&self, around: &Surroundings, checks: &mut Checks) {
        let partnered = |partner: OrgId| around.partners.contains_key(&partner);
        let message = "is no partner in your program";
        checks.check(partnered(self.partner), "/partner_id", "unknown", message);
        if let Some(deal) = self.deal {
            checks.check(
                around.deals.contains_key(&deal),
                "/deal_id",
                "unknown",
                "is no deal of yours",
            );
        }
        for (party, no) in self.parties.iter().zip(0..) {
            checks.check(
                partnered(party.partner),
                &format!("/parties/{no}/partner_id"),
                "unknown",
                message,
            );
            if let Some(user) = party.user {
                let member = around.members.contains(&(party.partner, user));
                checks.check(
                    member,
                    &format!("/parties/{no}/user_id"),
                    "unknown",
                    "is no member of that partner",
                );
            }
        }
        for (line, no) in self.lines.iter().zip(0..) {
            if let Some(product) = line.product {
                let known = around.products.contains_key(&product);
                checks.check(
                    known,
                    &format!("/lines/{no}/product_id"),
                    "unknown",
                    "is no product of yours",
                );
            }
        }
    }

    /// The sale as it is stored.
    fn place(&self, id: SaleId, around: &Surroundings) -> NewSale {
        let parties = match (
            self.parties.is_empty(),
            self.deal.and_then(|deal| around.deals.get(&deal)),
        ) {
            (true, Some(shares)) if !shares.is_empty() => shares.clone(),
            (true, _) => vec![CheckedParty {
                partner: self.partner,
                role: Role::Sourced,
                percent: rust_decimal::Decimal::ONE_HUNDRED,
                user: None,
            }],
            (false, _) => self.parties.clone(),
        };
        let lines = self.lines.iter().map(|line| around.named(line)).collect();
        NewSale {
            id,
            sale: self.clone(),
            lines,
            parties: parties
                .into_iter()
                .map(|party| NewParty {
                    facts: around
                        .partners
                        .get(&party.partner)
                        .cloned()
                        .unwrap_or_else(PartyFacts::unknown),
                    party,
                })
                .collect(),
        }
    }
}

/// Records sales that fit their surroundings, as part of `tx`, each once: in a constant number of statements.
///
/// # Errors
/// When the database fails.
pub async fn take_in(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    sales: &[CheckedSale],
    around: &Surroundings,
) -> Result<Vec<TakenIn>, Problem> {
    let placed: Vec<NewSale> = sales.iter().map(|sale| sale.place(tx.new_id(), around)).collect();
    let recorded: BTreeSet<SaleId> = rows::insert(tx, vendor, &placed).await?;
    let fresh: Vec<&NewSale> = placed.iter().filter(|one| recorded.contains(&one.id)).collect();
    rows::insert_parts(tx, &fresh).await?;
    let told: Vec<_> = fresh
        .iter()
        .map(|one| events::told(vendor, SaleRecorded(one.now(vendor))))
        .collect();
    append_all(tx, origin, &told).await?;
    Ok(placed
        .iter()
        .map(|one| match recorded.contains(&one.id) {
            true => TakenIn::Recorded(one.id),
            false => TakenIn::Before,
        })
        .collect())
}
