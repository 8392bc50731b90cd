//! Which flags a tap takes its catalog by.

use std::ffi::OsString;
use std::path::Path;

/// The flags of a tap's catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) struct Flags {
    pub(in crate::source) catalog: bool,
    pub(in crate::source) properties: bool,
}

impl Flags {
    /// What a tap of the SDK says it can do, so that its help need not be asked.
    pub(in crate::source) fn among(capabilities: &[String]) -> Option<Self> {
        let can = |what: &str| capabilities.iter().any(|capability| capability == what);
        can("catalog").then(|| Self { catalog: true, properties: can("properties") })
    }

    /// What help lists. Where it lists both, both are given: on every tap tried that equalled the
    /// better one. Where it lists `--config` and neither, the tap takes no catalog, and would refuse
    /// the flag. None: it isn't a help.
    pub(in crate::source) fn in_help(help: &str) -> Option<Self> {
        let (catalog, properties) = (help.contains("--catalog"), help.contains("--properties"));
        let is_help = catalog || properties || help.contains("--config");
        is_help.then_some(Self { catalog, properties })
    }

    /// What a refusal lists, where a tap that doesn't know a flag says which ones it knows. Python's
    /// argparse calls an option by its first name there and its value by the long one:
    /// `[-p PROPERTIES] [--catalog CATALOG]`. None: it lists neither, which proves nothing, since a
    /// usage may be short where help is long.
    pub(in crate::source) fn in_usage(said: &[String]) -> Option<Self> {
        let begins = said.iter().position(|line| line.trim_start().starts_with("usage:"))?;
        let names = |name: &str| said[begins..].iter().any(|line| line.contains(name));
        let catalog = names("--catalog") || names(" CATALOG");
        let properties = names("--properties") || names(" PROPERTIES");
        (catalog || properties).then_some(Self { catalog, properties })
    }

    /// The arguments that hand `path` to the tap.
    pub(in crate::source) fn args(self, path: &Path) -> Vec<OsString> {
        let mut args = Vec::new();
        for (flag, given) in [("--properties", self.properties), ("--catalog", self.catalog)] {
            if given {
                args.extend([flag.into(), path.into()]);
            }
        }
        args
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_says_which_flags_there_are_or_is_none() {
        let flags = |catalog, properties| Some(Flags { catalog, properties });
        assert_eq!(Flags::in_help("--config C --catalog C --properties P"), flags(true, true));
        assert_eq!(Flags::in_help("usage: tap --config C"), flags(false, false));
        assert_eq!(Flags::in_help("{\"type\": \"SCHEMA\"}"), None);
    }

    #[test]
    fn a_refusal_says_so_too_as_far_as_it_lists_them() {
        let flags = |catalog, properties| Some(Flags { catalog, properties });
        let cases: [(&[&str], Option<Flags>); 6] = [
            (
                &[
                    "INFO a catalog",
                    "usage: tap-postgres [-h] -c CONFIG [-s STATE] [-p PROPERTIES]",
                    "                    [--catalog CATALOG] [-d]",
                    "tap-postgres: error: the following arguments are required: -c/--config",
                ],
                flags(true, true),
            ),
            (&["usage: tap [-h] -c CONFIG [--catalog CATALOG]"], flags(true, false)),
            (&["usage: tap [-h] --config FILE --properties FILE"], flags(false, true)),
            (&["usage: tap [-h] -c CONFIG [-s STATE]", "tap: error: unrecognized"], None),
            (&["Usage: tap [OPTIONS]", "Try 'tap --help' for help."], None),
            (&["CRITICAL neither --catalog nor --properties is given"], None),
        ];
        for (said, expected) in cases {
            let said: Vec<String> = said.iter().map(|line| (*line).to_owned()).collect();
            assert_eq!(Flags::in_usage(&said), expected, "{said:?}");
        }
    }
}
