//! Telling of a changed profile: an event, and a letter when the destination is another.

use guildhall_kernel::{OrgId, UserId};
use guildhall_onboard::api::leaders_addresses;
use guildhall_spine::{
    App,
    db::Tx,
    event::{self, Origin},
    http::Problem,
    mail,
};
use uuid::Uuid;

use super::events::{PayoutProfileChanged, RewardProfileChanged};
use super::letters::ProfileChangedLetter;
use super::{Owner, PayoutProfile};

/// What has changed, and by whom.
pub(super) struct Change<'a> {
    pub(super) profile: &'a PayoutProfile,
    pub(super) destination: bool,
    pub(super) by: UserId,
}

/// Tells whom it concerns.
pub(super) async fn tell(
    app: &App,
    tx: &mut Tx,
    origin: &Origin,
    owner: Owner,
    change: &Change<'_>,
) -> Result<(), Problem> {
    let profile = change.profile;
    match owner {
        Owner::Company(partner) => {
            let changed = PayoutProfileChanged {
                payout_profile_id: profile.id,
                partner_id: partner,
                destination_changed: change.destination,
                method: profile.method,
                usable_from: profile.usable_from,
            };
            let audience = with_vendors(tx, partner).await?;
            event::append(tx, origin, profile.id, &audience, &changed).await?;
        }
        Owner::Person(user) => {
            let changed = RewardProfileChanged {
                payout_profile_id: profile.id,
                user_id: user,
                destination_changed: change.destination,
                method: profile.method,
                usable_from: profile.usable_from,
            };
            event::append(tx, origin, profile.id, &[user.uuid()], &changed).await?;
        }
    }
    if change.destination {
        write(app, tx, owner, change).await?;
    }
    Ok(())
}

/// The company, and the vendors that it is active with.
async fn with_vendors(tx: &mut Tx, partner: OrgId) -> Result<Vec<Uuid>, Problem> {
    let mut audience = sqlx::query_scalar!(
        "SELECT vendor_id FROM partnership WHERE partner_id = $1 AND status = 'active'",
        partner.uuid()
    )
    .fetch_all(&mut **tx)
    .await?;
    audience.push(partner.uuid());
    Ok(audience)
}

async fn write(app: &App, tx: &mut Tx, owner: Owner, change: &Change<'_>) -> Result<(), Problem> {
    let who = name_and_address(tx, change.by).await?.0;
    let (whose, addresses) = match owner {
        Owner::Company(partner) => {
            let name = sqlx::query_scalar!("SELECT name FROM organisation WHERE id = $1", partner.uuid())
                .fetch_one(&mut **tx)
                .await?;
            (name, leaders_addresses(tx, partner).await?)
        }
        Owner::Person(user) => {
            let (name, address) = name_and_address(tx, user).await?;
            (name, vec![address])
        }
    };
    let root = app.config.http.public_url.trim_end_matches('/');
    let letter = ProfileChangedLetter {
        whose: &whose,
        who: &who,
        masked: &change.profile.destination,
        usable_from: &change.profile.usable_from.format("%-d %B %Y, %H:%M UTC").to_string(),
        link: &format!("{root}/payout-profile"),
    };
    for address in addresses {
        mail::queue(tx, &address, &letter).await?;
    }
    Ok(())
}

async fn name_and_address(tx: &mut Tx, user: UserId) -> Result<(String, String), Problem> {
    let row = sqlx::query!("SELECT name, email FROM user_account WHERE id = $1", user.uuid())
        .fetch_one(&mut **tx)
        .await?;
    Ok((row.name, row.email))
}
