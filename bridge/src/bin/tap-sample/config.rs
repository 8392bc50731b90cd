//! The tap's settings, all of them optional.

use serde_json::{Map, Value, json};
use singer_protocol::epoch_millis;

/// The first point in time that the made-up data knows: 2024-01-01T00:00:00Z, in milliseconds.
pub(crate) const FIRST_MOMENT: i64 = 1_704_067_200_000;

/// The settings, as `--about` describes them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Config {
    pub(crate) api_key: Option<String>,
    pub(crate) account: String,
    pub(crate) start_date: i64,
    pub(crate) rows: u64,
    pub(crate) seed: u64,
    pub(crate) state_every: u64,
    pub(crate) fail: Option<Fail>,
    pub(crate) fail_after: u64,
}

/// The ways a sync can be made to fail, for tests of whoever runs the tap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fail {
    /// A CRITICAL line, exit code 1.
    Critical,
    /// An uncaught Python exception, exit code 1.
    Traceback,
    /// Exit code 1 and not a word.
    Silent,
    /// A RECORD line that is cut off, then on as if nothing had happened.
    Malformed,
    /// A RECORD with a NaN, as Python's json writes it, then on.
    Nan,
}

impl Fail {
    const NAMES: [(&'static str, Fail); 5] = [
        ("critical", Fail::Critical),
        ("traceback", Fail::Traceback),
        ("silent", Fail::Silent),
        ("malformed", Fail::Malformed),
        ("nan", Fail::Nan),
    ];
}

impl Default for Config {
    fn default() -> Config {
        Config {
            api_key: None,
            account: "demo".into(),
            start_date: FIRST_MOMENT,
            rows: 100,
            seed: 1,
            state_every: 50,
            fail: None,
            fail_after: 0,
        }
    }
}

impl Config {
    /// Reads a config file. The error names a setting and never its value.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Config, String> {
        let Ok(map) = serde_json::from_slice::<Map<String, Value>>(bytes) else {
            return Err("config: not a JSON object".into());
        };
        let default = Config::default();
        Ok(Config {
            api_key: text(&map, "api_key")?.map(str::to_owned),
            account: text(&map, "account")?.map_or(default.account, str::to_owned),
            start_date: match text(&map, "start_date")? {
                None => default.start_date,
                Some(text) => epoch_millis(text)
                    .ok_or("config: `start_date` is not an RFC 3339 date and time")?,
            },
            rows: number(&map, "rows")?.unwrap_or(default.rows),
            seed: number(&map, "seed")?.unwrap_or(default.seed),
            state_every: number(&map, "state_every")?.unwrap_or(default.state_every).max(1),
            fail: match text(&map, "fail")? {
                None => None,
                Some(name) => Some(fail(name)?),
            },
            fail_after: number(&map, "fail_after")?.unwrap_or(default.fail_after),
        })
    }
}

fn fail(name: &str) -> Result<Fail, String> {
    let known = Fail::NAMES.iter().find(|(known, _)| *known == name);
    known.map(|(_, fail)| *fail).ok_or_else(|| "config: `fail` is not a known way to fail".into())
}

fn text<'a>(map: &'a Map<String, Value>, key: &str) -> Result<Option<&'a str>, String> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("config: `{key}` is not a string")),
    }
}

fn number(map: &Map<String, Value>, key: &str) -> Result<Option<u64>, String> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            value.as_u64().map(Some).ok_or(format!("config: `{key}` is not a whole number"))
        }
    }
}

/// The answer to `--about --format json`.
pub(crate) fn about() -> Value {
    let names: Vec<&str> = Fail::NAMES.iter().map(|(name, _)| *name).collect();
    json!({
        "name": "tap-sample",
        "description": "Five streams of made-up, repeatable data.",
        "version": env!("CARGO_PKG_VERSION"),
        "capabilities": ["about", "catalog", "discover", "properties", "state"],
        "settings": {
            "type": "object",
            "properties": {
                "api_key": {
                    "type": ["string", "null"], "secret": true, "title": "API key",
                    "description": "Any text is accepted, except `wrong`.",
                },
                "account": {
                    "type": ["string", "null"], "default": "demo", "title": "Account",
                    "description": "Whose data to read; it appears in the customers' addresses.",
                },
                "start_date": {
                    "type": ["string", "null"], "format": "date-time", "title": "Start date",
                    "description": "Incremental streams without a bookmark begin here.",
                },
                "rows": {
                    "type": ["integer", "null"], "default": 100, "minimum": 0, "title": "Rows",
                    "description": "How many rows the large streams have.",
                },
                "seed": {
                    "type": ["integer", "null"], "default": 1, "minimum": 0, "title": "Seed",
                    "description": "Another seed, other data.",
                },
                "state_every": {
                    "type": ["integer", "null"], "default": 50, "minimum": 1,
                    "title": "State interval",
                    "description": "How many rows lie between two states.",
                },
                "fail": {
                    "type": ["string", "null"], "enum": names,
                    "title": "Failure", "description": "For tests: how the sync goes wrong.",
                },
                "fail_after": {
                    "type": ["integer", "null"], "default": 0, "minimum": 0,
                    "title": "Rows before the failure",
                    "description": "For tests: after how many rows, all streams counted.",
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_config_is_enough() {
        assert_eq!(Config::parse(b"{}"), Ok(Config::default()));
        assert_eq!(Config::parse(br#"{"rows": null, "own": 1}"#), Ok(Config::default()));
    }

    #[test]
    fn a_bad_setting_is_named_without_its_value() {
        for text in [
            r#"{"api_key": 90210}"#,
            r#"{"rows": "90210"}"#,
            r#"{"rows": -90210}"#,
            r#"{"start_date": "90210"}"#,
            r#"{"fail": "90210"}"#,
            "[90210]",
        ] {
            let error = Config::parse(text.as_bytes()).unwrap_err();
            assert!(error.starts_with("config: ") && !error.contains("90210"), "{error}");
        }
    }

    #[test]
    fn every_setting_is_described() {
        let about = singer_protocol::About::parse(about().to_string().as_bytes()).unwrap();
        let settings = about.settings.unwrap();
        let settings = settings["properties"].as_object().unwrap();
        assert_eq!(settings["api_key"]["secret"], true);
        let config = format!("{:?}", Config::default());
        assert!(settings.keys().all(|name| config.contains(&format!("{name}:"))));
        assert_eq!(settings.len(), 8);
    }
}
