//! Deadlines that can't be carried out.

use guildhall_spine::{db::Db, timer};

use super::Findings;

pub(super) async fn check(findings: &mut Findings, db: &Db) {
    match timer::stuck(db).await {
        Ok(stuck) if stuck.is_empty() => findings.ok("timers", "every deadline that came was carried out"),
        Ok(stuck) => {
            for one in stuck {
                let text = format!("{} of {} fail and are tried again: {}", one.count, one.kind, one.error);
                findings.warn("timers", text);
            }
        }
        Err(error) => findings.fail("timers", error.to_string()),
    }
}
