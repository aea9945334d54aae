//! Opportunities that a vendor and two partners work on, and who gets the credit.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use guildhall_kernel::{CoSellId, CoSellNoteId, DealId, OrgId, PlanTaskId, UserId};
use guildhall_sell::api::{CreditRole, PLAN_TASK_DUE, ShareDraft, open_co_sell_for, set_by_decision};
use guildhall_spine::timer;

use super::{Teller, origin};
use crate::demo::{
    DemoFault,
    world::{Partner, Vendor, World},
};

/// The credit for finding the customer, in percent: of who registered the deal, and of who helps.
const CREDIT: [(&str, &str); 2] = [("70.00", "30.00"), ("60.00", "40.00")];

/// What is to do, by whom (0 the vendor, 1 who registered, 2 who helps), in how many days, and where it stands.
const PLAN: &[(&str, usize, i64, &str)] = &[
    ("Workshop with the customer's IT", 2, -4, "done"),
    ("Sizing and architecture", 0, 6, "in_progress"),
    ("Joint offer", 1, 14, "open"),
    ("Reference visit", 2, 24, "open"),
];

/// Who says what, and whether to its own side alone.
const NOTES: &[(usize, bool, &str)] = &[
    (
        1,
        false,
        "The customer decides in the first week of next month; the CFO has to be convinced.",
    ),
    (
        2,
        false,
        "We have done the same roll-out for a neighbour of theirs and can bring the reference.",
    ),
    (0, false, "Pre-sales is booked for two days."),
    (0, true, "Keep the extra five percent for the last round."),
];

/// Opens two shared opportunities on the vendor's approved deals.
pub(super) async fn work(teller: &mut Teller<'_>, world: &World, vendor: &Vendor) -> Result<(), DemoFault> {
    let guided: Vec<&Partner> = world.active(vendor).take(2).collect();
    let wanted: Vec<_> = guided.iter().map(|partner| partner.org.id.uuid()).collect();
    let deals = sqlx::query!(
        r#"SELECT id AS "id: DealId", partner_id AS "partner: OrgId", updated_at FROM deal
           WHERE vendor_id = $1 AND status = 'approved' AND updated_at < $3
           ORDER BY partner_id = ANY ($2) DESC, created_at DESC, id LIMIT 2"#,
        vendor.org.id.uuid(),
        &wanted,
        world.day - TimeDelta::days(1),
    )
    .fetch_all(&mut **teller.tx)
    .await?;
    for (deal, credit) in deals.into_iter().zip(CREDIT) {
        let registered = world.partners.iter().find(|one| one.org.id == deal.partner);
        let helps = guided.iter().find(|one| one.org.id != deal.partner);
        if let (Some(registered), Some(helps)) = (registered, helps) {
            let since = deal.updated_at.max(world.day - TimeDelta::days(20));
            let story = Story {
                vendor,
                registered,
                helps,
                since,
                day: world.day,
            };
            story.tell(teller, deal.id, credit).await?;
        }
    }
    Ok(())
}

struct Story<'w> {
    vendor: &'w Vendor,
    registered: &'w Partner,
    helps: &'w Partner,
    since: DateTime<Utc>,
    day: DateTime<Utc>,
}

impl Story<'_> {
    /// A side and somebody of it.
    fn side(&self, place: usize) -> (OrgId, Option<UserId>) {
        let partner = |one: &Partner| (one.org.id, one.sellers.first().copied());
        match place {
            0 => (self.vendor.org.id, self.vendor.managers.first().copied()),
            1 => partner(self.registered),
            _ => partner(self.helps),
        }
    }

    async fn tell(&self, teller: &mut Teller<'_>, deal: DealId, (most, rest): (&str, &str)) -> Result<(), DemoFault> {
        teller.at(self.since);
        let (vendor, manager) = self.side(0);
        let by = origin(manager, vendor);
        open_co_sell_for(teller.tx, &by, vendor, deal, &[self.helps.org.id]).await?;
        let id = sqlx::query_scalar!(
            r#"SELECT id AS "id: CoSellId" FROM co_sell WHERE deal_id = $1 AND status = 'open'"#,
            deal.uuid()
        )
        .fetch_optional(&mut **teller.tx)
        .await?;
        let Some(id) = id else { return Ok(()) };
        self.name_team(teller, id).await?;
        self.plan(teller, id).await?;
        let step = (self.day - self.since) / 6;
        for (note, no) in NOTES.iter().zip(1..) {
            teller.at(self.since + step * no);
            self.note(teller, id, *note).await?;
        }
        let share = |partner: OrgId, percent: &str| ShareDraft {
            partner_id: partner,
            role: CreditRole::Sourced,
            percent: percent.to_owned(),
        };
        let shares = [share(self.registered.org.id, most), share(self.helps.org.id, rest)];
        let why = "As agreed when the opportunity was shared.";
        set_by_decision(teller.tx, &by, deal, &shares, Some(why)).await?;
        Ok(())
    }

    async fn name_team(&self, teller: &mut Teller<'_>, id: CoSellId) -> Result<(), DemoFault> {
        for (place, role) in ["executive", "lead", "technical"].into_iter().enumerate() {
            let (org, Some(user)) = self.side(place) else { continue };
            sqlx::query!(
                "INSERT INTO co_sell_member (co_sell_id, org_id, user_id, role) VALUES ($1, $2, $3, $4)",
                id.uuid(),
                org.uuid(),
                user.uuid(),
                role,
            )
            .execute(&mut **teller.tx)
            .await?;
        }
        Ok(())
    }

    async fn plan(&self, teller: &mut Teller<'_>, id: CoSellId) -> Result<(), DemoFault> {
        for (title, owner, days, status) in PLAN {
            let task: PlanTaskId = teller.tx.new_id();
            let (at, due_on) = (teller.tx.now(), (self.day + TimeDelta::days(*days)).date_naive());
            sqlx::query!(
                "INSERT INTO plan_task (id, co_sell_id, title, owner_id, due_on, status, created_at, updated_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
                task.uuid(),
                id.uuid(),
                *title,
                self.side(*owner).0.uuid(),
                due_on,
                *status,
                at,
            )
            .execute(&mut **teller.tx)
            .await?;
            if *status != "done" {
                let due = due_on.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(8);
                timer::set(teller.tx, PLAN_TASK_DUE, task, due, &()).await?;
            }
        }
        Ok(())
    }

    async fn note(
        &self,
        teller: &mut Teller<'_>,
        id: CoSellId,
        (author, private, body): (usize, bool, &str),
    ) -> Result<(), DemoFault> {
        let note: CoSellNoteId = teller.tx.new_id();
        let (at, (org, user)) = (teller.tx.now(), self.side(author));
        sqlx::query!(
            "INSERT INTO co_sell_note (id, co_sell_id, author_id, user_id, private, body, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            note.uuid(),
            id.uuid(),
            org.uuid(),
            user.map(UserId::uuid),
            private,
            body,
            at,
        )
        .execute(&mut **teller.tx)
        .await?;
        Ok(())
    }
}
