//! What is known before sales are settled.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use guildhall_kernel::{Currency, EarningId, PlanId, PlanVersionId, SaleId, UserId};
use guildhall_plans::{Payee, Period, Totals};
use guildhall_spine::http::Problem;
use sqlx::PgConnection;
use uuid::Uuid;

use super::fold::{Accrual, AccrualKey, Progress, ProgressKey, State, Use};

/// The person in the database, where the nil user is the company.
pub(super) fn person(user: Uuid) -> Option<Uuid> {
    (!user.is_nil()).then_some(user)
}

/// The payee's user in the database.
pub(super) fn user_of(payee: &Payee) -> Uuid {
    payee.user.unwrap_or_else(|| UserId::from(Uuid::nil()).uuid())
}

impl State {
    /// What sales have contributed so far.
    pub(super) async fn load_accruals(&mut self, conn: &mut PgConnection, sales: &[SaleId]) -> Result<(), Problem> {
        let sales: Vec<Uuid> = sales.iter().map(|sale| sale.uuid()).collect();
        let rows = sqlx::query!(
            r#"SELECT version_id AS "version_id: PlanVersionId", sale_id AS "sale_id: SaleId", partner_id, user_id, direct,
                      basis, units, sales, earned, earning_id AS "earning_id: EarningId"
               FROM accrual WHERE sale_id = ANY($1)"#,
            &sales,
        )
        .fetch_all(conn)
        .await?;
        for row in rows {
            let payee = Payee {
                partner: row.partner_id,
                user: person(row.user_id),
            };
            let key: AccrualKey = (row.version_id, row.sale_id, payee);
            let accrual = Accrual {
                direct: row.direct,
                basis: row.basis,
                units: row.units,
                sales: row.sales,
                earned: row.earned,
                root: row.earning_id,
            };
            self.put(key, accrual);
        }
        Ok(())
    }

    /// The totals of these periods so far.
    pub(super) async fn load_progress(
        &mut self,
        conn: &mut PgConnection,
        keys: &BTreeSet<ProgressKey>,
    ) -> Result<(), Problem> {
        if keys.is_empty() {
            return Ok(());
        }
        let versions: Vec<Uuid> = keys.iter().map(|(version, ..)| version.uuid()).collect();
        let starts: Vec<NaiveDate> = keys.iter().map(|(_, start, _)| *start).collect();
        let partners: Vec<Uuid> = keys.iter().map(|(.., payee)| payee.partner).collect();
        let users: Vec<Uuid> = keys.iter().map(|(.., payee)| user_of(payee)).collect();
        let rows = sqlx::query!(
            r#"SELECT p.version_id AS "version_id: PlanVersionId", p.starts_on, p.ends_on, p.partner_id, p.user_id,
                      p.currency, p.direct, p.basis, p.units, p.sales, p.baseline, p.earned,
                      p.earning_id AS "earning_id: EarningId"
               FROM unnest($1::uuid[], $2::date[], $3::uuid[], $4::uuid[])
                    AS w (version_id, starts_on, partner_id, user_id)
               JOIN plan_progress p USING (version_id, starts_on, partner_id, user_id)"#,
            &versions,
            &starts,
            &partners,
            &users,
        )
        .fetch_all(conn)
        .await?;
        for row in rows {
            let payee = Payee {
                partner: row.partner_id,
                user: person(row.user_id),
            };
            let currency =
                Currency::from_code(&row.currency).ok_or_else(|| Problem::internal("a currency is unknown"))?;
            let progress = Progress {
                period: Period {
                    start: row.starts_on,
                    end: row.ends_on,
                },
                currency,
                totals: Totals {
                    direct: row.direct,
                    basis: row.basis,
                    units: row.units,
                    sales: row.sales,
                    baseline: row.baseline,
                },
                earned: row.earned,
                root: row.earning_id,
            };
            self.progress.insert((row.version_id, row.starts_on, payee), progress);
        }
        Ok(())
    }

    /// What of budgets and first sales is used up.
    pub(super) async fn load_uses(&mut self, conn: &mut PgConnection, of: &[PlanId]) -> Result<(), Problem> {
        if of.is_empty() {
            return Ok(());
        }
        let plans: Vec<Uuid> = of.iter().map(|plan| plan.uuid()).collect();
        let rows = sqlx::query!(
            r#"SELECT plan_id AS "plan_id: PlanId", spent, sales FROM plan_use WHERE plan_id = ANY($1)"#,
            &plans
        )
        .fetch_all(conn)
        .await?;
        let found: HashMap<PlanId, Use> = rows
            .into_iter()
            .map(|row| {
                let sales = u32::try_from(row.sales).unwrap_or(0);
                (
                    row.plan_id,
                    Use {
                        spent: row.spent,
                        sales,
                    },
                )
            })
            .collect();
        self.uses.extend(found);
        Ok(())
    }
}
