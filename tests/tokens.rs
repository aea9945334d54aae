//! Access tokens: whoever wants to can check one, and nobody can make one.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, jwk::Jwk};
use serde_json::{Value, json};

use crate::support::{PASSWORD, Scene, TestServer};

const SALES: &str = "sales@alder.example";
/// An Ed25519 private key in PKCS #8 (RFC 8410 section 7) is this and 32 bytes of anything.
const PKCS8: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

fn encode(part: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(part.to_string())
}

fn decode(part: &str) -> Value {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn a_token_can_be_checked_with_the_published_keys() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let signed_in = server.try_login(SALES, PASSWORD).await.ok();
    let token = signed_in["access_token"].as_str().unwrap();
    let published = server.anonymous().get("/.well-known/jwks.json").await;
    assert_eq!(published.header("cache-control"), "public, max-age=300");
    let keys = published.ok()["keys"].clone();
    let header = jsonwebtoken::decode_header(token).unwrap();
    let key = keys
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["kid"] == json!(header.kid));
    let key = key.unwrap();
    assert_eq!(
        json!([key["kty"], key["crv"], key["d"]]),
        json!(["OKP", "Ed25519", null])
    );

    let jwk: Jwk = serde_json::from_value(key.clone()).unwrap();
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.set_audience(&["guildhall"]);
    rules.set_issuer(&[&server.app().config.http.public_url]);
    let read = jsonwebtoken::decode::<Value>(token, &DecodingKey::from_jwk(&jwk).unwrap(), &rules);
    let claims = read.unwrap().claims;
    assert_eq!(
        json!([
            claims["sub"],
            claims["sid"],
            claims["org"],
            claims["kind"],
            claims["role"]
        ]),
        json!([
            signed_in["user"]["id"],
            signed_in["session_id"],
            scene.alder,
            "partner",
            "sales"
        ])
    );
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 600);
}

#[tokio::test]
async fn a_token_that_somebody_else_made_or_changed_is_refused() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let signed_in = server.try_login(SALES, PASSWORD).await.ok();
    let token = signed_in["access_token"].as_str().unwrap();
    let victim = server.try_login("owner@northwind.example", PASSWORD).await.ok();
    let victim = victim["access_token"].as_str().unwrap();
    server.with_token(token).get("/api/v1/me").await.ok();

    let parts: Vec<&str> = token.split('.').collect();
    let (header, claims) = (decode(parts[0]), decode(victim.split('.').nth(1).unwrap()));
    let kid = header["kid"].as_str().unwrap().to_owned();
    let keys = server.anonymous().get("/.well-known/jwks.json").await.ok();
    let public = keys["keys"][0]["x"].as_str().unwrap();
    let sign = |algorithm, kid: &str, key: &EncodingKey| {
        let mut header = Header::new(algorithm);
        header.kid = Some(kid.to_owned());
        jsonwebtoken::encode(&header, &claims, key).unwrap()
    };
    let own = EncodingKey::from_ed_der(&[PKCS8.as_slice(), &[7; 32]].concat());
    let public_bytes = BASE64_URL_SAFE_NO_PAD.decode(public).unwrap();
    let mut longer = decode(parts[1]);
    longer["exp"] = json!(claims["exp"].as_i64().unwrap() + 3600);
    for (what, forged) in [
        (
            "another's claims",
            format!("{}.{}.{}", parts[0], encode(&claims), parts[2]),
        ),
        ("a later end", format!("{}.{}.{}", parts[0], encode(&longer), parts[2])),
        (
            "no signature",
            format!("{}.{}.", encode(&json!({"alg": "none", "kid": kid})), encode(&claims)),
        ),
        ("no signature asked for", format!("{}.{}.", parts[0], encode(&claims))),
        (
            "the public key as a shared secret",
            sign(Algorithm::HS256, &kid, &EncodingKey::from_secret(&public_bytes)),
        ),
        (
            "its text as a shared secret",
            sign(Algorithm::HS256, &kid, &EncodingKey::from_secret(public.as_bytes())),
        ),
        (
            "an own key by the name of the server's",
            sign(Algorithm::EdDSA, &kid, &own),
        ),
        ("an own key", sign(Algorithm::EdDSA, "mine", &own)),
        (
            "a refresh token",
            signed_in["refresh_token"].as_str().unwrap().to_owned(),
        ),
        (
            "a made-up API key",
            "ghk_4vJ9tq1cQm0m3bXwJt0y5n8Jm2sZ5r1pWc7kq0F3d9E".to_owned(),
        ),
    ] {
        let answer = server.with_token(&forged).get("/api/v1/me").await;
        assert_eq!(answer.status.as_u16(), 401, "{what}: {answer:?}");
        answer.problem(401, "unauthenticated");
    }
    server.with_token(token).get("/api/v1/me").await.ok();
}
