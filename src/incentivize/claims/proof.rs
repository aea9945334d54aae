//! The files of a claim.

use guildhall_kernel::{FileId, OrgId, SpiffClaimId};
use guildhall_spine::{
    access::Permission,
    db::Tx,
    files::{Attaching, Refused, attach},
    http::{Checks, Problem},
};

use super::view::ClaimFile;

/// How many files a claim may have.
pub(super) const MOST_FILES: usize = 10;
/// How many bytes they may have together: 50 MiB.
const MOST_BYTES: i64 = 50 * 1024 * 1024;

/// Attaches files of the partner to a claim that this transaction makes; notes in `checks` which can't be.
pub(super) async fn put(
    tx: &mut Tx,
    claim: SpiffClaimId,
    (vendor, partner): (OrgId, OrgId),
    files: &[FileId],
    checks: &mut Checks,
) -> Result<Vec<ClaimFile>, Problem> {
    let readers = [vendor, partner];
    let to = Attaching {
        org: partner,
        subject: claim.into(),
        readers: &readers,
        needs: Permission::EarningRead,
        most_files: i64::try_from(MOST_FILES).unwrap_or(i64::MAX),
        most_bytes: MOST_BYTES,
    };
    let mut attached = Vec::new();
    for (file, no) in files.iter().zip(0..) {
        let (code, message) = match attach(tx, *file, &to).await {
            Ok(Some(one)) => {
                attached.push(ClaimFile {
                    id: one.id,
                    name: one.name,
                });
                continue;
            }
            Ok(None) => ("repeated", "is named twice"),
            Err(Refused::Unknown) => (
                "unknown_file",
                "must be the id of a file that your company sent and that is attached to nothing",
            ),
            Err(Refused::Full) => (
                "too_many_files",
                "is too much: a claim may have 10 files with 50 MiB together",
            ),
            Err(Refused::Failed(problem)) => return Err(problem),
        };
        checks.refuse(format!("/files/{no}"), code, message);
    }
    Ok(attached)
}
