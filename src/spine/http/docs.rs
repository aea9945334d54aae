//! What every operation of the OpenAPI document has in common, put in once.

use utoipa::openapi::{
    OpenApi, Ref, RefOr,
    path::{Operation, PathItem},
    response::{Response, ResponseBuilder},
    security::{Http, HttpAuthScheme, SecurityScheme},
};

use super::{FieldError, code};

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("get", item.get.as_mut()),
        ("post", item.post.as_mut()),
        ("put", item.put.as_mut()),
        ("patch", item.patch.as_mut()),
        ("delete", item.delete.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.map(|operation| (method, operation)))
}

/// Adds the scheme that `security(("bearer" = [...]))` names.
pub fn security_schemes(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.description = Some("An access token from log-in, or an API key (`ghk_…`).".to_owned());
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
}

/// Adds the failures that an operation's shape implies: the common ones to all, 401 and 403 where credentials are
/// needed, 404 to addresses with ids, 409 and 422 to writes with a body, 412 and 428 where `If-Match` is asked for.
pub fn describe_errors(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    components
        .schemas
        .insert("FieldError".to_owned(), <FieldError as utoipa::PartialSchema>::schema());
    components.schemas.insert("Problem".to_owned(), problem_schema());
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            let secured = operation.security.as_ref().is_some_and(|needs| !needs.is_empty());
            let conditional = operation.parameters.as_ref().is_some_and(|parameters| {
                parameters.iter().any(|parameter| {
                    matches!(parameter, RefOr::T(parameter) if parameter.name.eq_ignore_ascii_case("if-match"))
                })
            });
            let mut statuses = vec![
                (400, "malformed"),
                (429, "too many requests"),
                (500, "internal"),
                (503, "try again"),
            ];
            if secured {
                statuses.extend([(401, "no valid credentials"), (403, "not permitted")]);
            }
            if path.contains('{') {
                statuses.push((404, "nothing there for these eyes"));
            }
            if operation.request_body.is_some() {
                statuses.extend([
                    (408, "body too slow"),
                    (413, "body too large"),
                    (415, "not JSON"),
                    (422, "a field was refused"),
                ]);
            }
            if method == "post" && secured {
                statuses.push((409, "the state does not allow it, or the same request is still running"));
            }
            if conditional {
                statuses.extend([
                    (412, "changed since it was read"),
                    (428, "If-Match is missing"),
                    (409, "illegal move"),
                ]);
            }
            for (status, meaning) in statuses {
                let present = operation.responses.responses.entry(status.to_string());
                present.or_insert_with(|| RefOr::T(problem_response(meaning)));
            }
        }
    }
}

fn problem_response(meaning: &str) -> Response {
    ResponseBuilder::new()
        .description(meaning)
        .content(
            "application/problem+json",
            utoipa::openapi::ContentBuilder::new()
                .schema(Some(Ref::from_schema_name("Problem")))
                .build(),
        )
        .build()
}

fn problem_schema() -> RefOr<utoipa::openapi::schema::Schema> {
    use utoipa::openapi::{ArrayBuilder, ObjectBuilder, Type, schema::Schema};
    let text = |about: &str| ObjectBuilder::new().schema_type(Type::String).description(Some(about));
    let example = serde_json::json!({
        "type": format!("/docs/errors#{}", code::INVALID_BODY.name),
        "title": code::INVALID_BODY.title,
        "status": code::INVALID_BODY.status,
        "code": code::INVALID_BODY.name,
        "detail": "One field was refused.",
        "errors": [{"pointer": "/customer/domain", "code": "invalid", "message": "not a domain name: write it like example.com"}],
        "request_id": "5f0c9b1e2a7d4c3388ab01ef",
    });
    let object = ObjectBuilder::new()
        .description(Some("A failure (RFC 9457)."))
        .property("type", text("An address that explains the code."))
        .required("type")
        .property("title", text("What the code always means."))
        .required("title")
        .property(
            "status",
            ObjectBuilder::new()
                .schema_type(Type::Integer)
                .description(Some("The HTTP status.")),
        )
        .required("status")
        .property("code", text("The stable code."))
        .required("code")
        .property("detail", text("What happened this time, and what to do."))
        .required("detail")
        .property("errors", ArrayBuilder::new().items(Ref::from_schema_name("FieldError")))
        .property("request_id", text("The request, to report the failure by."))
        .required("request_id")
        .examples([example])
        .build();
    RefOr::T(Schema::Object(object))
}
