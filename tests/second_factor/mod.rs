//! The second factor: how it is switched on and off, and what it is worth in between.

mod codes;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use totp_rs::{Builder, Secret, Totp};

use crate::support::{Answer, Caller, Mailbox, PASSWORD, Scene, TestServer};

const SALES: &str = "sales@alder.example";

/// Somebody's second factor on a server whose clock the test moves.
struct Stage {
    server: TestServer,
    me: Caller,
    authenticator: Totp,
    recovery: Vec<String>,
}

/// What an authenticator makes of the secret that was typed into it.
fn authenticator(secret: &str) -> Totp {
    let secret = Secret::try_from_base32(secret).unwrap();
    Builder::new()
        .with_secret(secret)
        .with_account_name("me")
        .build()
        .unwrap()
}

fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap();
    list.iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

impl Stage {
    /// The second factor is on, and the code of now is fresh.
    async fn set() -> Self {
        let server = TestServer::builder().manual_clock().start().await;
        Scene::set(&server).await;
        let me = server.login(SALES).await;
        let start = me.post("/api/v1/auth/totp", &json!({"password": PASSWORD})).await.ok();
        let authenticator = authenticator(start["secret"].as_str().unwrap());
        let mut stage = Self {
            server,
            me,
            authenticator,
            recovery: Vec::new(),
        };
        let confirmed = stage.post("totp/confirm", &json!({"code": stage.code(0)})).await.ok();
        stage.recovery = texts(&confirmed["recovery_codes"]);
        stage.tick();
        stage
    }

    /// The authenticator shows its next code.
    fn tick(&self) {
        self.server.clock.advance(TimeDelta::seconds(30));
    }

    /// The code of so many steps from now.
    fn code(&self, steps: i64) -> String {
        let time = self.server.clock.now().timestamp() + steps * 30;
        self.authenticator.generate(time.try_into().unwrap()).to_string()
    }

    /// Six digits that are no code of about now.
    fn wrong(&self) -> String {
        let right = [-1, 0, 1].map(|steps| self.code(steps));
        let mut digits = (0..4).map(|digit| digit.to_string().repeat(6));
        digits.find(|digits| !right.contains(digits)).unwrap()
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.me.post(&format!("/api/v1/auth/{path}"), body).await
    }

    /// The first step of a log-in.
    async fn challenge(&self) -> String {
        let answer = self.server.try_login(SALES, PASSWORD).await.ok();
        assert_eq!(answer["mfa_required"], true, "{answer}");
        assert!(answer["access_token"].is_null() && answer["refresh_token"].is_null());
        answer["mfa_token"].as_str().unwrap().to_owned()
    }

    /// The second step, with a `code` or a `recovery_code`.
    async fn answer(&self, challenge: &str, kind: &str, code: &str) -> Answer {
        let body = json!({"mfa_token": challenge, kind: code});
        self.server.anonymous().post("/api/v1/auth/login/mfa", &body).await
    }

    /// Many second steps at the same instant.
    async fn answers(&self, steps: impl IntoIterator<Item = (&str, &str, &str)>) -> Vec<Answer> {
        let mut calls = JoinSet::new();
        for (challenge, kind, code) in steps {
            let (anyone, body) = (self.server.anonymous(), json!({"mfa_token": challenge, kind: code}));
            calls.spawn(async move { anyone.post("/api/v1/auth/login/mfa", &body).await });
        }
        calls.join_all().await
    }
}

fn count(answers: &[Answer], code: &str) -> usize {
    answers.iter().filter(|answer| answer.json()["code"] == code).count()
}

fn successes(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| answer.status.is_success()).count()
}

#[tokio::test]
async fn it_is_set_up_with_the_password_and_a_first_code_and_its_secret_is_shown_once() {
    let server = TestServer::builder().manual_clock().start().await;
    Scene::set(&server).await;
    let me = server.login(SALES).await;
    let start = async |password: &str| me.post("/api/v1/auth/totp", &json!({"password": password})).await;
    let refused = start("not the password").await.problem(422, "invalid_body");
    assert_eq!(refused["errors"][0]["pointer"], "/password");
    let abandoned = start(PASSWORD).await.ok();
    let started = start(PASSWORD).await;
    assert_eq!(started.header("cache-control"), "no-store");
    let started = started.ok();
    let secret = started["secret"].as_str().unwrap();
    assert_ne!(secret, abandoned["secret"].as_str().unwrap());
    assert!(
        started["otpauth_url"]
            .as_str()
            .unwrap()
            .contains(&format!("secret={secret}&"))
    );
    assert!(server.try_login(SALES, PASSWORD).await.ok()["access_token"].is_string());

    let now = server.clock.now().timestamp().try_into().unwrap();
    let confirm = async |code: String| me.post("/api/v1/auth/totp/confirm", &json!({"code": code})).await;
    let of_before = authenticator(abandoned["secret"].as_str().unwrap())
        .generate(now)
        .to_string();
    confirm(of_before).await.problem(422, "invalid_body");
    let mut calls = JoinSet::new();
    for _ in 0..4 {
        let (me, code) = (me.clone(), authenticator(secret).generate(now).to_string());
        calls.spawn(async move { me.post("/api/v1/auth/totp/confirm", &json!({"code": code})).await });
    }
    let answers = calls.join_all().await;
    assert_eq!(
        (successes(&answers), count(&answers, "illegal_move")),
        (1, 3),
        "{answers:?}"
    );
    let confirmed = answers.iter().find(|answer| answer.status.is_success()).unwrap();
    assert_eq!(confirmed.header("cache-control"), "no-store");
    let codes = texts(&confirmed.json()["recovery_codes"]);
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), 10);

    let user = me.get("/api/v1/me").await.ok()["user"].clone();
    assert_eq!(
        json!([user["mfa_enabled"], user["recovery_codes_left"]]),
        json!([true, 10])
    );
    assert!(!user.to_string().contains(secret));
    start(PASSWORD).await.problem(409, "illegal_move");
}

#[tokio::test]
async fn switching_it_off_takes_the_password_and_a_code() {
    let stage = Stage::set().await;
    let off = async |body: Value| stage.post("totp/disable", &body).await;
    for (body, pointer) in [
        (
            json!({"password": "not the password", "code": stage.code(0)}),
            "/password",
        ),
        (json!({"password": PASSWORD, "code": stage.wrong()}), "/code"),
        (json!({"password": PASSWORD}), "/code"),
        (
            json!({"password": PASSWORD, "recovery_code": "0000-0000-0000-0000"}),
            "/recovery_code",
        ),
    ] {
        let refused = off(body).await.problem(422, "invalid_body");
        assert_eq!(refused["errors"][0]["pointer"], pointer);
    }
    stage.challenge().await;
    let done = off(json!({"password": PASSWORD, "code": stage.code(0)})).await;
    assert_eq!(done.status.as_u16(), 204, "{done:?}");
    assert!(stage.server.try_login(SALES, PASSWORD).await.ok()["access_token"].is_string());
    let user = stage.me.get("/api/v1/me").await.ok()["user"].clone();
    assert_eq!(
        json!([user["mfa_enabled"], user["recovery_codes_left"]]),
        json!([false, 0])
    );
    off(json!({"password": PASSWORD, "code": stage.code(1)}))
        .await
        .problem(409, "illegal_move");
}

#[tokio::test]
async fn its_user_is_written_of_every_change() {
    let stage = Stage::set().await;
    let mut mailbox = Mailbox::of(SALES);
    let mut subjects = vec![mailbox.letter(&stage.server).await.subject];
    let challenge = stage.challenge().await;
    stage.answer(&challenge, "recovery_code", &stage.recovery[0]).await.ok();
    subjects.push(mailbox.letter(&stage.server).await.subject);
    stage.tick();
    stage
        .post(
            "totp/recovery-codes",
            &json!({"password": PASSWORD, "code": stage.code(0)}),
        )
        .await
        .ok();
    subjects.push(mailbox.letter(&stage.server).await.subject);
    stage.tick();
    let off = json!({"password": PASSWORD, "code": stage.code(0)});
    assert_eq!(stage.post("totp/disable", &off).await.status.as_u16(), 204);
    let last = mailbox.letter(&stage.server).await;
    assert!(last.body.contains("/reset-password"), "{}", last.body);
    subjects.push(last.subject);
    assert_eq!(
        subjects,
        [
            "Your second factor is on",
            "A recovery code of yours was used",
            "You have new recovery codes",
            "Your second factor is off"
        ]
    );
}

#[tokio::test]
async fn a_new_password_by_mail_leaves_it_on_and_ends_log_ins_half_done() {
    let stage = Stage::set().await;
    let pending = stage.challenge().await;
    let mut mailbox = Mailbox::of(SALES);
    mailbox.letters(&stage.server).await;
    let anyone = stage.server.anonymous();
    let body = json!({"email": SALES});
    anyone.post("/api/v1/auth/password-reset", &body).await.ok();
    let token = mailbox.letter(&stage.server).await.token();
    let fresh = "lantern orbit velvet kayak";
    let body = json!({"token": token, "new_password": fresh});
    let reset = anyone.post("/api/v1/auth/password-reset/confirm", &body).await;
    assert_eq!(reset.status.as_u16(), 204);
    stage
        .answer(&pending, "code", &stage.code(0))
        .await
        .problem(401, "mfa_challenge_ended");
    let login = stage.server.try_login(SALES, fresh).await.ok();
    assert_eq!(login["mfa_required"], true);
    let challenge = login["mfa_token"].as_str().unwrap();
    stage.answer(challenge, "code", &stage.code(0)).await.ok();
}
