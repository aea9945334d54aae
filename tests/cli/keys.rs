//! The master keys: what rotating them promises.

use std::fs;

use guildhall_kernel::Clock;
use serde_json::json;
use totp_rs::{Builder, Secret};

use super::{Database, Place, failures};
use crate::support::Said;

const LOGIN: (&str, &str) = ("rep@partner1.example", "guildhall-demo");

/// The lines of the key file, newest first.
fn key_file(place: &Place) -> Vec<String> {
    let text = fs::read_to_string(place.data().join("secret.keys")).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_key_file_is_rotated_beside_a_running_server() {
    let place = Place::new();
    let server = place
        .serve(|command| {
            command.args(["--demo", "small"]);
        })
        .await;
    let caller = server.login(LOGIN.0).await;
    let password = json!({"password": LOGIN.1});
    let started = caller.post("/api/v1/auth/totp", &password).await.ok();
    let before = key_file(&place);
    assert_eq!(before.len(), 1);

    let said = place.run(&["keys", "rotate-secrets"]).await.ok();
    let (count, rest) = said.split_once(' ').unwrap();
    // The signing key, the second factor, and the accounts that the demo's money comes from and goes to.
    assert!(count.parse::<u32>().unwrap() > 2, "{said}");
    assert!(
        rest.starts_with("secrets were sealed anew") && rest.contains("secret.keys"),
        "{said}"
    );
    let after = key_file(&place);
    assert_eq!((after.len(), &after[1..]), (2, before.as_slice()));
    let list = place.run(&["keys", "list"]).await.ok();
    assert!(!list.contains("older"), "{list}");

    // The server opens what the new key sealed, and seals with it, without a restart.
    let secret = Secret::try_from_base32(started["secret"].as_str().unwrap()).unwrap();
    let authenticator = Builder::new()
        .with_secret(secret)
        .with_account_name("me")
        .build()
        .unwrap();
    let now = Clock::system().now().timestamp().try_into().unwrap();
    let code = json!({"code": authenticator.generate(now).to_string()});
    caller.post("/api/v1/auth/totp/confirm", &code).await.ok();
    let other = server.login("rep@partner2.example").await;
    other.post("/api/v1/auth/totp", &password).await.ok();
    let healthy = place.run(&["doctor", "--json"]).await;
    assert_eq!(failures(&healthy), vec![]);
    assert!(
        healthy.out.contains("2 second factors") && !healthy.out.contains("older master key"),
        "{healthy:?}"
    );

    // Each run makes a key, and a restarted server knows them all.
    place.run(&["keys", "rotate-secrets"]).await.ok();
    assert_eq!(key_file(&place).len(), 3);
    let (status, _) = server.terminate().await;
    assert!(status.success(), "{status}");
    place.run(&["keys", "rotate-secrets"]).await.ok();
    let server = place.serve(|_| {}).await;
    server.caller(caller.token.clone()).get("/api/v1/me").await.ok();
}

#[tokio::test]
async fn keys_of_the_settings_are_rotated_by_whoever_sets_them() {
    let place = Place::new();
    let database = Database::create().await;
    let run = async |keys: &[&str], arguments: &[&str]| {
        let mut command = place.command(arguments);
        command
            .env("DATABASE_URL", database.url())
            .env("GUILDHALL_SECRETS__KEYS", serde_json::to_string(keys).unwrap());
        Said::by(command).await
    };
    let (old, new) = (
        "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=",
    );
    let rotate = ["keys", "rotate-secrets"];
    run(&[old], &["migrate"]).await.ok();
    let refused = run(&[old], &rotate).await.refusal();
    assert!(
        refused.contains("nothing was rotated") && refused.contains("openssl rand") && refused.contains("secrets.keys"),
        "{refused}"
    );
    // The first round on several nodes: all of them can open what the new key seals, none seals with it.
    run(&[old, new, old], &rotate).await.refusal();
    let said = run(&[new, old], &rotate).await.ok();
    assert!(said.starts_with("1 secrets were sealed anew"), "{said}");
    let refused = run(&[new, old], &rotate).await.refusal();
    assert!(refused.contains("nothing was rotated"), "{refused}");
    run(&[new], &["keys", "list"]).await.ok();
    let unknown = run(&[old], &rotate).await.refusal();
    assert!(unknown.contains("secrets.keys"), "{unknown}");
    assert!(
        !place.data().join("secret.keys").exists(),
        "a key was made that nothing uses"
    );
}
