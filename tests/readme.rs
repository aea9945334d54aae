//! The README's tour, run as it is printed.

use std::process::Stdio;

use tokio::process::Command;

use crate::support::{PATIENCE, Place};

const README: &str = include_str!("../README.md");

/// The first fenced block after `place`.
fn block_after(place: &str) -> &'static str {
    let rest = README
        .split_once(place)
        .unwrap_or_else(|| panic!("the README has no {place:?}"))
        .1;
    let begin = rest.split_once("```").unwrap().1.split_once('\n').unwrap().1;
    begin.split_once("```").unwrap().0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tour_prints_what_the_readme_says() {
    let (tour, sale) = (block_after("## A tour"), block_after("## From a lead to a sale"));
    let payment = block_after("## From a sale to the payment");
    assert!(tour.contains("localhost:8080"), "{tour}");
    assert!(payment.contains("target/release/guildhall"), "{payment}");
    let printed = ["\nIt prints\n", "\nThis prints\n", "\nAnd so this prints\n"]
        .map(block_after)
        .concat();
    let place = Place::new();
    let server = place
        .serve(|command| {
            command.args(["--demo", "small"]);
        })
        .await;
    let script = [tour, sale, payment]
        .concat()
        .replace("localhost:8080", &server.address.to_string())
        .replace("/tmp/", &format!("{}/", place.root().display()))
        .replace("target/release/guildhall", env!("CARGO_BIN_EXE_guildhall"));
    for _ in 0..2 {
        assert_eq!(walk(&script, &place).await, printed, "again and again");
    }
    server.terminate().await;
}

/// What the script prints.
async fn walk(script: &str, place: &Place) -> String {
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", script])
        .current_dir(place.root())
        .kill_on_drop(true);
    let run = bash
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output();
    let output = tokio::time::timeout(PATIENCE, run)
        .await
        .expect("the tour does not end")
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{}\n{out}\n{err}", output.status);
    out.into_owned()
}
