//! Rows that are partners: companies that a vendor invites to its program.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use guildhall_onboard::api::{BulkPartner, Inviter, Tier, add_partners, domains_in_program};
use guildhall_spine::{
    App,
    access::{OrgKind, Permission},
    db::Tx,
    http::{FieldError, Problem},
};
use serde_json::{Value, json};

use super::kind::{ApplyFault, Cells, Claim, Fault, Field, Job, Ready, RowKind};

/// See the module.
pub(super) struct Partners;

const FIELDS: &[Field] = &[
    Field::needed("name"),
    Field::needed("country"),
    Field::may("domain"),
    Field::may("tier"),
    Field::may("admin_email"),
];

#[async_trait]
impl RowKind for Partners {
    fn name(&self) -> &'static str {
        "partners"
    }

    fn permission(&self, org: OrgKind) -> Option<Permission> {
        (org == OrgKind::Vendor).then_some(Permission::PartnershipManage)
    }

    fn fields(&self, _: OrgKind) -> &'static [Field] {
        FIELDS
    }

    fn parse(&self, job: &Job, cells: &Cells<'_>, _: DateTime<Utc>) -> Result<(Value, Option<Claim>), Vec<FieldError>> {
        let mut faults = Vec::new();
        let mut refuse = |field: &str, code, message: &str| {
            faults.push(FieldError {
                pointer: format!("/{field}"),
                code,
                message: message.to_owned(),
            });
        };
        let tier = cells
            .get("tier")
            .map(|text| serde_json::from_value::<Tier>(json!(text.to_lowercase())));
        if matches!(tier, Some(Err(_))) {
            refuse("tier", "unknown", "must be registered, silver, gold or platinum");
        }
        if job.invite && cells.get("admin_email").is_none() {
            refuse("admin_email", "missing", "is needed to invite the partner's admin");
        }
        let partner = BulkPartner {
            name: cells.text("name"),
            country: cells.text("country"),
            domain: cells.owned("domain"),
            tier: tier.and_then(Result::ok),
            admin_email: cells.owned("admin_email"),
        };
        match partner.check() {
            Ok(partner) if faults.is_empty() => {
                let claim = partner.domain.clone().map(|key| Claim {
                    key,
                    holder: String::new(),
                });
                Ok((serde_json::to_value(partner).unwrap_or_default(), claim))
            }
            Ok(_) => Err(faults),
            Err(more) => Err([faults, more].concat()),
        }
    }

    async fn check(&self, tx: &mut Tx, job: &Job, rows: Vec<Ready>) -> Result<(Vec<Ready>, Vec<Fault>), Problem> {
        let domains: Vec<String> = rows
            .iter()
            .filter_map(|row| row.claim.as_ref())
            .map(|claim| claim.key.clone())
            .collect();
        let taken = domains_in_program(tx, job.org, &domains).await?;
        let is_taken = |row: &Ready| row.claim.as_ref().is_some_and(|claim| taken.contains(&claim.key));
        let (bad, good): (Vec<_>, Vec<_>) = rows.into_iter().partition(is_taken);
        let fault = |row: Ready| Fault {
            no: row.no,
            field: Some("domain".to_owned()),
            code: "already_exists".to_owned(),
            message: "a partner with this domain is in the program, or invited".to_owned(),
        };
        Ok((good, bad.into_iter().map(fault).collect()))
    }

    async fn apply(&self, app: &App, tx: &mut Tx, job: &Job, rows: &[Ready]) -> Result<(), ApplyFault> {
        let partners: Result<Vec<BulkPartner>, _> = rows
            .iter()
            .map(|row| serde_json::from_value(row.data.clone()))
            .collect();
        let partners = partners.map_err(Problem::internal)?;
        let inviter = job.invite.then_some(Inviter { by: job.by });
        add_partners(app, tx, &job.origin, (job.org, &job.org_name), &partners, inviter).await?;
        Ok(())
    }
}
