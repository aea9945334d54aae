//! The vendor's own account, opened to write a file.

use guildhall_kernel::OrgId;
use guildhall_payments::{Bic, Iban};
use guildhall_spine::{App, db::Tx, http::Problem};
use serde::{Deserialize, Serialize};

use super::AchSettings;
use crate::{codes, secrets};

/// The account that a file draws on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BankAccount {
    pub(crate) name: String,
    pub(crate) country: Option<String>,
    pub(crate) iban: Iban,
    pub(crate) bic: Option<Bic>,
}

/// What ACH files are made with.
pub(crate) type AchPayer = AchSettings;

/// What a vendor pays files from.
pub(crate) struct Payer {
    account: Option<BankAccount>,
    nacha: Option<AchPayer>,
}

impl Payer {
    /// # Errors
    /// 409 when there is none.
    pub(crate) fn account(&self) -> Result<&BankAccount, Problem> {
        self.account.as_ref().ok_or_else(|| missing("debtor"))
    }

    /// # Errors
    /// 409 when there is none.
    pub(crate) fn nacha(&self) -> Result<&AchPayer, Problem> {
        self.nacha.as_ref().ok_or_else(|| missing("nacha"))
    }
}

pub(super) fn missing(what: &str) -> Problem {
    let detail = format!("Set {what} with PUT /api/v1/payout-settings, then execute the batch.");
    Problem::new(codes::PAYER_INCOMPLETE, detail)
}

/// What `vendor` pays files from.
pub(crate) async fn payer(app: &App, tx: &mut Tx, vendor: OrgId) -> Result<Payer, Problem> {
    let row = sqlx::query!(
        "SELECT debtor_secret_id, nacha FROM payout_settings WHERE vendor_id = $1",
        vendor.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?;
    let (secret, nacha) = row.map_or((None, None), |row| (row.debtor_secret_id, row.nacha));
    let account = match secret {
        Some(secret) => Some(secrets::load(app, tx, secret).await?),
        None => None,
    };
    let nacha = nacha
        .map(serde_json::from_value)
        .transpose()
        .map_err(Problem::internal)?;
    Ok(Payer { account, nacha })
}
