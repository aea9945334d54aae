//! Which lines somebody asks for, newest first. Each way of asking is a statement of its own, with an index in its order:
//! one statement for all of them reads what isn't the reader's.

use guildhall_kernel::{DealId, EarningId, OrgId, PlanId, SaleId, UserId};
use guildhall_spine::http::Problem;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Kind, Status};

/// Whose lines are read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reader {
    /// All of a vendor.
    Vendor(OrgId),
    /// All of a partner and its people.
    Partner(OrgId),
    /// A person's own.
    Person(UserId),
}

/// Which lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) one: Option<EarningId>,
    pub(super) root: Option<EarningId>,
    pub(super) status: Option<Status>,
    pub(super) kind: Option<Kind>,
    pub(super) partner: Option<OrgId>,
    pub(super) plan: Option<PlanId>,
    pub(super) sale: Option<SaleId>,
    pub(super) deal: Option<DealId>,
    pub(super) before: Option<Uuid>,
    pub(super) limit: i64,
}

/// Who reads, of whom one is somebody.
#[derive(Clone, Copy)]
struct Owner {
    vendor: Option<Uuid>,
    partner: Option<Uuid>,
    user: Option<Uuid>,
}

impl From<Reader> for Owner {
    fn from(reader: Reader) -> Self {
        let (vendor, partner, user) = match reader {
            Reader::Vendor(id) => (Some(id.uuid()), None, None),
            Reader::Partner(id) => (None, Some(id.uuid()), None),
            Reader::Person(id) => (None, None, Some(id.uuid())),
        };
        Self { vendor, partner, user }
    }
}

/// The lines.
pub(super) async fn find(conn: &mut PgConnection, reader: Reader, wanted: &Wanted) -> Result<Vec<Uuid>, Problem> {
    if wanted.one.is_some() || wanted.root.is_some() {
        return named(conn, reader.into(), wanted).await;
    }
    if wanted.sale.is_some() || wanted.deal.is_some() {
        return of_sales(conn, reader.into(), wanted).await;
    }
    match (reader, wanted) {
        (Reader::Person(user), _) => of_person(conn, user, wanted).await,
        // Another's is nobody's.
        (Reader::Partner(own), Wanted { partner: Some(of), .. }) if *of != own => Ok(Vec::new()),
        (Reader::Partner(partner), _) => of_partner(conn, partner, wanted).await,
        (Reader::Vendor(vendor), Wanted { partner: Some(of), .. }) => of_partner_there(conn, vendor, *of, wanted).await,
        (Reader::Vendor(vendor), Wanted { plan: Some(plan), .. }) => of_plan(conn, vendor, *plan, wanted).await,
        (Reader::Vendor(vendor), Wanted { kind, status, .. }) if kind.is_none() && status.is_none() => {
            of_vendor(conn, vendor, wanted).await
        }
        (Reader::Vendor(vendor), _) => of_kinds(conn, vendor, wanted).await,
    }
}

/// A line, or those of a root.
async fn named(conn: &mut PgConnection, owner: Owner, wanted: &Wanted) -> Result<Vec<Uuid>, Problem> {
    let Some(root) = wanted.root else {
        let found = sqlx::query_scalar!(
            "SELECT id FROM earning WHERE id = $1 AND (vendor_id = $2 OR partner_id = $3 OR user_id = $4)",
            wanted.one.map(EarningId::uuid),
            owner.vendor,
            owner.partner,
            owner.user,
        );
        return Ok(found.fetch_all(conn).await?);
    };
    let found = sqlx::query_scalar!(
        "SELECT id FROM earning WHERE root_id = $1 AND (vendor_id = $2 OR partner_id = $3 OR user_id = $4)
         ORDER BY id DESC LIMIT $5",
        root.uuid(),
        owner.vendor,
        owner.partner,
        owner.user,
        wanted.limit,
    );
    Ok(found.fetch_all(conn).await?)
}

/// Those of a sale, or of the sales of a deal.
async fn of_sales(conn: &mut PgConnection, owner: Owner, wanted: &Wanted) -> Result<Vec<Uuid>, Problem> {
    let mut sales: Vec<Uuid> = wanted.sale.iter().map(|sale| sale.uuid()).collect();
    if let Some(deal) = wanted.deal {
        let of_deal = sqlx::query_scalar!("SELECT id FROM sale WHERE deal_id = $1", deal.uuid());
        let of_deal = of_deal.fetch_all(&mut *conn).await?;
        sales = match wanted.sale {
            Some(_) => sales.into_iter().filter(|sale| of_deal.contains(sale)).collect(),
            None => of_deal,
        };
    }
    let found = sqlx::query_scalar!(
        "WITH lines AS MATERIALIZED (SELECT * FROM earning WHERE sale_id = ANY($1))
         SELECT e.id FROM lines e LEFT JOIN incentive_plan_version v ON v.id = e.version_id
         WHERE (e.vendor_id = $2 OR e.partner_id = $3 OR e.user_id = $4) AND ($5::uuid IS NULL OR e.partner_id = $5)
           AND ($6::uuid IS NULL OR v.plan_id = $6) AND ($7::text IS NULL OR e.kind = $7)
           AND ($8::text IS NULL OR e.status = $8) AND e.id < $9
         ORDER BY e.id DESC LIMIT $10",
        &sales,
        owner.vendor,
        owner.partner,
        owner.user,
        wanted.partner.map(OrgId::uuid),
        wanted.plan.map(PlanId::uuid),
        wanted.kind.map(Kind::as_str),
        wanted.status.map(Status::as_str),
        wanted.before(),
        wanted.limit,
    );
    Ok(found.fetch_all(conn).await?)
}

async fn of_person(conn: &mut PgConnection, user: UserId, wanted: &Wanted) -> Result<Vec<Uuid>, Problem> {
    let found = sqlx::query_scalar!(
        "SELECT id FROM earning e
         WHERE user_id = $1 AND id < $2 AND ($3::uuid IS NULL OR partner_id = $3)
           AND ($4::uuid IS NULL OR EXISTS (SELECT FROM incentive_plan_version v WHERE v.id = e.version_id AND v.plan_id = $4))
           AND ($5::text IS NULL OR kind = $5) AND ($6::text IS NULL OR status = $6)
         ORDER BY id DESC LIMIT $7",
        user.uuid(),
        wanted.before(),
        wanted.partner.map(OrgId::uuid),
        wanted.plan.map(PlanId::uuid),
        wanted.kind.map(Kind::as_str),
        wanted.status.map(Status::as_str),
        wanted.limit,
    );
    Ok(found.fetch_all(conn).await?)
}

async fn of_partner(conn: &mut PgConnection, partner: OrgId, wanted: &Wanted) -> Result<Vec<Uuid>, Problem> {
    let found = sqlx::query_scalar!(
        "SELECT id FROM earning e
         WHERE partner_id = $1 AND id < $2
           AND ($3::uuid IS NULL OR EXISTS (SELECT FROM incentive_plan_version v WHERE v.id = e.version_id AND v.plan_id = $3))
           AND ($4::text IS NULL OR kind = $4) AND ($5::text IS NULL OR status = $5)
         ORDER BY id DESC LIMIT $6",
        partner.uuid(),
        wanted.before(),
        wanted.plan.map(PlanId::uuid),
        wanted.kind.map(Kind::as_str),
        wanted.status.map(Status::as_str),
        wanted.limit,
    );
    Ok(found.fetch_all(conn).await?)
}

async fn of_partner_there(
    conn: &mut PgConnection,
    vendor: OrgId,
    partner: OrgId,
    wanted: &Wanted,
) -> Result<Vec<Uuid>, Problem> {
    let found = sqlx::query_scalar!(
        "SELECT id FROM earning e
         WHERE vendor_id = $1 AND partner_id = $2 AND id < $3
           AND ($4::uuid IS NULL OR EXISTS (SELECT FROM incentive_plan_version v WHERE v.id = e.version_id AND v.plan_id = $4))
           AND ($5::text IS NULL OR kind = $5) AND ($6::text IS NULL OR status = $6)
         ORDER BY id DESC LIMIT $7",
        vendor.uuid(),
        partner.uuid(),
        wanted.before(),
        wanted.plan.map(PlanId::uuid),
        wanted.kind.map(Kind::as_str),
        wanted.status.map(Status::as_str),
        wanted.limit,
    );
    Ok(found.fetch_all(conn).await?)
}

/// Of each version and status the newest, and of those the newest.
async fn of_plan(conn: &mut PgConnection, vendor: OrgId, plan: PlanId, wanted: &Wanted) -> Result<Vec<Uuid>, Problem> {
    let found = sqlx::query_scalar!(
        r#"SELECT e.id AS "id!" FROM incentive_plan_version v CROSS JOIN unnest($3::text[]) s (status)
           CROSS JOIN LATERAL (
               SELECT id FROM earning
               WHERE version_id = v.id AND status = s.status AND id < $4 AND ($5::text IS NULL OR kind = $5)
               ORDER BY id DESC LIMIT $6) e
           WHERE v.vendor_id = $1 AND v.plan_id = $2 ORDER BY e.id DESC LIMIT $6"#,
        vendor.uuid(),
        plan.uuid(),
        &wanted.statuses(),
        wanted.before(),
        wanted.kind.map(Kind::as_str),
        wanted.limit,
    );
    Ok(found.fetch_all(conn).await?)
}

/// Of each kind and status the newest, and of those the newest.
async fn of_kinds(conn: &mut PgConnection, vendor: OrgId, wanted: &Wanted) -> Result<Vec<Uuid>, Problem> {
    let found = sqlx::query_scalar!(
        r#"SELECT e.id AS "id!" FROM unnest($2::text[]) k (kind) CROSS JOIN unnest($3::text[]) s (status)
           CROSS JOIN LATERAL (
               SELECT id FROM earning WHERE vendor_id = $1 AND kind = k.kind AND status = s.status AND id < $4
               ORDER BY id DESC LIMIT $5) e
           ORDER BY e.id DESC LIMIT $5"#,
        vendor.uuid(),
        &wanted.kinds(),
        &wanted.statuses(),
        wanted.before(),
        wanted.limit,
    );
    Ok(found.fetch_all(conn).await?)
}

async fn of_vendor(conn: &mut PgConnection, vendor: OrgId, wanted: &Wanted) -> Result<Vec<Uuid>, Problem> {
    let found = sqlx::query_scalar!(
        "SELECT id FROM earning WHERE vendor_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        vendor.uuid(),
        wanted.before(),
        wanted.limit,
    );
    Ok(found.fetch_all(conn).await?)
}

impl Wanted {
    fn kinds(&self) -> Vec<String> {
        let all = [
            Kind::Commission,
            Kind::Rebate,
            Kind::Spiff,
            Kind::Bonus,
            Kind::Mdf,
            Kind::Adjustment,
        ];
        let wanted = all.into_iter().filter(|one| self.kind.is_none_or(|only| only == *one));
        wanted.map(|one| one.as_str().to_owned()).collect()
    }

    fn statuses(&self) -> Vec<String> {
        let all = [
            Status::Accrued,
            Status::Held,
            Status::Approved,
            Status::Payable,
            Status::InPayout,
            Status::Paid,
        ];
        let wanted = all
            .into_iter()
            .filter(|one| self.status.is_none_or(|only| only == *one));
        wanted.map(|one| one.as_str().to_owned()).collect()
    }

    /// What the ids are below.
    fn before(&self) -> Uuid {
        self.before.unwrap_or(Uuid::max())
    }
}
