//! Codes of the authenticator and recovery codes: what each opens, and how often one may be tried.

use chrono::TimeDelta;
use serde_json::json;

use super::{SALES, Stage, count, successes, texts};
use crate::support::{Mailbox, PASSWORD};

#[tokio::test]
async fn a_log_in_takes_the_password_and_then_a_code() {
    let stage = Stage::set().await;
    let challenge = stage.challenge().await;
    let spent = stage.code(-1);
    stage
        .answer(&challenge, "code", &spent)
        .await
        .problem(401, "wrong_code");
    let right = stage.code(0);
    stage
        .answer("made-up", "code", &right)
        .await
        .problem(401, "mfa_challenge_ended");
    let neither = json!({"mfa_token": challenge});
    let both = json!({"mfa_token": challenge, "code": right, "recovery_code": stage.recovery[0]});
    for body in [neither, both] {
        let answer = stage.server.anonymous().post("/api/v1/auth/login/mfa", &body).await;
        answer.problem(422, "invalid_body");
    }
    let answer = stage.answer(&challenge, "code", &right).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let in_ = stage.server.with_token(answer.ok()["access_token"].as_str().unwrap());
    let sessions = in_.get("/api/v1/auth/sessions").await.ok();
    let mine = sessions["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["current"] == true);
    assert_eq!(mine.unwrap()["mfa"], true);
    stage
        .answer(&challenge, "recovery_code", &stage.recovery[0])
        .await
        .problem(401, "mfa_challenge_ended");
}

#[tokio::test]
async fn a_code_opens_one_session_however_many_ask_at_once() {
    let stage = Stage::set().await;
    let mut challenges = Vec::new();
    for _ in 0..6 {
        challenges.push(stage.challenge().await);
    }
    let code = stage.code(0);
    let answers = stage
        .answers(challenges.iter().map(|one| (one.as_str(), "code", code.as_str())))
        .await;
    assert_eq!(
        (successes(&answers), count(&answers, "wrong_code")),
        (1, 5),
        "{answers:?}"
    );

    let challenge = stage.challenge().await;
    let answers = stage
        .answers(
            stage.recovery[..4]
                .iter()
                .map(|code| (challenge.as_str(), "recovery_code", code.as_str())),
        )
        .await;
    assert_eq!(
        (successes(&answers), count(&answers, "mfa_challenge_ended")),
        (1, 3),
        "a challenge opens one session: {answers:?}"
    );
    let left = stage.me.get("/api/v1/me").await.ok()["user"]["recovery_codes_left"].clone();
    assert_eq!(left, 9, "the codes that opened nothing are not spent");
}

#[tokio::test]
async fn a_challenge_ends_after_five_wrong_codes_or_five_minutes() {
    let stage = Stage::set().await;
    let challenge = stage.challenge().await;
    for left in (0..5).rev() {
        let refused = stage.answer(&challenge, "code", &stage.wrong()).await;
        assert_eq!(refused.problem(401, "wrong_code")["attempts_left"], left);
    }
    let right = stage.code(0);
    stage
        .answer(&challenge, "code", &right)
        .await
        .problem(401, "mfa_challenge_ended");

    let challenge = stage.challenge().await;
    let wrong = stage.wrong();
    let answers = stage.answers([(challenge.as_str(), "code", wrong.as_str()); 12]).await;
    assert_eq!(
        (count(&answers, "wrong_code"), count(&answers, "mfa_challenge_ended")),
        (5, 7),
        "at once as well"
    );

    let (prompt, late) = (stage.challenge().await, stage.challenge().await);
    stage
        .server
        .clock
        .advance(TimeDelta::minutes(5) - TimeDelta::seconds(1));
    stage.answer(&prompt, "code", &stage.code(0)).await.ok();
    stage.server.clock.advance(TimeDelta::seconds(1));
    stage
        .answer(&late, "recovery_code", &stage.recovery[0])
        .await
        .problem(401, "mfa_challenge_ended");
}

#[tokio::test]
async fn after_twenty_wrong_codes_only_a_recovery_code_is_taken_for_a_day() {
    let stage = Stage::set().await;
    let lock = async || {
        for _ in 0..4 {
            let (challenge, wrong) = (stage.challenge().await, stage.wrong());
            let answers = stage.answers([(challenge.as_str(), "code", wrong.as_str()); 5]).await;
            assert_eq!(count(&answers, "wrong_code"), 5, "{answers:?}");
        }
    };
    let mut mailbox = Mailbox::of(SALES);
    mailbox.letters(&stage.server).await;
    lock().await;
    assert!(mailbox.letter(&stage.server).await.body.contains("20"));
    let challenge = stage.challenge().await;
    let refused = stage.answer(&challenge, "code", &stage.code(0)).await;
    refused.problem(429, "second_factor_locked");
    assert_eq!(refused.header("retry-after"), "86400");
    stage.answer(&challenge, "recovery_code", &stage.recovery[0]).await.ok();
    let challenge = stage.challenge().await;
    stage.answer(&challenge, "code", &stage.code(0)).await.ok();

    stage.tick();
    lock().await;
    stage.server.clock.advance(TimeDelta::days(1) - TimeDelta::seconds(1));
    let challenge = stage.challenge().await;
    stage
        .answer(&challenge, "code", &stage.code(0))
        .await
        .problem(429, "second_factor_locked");
    stage.server.clock.advance(TimeDelta::seconds(1));
    stage.answer(&challenge, "code", &stage.code(0)).await.ok();
}

#[tokio::test]
async fn a_recovery_code_is_good_once_and_until_there_are_new_ones() {
    let stage = Stage::set().await;
    let first = &stage.recovery[0];
    let typed = first.to_lowercase().replace('-', " ");
    stage
        .answer(&stage.challenge().await, "recovery_code", &typed)
        .await
        .ok();
    let challenge = stage.challenge().await;
    stage
        .answer(&challenge, "recovery_code", first)
        .await
        .problem(401, "wrong_code");

    let mut challenges = Vec::new();
    for _ in 0..4 {
        challenges.push(stage.challenge().await);
    }
    let second = stage.recovery[1].as_str();
    let answers = stage
        .answers(challenges.iter().map(|one| (one.as_str(), "recovery_code", second)))
        .await;
    assert_eq!(
        (successes(&answers), count(&answers, "wrong_code")),
        (1, 3),
        "{answers:?}"
    );

    let renew = "totp/recovery-codes";
    let refused = stage
        .post(renew, &json!({"password": PASSWORD, "code": stage.wrong()}))
        .await;
    assert_eq!(refused.problem(422, "invalid_body")["errors"][0]["pointer"], "/code");
    let guess = json!({"password": "not the password", "code": stage.code(0)});
    let refused = stage.post(renew, &guess).await.problem(422, "invalid_body");
    assert_eq!(
        refused["errors"][0]["pointer"], "/password",
        "a token alone makes no codes"
    );
    let renewed = stage
        .post(renew, &json!({"password": PASSWORD, "code": stage.code(0)}))
        .await;
    assert_eq!(renewed.header("cache-control"), "no-store");
    let fresh = texts(&renewed.ok()["recovery_codes"]);
    assert!(fresh.iter().all(|code| !stage.recovery.contains(code)));
    let challenge = stage.challenge().await;
    stage
        .answer(&challenge, "recovery_code", &stage.recovery[2])
        .await
        .problem(401, "wrong_code");
    stage.answer(&challenge, "recovery_code", &fresh[0]).await.ok();
}
