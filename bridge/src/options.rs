//! The options of a bridge run, and the order in which their places are asked.
//!
//! Flag > environment > the reserved key in the config > profile > default. The first two are
//! clap's; [`OptionSet::or`] does the rest.

use crate::tap::Harmless;
use crate::translate::Overrides;
pub use crate::translate::state::StateType;
use clap::{Args, ValueEnum};
use serde::Deserialize;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Every option, each of which may be unsaid. One type for flags, profile and reserved key, so
/// that a new option stands in one place.
#[derive(Debug, Clone, Default, PartialEq, Args, Deserialize)]
#[serde(deny_unknown_fields)]
#[command(next_help_heading = "Tap")]
pub struct OptionSet {
    /// The tap: one name on PATH, or a path; never split, never seen by a shell
    #[arg(long, value_name = "CMD", global = true, env = "AIRBYTE_SINGER_TAP")]
    pub tap: Option<String>,
    /// A built-in source instead of a tap: http, sample
    #[arg(long, value_name = "NAME", global = true, env = "AIRBYTE_SINGER_SOURCE")]
    pub source: Option<String>,
    /// An argument for the tap, before ours; repeat it for more (environment: AIRBYTE_SINGER_TAP_ARG, a JSON array)
    #[arg(long = "tap-arg", value_name = "ARG", global = true, allow_hyphen_values = true)]
    pub tap_arg: Option<Vec<String>>,
    /// A Singer catalog to use instead of the tap's discovery
    #[arg(long, value_name = "FILE", global = true, env = "AIRBYTE_SINGER_TAP_CATALOG")]
    pub tap_catalog: Option<PathBuf>,
    /// A folder that keeps what was discovered, so that a read need not discover again within a day
    #[arg(long, value_name = "DIR", global = true, env = "AIRBYTE_SINGER_DISCOVERY_CACHE")]
    pub discovery_cache: Option<PathBuf>,
    /// An Airbyte spec to answer with, instead of asking the tap
    #[arg(long, value_name = "FILE", global = true, env = "AIRBYTE_SINGER_TAP_SPEC")]
    pub tap_spec: Option<PathBuf>,
    /// The output of `tap --about --format=json`, or a Meltano Hub definition, to make the spec from
    #[arg(long, value_name = "FILE", global = true, env = "AIRBYTE_SINGER_TAP_ABOUT")]
    pub tap_about: Option<PathBuf>,
    /// Where the tap runs: in a private folder that is gone afterwards, in the current folder as by hand, or in another one [default: private]
    #[arg(long, value_name = "private|current|DIR", global = true, env = "AIRBYTE_SINGER_WORKDIR")]
    pub workdir: Option<Workdir>,
    /// By which flag the tap takes its catalog [default: auto]
    #[arg(long, value_enum, global = true, env = "AIRBYTE_SINGER_CATALOG_FLAG")]
    pub catalog_flag: Option<CatalogFlag>,
    /// How far a check goes [default: sync]
    #[arg(long, value_enum, global = true, env = "AIRBYTE_SINGER_CHECK")]
    pub check: Option<CheckDepth>,
    /// What to do with a line that claims to be a message and is broken [default: fail]
    #[arg(long, value_enum, global = true, env = "AIRBYTE_SINGER_ON_MALFORMED")]
    pub on_malformed: Option<OnMalformed>,
    /// The shortest time between states; 0 publishes every STATE [default: 30s]
    #[arg(long, value_name = "TIME", global = true, env = "AIRBYTE_SINGER_STATE_INTERVAL")]
    pub state_interval: Option<Span>,
    /// In which form states are published; what is handed in is understood in every form [default: stream]
    #[arg(long, value_enum, global = true, env = "AIRBYTE_SINGER_STATE_TYPE")]
    pub state_type: Option<StateType>,
    /// How long discovery may take, or the sync that stands for it where a tap has none [default: 30m]
    #[arg(long, value_name = "TIME", global = true, env = "AIRBYTE_SINGER_DISCOVERY_TIMEOUT")]
    pub discovery_timeout: Option<Span>,
    /// How long the short sync of a check may take [default: 60s]
    #[arg(long, value_name = "TIME", global = true, env = "AIRBYTE_SINGER_CHECK_TIMEOUT")]
    pub check_timeout: Option<Span>,
    /// How long the tap may be silent before it is stopped [default: off, logged after 5m]
    #[arg(long, value_name = "TIME", global = true, env = "AIRBYTE_SINGER_IDLE_TIMEOUT")]
    pub idle_timeout: Option<Span>,
    /// How long the tap may take to stop before it is killed [default: 10s]
    #[arg(long, value_name = "TIME", global = true, env = "AIRBYTE_SINGER_STOP_GRACE")]
    pub stop_grace: Option<Span>,
    /// A folder below which BATCH files may lie, beside the tap's own; repeat it for more (environment: AIRBYTE_SINGER_BATCH_DIR, a JSON array)
    #[arg(long, value_name = "DIR", global = true)]
    pub batch_dir: Option<Vec<PathBuf>>,
    /// Hold every record against the tap's schema and count what breaks it; a sample otherwise [default: false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = clap::builder::BoolishValueParser::new(), global = true, env = "AIRBYTE_SINGER_VALIDATE_RECORDS")]
    pub validate_records: Option<bool>,
    /// The longest line of the tap, in bytes [default: 268435456]
    #[arg(long, value_name = "BYTES", global = true, env = "AIRBYTE_SINGER_MAX_LINE_BYTES")]
    pub max_line_bytes: Option<usize>,
    /// Lines of the tap's log that mean nothing, whatever their level says; of the profile or the
    /// config's reserved key.
    #[arg(skip)]
    pub harmless_lines: Option<Harmless>,
    /// What the profile says about single streams, by `tap_stream_id`.
    #[arg(skip)]
    pub streams: Option<Overrides>,
}

impl OptionSet {
    /// Fills what is unsaid here from `weaker`. What is run (a tap and its arguments, or a source)
    /// is said in one place: a stronger one that names either silences the weaker ones.
    pub fn or(self, mut weaker: Self) -> Self {
        if self.names_what_runs() {
            (weaker.tap, weaker.source) = (None, None);
        }
        if self.tap.is_some() {
            weaker.tap_arg = None;
        }
        Self {
            tap: self.tap.or(weaker.tap),
            source: self.source.or(weaker.source),
            tap_arg: self.tap_arg.or(weaker.tap_arg),
            tap_catalog: self.tap_catalog.or(weaker.tap_catalog),
            discovery_cache: self.discovery_cache.or(weaker.discovery_cache),
            tap_spec: self.tap_spec.or(weaker.tap_spec),
            tap_about: self.tap_about.or(weaker.tap_about),
            workdir: self.workdir.or(weaker.workdir),
            catalog_flag: self.catalog_flag.or(weaker.catalog_flag),
            check: self.check.or(weaker.check),
            on_malformed: self.on_malformed.or(weaker.on_malformed),
            state_interval: self.state_interval.or(weaker.state_interval),
            state_type: self.state_type.or(weaker.state_type),
            discovery_timeout: self.discovery_timeout.or(weaker.discovery_timeout),
            check_timeout: self.check_timeout.or(weaker.check_timeout),
            idle_timeout: self.idle_timeout.or(weaker.idle_timeout),
            stop_grace: self.stop_grace.or(weaker.stop_grace),
            batch_dir: self.batch_dir.or(weaker.batch_dir),
            validate_records: self.validate_records.or(weaker.validate_records),
            max_line_bytes: self.max_line_bytes.or(weaker.max_line_bytes),
            harmless_lines: self.harmless_lines.or(weaker.harmless_lines),
            streams: self.streams.or(weaker.streams),
        }
    }

    /// Whether a tap or a source is named.
    pub fn names_what_runs(&self) -> bool {
        self.tap.is_some() || self.source.is_some()
    }

    /// The options that are set here, by their names in a profile, and which of them a config may
    /// set too.
    pub fn set(&self) -> impl Iterator<Item = (&'static str, ByConfig)> + use<> {
        // Without `..`, so that the compiler asks of a new option what a config may do with it.
        let Self {
            tap,
            source,
            tap_arg,
            tap_catalog,
            discovery_cache,
            tap_spec,
            tap_about,
            workdir,
            catalog_flag,
            check,
            on_malformed,
            state_interval,
            state_type,
            discovery_timeout,
            check_timeout,
            idle_timeout,
            stop_grace,
            batch_dir,
            validate_records,
            max_line_bytes,
            streams,
            harmless_lines,
        } = self;
        use ByConfig::{Any, Never, Within};
        let set = [
            ("tap", Never, tap.is_some()),
            ("source", Never, source.is_some()),
            ("tap_arg", Never, tap_arg.is_some()),
            ("tap_catalog", Never, tap_catalog.is_some()),
            ("discovery_cache", Never, discovery_cache.is_some()),
            ("tap_spec", Never, tap_spec.is_some()),
            ("tap_about", Never, tap_about.is_some()),
            ("workdir", Never, workdir.is_some()),
            ("batch_dir", Never, batch_dir.is_some()),
            ("catalog_flag", Any, catalog_flag.is_some()),
            ("check", Any, check.is_some()),
            ("on_malformed", Any, on_malformed.is_some()),
            ("state_interval", Any, state_interval.is_some()),
            ("state_type", Any, state_type.is_some()),
            ("discovery_timeout", Within("0 to 24h"), discovery_timeout.is_some()),
            ("check_timeout", Within("0 to 24h"), check_timeout.is_some()),
            ("idle_timeout", Any, idle_timeout.is_some()),
            ("stop_grace", Within("0 to 10m"), stop_grace.is_some()),
            ("validate_records", Any, validate_records.is_some()),
            ("max_line_bytes", Within("1 to 1073741824"), max_line_bytes.is_some()),
            ("streams", Any, streams.is_some()),
            ("harmless_lines", Any, harmless_lines.is_some()),
        ];
        set.into_iter().filter(|(.., is_set)| *is_set).map(|(name, by_config, _)| (name, by_config))
    }

    /// Whether what a config may set only within a range is within it.
    fn is_within(&self, name: &str) -> bool {
        const LONGEST_LINE: usize = 1024 * 1024 * 1024;
        const LONGEST_GRACE: Duration = Duration::from_secs(10 * 60);
        const LONGEST_PROBE: Duration = Duration::from_secs(24 * 60 * 60);
        match name {
            "discovery_timeout" => self.discovery_timeout() <= LONGEST_PROBE,
            "check_timeout" => self.check_timeout() <= LONGEST_PROBE,
            "stop_grace" => self.stop_grace() <= LONGEST_GRACE,
            "max_line_bytes" => (1..=LONGEST_LINE).contains(&self.max_line_bytes()),
            _ => true,
        }
    }

    /// Looks at options that a config holds. On a platform whoever may write a config needn't be
    /// whoever runs this program: a config never decides what is run or which files are used, and
    /// what it takes of memory and time has bounds.
    ///
    /// # Errors
    ///
    /// Names the first option that a config must not set, or not so.
    pub fn check_in_config(&self) -> Result<(), String> {
        for (name, by_config) in self.set() {
            match by_config {
                ByConfig::Never => {
                    return Err(format!(
                        "`{name}` decides what is run or which files are used and can't be set there"
                    ));
                }
                ByConfig::Within(range) if !self.is_within(name) => {
                    return Err(format!("at {name}: expected {range}"));
                }
                ByConfig::Within(_) | ByConfig::Any => {}
            }
        }
        Ok(())
    }

    /// Where the tap runs.
    pub fn workdir(&self) -> &Workdir {
        self.workdir.as_ref().unwrap_or(&Workdir::Private)
    }

    /// By which flag the tap takes its catalog.
    pub fn catalog_flag(&self) -> CatalogFlag {
        self.catalog_flag.unwrap_or(CatalogFlag::Auto)
    }

    /// How far a check goes.
    pub fn check(&self) -> CheckDepth {
        self.check.unwrap_or(CheckDepth::Sync)
    }

    /// What becomes of a line that claims to be a message and is broken.
    pub fn on_malformed(&self) -> OnMalformed {
        self.on_malformed.unwrap_or(OnMalformed::Fail)
    }

    /// Whether every record is held against its schema.
    pub fn validate_records(&self) -> bool {
        self.validate_records.unwrap_or(false)
    }

    /// The folders below which BATCH files may lie, beside the tap's own.
    pub fn batch_dir(&self) -> &[PathBuf] {
        self.batch_dir.as_deref().unwrap_or_default()
    }

    /// The longest line allowed, in bytes.
    pub fn max_line_bytes(&self) -> usize {
        self.max_line_bytes.unwrap_or(256 * 1024 * 1024)
    }

    /// The lines of the tap's log that mean nothing.
    pub fn harmless_lines(&self) -> Harmless {
        self.harmless_lines.clone().unwrap_or_default()
    }

    /// The shortest time between states.
    pub fn state_interval(&self) -> Duration {
        span(self.state_interval, Duration::from_secs(30))
    }

    /// In which form states are published.
    pub fn state_type(&self) -> StateType {
        self.state_type.unwrap_or_default()
    }

    /// How long discovery may take.
    pub fn discovery_timeout(&self) -> Duration {
        span(self.discovery_timeout, Duration::from_secs(30 * 60))
    }

    /// How long the short sync of a check may take.
    pub fn check_timeout(&self) -> Duration {
        span(self.check_timeout, Duration::from_secs(60))
    }

    /// How long the tap may be silent.
    pub fn idle_timeout(&self) -> Option<Duration> {
        self.idle_timeout.and_then(|span| span.0)
    }

    /// How long the tap may take to stop.
    pub fn stop_grace(&self) -> Duration {
        span(self.stop_grace, Duration::from_secs(10))
    }
}

/// What the reserved key of a config may do with an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByConfig {
    /// Set it to whatever it may be.
    Any,
    /// Set it within this range.
    Within(&'static str),
    /// Nothing: it decides what is run or which files are used.
    Never,
}

fn span(said: Option<Span>, default: Duration) -> Duration {
    match said {
        None => default,
        Some(Span(Some(time))) => time,
        Some(Span(None)) => Duration::MAX,
    }
}

/// The folder that a tap runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Workdir {
    /// A private one, which is gone with all that the tap wrote there.
    Private,
    /// The one that the user is in.
    Current,
    /// This one. `./private` and `./current` are folders of these names.
    Folder(PathBuf),
}

impl FromStr for Workdir {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "private" => Ok(Self::Private),
            "current" => Ok(Self::Current),
            "" => Err("expected private, current or a folder".to_owned()),
            folder => Ok(Self::Folder(folder.into())),
        }
    }
}

impl<'de> Deserialize<'de> for Workdir {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// By which flag a tap takes its catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CatalogFlag {
    /// What the tap's --help lists; both where it lists both
    Auto,
    /// --catalog
    Catalog,
    /// --properties
    Properties,
    /// Both
    Both,
    /// Neither: the tap reads what it reads
    None,
}

/// How far a check goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckDepth {
    /// The config fits the spec
    Config,
    /// Discovery works
    Discover,
    /// A stream's first record comes
    Sync,
}

/// What becomes of a line that claims to be a message and is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnMalformed {
    /// The read fails
    Fail,
    /// It is counted as rejected and logged
    Skip,
}

/// A length of time as users write it: `30s`, `5m`, `1h`, `500ms`, `0`, or `off` for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Option<Duration>);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "off" {
            return Ok(Self(None));
        }
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let factor = match &text[digits.len()..] {
            "ms" => 0.001,
            "s" | "" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return Err("expected a time such as 30s, 5m, 1h, 500ms, 0 or off".to_owned()),
        };
        digits
            .trim()
            .parse::<f64>()
            .ok()
            .and_then(|number| Duration::try_from_secs_f64(number * factor).ok())
            .map(|time| Self(Some(time)))
            .ok_or_else(|| "expected a time such as 30s, 5m, 1h, 500ms, 0 or off".to_owned())
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("off"),
            Some(time) => write!(f, "{}s", time.as_secs_f64()),
        }
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        // A number of seconds or a text; YAML and JSON both write either.
        let text = match serde_json::Value::deserialize(d)? {
            serde_json::Value::String(text) => text,
            serde_json::Value::Number(number) => number.to_string(),
            // What YAML makes of a bare `off`.
            serde_json::Value::Bool(false) => "off".to_owned(),
            _ => return Err(serde::de::Error::custom("expected a time such as 30s")),
        };
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_users_write_them() {
        let time = |text: &str| text.parse::<Span>().unwrap().0.map(|t| t.as_millis());
        assert_eq!(time("30s"), Some(30_000));
        assert_eq!(time("1.5m"), Some(90_000));
        assert_eq!(time("500ms"), Some(500));
        assert_eq!(time("0"), Some(0));
        assert_eq!(time("off"), None);
        for wrong in ["", "s", "-1s", "5 parsecs", "1e999h"] {
            assert!(wrong.parse::<Span>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_stronger_place_wins_and_gaps_are_filled() {
        let flags = OptionSet { tap: Some("a".into()), ..OptionSet::default() };
        let profile = OptionSet {
            tap: Some("b".into()),
            check: Some(CheckDepth::Config),
            ..OptionSet::default()
        };
        let both = flags.or(profile);
        assert_eq!((both.tap.as_deref(), both.check), (Some("a"), Some(CheckDepth::Config)));
    }

    #[test]
    fn what_runs_is_said_in_one_place() {
        let flags = OptionSet { source: Some("sample".into()), ..OptionSet::default() };
        let profile = OptionSet { tap: Some("tap-x".into()), ..OptionSet::default() };
        let both = flags.or(profile);
        assert_eq!((both.tap, both.source.as_deref()), (None, Some("sample")));
    }

    /// An option whose value names a program, an argument of one, a file or a folder is the owner's.
    #[test]
    fn what_is_run_and_read_is_never_said_by_a_config() {
        let text = || Some("x".to_owned());
        let path = || Some(PathBuf::from("x"));
        let names_something = OptionSet {
            tap: text(),
            source: text(),
            tap_arg: Some(Vec::new()),
            tap_catalog: path(),
            discovery_cache: path(),
            tap_spec: path(),
            tap_about: path(),
            workdir: Some(Workdir::Current),
            batch_dir: Some(Vec::new()),
            ..OptionSet::default()
        };
        let set: Vec<_> = names_something.set().collect();
        assert_eq!(set.len(), 9);
        for (name, by_config) in set {
            assert!(matches!(by_config, ByConfig::Never), "{name}");
        }
        assert!(OptionSet::default().check_in_config().is_ok());
    }
}
