//! The router's routes are the document's.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use axum::http::Method;

use super::{Document, Operation};
use crate::support::TestServer;

/// What stands outside the document, and in which file: the documents themselves, and pages for people, which no
/// client calls.
const PAGES: &[(&str, &str)] = &[
    ("src/api.rs", "SwaggerUi::new(\"/docs\")"),
    ("src/api.rs", ".route(\"/docs/errors\""),
    ("src/api.rs", ".route(DOCUMENT,"),
    ("src/api.rs", ".route(\"/api/v1/asyncapi.json\""),
    ("src/pages.rs", ".route(\"/\","),
    ("src/pages.rs", ".route(\"/verify-email\""),
    ("src/pages.rs", ".route(\"/accept-invitation\""),
    ("src/pages.rs", ".route(\"/reset-password\""),
    ("src/pages.rs", ".route(\"/login\""),
    ("src/pages.rs", ".route(\"/partnerships/{id}\""),
    ("src/pages.rs", ".route(\"/pages/page.css\""),
    ("src/pages.rs", ".route(\"/pages/page.js\""),
];

#[tokio::test]
async fn every_documented_operation_is_there_and_no_other_method_is() {
    let server = TestServer::start().await;
    let operations = Document::of(&server).await.operations();
    let mut by_path: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for operation in &operations {
        by_path
            .entry(&operation.path)
            .or_default()
            .insert(operation.method.as_str());
    }
    for (path, documented) in by_path {
        let any = Operation {
            path: path.to_owned(),
            ..operations[0].clone()
        };
        // Without credentials nothing behind a route is reached.
        let address = any.at("x");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let answer = server
                .anonymous()
                .send(method.parse::<Method>().unwrap(), &address, &[], "")
                .await;
            let public = |one: &Operation| one.path == path && one.method.as_str() == method && one.scopes.is_none();
            if operations.iter().any(public) {
                // What stands at a public address can be missing.
                assert_ne!(answer.status.as_u16(), 405, "{method} {path}");
            } else if documented.contains(method) {
                assert!(
                    !matches!(answer.status.as_u16(), 404 | 405),
                    "{method} {path}: {}",
                    answer.status
                );
            } else {
                answer.problem(405, "method_not_allowed");
                let allowed: BTreeSet<String> = answer
                    .header("allow")
                    .split(',')
                    .map(|name| name.trim().to_owned())
                    .collect();
                let expected: BTreeSet<String> = documented.iter().map(|name| (*name).to_owned()).collect();
                let but_head: BTreeSet<String> = allowed.into_iter().filter(|name| name != "HEAD").collect();
                assert_eq!(but_head, expected, "{path}");
            }
        }
    }
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|name| name == "rs") {
            files.push(path);
        }
    }
}

/// A described router makes its routes and their description from the same handler. So the two can differ only where
/// a route is made in another way, or a described handler is left out.
#[test]
fn no_route_is_made_beside_the_document() {
    let mut files = Vec::new();
    sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut files);
    let (mut others, mut described) = (Vec::new(), 0);
    for file in files
        .iter()
        .filter(|file| !file.components().any(|part| part.as_os_str() == "tests"))
    {
        let text = fs::read_to_string(file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        described += code.matches("#[utoipa::path(").count();
        for line in code.lines().map(str::trim) {
            let ways = [
                ".route(",
                ".route_service(",
                ".nest(",
                ".nest_service(",
                ".fallback_service(",
                "SwaggerUi::new(",
            ];
            if ways.iter().any(|way| line.contains(way)) {
                others.push((file.clone(), line.to_owned()));
            }
        }
    }
    assert_eq!(others.len(), PAGES.len(), "{others:?}");
    for (file, line) in &others {
        assert!(
            PAGES
                .iter()
                .any(|(home, page)| file.ends_with(home) && line.contains(page)),
            "{}: {line}",
            file.display()
        );
    }
    let document = Document(serde_json::to_value(guildhall::api::openapi()).unwrap());
    assert_eq!(
        document.operations().len(),
        described,
        "a described handler has no route"
    );
}
