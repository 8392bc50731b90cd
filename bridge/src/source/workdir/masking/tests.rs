use super::*;
use crate::tap::hearing::{MAX_LINE, QUIET};
use crate::tap::{Hearing, Voice, Words};

const SECRET: &str = "correct-horse-battery-staple";

fn hearing() -> Hearing {
    let secrets = Secrets::default();
    secrets.add(&SECRET.into());
    Hearing::new(Words::default(), Voice::plain(&secrets))
}

fn heard(hearing: &mut Hearing) -> Vec<String> {
    hearing.finish();
    hearing.words.recent()
}

#[test]
fn a_secret_that_is_wrapped_over_lines_is_never_heard() {
    for at in 1..SECRET.len() {
        for next in (at..SECRET.len()).step_by(5) {
            let mut hearing = hearing();
            let lines =
                ["it is ", &SECRET[..at], "\n", &SECRET[at..next], "\n", &SECRET[next..], " ."];
            // However the lines arrive.
            for line in lines.concat().lines() {
                hearing.line(line.as_bytes());
                hearing.settle();
            }
            assert_eq!(heard(&mut hearing), ["it is ****", " ."]);
        }
    }
}

#[test]
fn a_line_is_held_until_enough_has_followed_or_200_ms() {
    let mut hearing = hearing();
    hearing.line(b"INFO one");
    hearing.line(b"INFO two");
    hearing.settle();
    assert!(hearing.words.recent().is_empty() && hearing.is_waiting());
    hearing.line(format!("INFO {}", "x".repeat(10 * SECRET.len())).as_bytes());
    hearing.settle();
    // The second one waits in the parser for lines that belong to it.
    assert_eq!(hearing.words.recent(), ["one"]);
    std::thread::sleep(QUIET);
    hearing.line(b"INFO four");
    hearing.settle();
    assert_eq!(hearing.words.recent(), ["one", "two"]);
    assert_eq!(heard(&mut hearing).len(), 4);
    assert!(!hearing.is_waiting());
}

#[test]
fn a_secret_in_lines_with_a_long_pause_between_is_never_heard() {
    for at in [4, 9, SECRET.len() - 1] {
        for next in [at + 1, SECRET.len()].map(|next| next.min(SECRET.len())) {
            let mut hearing = hearing();
            hearing.line(format!("INFO it is {}", &SECRET[..at]).as_bytes());
            for rest in [&SECRET[at..next], &SECRET[next..]].iter().filter(|rest| !rest.is_empty())
            {
                std::thread::sleep(QUIET);
                hearing.pause();
                assert!(hearing.words.recent().is_empty() && hearing.is_waiting(), "{at} {next}");
                hearing.line(rest.as_bytes());
                hearing.settle();
            }
            std::thread::sleep(QUIET);
            hearing.pause();
            assert_eq!(heard(&mut hearing).concat().trim_end(), "it is ****", "{at} {next}");
        }
    }
}

#[test]
fn a_line_whose_end_begins_no_secret_is_not_held() {
    let mut hearing = hearing();
    for line in ["INFO it is cor", "INFO it is horse-battery", "INFO correct-horses"] {
        hearing.line(line.as_bytes());
        std::thread::sleep(QUIET);
        hearing.pause();
    }
    assert_eq!(hearing.words.recent(), ["it is cor", "it is horse-battery", "correct-horses"]);
}

#[test]
fn what_never_ends_is_told_without_its_end_and_the_rest_is_still_masked() {
    let (one, two) = SECRET.split_at(9);
    let mut hearing = hearing();
    hearing.line(format!("INFO it is {one}").as_bytes());
    hearing.wait_is_over();
    hearing.pause();
    assert_eq!(hearing.words.recent(), ["it is ****"]);
    hearing.line(format!("{two} and more").as_bytes());
    std::thread::sleep(QUIET);
    hearing.pause();
    assert_eq!(heard(&mut hearing), ["it is ****", " and more"]);
}

#[test]
fn a_token_that_becomes_known_while_its_line_is_held_is_never_heard() {
    let secrets = Secrets::default();
    secrets.add(&SECRET.into());
    let mut hearing = Hearing::new(Words::default(), Voice::plain(&secrets));
    hearing.line(b"INFO the new token is brand-");
    hearing.line(b"new-token");
    hearing.settle();
    secrets.add(&"brand-new-token".into());
    assert_eq!(heard(&mut hearing).concat().trim_end(), "the new token is ****");
}

#[test]
fn nothing_is_held_where_nothing_is_secret() {
    let mut hearing = Hearing::new(Words::default(), Voice::plain(&Secrets::default()));
    hearing.line(b"INFO one");
    hearing.line(b"INFO two");
    hearing.settle();
    assert_eq!(hearing.words.recent(), ["one"]);
}

#[test]
fn a_secret_at_the_cut_of_a_long_line_leaves_no_half() {
    let longest = hearing().longest();
    for before in (MAX_LINE - 3 * SECRET.len()..longest + SECRET.len()).step_by(3) {
        let mut hearing = hearing();
        let line = format!("{}{SECRET}{}", "-".repeat(before), "-".repeat(1000));
        hearing.line(line.as_bytes());
        let heard = heard(&mut hearing).concat();
        assert!(
            heard.len() > MAX_LINE - SECRET.len() && heard.len() <= MAX_LINE,
            "{}",
            heard.len()
        );
        assert!(heard.bytes().all(|b| b == b'-' || b == b'*'), "half a secret after {before}");
    }
}

#[test]
fn a_long_line_of_nothing_but_secrets_leaves_no_half() {
    let mut hearing = hearing();
    hearing.line(SECRET.repeat(10_000).as_bytes());
    assert!(heard(&mut hearing).concat().bytes().all(|b| b == b'*'));
}

#[test]
fn what_is_not_utf8_is_mended_and_the_last_update_of_a_bar_counts() {
    let mut hearing = hearing();
    hearing.line(b"a\xff\r");
    hearing.line(format!(" 1%\r 50% {SECRET}\r 99% {SECRET}").as_bytes());
    assert_eq!(heard(&mut hearing), ["a\u{fffd}", " 99% ****"]);
}

#[test]
fn a_traceback_is_masked_as_one() {
    let mut hearing = hearing();
    let (one, two) = SECRET.split_at(9);
    let lines = format!(
        "CRITICAL died\nTraceback (most recent call last):\n  File \"x\", line 1\n    f('{one}\n    {two}')\nValueError: {one}\n  {two}"
    );
    lines.lines().for_each(|line| hearing.line(line.as_bytes()));
    hearing.finish();
    let last = hearing.words.last();
    let told = format!("{:?}", last);
    assert!(told.contains("f('****") && told.contains("ValueError: ****"), "{told}");
    assert!(!told.contains(one) && !told.contains(two), "{told}");
}
