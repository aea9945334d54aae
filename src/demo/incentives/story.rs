//! What a vendor's people and its partners do.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc, Weekday};
use guildhall_incentivize::api::{
    AdjustmentCorrection, approve_adjustment, approve_earnings, hold_earnings, open_dispute, propose_adjustment,
    settle_won,
};
use guildhall_kernel::{AdjustmentId, Currency, EarningId, OrgId, PayoutBatchId, UserId};
use guildhall_payouts::api::{NOTHING_TO_PAY, approve_batch, execute_batch, propose_batch, take_in_status};
use guildhall_spine::{App, access::Role};
use rust_decimal::Decimal;
use serde_json::json;
use uuid::Uuid;

use super::{agenda::Act, payees, plans};
use crate::demo::{
    DemoFault,
    teller::{Teller, origin},
    world::{Partner, Vendor, World},
};

/// Partners of a vendor who have said where they are paid.
const PAYEES: usize = 6;
/// Those of them who were paid.
const PAID: usize = 2;
/// The newest lines that a round of approvals leaves to the next one.
const LEFT: usize = 4;
/// Lines that are moved at once.
const LINES: usize = 1000;

/// A vendor's year.
pub(super) struct Story<'w> {
    pub(super) vendor: &'w Vendor,
    /// Proposes.
    pub(super) finance: UserId,
    /// Approves.
    pub(super) owner: UserId,
    payees: Vec<Payee<'w>>,
    /// The first day of the plans.
    pub(super) from: NaiveDate,
    pub(super) day: DateTime<Utc>,
    adjustment: Option<AdjustmentId>,
    batch: Option<PayoutBatchId>,
}

/// A partner who is paid, and who says where.
pub(super) struct Payee<'w> {
    pub(super) partner: &'w Partner,
    pub(super) admin: UserId,
}

impl<'w> Story<'w> {
    /// Of a vendor whose people are there.
    pub(super) fn of(world: &'w World, vendor: &'w Vendor, from: NaiveDate) -> Option<Self> {
        let payee = |partner: &'w Partner| {
            let admin = world.first_with(partner.org.id, Role::PartnerAdmin)?;
            Some(Payee { partner, admin })
        };
        Some(Self {
            vendor,
            finance: world.first_with(vendor.org.id, Role::VendorFinance)?,
            owner: world.first_with(vendor.org.id, Role::VendorOwner)?,
            payees: world.active(vendor).take(PAYEES).filter_map(payee).collect(),
            from,
            day: world.day,
            adjustment: None,
            batch: None,
        })
    }

    /// Carries an act out at the teller's time.
    pub(super) async fn go_on(&mut self, teller: &mut Teller<'_>, app: &App, act: Act) -> Result<(), DemoFault> {
        match act {
            Act::SetUp => self.set_up(teller, app).await?,
            Act::Sell(deals) => {
                settle_won(teller.tx, &deals).await?;
            }
            Act::Approve(before) => self.approve(teller, before).await?,
            Act::Correct => self.correct(teller).await?,
            Act::AgreeToCorrection => {
                if let Some(id) = self.adjustment {
                    approve_adjustment(teller.tx, self.vendor.org.id, id, self.owner).await?;
                }
            }
            Act::Hold => self.hold(teller).await?,
            Act::Object => self.object(teller).await?,
            Act::ProposeFirst => {
                let paid = self.payees.iter().take(PAID);
                let paid: Vec<OrgId> = paid.map(|payee| payee.partner.org.id).collect();
                self.batch = self
                    .propose(teller, Some(&paid), 2, "Partners of the first hour")
                    .await?;
            }
            Act::ProposeRest => {
                self.propose(teller, None, 21, "Everybody else").await?;
            }
            Act::Sign | Act::Execute | Act::Reconcile => self.pay(teller, app, &act).await?,
        }
        Ok(())
    }

    async fn set_up(&self, teller: &mut Teller<'_>, app: &App) -> Result<(), DemoFault> {
        plans::publish(teller, self, self.from).await?;
        payees::set_debtor(teller, app, self).await?;
        for payee in &self.payees {
            payees::set_accounts(teller, app, payee).await?;
        }
        Ok(())
    }

    async fn approve(&self, teller: &mut Teller<'_>, before: NaiveDate) -> Result<(), DemoFault> {
        let vendor = self.vendor.org.id;
        let roots = sqlx::query_scalar!(
            r#"SELECT id AS "id: EarningId" FROM earning
               WHERE vendor_id = $1 AND status = 'accrued' AND id = root_id AND earned_on < $2 ORDER BY id"#,
            vendor.uuid(),
            before,
        )
        .fetch_all(&mut **teller.tx)
        .await?;
        let ripe = roots.len().saturating_sub(LEFT);
        for some in roots.get(..ripe).unwrap_or_default().chunks(LINES) {
            approve_earnings(teller.tx, &origin(Some(self.finance), vendor), vendor, some).await?;
        }
        Ok(())
    }

    /// The first partner's costs of a fair that the vendor shares.
    async fn correct(&mut self, teller: &mut Teller<'_>) -> Result<(), DemoFault> {
        let Some(payee) = self.payees.first() else {
            return Ok(());
        };
        let correction = AdjustmentCorrection {
            vendor: self.vendor.org.id,
            partner: payee.partner.org.id,
            currency: Currency::EUR,
            amount: Decimal::from(350),
            reason: "Half of the stand at the trade fair, as agreed with the channel manager",
        };
        self.adjustment = Some(propose_adjustment(teller.tx, &correction, self.finance).await?);
        Ok(())
    }

    /// The newest commissions of others than the first partners.
    async fn hold(&self, teller: &mut Teller<'_>) -> Result<(), DemoFault> {
        let vendor = self.vendor.org.id;
        let roots = sqlx::query_scalar!(
            r#"SELECT id AS "id: EarningId" FROM earning
               WHERE vendor_id = $1 AND kind = 'commission' AND status IN ('accrued', 'approved', 'payable')
                 AND id = root_id AND NOT partner_id = ANY ($2) ORDER BY id DESC LIMIT 2"#,
            vendor.uuid(),
            &self.paid(),
        )
        .fetch_all(&mut **teller.tx)
        .await?;
        if !roots.is_empty() {
            let reason = "The customer has not confirmed the delivery yet";
            hold_earnings(teller.tx, &origin(Some(self.finance), vendor), vendor, &roots, reason).await?;
        }
        Ok(())
    }

    /// One of the first partners expected a quarter more for its newest deal.
    async fn object(&self, teller: &mut Teller<'_>) -> Result<(), DemoFault> {
        let line = sqlx::query!(
            r#"SELECT id AS "id: EarningId", partner_id AS "partner_id: OrgId", amount FROM earning
               WHERE vendor_id = $1 AND kind = 'commission' AND id = root_id AND partner_id = ANY ($2)
               ORDER BY id DESC LIMIT 1"#,
            self.vendor.org.id.uuid(),
            &self.paid(),
        )
        .fetch_optional(&mut **teller.tx)
        .await?;
        let Some(line) = line else { return Ok(()) };
        let Some(payee) = self.payees.iter().find(|payee| payee.partner.org.id == line.partner_id) else {
            return Ok(());
        };
        let expected = (line.amount * Decimal::new(125, 2)).round_dp(2);
        let reason = "The customer ordered five more on the same day; they are missing here.";
        let by = origin(Some(payee.admin), line.partner_id);
        open_dispute(teller.tx, &by, line.partner_id, (line.id, expected), reason).await?;
        Ok(())
    }

    /// Proposes a batch for a working day that many days ahead; none when nobody is owed enough.
    async fn propose(
        &self,
        teller: &mut Teller<'_>,
        partners: Option<&[OrgId]>,
        ahead: i64,
        note: &str,
    ) -> Result<Option<PayoutBatchId>, DemoFault> {
        let mut body = json!({"currency": "EUR", "method": "pain001", "note": note,
            "execution_date": working_day(teller.tx.now().date_naive() + TimeDelta::days(ahead))});
        if let (Some(members), Some(partners)) = (body.as_object_mut(), partners) {
            members.insert("partner_ids".to_owned(), json!(partners));
        }
        match propose_batch(teller.tx, self.vendor.org.id, self.finance, body).await {
            Ok(id) => Ok(Some(id)),
            Err(problem) if problem.code().name == NOTHING_TO_PAY.name => Ok(None),
            Err(problem) => Err(problem.into()),
        }
    }

    async fn pay(&self, teller: &mut Teller<'_>, app: &App, act: &Act) -> Result<(), DemoFault> {
        let (Some(batch), vendor) = (self.batch, self.vendor.org.id) else {
            return Ok(());
        };
        match act {
            Act::Sign => approve_batch(teller.tx, vendor, batch, self.owner).await?,
            Act::Execute => execute_batch(app, teller.tx, vendor, batch, self.finance).await?,
            _ => {
                let file = all_is_paid(batch, teller.tx.now());
                take_in_status(teller.tx, vendor, self.finance, file.as_bytes()).await?;
            }
        }
        Ok(())
    }

    fn paid(&self) -> Vec<Uuid> {
        let paid = self.payees.iter().take(PAID);
        paid.map(|payee| payee.partner.org.id.uuid()).collect()
    }
}

/// The day, or the Monday after it.
fn working_day(day: NaiveDate) -> NaiveDate {
    match day.weekday() {
        Weekday::Sat => day + TimeDelta::days(2),
        Weekday::Sun => day + TimeDelta::days(1),
        _ => day,
    }
}

/// A bank's word that a file is paid: ISO 20022 `pain.002`, of the whole group.
fn all_is_paid(batch: PayoutBatchId, at: DateTime<Utc>) -> String {
    let id = batch.to_string();
    let file = id.rsplit_once('_').map_or(id.as_str(), |(_, file)| file);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.12\"><CstmrPmtStsRpt>\
         <GrpHdr><MsgId>STATUS-{file}</MsgId><CreDtTm>{}</CreDtTm></GrpHdr>\
         <OrgnlGrpInfAndSts><OrgnlMsgId>{file}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>\
         <GrpSts>ACSC</GrpSts></OrgnlGrpInfAndSts></CstmrPmtStsRpt></Document>",
        at.format("%Y-%m-%dT%H:%M:%SZ")
    )
}
