//! The list of members as a file.

use axum::{extract::State, response::IntoResponse};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{
        Problem, ValidQuery,
        export::{ExportQuery, PAGE, Row, Sheet, by_key, export},
    },
};

use super::{Member, rows};

const SHEET: Sheet = Sheet {
    name: "members",
    columns: &["id", "name", "email", "role", "created_at", "updated_at"],
};

fn row(member: Member) -> Row {
    vec![
        member.id.to_string().into(),
        member.user.name.into(),
        member.user.email.into(),
        member.role.into(),
        member.created_at.into(),
        member.updated_at.into(),
    ]
}

/// Export the members of the organisation acted for
///
/// The whole list as a file, streamed. A download that breaks off was not complete.
#[utoipa::path(get, path = "/api/v1/members/export", operation_id = "exportMembers", tag = "organisation",
    security(("bearer" = ["members:read"])), params(ExportQuery),
    responses((status = 200, description = "the file", body = String, content_type = "text/csv")))]
pub(super) async fn export_members(
    State(app): State<App>,
    May { org, .. }: May<right::MemberRead>,
    ValidQuery(query): ValidQuery<ExportQuery>,
) -> Result<impl IntoResponse, Problem> {
    let source = by_key(move |after| {
        let app = app.clone();
        async move {
            let mut conn = app.db.pool().acquire().await?;
            let members = rows::list(&mut conn, org.id, after, PAGE).await?;
            Ok(members
                .into_iter()
                .map(|member| (member.user.id, row(member)))
                .collect())
        }
    });
    export(query.format.unwrap_or_default(), SHEET, source).await
}
