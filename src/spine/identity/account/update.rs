//! Changing one's own record.

use guildhall_kernel::Patch;
use serde::Deserialize;
use utoipa::ToSchema;

use super::me::{Me, load};
use crate::{
    event,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate},
    identity::{Actor, events::UserUpdated},
};

/// What shall change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateMe {
    /// The name.
    #[serde(default)]
    #[schema(value_type = String, example = "Jane Doe")]
    name: Patch<String>,
    /// The language (BCP 47).
    #[serde(default)]
    #[schema(value_type = String, example = "de-AT")]
    locale: Patch<String>,
}

impl Validate for UpdateMe {
    fn validate(&self, checks: &mut Checks) {
        checks.kept("/name", &self.name);
        if let Patch::Value(name) = &self.name {
            checks.text("/name", name, 1, 200, false);
        }
        checks.kept("/locale", &self.locale);
        if let Patch::Value(locale) = &self.locale {
            let message = "must be a language tag, like en or de-AT";
            checks.check(is_language(locale), "/locale", "locale", message);
        }
    }
}

/// The shape of a BCP 47 language tag: a language of 2 or 3 letters, then subtags of up to 8.
fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    tag.len() <= 35
        && (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Change me
///
/// Changes the user's own name or language. A request that changes nothing leaves the version as it is.
#[utoipa::path(patch, path = "/api/v1/me", operation_id = "updateMe", tag = "auth", security(("bearer" = [])),
    params(("If-Match" = String, Header, description = "The `ETag` that the record came with", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to repeat")),
    request_body(content = UpdateMe, example = json!({"name": "Jane Doe", "locale": "de-AT"})),
    responses((status = 200, description = "Changed", body = Me,
        headers(("ETag" = String, description = "The version of the user's record")))))]
pub(super) async fn update(actor: Actor, condition: IfMatch, command: Command<UpdateMe>) -> Result<Reply, Problem> {
    let user = actor.require_user()?;
    let (body, mut command) = command.take();
    let record = sqlx::query!(
        "SELECT name, locale, version FROM user_account WHERE id = $1 FOR NO KEY UPDATE",
        user.uuid()
    )
    .fetch_one(&mut *command.tx)
    .await?;
    condition.check(record.version)?;
    let (name, locale) = (body.name.or(record.name.clone()), body.locale.or(record.locale.clone()));
    if (&name, &locale) == (&record.name, &record.locale) {
        let me = load(&mut command.tx, &actor).await?;
        return command.commit(Reply::ok(&me)?.version(record.version)).await;
    }
    let now = command.tx.now();
    let version = sqlx::query_scalar!(
        "UPDATE user_account SET name = $2, locale = $3, updated_at = $4, version = version + 1 WHERE id = $1
         RETURNING version",
        user.uuid(),
        name,
        locale,
        now
    )
    .fetch_one(&mut *command.tx)
    .await?;
    let updated = UserUpdated { user_id: user, version };
    event::append(&mut command.tx, &actor.origin(), user, &[user.uuid()], &updated).await?;
    let me = load(&mut command.tx, &actor).await?;
    command.commit(Reply::ok(&me)?.version(version)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tags_have_their_shape() {
        for tag in ["en", "de-AT", "zh-Hant-TW", "yue", "sl-rozaj-biske"] {
            assert!(is_language(tag), "{tag}");
        }
        for tag in ["", "e", "EN", "german", "de_AT", "de-", "en-us ", "en-abcdefghi"] {
            assert!(!is_language(tag), "{tag}");
        }
    }
}
