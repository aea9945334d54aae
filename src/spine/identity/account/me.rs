//! Who the credential belongs to, and what it may do.

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use guildhall_kernel::{ApiKeyId, OrgId, UserId};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::{
    App,
    access::{OrgKind, Permission, Role},
    http::{Problem, etag},
    identity::Actor,
};

/// An organisation in short.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct MyOrganisation {
    /// Its id.
    #[schema(value_type = String, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    id: OrgId,
    /// Its name.
    #[schema(example = "Meridian Cloud Partners")]
    name: String,
    /// Vendor or partner.
    kind: OrgKind,
}

/// A place in an organisation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MyMembership {
    /// The organisation.
    organisation: MyOrganisation,
    /// The user's role there.
    #[schema(example = "sales")]
    role: String,
}

/// The user's own record.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MyUser {
    /// The user.
    #[schema(value_type = String, example = "user_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    id: UserId,
    /// Their name.
    #[schema(example = "Jane Doe")]
    name: String,
    /// Their e-mail address.
    #[schema(example = "jane@partner.example")]
    email: String,
    /// Whether the address is known to be theirs.
    email_verified: bool,
    /// Their language (BCP 47).
    #[schema(example = "en")]
    locale: String,
    /// Whether logging in needs a code besides the password.
    mfa_enabled: bool,
    /// Recovery codes that are not spent.
    #[schema(example = 10)]
    recovery_codes_left: i64,
    /// Whether they run the platform.
    operator: bool,
    /// When they registered.
    created_at: DateTime<Utc>,
}

/// An integrator's key, as far as its holder needs to know.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MyApiKey {
    /// The key.
    #[schema(value_type = String, example = "key_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    id: ApiKeyId,
    /// What it was named.
    #[schema(example = "CRM sync")]
    name: String,
    /// When it ends; `null` when it doesn't.
    expires_at: Option<DateTime<Utc>>,
}

/// Who asks: a user or an API key.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Me {
    /// The user; `null` for an API key.
    user: Option<MyUser>,
    /// The API key; `null` for a user.
    api_key: Option<MyApiKey>,
    /// The organisation acted for.
    organisation: Option<MyOrganisation>,
    /// The user's role there.
    #[schema(example = "sales")]
    role: Option<&'static str>,
    /// What the credential may do there.
    #[schema(value_type = Vec<String>, example = json!(["organisation:read", "deals:read", "deals:submit"]))]
    permissions: Vec<&'static str>,
    /// The organisations that the user can switch to.
    memberships: Vec<MyMembership>,
    #[serde(skip)]
    pub(super) version: Option<i64>,
}

/// Me
///
/// Who the credential belongs to, the organisation it acts for, what it may do there, and where else the user is a
/// member. The `ETag` is that of the user's own record, for `PATCH`.
#[utoipa::path(get, path = "/api/v1/me", operation_id = "getMe", tag = "auth", security(("bearer" = [])),
    responses((status = 200, description = "The actor", body = Me,
        headers(("ETag" = String, description = "The version of the user's record; absent for an API key")))))]
pub(super) async fn get(State(app): State<App>, actor: Actor) -> Result<Response, Problem> {
    let mut db = app.db.pool().acquire().await?;
    let me = load(&mut db, &actor).await?;
    let version = me.version;
    let mut response = Json(me).into_response();
    if let Some(version) = version {
        response.headers_mut().insert(header::ETAG, etag(version));
    }
    Ok(response)
}

/// The actor as the database knows it.
pub(super) async fn load(db: &mut PgConnection, actor: &Actor) -> Result<Me, Problem> {
    let mut me = Me {
        user: None,
        api_key: None,
        organisation: organisation(db, actor).await?,
        role: actor.role.map(Role::as_str),
        permissions: actor.permissions.iter().map(Permission::scope).collect(),
        memberships: Vec::new(),
        version: None,
    };
    if let Some(user) = actor.user {
        let (record, version) = user_record(db, user).await?;
        me.user = Some(record);
        me.version = Some(version);
        me.memberships = memberships(db, user).await?;
    }
    if let Some(key) = actor.api_key {
        let row = sqlx::query!("SELECT name, expires_at FROM api_key WHERE id = $1", key.uuid())
            .fetch_one(db)
            .await?;
        me.api_key = Some(MyApiKey {
            id: key,
            name: row.name,
            expires_at: row.expires_at,
        });
    }
    Ok(me)
}

async fn organisation(db: &mut PgConnection, actor: &Actor) -> Result<Option<MyOrganisation>, Problem> {
    let Some(org) = actor.org else { return Ok(None) };
    let name = sqlx::query_scalar!("SELECT name FROM organisation WHERE id = $1", org.id.uuid())
        .fetch_one(db)
        .await?;
    Ok(Some(MyOrganisation {
        id: org.id,
        name,
        kind: org.kind,
    }))
}

async fn user_record(db: &mut PgConnection, user: UserId) -> Result<(MyUser, i64), Problem> {
    let row = sqlx::query!(
        r#"SELECT u.name, u.email, u.email_verified_at IS NOT NULL AS "verified!", u.locale, u.operator, u.version, u.created_at,
                  EXISTS (SELECT FROM totp_factor t WHERE t.user_id = u.id AND t.confirmed_at IS NOT NULL) AS "mfa!",
                  (SELECT count(*) FROM recovery_code r WHERE r.user_id = u.id AND r.used_at IS NULL) AS "codes!"
           FROM user_account u WHERE u.id = $1"#,
        user.uuid()
    )
    .fetch_one(db)
    .await?;
    let record = MyUser {
        id: user,
        name: row.name,
        email: row.email,
        email_verified: row.verified,
        locale: row.locale,
        mfa_enabled: row.mfa,
        recovery_codes_left: row.codes,
        operator: row.operator,
        created_at: row.created_at,
    };
    Ok((record, row.version))
}

async fn memberships(db: &mut PgConnection, user: UserId) -> Result<Vec<MyMembership>, Problem> {
    let rows = sqlx::query!(
        r#"SELECT o.id, o.name, o.kind AS "kind: OrgKind", m.role
           FROM membership m JOIN organisation o ON o.id = m.org_id AND o.status = 'active'
           WHERE m.user_id = $1 ORDER BY o.name, o.id"#,
        user.uuid()
    )
    .fetch_all(db)
    .await?;
    let membership = rows.into_iter().map(|row| MyMembership {
        organisation: MyOrganisation {
            id: row.id.into(),
            name: row.name,
            kind: row.kind,
        },
        role: row.role,
    });
    Ok(membership.collect())
}
