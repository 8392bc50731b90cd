//! What a tap says passes without its secrets, whatever their form and wherever they stand.

use super::*;

/// The forms in which Python prints the secret, by name.
fn forms() -> Vec<(String, String)> {
    let text = |form: &Value, key: &str| form[key].as_str().expect("a text").to_owned();
    include_str!("forms.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .map(|form: Value| (text(&form, "how"), text(&form, "form")))
        .collect()
}

fn halves(form: &str) -> (&str, &str) {
    let half = form.char_indices().nth(form.chars().count() / 2).expect("long enough").0;
    form.split_at(half)
}

/// Everything that was said, as it was written and as it is read.
fn everything(output: &Output) -> String {
    fn texts(value: &Value, out: &mut String) {
        match value {
            Value::String(text) => out.extend([text, "\n"]),
            Value::Array(list) => list.iter().for_each(|value| texts(value, out)),
            Value::Object(map) => map.values().for_each(|value| texts(value, out)),
            _ => {}
        }
    }
    let mut all = output.stderr.clone();
    for line in &output.lines {
        all.extend([&line.raw, "\n"]);
        texts(&serde_json::from_str(&line.raw).expect("every line is JSON"), &mut all);
    }
    all
}

/// Neither whole nor by half.
fn assert_unseen(output: &Output, when: &str) {
    let all = everything(output);
    for (how, form) in forms() {
        let (first, second) = halves(&form);
        for part in [first, second] {
            assert!(!all.contains(part), "{when}: {how}: {part} is seen\n{output}");
        }
    }
}

/// Log lines with the secret in all its forms, whole and in two lines. Errors, because they are
/// never left out.
fn log() -> String {
    let mut log = String::new();
    for (how, form) in forms() {
        let (first, second) = halves(&form);
        log += &format!("ERROR whole: {how}: {form} .\n");
        log += &format!("ERROR in two lines: {how}: {first}\n{second} .\n");
        log +=
            "ERROR request failed\nTraceback (most recent call last):\n  File \"tap.py\", line 9\n";
        log += &format!("    login('{form}')\nValueError: {how}: {first}\n{second}\n");
        log += &format!("\r 10% {form}\r 20% {form}\n");
        // Nobody says which level this is.
        log += &format!("\n{first}\n{second}\n");
    }
    log
}

fn talkative() -> Tap {
    let said = [log(), schema("people"), log(), state(json!({})), log()].join("\n");
    people()
        .says(&[said])
        .complains(&log())
        .file("discover.stderr.txt", log())
        .about(json!({"user": {"type": "string"}, "password": {"type": "string"}}), &[])
}

#[test]
fn no_form_of_a_secret_is_seen_in_what_a_tap_says() {
    for command in ["check", "discover", "read"] {
        let (work, tap) = (Work::new(), talkative());
        let run = match command {
            "read" => work.read(&catalog()),
            other => work.run(other),
        };
        let run = run.with_config(config(SECRET)).tap(&tap);
        let output = run.args(["--log-level", "trace"]).go();
        assert!(output.logs().len() > 50, "{command}: the tap's log is seen\n{output}");
        assert_unseen(&output, command);
    }
}

#[test]
fn what_is_no_secret_is_seen_in_all_its_forms() {
    let (work, tap) = (Work::new(), talkative());
    let run = work.read(&catalog()).with_config(config("another-password")).tap(&tap);
    let all = everything(&run.args(["--log-level", "trace"]).go());
    for (how, form) in forms() {
        let (first, second) = halves(&form);
        for told in
            [format!("whole: {how}: {form} ."), format!("in two lines: {how}: {first}\n{second} .")]
        {
            assert!(all.contains(&told), "{told}");
        }
    }
}

#[test]
fn before_there_is_a_config_the_environments_secrets_are_masked() {
    let (work, tap) = (Work::new(), talkative().file("about.stderr.txt", log()));
    let spec = |password: &str| {
        let run = work.spec().tap(&tap).env("TAP_PEOPLE_PASSWORD", password);
        run.args(["--log-level", "trace"]).ok()
    };
    assert_unseen(&spec(SECRET), "spec");
    assert!(everything(&spec("another-password")).contains(SECRET));
}

#[test]
fn no_form_of_a_secret_is_seen_in_the_report_of_a_failure() {
    for (how, form) in forms() {
        let (first, second) = halves(&form);
        let critical = format!("CRITICAL 401 Unauthorized: {form}");
        let wrapped = format!("CRITICAL 401 Unauthorized: {first}\n{second}");
        let traceback = format!(
            "Traceback (most recent call last):\n  File \"tap.py\", line 9\n    \
             login('{form}')\nLoginError: 401 Unauthorized: {first}\n{second}"
        );
        for last_words in [critical, wrapped, traceback] {
            let tap = people()
                .file("discover.stderr.txt", &last_words)
                .exits(json!({"discover": 1, "sync": 1}))
                .complains(&last_words);
            let work = Work::new();
            let checked = work.check().with_config(config(SECRET)).tap(&tap).ok();
            let (status, message) = checked.answer();
            assert_eq!(status, "FAILED", "{checked}");
            assert!(message.contains("401 Unauthorized: ****"), "{how}: {message}");
            assert_unseen(&checked, &how);
            let failed = work.discover().with_config(config(SECRET)).tap(&tap).fails();
            assert!(failed.error().contains("401 Unauthorized: ****"), "{how}: {failed}");
            assert_unseen(&failed, &how);
        }
    }
}

#[test]
fn a_long_line_is_masked_before_it_is_cut() {
    for before in (65_400..65_700).step_by(7) {
        let line = format!("ERROR {}{SECRET}{}\n", "-".repeat(before), "-".repeat(5000));
        let work = Work::new();
        let tap = people().file("discover.stderr.txt", line);
        let output = work.discover().with_config(config(SECRET)).tap(&tap).ok();
        let logs = output.logs();
        let long = logs.iter().find(|log| log.contains("----")).expect("the long line");
        assert!(long["ERROR ".len()..].bytes().all(|b| b == b'-' || b == b'*'), "after {before}");
    }
}

#[test]
fn a_wrong_command_line_shows_no_value() {
    let work = Work::new();
    let config = work.file("config.json", config(SECRET));
    let output = work.run("read").arg("--config").arg(&config).arg("--no-such-flag").go();
    assert_eq!(output.exit, Exit::Code(2));
    assert_unseen(&output, "usage");
}

/// How many lines a log stands for: those that are seen, and those that were counted.
fn counted(output: &Output, text: &str) -> u64 {
    let number = |log: &str| log.split(' ').find_map(|word| word.parse::<u64>().ok());
    let logs = output.logs();
    let seen = logs.iter().filter(|log| log.contains(text)).count() as u64;
    let omitted = logs.iter().filter(|log| log.contains("left out in this second"));
    seen + omitted.filter_map(|log| number(log)).sum::<u64>()
}

#[test]
fn a_flood_of_log_lines_is_counted_and_costs_no_record() {
    const LINES: u64 = 100_000;
    let flood = |n| format!("INFO flood {n}");
    let on_stderr: Vec<String> = (0..LINES).map(flood).collect();
    let record = r#"{"type":"RECORD","stream":"people","record":{"id":1}}"#.to_owned();
    let strays = (0..LINES).map(|n| if n % 100 == 0 { record.clone() } else { flood(n) });
    let on_stdout: Vec<String> = [schema("people")].into_iter().chain(strays).collect();
    let work = Work::new();
    let tap = people().complains(&on_stderr.join("\n")).says(&on_stdout);
    let output = work.read(&catalog()).with_config(config(SECRET)).tap(&tap).ok();
    assert_eq!(output.records().len() as u64, LINES / 100);
    assert_eq!(counted(&output, "INFO flood"), LINES + LINES * 99 / 100, "{output}");
    assert!(output.logs().len() < 20_000, "{}", output.logs().len());
}

#[test]
fn an_error_is_never_left_out_and_a_repeated_one_is_counted() {
    let errors: Vec<String> = (0..500).map(|n| format!("ERROR number {n}")).collect();
    let repeated = "ERROR again and again\n".repeat(5000);
    let tap = people().complains(&format!("{}\n{repeated}INFO done\n", errors.join("\n")));
    let output = Work::new().read(&catalog()).tap(&tap).ok();
    let logs = output.logs();
    for error in &errors {
        assert!(logs.contains(error), "{error}");
    }
    let times = |log: &str| log.split("(repeated ").nth(1)?.split(' ').next()?.parse::<u64>().ok();
    let repeated: u64 = logs.iter().filter_map(|log| times(log)).sum();
    assert_eq!(repeated, 4999, "{output}");
    assert_eq!(logs.iter().filter(|log| *log == "ERROR again and again").count(), 1);
}

/// Secrets under the names that users' configs have, where no spec says what is secret.
#[test]
fn without_a_spec_names_and_shapes_say_what_is_secret() {
    let path = fixtures("secrets/config.json");
    let config = std::fs::read_to_string(path).expect("a fixture");
    let given: Value = serde_json::from_str(&config).expect("JSON");
    fn said(value: &Value, out: &mut String) {
        match value {
            Value::Object(map) => map.values().for_each(|value| said(value, out)),
            Value::Array(list) => list.iter().for_each(|value| said(value, out)),
            value => out.push_str(&format!("INFO it is {}\n", value.as_str().expect("a text"))),
        }
    }
    let mut text = String::new();
    said(&given, &mut text);
    let (work, tap) = (Work::new(), people().complains(&text));
    let output = work.read(&catalog()).tap(&tap).with_config(&config).ok();
    let all = everything(&output);
    assert!(!all.contains("11112222"), "{all}");
    for open in ["it is keeper", "it is https://api.example.invalid\n", "it is X-Token"] {
        assert!(all.contains(open), "{open}: {all}");
    }
}

/// Masked in our own words, the tap's name would tell the password.
#[test]
fn a_password_that_is_a_part_of_the_taps_name_leaves_our_own_words_alone() {
    let work = Work::new();
    let script = "#!/bin/sh\necho 'OperationalError: Connection refused by postgres' >&2\nexit 1\n";
    let tap = work.file("tap-postgres", script);
    std::fs::set_permissions(&tap, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("ours");
    let config = json!({"user": "postgres", "password": "postgres"}).to_string();
    let says = "tap-postgres: OperationalError: Connection refused by ****";
    let discover = work.discover().with_config(&config).arg("--tap").arg(&tap).fails();
    assert_eq!(discover.error(), says, "{discover}");
    let check = work.check().with_config(&config).arg("--tap").arg(&tap).ok();
    assert_eq!(check.answer().1, says, "{check}");
}

/// So would any other word of ours.
#[test]
fn a_password_that_is_a_word_of_ours_leaves_our_sentence_alone() {
    let work = Work::new();
    let script = "#!/bin/sh\necho 'INFO during the night' >&2\nexit 1\n";
    let tap = work.file("tap-x", script);
    std::fs::set_permissions(&tap, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("ours");
    let says = "tap-x exited with code 1 during discovery; the last thing it said: **** the night";
    let discover = work.discover().with_config(config("during")).arg("--tap").arg(&tap).fails();
    assert_eq!(discover.error(), says, "{discover}");
    let internal = &discover.errors()[0]["internal_message"];
    assert_eq!(internal, "the tap exited with code 1 during discovery");
    let check = work.check().with_config(config("during")).arg("--tap").arg(&tap).ok();
    assert_eq!(check.answer().1, says, "{check}");
}
