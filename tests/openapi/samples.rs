//! What the document shows for example is what a client would get, and nothing that it would send by mistake.

use serde_json::Value;

fn document() -> Value {
    serde_json::to_value(guildhall::api::openapi()).unwrap()
}

fn each_operation(document: &Value, mut see: impl FnMut(&str, &Value)) {
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            see(&format!("{method} {path}"), operation);
        }
    }
}

#[test]
fn every_failure_is_shown_with_its_own_status_and_a_known_code() {
    let codes = guildhall::api::codes();
    let mut shown = 0;
    each_operation(&document(), |place, operation| {
        for (status, response) in operation["responses"].as_object().unwrap() {
            if !status.starts_with(['4', '5']) {
                continue;
            }
            let content = &response["content"]["application/problem+json"];
            let several = content["examples"].as_object().into_iter().flat_map(|all| all.values());
            let examples: Vec<&Value> = several
                .map(|example| &example["value"])
                .chain(content.get("example"))
                .collect();
            assert!(!examples.is_empty(), "{place} {status} has no example");
            for example in examples {
                assert_eq!(example["status"].to_string(), *status, "{place}");
                let code = codes.iter().find(|code| example["code"] == code.name);
                let code = code.unwrap_or_else(|| panic!("{place}: {example}"));
                assert_eq!(example["title"], code.title, "{place}");
                assert_eq!(example["type"], format!("/docs/errors#{}", code.name), "{place}");
                assert!(
                    example["detail"].as_str().is_some_and(|text| text.len() > 10),
                    "{place}"
                );
                shown += 1;
            }
        }
    });
    assert!(shown > 100, "{shown}");
}

#[test]
fn a_failure_that_is_named_is_the_one_shown() {
    let document = document();
    let login = &document["paths"]["/api/v1/auth/login"]["post"]["responses"];
    let example = |status: &str| &login[status]["content"]["application/problem+json"]["example"]["code"];
    assert_eq!(
        [example("401"), example("403"), example("415"), example("429")],
        [
            "wrong_credentials",
            "email_not_verified",
            "unsupported_media_type",
            "rate_limited"
        ]
    );
}

#[test]
fn nothing_is_filled_in_that_need_not_be_given() {
    let mut seen = 0;
    each_operation(&document(), |place, operation| {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            if parameter["required"] != true {
                seen += 1;
                for part in [parameter, &parameter["schema"]] {
                    assert!(
                        part.get("example").is_none()
                            && part.get("examples").is_none()
                            && part.get("default").is_none(),
                        "{place}: {parameter}"
                    );
                }
            }
            if parameter["name"] == "Idempotency-Key" {
                assert!(
                    !parameter["description"].as_str().unwrap().contains('-'),
                    "{place}: a key to copy"
                );
            }
        }
    });
    assert!(seen > 30, "{seen}");
}

#[test]
fn descriptions_speak_of_the_api_and_not_of_the_code() {
    fn look(part: &Value, path: &str) {
        match part {
            Value::Object(members) => {
                if let Some(text) = members.get("description").and_then(Value::as_str) {
                    for code in ["[`", "`]", "::", "`Display`", "`Option", "`Self"] {
                        assert!(!text.contains(code), "{path}: {text}");
                    }
                }
                for (name, member) in members {
                    look(member, &format!("{path}/{name}"));
                }
            }
            Value::Array(items) => items.iter().for_each(|item| look(item, path)),
            _ => {}
        }
    }
    look(&document(), "");
}

#[test]
fn the_log_in_shown_works_in_the_demo() {
    let document = document();
    let body =
        &document["paths"]["/api/v1/auth/login"]["post"]["requestBody"]["content"]["application/json"]["example"];
    let (email, password) = (body["email"].as_str().unwrap(), body["password"].as_str().unwrap());
    assert!(
        guildhall::demo::PEOPLE.iter().any(|(known, _)| *known == email),
        "{email}"
    );
    assert_eq!(password, guildhall::demo::PASSWORD);
}
