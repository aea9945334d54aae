//! Who may be named in a comment.

use guildhall_kernel::{OrgId, UserId};
use guildhall_spine::{
    access::{OrgKind, Permission},
    db::Tx,
    http::{FieldError, Problem},
};
use uuid::Uuid;

/// The names of the roles of this kind of company that have a permission.
pub(super) fn roles_with(permission: Permission, kind: OrgKind) -> Vec<String> {
    let roles = permission.roles().iter().filter(|role| role.kind() == kind);
    roles.map(|role| role.as_str().to_owned()).collect()
}

/// The people in `mentions`, each once, if all of them belong to one of `orgs` and may read deals there.
///
/// # Errors
/// 422 with each that may not.
pub(super) async fn check(tx: &mut Tx, mentions: &[UserId], orgs: &[OrgId]) -> Result<Vec<Uuid>, Problem> {
    let mut wanted: Vec<Uuid> = mentions.iter().map(|user| user.uuid()).collect();
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return Ok(wanted);
    }
    let orgs: Vec<Uuid> = orgs.iter().map(|org| org.uuid()).collect();
    let readers = sqlx::query_scalar!(
        "SELECT DISTINCT m.user_id FROM membership m
         JOIN organisation o ON o.id = m.org_id
         JOIN user_account u ON u.id = m.user_id AND u.status = 'active'
         WHERE m.user_id = ANY ($1) AND m.org_id = ANY ($2)
           AND m.role = ANY (CASE o.kind WHEN 'vendor' THEN $3::text[] ELSE $4::text[] END)",
        &wanted,
        &orgs,
        &roles_with(Permission::DealRead, OrgKind::Vendor),
        &roles_with(Permission::DealRead, OrgKind::Partner),
    )
    .fetch_all(&mut **tx)
    .await?;
    let strangers = mentions
        .iter()
        .enumerate()
        .filter(|(_, user)| !readers.contains(&user.uuid()));
    let faults: Vec<FieldError> = strangers
        .map(|(place, _)| FieldError {
            pointer: format!("/mentions/{place}"),
            code: "unknown_person",
            message: "must be somebody who may read this comment".to_owned(),
        })
        .collect();
    if faults.is_empty() {
        return Ok(wanted);
    }
    Err(Problem::fields(faults))
}
