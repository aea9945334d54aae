//! What every operation of the OpenAPI document has in common, put in once.

use utoipa::openapi::{
    Content, OpenApi, Ref, RefOr, Required,
    example::ExampleBuilder,
    path::{Operation, Parameter, ParameterBuilder, PathItem},
    response::{Response, ResponseBuilder},
    security::{Http, HttpAuthScheme, SecurityScheme},
};

use super::{Code, FieldError, samples};

const PROBLEM: &str = "application/problem+json";

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
            PROBLEM,
            utoipa::openapi::ContentBuilder::new()
                .schema(Some(Ref::from_schema_name("Problem")))
                .build(),
        )
        .build()
}

/// Shows with every failure what it looks like: with those of `codes` that its description names in backticks, or else
/// with what its status means.
pub fn show_errors(document: &mut OpenApi, codes: &[Code]) {
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            let body = operation.request_body.is_some();
            for (status, response) in &mut operation.responses.responses {
                let RefOr::T(response) = response else { continue };
                let named: Vec<Code> = response
                    .description
                    .split('`')
                    .filter_map(|word| codes.iter().copied().find(|code| code.name == word))
                    .collect();
                if let Some(RefOr::T(content)) = response.content.get_mut(PROBLEM) {
                    show(content, &named, status.parse().unwrap_or_default(), body);
                }
            }
        }
    }
}

fn show(content: &mut Content, named: &[Code], status: u16, body: bool) {
    if content.example.is_some() || !content.examples.is_empty() {
        return;
    }
    match named {
        [] => content.example = samples::of_status(status, body),
        [code] => content.example = Some(samples::of_code(*code)),
        several => {
            let shown = several.iter().map(|code| {
                let example = ExampleBuilder::new().value(Some(samples::of_code(*code))).build();
                (code.name.to_owned(), RefOr::T(example))
            });
            content.examples = shown.collect();
        }
    }
}

/// Puts the examples of parameters that need not be given into their descriptions: a page that lets people try an
/// operation would send them along.
pub fn describe_optional_parameters(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            for parameter in operation.parameters.iter_mut().flatten() {
                if let RefOr::T(parameter) = parameter
                    && parameter.required == Required::False
                {
                    *parameter = without_example(std::mem::take(parameter));
                }
            }
        }
    }
}

fn without_example(mut parameter: Parameter) -> Parameter {
    let written = serde_json::to_value(&parameter).unwrap_or_default();
    let example = match written.get("example") {
        None | Some(serde_json::Value::Null) => return parameter,
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    // A key of one's own is the point of this one: the same for everybody would repeat somebody's request.
    if !parameter.name.eq_ignore_ascii_case("idempotency-key") {
        let about = parameter.description.unwrap_or_default();
        let about = about.trim_end_matches('.');
        parameter.description = Some(format!("{about}. For example `{example}`."));
    }
    ParameterBuilder::from(parameter).example(None).build()
}

fn problem_schema() -> RefOr<utoipa::openapi::schema::Schema> {
    use utoipa::openapi::{ArrayBuilder, ObjectBuilder, Type, schema::Schema};
    let text = |about: &str| ObjectBuilder::new().schema_type(Type::String).description(Some(about));
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
        .examples([samples::refused_field()])
        .build();
    RefOr::T(Schema::Object(object))
}
