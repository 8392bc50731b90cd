//! Whatever the tap says of the new token, nobody reads it.

use super::*;

/// The output, less what is meant for the platform alone.
fn all_but_control(output: &Output) -> String {
    let rest = output.lines.iter().filter(|line| line.kind != "CONTROL");
    rest.map(|line| line.raw.as_str()).collect::<Vec<_>>().join("\n") + &output.stderr
}

#[test]
fn a_new_token_is_masked_from_the_moment_it_is_written() {
    let work = Work::new();
    let sync = r#"
        in_place '{"refresh_token": "second/token", "access_token": "brand-new", "start": 1}'
        echo 'INFO refreshed: second/token, brand-new, url second%2Ftoken' >&2
        echo 'WARNING on stdout: second/token'
        record 1; state 1; sleep 0.5
        renamed '{"refresh_token": "third/token", "start": 1}'
        echo 'CRITICAL 401 for third%2ftoken and dGhpcmQvdG9rZW4=' >&2
        exit 1"#;
    let read = reading(&work, sync).fails();
    assert_eq!(stored(&read).last().expect("two")["refresh_token"], "third/token");
    let rest = all_but_control(&read);
    for token in ["second/token", "second%2F", "brand-new", "third/token", "third%2f", "dGhpcmQ"] {
        assert!(!rest.contains(token), "{token}: {read}");
    }
    assert!(read.logged("INFO", "refreshed: ****, ****, url ****"), "{read}");
    assert!(read.error().contains("401 for **** and ****"), "{read}");
}

#[test]
fn so_it_is_in_the_answer_of_a_check() {
    let work = Work::new();
    let before =
        format!("in_place '{SECOND}'\necho 'CRITICAL second-token is refused' >&2\nexit 1");
    let tap = tap(&work, &before, "");
    let check = work.check().with_config(CONFIG).arg("--tap").arg(tap).ok();
    assert_eq!(check.answer().0, "FAILED");
    assert!(check.answer().1.contains("**** is refused"), "{check}");
    assert!(!all_but_control(&check).contains("second-token"), "{check}");
}

#[test]
fn what_the_taps_own_spec_calls_secret_is_masked_under_any_name() {
    let work = Work::new();
    let spec = json!({"connectionSpecification": {"type": "object", "properties": {
        "start": {"type": "integer"}, "refresh_token": {"type": "string"},
        "pet": {"type": "string", "airbyte_secret": true}}}});
    let spec = work.file("spec.json", spec.to_string());
    let sync = r#"
        in_place '{"refresh_token": "first-token", "start": 1, "pet": "gerald-the-cat"}'
        echo 'INFO my pet is gerald-the-cat' >&2
        record 1"#;
    let read = reading(&work, sync).arg("--tap-spec").arg(spec).ok();
    assert!(read.logged("INFO", "my pet is ****"), "{read}");
    assert!(!all_but_control(&read).contains("gerald"), "{read}");
}

#[test]
fn a_line_of_our_own_may_be_the_first_to_ask_for_a_new_token() {
    let work = Work::new();
    // No word of the tap's stands between the new config and what we have to say of its message.
    let sync = format!("in_place '{SECOND}'; echo '{{\"type\": \"BANANA\"}}'; record 1; state 1");
    let read = reading(&work, &sync).ok();
    assert!(read.logged("INFO", "changed `refresh_token`"), "{read}");
    assert!(read.logged("INFO", "messages of type BANANA are passed over"), "{read}");
}
