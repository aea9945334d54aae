//! Which sales somebody asks for, newest first. Each way of asking is a statement of its own, with an index in its order:
//! one statement for all of them reads what isn't the reader's.

use guildhall_kernel::{OrgId, SaleId};
use guildhall_spine::http::Problem;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Kind;

/// Who reads.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reader {
    /// The vendor whose sales they are.
    Vendor(OrgId),
    /// A partner that has a part in them.
    Partner(OrgId),
}

/// A page of a list.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) kind: Option<Kind>,
    pub(super) reference: Option<String>,
    pub(super) seller: Option<OrgId>,
    pub(super) after: Option<Uuid>,
    pub(super) limit: i64,
}

/// The sale itself, when the reader may see it.
pub(super) async fn one(conn: &mut PgConnection, reader: Reader, id: SaleId) -> Result<Vec<Uuid>, Problem> {
    let (vendor, partner) = match reader {
        Reader::Vendor(id) => (Some(id.uuid()), None),
        Reader::Partner(id) => (None, Some(id.uuid())),
    };
    let found = sqlx::query_scalar!(
        "SELECT s.id FROM sale s
         WHERE s.id = $1 AND (s.vendor_id = $2
             OR EXISTS (SELECT FROM sale_party p WHERE p.sale_id = s.id AND p.partner_id = $3
                        AND (p.percent > 0 OR s.kind = 'activity')))",
        id.uuid(),
        vendor,
        partner,
    )
    .fetch_all(conn)
    .await?;
    Ok(found)
}

/// A page.
pub(super) async fn page(conn: &mut PgConnection, reader: Reader, wanted: &Wanted) -> Result<Vec<Uuid>, Problem> {
    let after = wanted.after.unwrap_or(Uuid::max());
    match (reader, &wanted.reference, wanted.seller) {
        (Reader::Partner(partner), _, seller) => of_partner(conn, partner, seller, after, wanted).await,
        (Reader::Vendor(vendor), Some(reference), seller) => {
            let found = sqlx::query_scalar!(
                "SELECT id FROM sale
                 WHERE vendor_id = $1 AND kind = ANY($2) AND reference = $3 AND id < $4
                   AND ($5::uuid IS NULL OR partner_id = $5) ORDER BY id DESC LIMIT $6",
                vendor.uuid(),
                &wanted.kinds(),
                reference,
                after,
                seller.map(OrgId::uuid),
                wanted.limit,
            );
            Ok(found.fetch_all(conn).await?)
        }
        (Reader::Vendor(vendor), None, Some(seller)) => {
            let found = sqlx::query_scalar!(
                "SELECT id FROM sale WHERE vendor_id = $1 AND partner_id = $2 AND kind = ANY($3) AND id < $4
                 ORDER BY id DESC LIMIT $5",
                vendor.uuid(),
                seller.uuid(),
                &wanted.kinds(),
                after,
                wanted.limit,
            );
            Ok(found.fetch_all(conn).await?)
        }
        (Reader::Vendor(vendor), None, None) => {
            let found = sqlx::query_scalar!(
                r#"SELECT s.id AS "id!" FROM unnest($2::text[]) k (kind)
                   CROSS JOIN LATERAL (SELECT id FROM sale WHERE vendor_id = $1 AND kind = k.kind AND id < $3
                                       ORDER BY id DESC LIMIT $4) s
                   ORDER BY s.id DESC LIMIT $4"#,
                vendor.uuid(),
                &wanted.kinds(),
                after,
                wanted.limit,
            );
            Ok(found.fetch_all(conn).await?)
        }
    }
}

async fn of_partner(
    conn: &mut PgConnection,
    partner: OrgId,
    seller: Option<OrgId>,
    after: Uuid,
    wanted: &Wanted,
) -> Result<Vec<Uuid>, Problem> {
    // Who else sold isn't shown, and so isn't found.
    if seller.is_some_and(|seller| seller != partner) {
        return Ok(Vec::new());
    }
    let found = sqlx::query_scalar!(
        "SELECT DISTINCT p.sale_id FROM sale_party p JOIN sale s ON s.id = p.sale_id
         WHERE p.partner_id = $1 AND p.sale_id < $2 AND (p.percent > 0 OR s.kind = 'activity') AND s.kind = ANY($3)
           AND ($4::text IS NULL OR s.reference = $4) AND ($5::uuid IS NULL OR s.partner_id = $5)
         ORDER BY p.sale_id DESC LIMIT $6",
        partner.uuid(),
        after,
        &wanted.kinds(),
        wanted.reference,
        seller.map(OrgId::uuid),
        wanted.limit,
    );
    Ok(found.fetch_all(conn).await?)
}

impl Wanted {
    fn kinds(&self) -> Vec<String> {
        let all = [Kind::Deal, Kind::Invoice, Kind::Activity];
        let wanted = all
            .into_iter()
            .filter(|kind| self.kind.is_none_or(|only| only == *kind));
        wanted.map(|kind| kind.as_str().to_owned()).collect()
    }
}
