//! The incentive ledger and the payouts made of it.

use guildhall_spine::db::Db;

use super::Findings;

pub(super) async fn check(findings: &mut Findings, db: &Db) {
    match verified(db).await {
        Err(error) => findings.fail("ledger", format!("the ledger can't be read: {error}")),
        Ok(broken) if broken.is_empty() => {
            findings.ok(
                "ledger",
                "every entry is balanced, every earning and payout stands where its money is",
            );
        }
        Ok(broken) => {
            for (rule, count, example) in broken {
                findings.fail(
                    "ledger",
                    format!("{rule}: not so {count} times, for instance at {example}"),
                );
            }
        }
    }
}

async fn verified(db: &Db) -> Result<Vec<(&'static str, i64, String)>, sqlx::Error> {
    let mut broken: Vec<_> = guildhall_incentivize::ledger::verify(db)
        .await?
        .into_iter()
        .map(|one| (one.rule, one.count, one.example))
        .collect();
    let payouts = guildhall_payouts::verify::verify(db).await?;
    broken.extend(payouts.into_iter().map(|one| (one.rule, one.count, one.example)));
    Ok(broken)
}
