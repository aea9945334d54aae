//! The world as rows.

use sqlx::PgConnection;

use super::{
    DemoSummary,
    copy::{Copied, Rows},
    world::{Invitation, Member, Org, Partnership, Person, World},
};

impl World {
    /// Copies everything but the deals. One hash serves all: it is the demo's password and known to everybody.
    pub(super) async fn copy(&self, db: &mut PgConnection, password_hash: &str) -> Result<DemoSummary, sqlx::Error> {
        let orgs = Rows::of(self.orgs());
        let people = Rows::of(self.people.iter().map(|person| Account { person, password_hash }));
        let partnerships = Rows::of(&self.partnerships);
        orgs.send(db, <&Org>::INTO).await?;
        people.send(db, Account::INTO).await?;
        Rows::of(&self.members).send(db, <&Member>::INTO).await?;
        partnerships.send(db, <&Partnership>::INTO).await?;
        Rows::of(&self.invitations).send(db, <&Invitation>::INTO).await?;
        Ok(DemoSummary {
            organisations: orgs.count,
            users: people.count,
            partnerships: partnerships.count,
            ..DemoSummary::default()
        })
    }

    /// Vendors, then partners.
    pub(super) fn orgs(&self) -> impl Iterator<Item = &Org> {
        self.vendors
            .iter()
            .map(|vendor| &vendor.org)
            .chain(self.partners.iter().map(|partner| &partner.org))
    }
}

impl Copied for &Org {
    const INTO: &'static str =
        "COPY organisation (id, kind, name, slug, country, domain, created_at, updated_at) FROM STDIN";

    fn write(&self, rows: &mut Rows) {
        rows.plain(self.id.uuid())
            .plain(self.kind.as_str())
            .text(&self.name)
            .plain(&self.slug)
            .plain(self.country.code)
            .plain(&self.domain)
            .time(self.created_at)
            .time(self.created_at)
            .end();
    }
}

/// A person with the hash of the password.
pub(super) struct Account<'w> {
    pub(super) person: &'w Person,
    pub(super) password_hash: &'w str,
}

impl Copied for Account<'_> {
    const INTO: &'static str = "COPY user_account (id, email, name, password_hash, email_verified_at, locale, operator, \
        created_at, updated_at) FROM STDIN";

    fn write(&self, rows: &mut Rows) {
        let person = self.person;
        rows.plain(person.id.uuid())
            .text(&person.email)
            .text(&person.name)
            .text(self.password_hash)
            .time(person.created_at)
            .plain(person.locale)
            .plain(person.operator)
            .time(person.created_at)
            .time(person.created_at)
            .end();
    }
}

impl Copied for &Member {
    const INTO: &'static str = "COPY membership (id, org_id, user_id, role, created_at, updated_at) FROM STDIN";

    fn write(&self, rows: &mut Rows) {
        rows.plain(self.id.uuid())
            .plain(self.org.uuid())
            .plain(self.user.uuid())
            .plain(self.role.as_str())
            .time(self.created_at)
            .time(self.created_at)
            .end();
    }
}

impl Copied for &Partnership {
    const INTO: &'static str = "COPY partnership (id, vendor_id, partner_id, status, tier, account_manager_id, \
        created_at, updated_at) FROM STDIN";

    fn write(&self, rows: &mut Rows) {
        rows.plain(self.id.uuid())
            .plain(self.vendor.uuid())
            .plain(self.partner.uuid())
            .plain(self.status)
            .plain(self.tier)
            .plain_or_null(self.manager.map(|user| user.uuid()))
            .time(self.created_at)
            .time(self.created_at)
            .end();
    }
}

impl Copied for &Invitation {
    const INTO: &'static str = "COPY invitation (id, org_id, email, role, token_hash, invited_by, created_at, \
        expires_at, revoked_at) FROM STDIN";

    fn write(&self, rows: &mut Rows) {
        rows.plain(self.id.uuid())
            .plain(self.org.uuid())
            .text(&self.email)
            .plain(self.role.as_str())
            .bytes(&self.token_hash)
            .plain_or_null(self.invited_by.map(|user| user.uuid()))
            .time(self.created_at)
            .time(self.expires_at)
            .time_or_null(self.revoked_at)
            .end();
    }
}
