//! A refresh token that serves once: every run of the tap must be given the newest.

use super::*;

/// A tap whose source takes each refresh token once and gives another; the source is a file that
/// holds the one that is good. Its token `token-N` becomes `token-N+1` in every run that asks for
/// anything.
fn rotating(work: &Work) -> PathBuf {
    let source = work.file("source", "token-1");
    let login = format!(
        r#"
        token=$(sed -n 's/.*"refresh_token": *"\([^"]*\)".*/\1/p' "$config")
        if [ "$token" != "$(cat {source})" ]; then
            echo 'CRITICAL 401 the refresh token was used before' >&2
            exit 1
        fi
        next=token-$((${{token#token-}} + 1))
        printf '%s' $next > {source}
        renamed '{{"refresh_token": "'$next'"}}'"#,
        source = source.display(),
    );
    let sync = format!(
        "{login}\nrecord 1; state 1\necho '{}'\n",
        json!({
        "type": "RECORD", "stream": "planets", "record": {"id": 1}})
    );
    tap(work, &login, &sync)
}

const FIRST: &str = r#"{"refresh_token": "token-1"}"#;

fn token(config: &Value) -> &str {
    config["refresh_token"].as_str().expect("a token")
}

#[test]
fn a_check_and_a_discovery_and_reads_go_on_from_each_others_config() {
    let work = Work::new();
    let tap = rotating(&work);
    let mut config = FIRST.to_owned();
    let mut goes_on = |run: Run<'_>| {
        let output = run.with_config(&config).arg("--tap").arg(&tap).ok();
        config = stored(&output).last().expect("a new token").to_string();
        output
    };
    let checked = goes_on(work.run("check"));
    assert_eq!(checked.answer().0, "SUCCEEDED", "{checked}");
    let discovered = goes_on(work.run("discover"));
    let catalog = in_full(&discovered.catalog());
    for _ in 0..2 {
        let read = goes_on(work.read(&catalog));
        assert_eq!(read.records().len(), 2, "{read}");
    }
}

#[test]
fn each_run_of_the_tap_within_a_read_is_given_the_newest() {
    let work = Work::new();
    let tap = rotating(&work);
    // Streams that share a state: the one that is read in full has a run of its own.
    let read = work.read(&catalog()).with_config(FIRST).arg("--tap").arg(&tap).ok();
    let tokens: Vec<String> = stored(&read).iter().map(|one| token(one).to_owned()).collect();
    assert_eq!(tokens, ["token-2", "token-3", "token-4"], "{read}");
}

#[test]
fn a_new_token_changes_nothing_for_the_discovery_cache() {
    let work = Work::new();
    let tap = rotating(&work);
    let cache = work.path("cache");
    let discover = work.discover().with_config(FIRST).arg("--tap").arg(&tap);
    let discovered = discover.arg("--discovery-cache").arg(&cache).ok();
    let config = stored(&discovered).pop().expect("a new token").to_string();
    let read =
        work.read(&in_full(&discovered.catalog())).with_config(config).arg("--tap").arg(&tap);
    let read = read.arg("--discovery-cache").arg(&cache).ok();
    assert!(read.logged("INFO", "from the discovery cache"), "{read}");
    assert_eq!(token(&stored(&read)[0]), "token-3");
}
