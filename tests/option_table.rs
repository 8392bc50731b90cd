//! docs/options.md has every option, with its default and with what a config may do with it.
//! `AIRBYTE_SINGER_BLESS=1` writes its table anew.

use crate::harness::*;
use airbyte_singer::options::{ByConfig, OptionSet};
use clap::Args;
use serde_json::{Value, json};
use std::collections::HashMap;

/// An option's value that is as good as any.
fn any(name: &str) -> Value {
    match name {
        "tap_arg" | "batch_dir" => json!(["x"]),
        "catalog_flag" => json!("both"),
        "check" => json!("config"),
        "on_malformed" => json!("skip"),
        "state_type" => json!("global"),
        "validate_records" => json!(true),
        "max_line_bytes" => json!(1000),
        "streams" => json!({"a": {"cursor": "id"}}),
        "harmless_lines" => json!(["x"]),
        time if time.ends_with("_timeout") || time == "state_interval" || time == "stop_grace" => {
            json!("3s")
        }
        _ => json!("x"),
    }
}

/// Options that a flag couldn't hold.
const WITHOUT_A_FLAG: [&str; 2] = ["streams", "harmless_lines"];

/// The flags by the names of their options, with their help.
fn flags() -> Vec<(String, String)> {
    let command = OptionSet::augment_args(clap::Command::new("x"));
    let help = |arg: &clap::Arg| arg.get_help().map(ToString::to_string).unwrap_or_default();
    command.get_arguments().map(|arg| (arg.get_id().to_string(), help(arg))).collect()
}

/// What a config may do with each option.
fn by_config() -> HashMap<&'static str, ByConfig> {
    let names = flags().into_iter().map(|(name, _)| name);
    let names = names.chain(WITHOUT_A_FLAG.map(str::to_owned));
    let all = names.map(|name| (name.clone(), any(&name))).collect();
    let all = airbyte_singer::profile::from_map(all).expect("options");
    let known: HashMap<_, _> = all.set().collect();
    assert_eq!(known.len(), flags().len() + WITHOUT_A_FLAG.len(), "each option is known");
    known
}

/// The rows of the table.
fn rows() -> String {
    let known = by_config();
    let said = |name: &str| match known[name] {
        ByConfig::Any => "any".to_owned(),
        ByConfig::Never => "never".to_owned(),
        ByConfig::Within(range) => range.to_owned(),
    };
    let row = |(name, help): &(String, String)| {
        let help = help.split(" (environment: ").next().unwrap_or_default();
        let (what, default) = help.split_once(" [default: ").unwrap_or((help, ""));
        let (what, default) = (what.replace('|', "\\|"), default.trim_end_matches(']'));
        let flag = name.replace('_', "-");
        format!("| `--{flag}` | {what} | {default} | {} |\n", said(name))
    };
    flags().iter().map(row).collect()
}

#[test]
fn the_page_of_options_has_each_with_its_default_and_its_range() {
    let path = fixtures("../docs/options.md");
    let page = std::fs::read_to_string(&path).expect("the page is there");
    let (before, rest) = page.split_once("|---|---|---|---|\n").expect("a table");
    let (_, after) = rest.split_once("| `streams`").expect("a last row");
    let made = format!("{before}|---|---|---|---|\n{}| `streams`{after}", rows());
    if std::env::var_os("AIRBYTE_SINGER_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(path, &made).expect("blessed");
        return;
    }
    assert_eq!(page, made, "AIRBYTE_SINGER_BLESS=1 writes it anew");
}

#[test]
fn the_defaults_that_help_states_are_those_that_hold() {
    let stated: HashMap<String, String> = flags()
        .into_iter()
        .filter_map(|(name, help)| {
            let (_, default) = help.split_once("[default: ")?;
            Some((name, default.split([']', ',']).next().unwrap_or_default().to_owned()))
        })
        .collect();
    assert!(stated.len() > 10, "{stated:?}");
    let holds = OptionSet::default();
    for (name, default) in stated {
        let value = match name.as_str() {
            "max_line_bytes" | "validate_records" => {
                serde_json::from_str(&default).expect("a number or a truth")
            }
            _ => json!(default),
        };
        let map = [(name.clone(), value)].into_iter().collect();
        let said = airbyte_singer::profile::from_map(map).expect("a default is a value");
        let one_said: Vec<&str> = said.set().map(|(name, _)| name).collect();
        assert_eq!(one_said, [name.as_str()]);
        assert_eq!(effects(&said), effects(&holds), "{name} [default: {default}]");
    }
}

/// What options come to, whatever was said and whatever is the default.
fn effects(options: &OptionSet) -> String {
    format!(
        "{:?}",
        (
            (options.catalog_flag(), options.check(), options.on_malformed()),
            (options.state_interval(), options.state_type(), options.discovery_timeout()),
            (options.check_timeout(), options.idle_timeout(), options.stop_grace()),
            (options.batch_dir(), options.validate_records(), options.max_line_bytes()),
            options.workdir(),
        )
    )
}

/// Everything that isn't a tap or a source, in each place.
#[test]
fn options_of_taps_are_refused_beside_a_built_in_source() {
    let work = Work::new();
    let names: Vec<&str> =
        by_config().into_keys().filter(|name| *name != "tap" && *name != "source").collect();
    let text = |name: &str| match any(name) {
        Value::String(text) => text,
        value => value.to_string(),
    };
    let refused = |run: Run<'_>, what: &str| {
        let output = run.fails();
        assert!(output.error().contains("`sample` doesn't take the options of taps"), "{output}");
        assert!(output.error().contains(what), "{output}");
        assert_eq!(output.failure_type(), "config_error");
    };
    for name in names {
        let profile = json!({"version": 1, "source": "sample", name: any(name)});
        let profile = work.file("p.yaml", profile.to_string());
        let run = work.spec().arg("--profile").arg(profile);
        refused(run, &format!("`{name}` in the profile"));
        if WITHOUT_A_FLAG.contains(&name) {
            continue;
        }
        let sample = || work.spec().args(["--source", "sample"]);
        let flag = format!("--{}", name.replace('_', "-"));
        let value = if any(name).is_array() { "x".to_owned() } else { text(name) };
        refused(sample().arg(format!("{flag}={value}")), &flag);
        let variable = format!("AIRBYTE_SINGER_{}", name.to_uppercase());
        let run = sample().env(&variable, text(name));
        refused(run, &format!("the environment variable {variable}"));
    }
    // All of them are named, and what runs may be said in the stronger place.
    let both = work.discover().args(["--source", "sample", "--state-type", "global"]);
    let both = both.env("AIRBYTE_SINGER_CHECK", "config").fails();
    let named = "--state-type";
    assert!(both.error().contains(named) && both.error().contains("AIRBYTE_SINGER_CHECK"));
    let profile = work.file("p.yaml", "version: 1\ntap: tap-x\n");
    work.spec().args(["--source", "sample"]).arg("--profile").arg(profile).ok();
    work.spec().args(["--source", "sample"]).env("AIRBYTE_SINGER_TAP", "tap-x").ok();
}

#[test]
fn a_config_sets_options_within_their_ranges_only() {
    let work = Work::new();
    let tap = Tap::with(&[entry("people", &["id"], columns())]);
    let discover = |options: Value| {
        let config = json!({"__airbyte_singer": options}).to_string();
        work.run("discover").with_config(config).tap(&tap)
    };
    for (options, what) in [
        (json!({"max_line_bytes": 1_000_000_000_000_000_000_u64}), "at max_line_bytes: expected 1"),
        (json!({"max_line_bytes": 0}), "at max_line_bytes: expected 1 to 1073741824"),
        (json!({"max_line_bytes": -1}), "at max_line_bytes"),
        (json!({"stop_grace": "off"}), "at stop_grace: expected 0 to 10m"),
        (json!({"stop_grace": "601s"}), "at stop_grace: expected 0 to 10m"),
        (json!({"discovery_timeout": "off"}), "at discovery_timeout: expected 0 to 24h"),
        (json!({"check_timeout": "25h"}), "at check_timeout: expected 0 to 24h"),
    ] {
        let output = discover(options).fails();
        assert!(output.error().contains(what), "{output}");
        assert!(output.error().contains("__airbyte_singer in the config"), "{output}");
    }
    discover(json!({"max_line_bytes": 1_073_741_824, "stop_grace": "10m", "idle_timeout": "off",
        "discovery_timeout": "24h", "check_timeout": 86400, "state_interval": "off"}))
    .ok();
    for (name, by_config) in by_config() {
        if by_config == ByConfig::Never {
            let output = discover(json!({name: any(name)})).fails();
            assert!(output.error().contains(&format!("`{name}` decides what is run")), "{output}");
        }
    }
    // Whoever runs the program may.
    let free = work.discover().tap(&tap).args(["--stop-grace", "off"]);
    free.args(["--max-line-bytes", "1000000000000000000"]).ok();
}

#[test]
fn a_large_profile_is_read_and_off_is_off_however_yaml_takes_it() {
    let work = Work::new();
    let tap = Tap::with(&[entry("people", &["id"], columns())]);
    let mut text = "version: 1\nidle_timeout: off\ncheck_timeout: 'off'\nstreams:\n".to_owned();
    for n in 0..70_000 {
        text.push_str(&format!("  s{n}: {{name: t{n}}}\n"));
    }
    text.push_str("  people: {name: humans}\n");
    let profile = work.file("p.yaml", text);
    let catalog = work.discover().tap(&tap).arg("--profile").arg(profile).ok().catalog();
    assert_eq!(name_of(&catalog["streams"][0]), "humans");
    let long = work.file("p.yaml", format!("version: 1\n# {}\n", "x".repeat(64 * 1024 * 1024)));
    let output = work.discover().tap(&tap).arg("--profile").arg(long).fails();
    assert!(output.error().contains("p.yaml: it is longer than 67108864 bytes"), "{output}");
}
