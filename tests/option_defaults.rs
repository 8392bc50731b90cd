//! What `--help` calls the default of an option is what the option is where nobody says anything.

use airbyte_singer::options::OptionSet;
use clap::{Args, FromArgMatches};
use std::collections::BTreeMap;

/// Options that are nothing where nobody says them.
const WITHOUT_DEFAULT: [&str; 8] = [
    "batch_dir",
    "discovery_cache",
    "source",
    "tap",
    "tap_about",
    "tap_arg",
    "tap_catalog",
    "tap_spec",
];

/// What each option with a default is, by its name.
fn values(options: &OptionSet) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("catalog_flag", format!("{:?}", options.catalog_flag())),
        ("check", format!("{:?}", options.check())),
        ("check_timeout", format!("{:?}", options.check_timeout())),
        ("discovery_timeout", format!("{:?}", options.discovery_timeout())),
        ("idle_timeout", format!("{:?}", options.idle_timeout())),
        ("max_line_bytes", format!("{:?}", options.max_line_bytes())),
        ("on_malformed", format!("{:?}", options.on_malformed())),
        ("state_interval", format!("{:?}", options.state_interval())),
        ("state_type", format!("{:?}", options.state_type())),
        ("stop_grace", format!("{:?}", options.stop_grace())),
        ("validate_records", format!("{:?}", options.validate_records())),
        ("workdir", format!("{:?}", options.workdir())),
    ])
}

/// The defaults that the help names, by the option's name.
fn named() -> BTreeMap<String, Option<String>> {
    let command = OptionSet::augment_args(clap::Command::new("x"));
    let named = |arg: &clap::Arg| {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let (_, default) = help.rsplit_once("[default: ")?;
        let default = default.strip_suffix(']').expect("the default ends the help");
        // What stands behind a comma explains it.
        Some(default.split(',').next().unwrap_or_default().to_owned())
    };
    command.get_arguments().map(|arg| (arg.get_id().to_string(), named(arg))).collect()
}

/// What a user gets who says this, and nothing else.
fn said(name: &str, value: &str) -> OptionSet {
    // Without the environment, which the tests' own may fill.
    let command =
        OptionSet::augment_args(clap::Command::new("x")).mut_args(|arg| arg.env(None::<&str>));
    let flag = format!("--{}={value}", name.replace('_', "-"));
    let matches = command.try_get_matches_from(["x", &flag]).expect("the default can be said");
    OptionSet::from_arg_matches(&matches).expect("options")
}

#[test]
fn the_help_names_the_default_of_each_option() {
    let (named, usual) = (named(), values(&OptionSet::default()));
    let without = named.iter().filter(|(_, default)| default.is_none());
    let without: Vec<&str> = without.map(|(name, _)| name.as_str()).collect();
    assert_eq!(without, WITHOUT_DEFAULT);
    let with = named.iter().filter_map(|(name, default)| Some((name, default.as_ref()?)));
    let mut seen = Vec::new();
    for (name, default) in with {
        let options = said(name, default);
        let set: Vec<_> = options.set().map(|(name, _)| name).collect();
        assert_eq!(set, [name.as_str()], "{default}");
        let told = values(&options);
        assert_eq!(told, usual, "--help calls {default} the default of {name}");
        seen.push(name.as_str());
    }
    assert_eq!(seen, usual.into_keys().collect::<Vec<_>>());
}

#[test]
fn another_value_than_the_default_would_be_noticed() {
    for (name, other) in [
        ("catalog_flag", "none"),
        ("check", "config"),
        ("check_timeout", "61s"),
        ("discovery_timeout", "off"),
        ("idle_timeout", "0"),
        ("max_line_bytes", "268435455"),
        ("on_malformed", "skip"),
        ("state_interval", "0"),
        ("state_type", "legacy"),
        ("stop_grace", "10ms"),
        ("validate_records", "true"),
        ("workdir", "current"),
    ] {
        let (usual, told) = (values(&OptionSet::default()), values(&said(name, other)));
        let differ: Vec<_> = usual.iter().filter(|(key, value)| told[**key] != **value).collect();
        assert_eq!(differ.len(), 1, "{name}");
        assert_eq!(*differ[0].0, name);
    }
}
