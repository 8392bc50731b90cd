//! Whether a tap that failed just doesn't know what it was asked for.

use crate::tap::Ended;

/// How programs say that they don't know a flag: argparse, click, clap, getopt, Go's flag,
/// commander.
const REFUSALS: [&str; 9] = [
    "unrecognized argument",
    "unrecognised argument",
    "unrecognized option",
    "no such option",
    "unknown option",
    "unknown argument",
    "unexpected argument",
    "invalid option",
    "provided but not defined",
];

/// Whether what a tap said at its end means that it doesn't know `flag` (without its dashes): a
/// refusal names it, or there is a usage text that doesn't list it. A usage text counts only with
/// exit code 2, or with 1 where it is the first thing said: with any other ending, and above all
/// with an exit 1 behind a log, the tap failed at what it was asked for.
pub(super) fn does_not_know(flag: &str, ended: Ended, said: &[String]) -> bool {
    let Ended::Code(code @ 1..) = ended else { return false };
    let lines: Vec<String> = said.iter().map(|line| line.trim().to_lowercase()).collect();
    let refuses = |line: &String| REFUSALS.iter().any(|words| line.contains(words));
    if lines.iter().any(|line| refuses(line) && line.contains(flag)) {
        return true;
    }
    let is_usage = |line: &String| line.starts_with("usage");
    let shows_usage = match code {
        1 => lines.iter().find(|line| !line.is_empty()).is_some_and(is_usage),
        2 => lines.iter().any(is_usage),
        _ => false,
    };
    shows_usage && !lines.iter().any(|line| line.contains(flag))
}

/// Whether what a tap said at its end is a usage text: it wants other arguments.
pub(super) fn wants_other_arguments(ended: Ended, said: &[String]) -> bool {
    let usage = said.iter().any(|line| line.trim().to_lowercase().starts_with("usage"));
    ended == Ended::Code(2) && usage
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_unknown_only_where_the_tap_says_so() {
        let argparse = "usage: tap [-h] --config CONFIG [--state STATE]";
        let cases: [(&[&str], i32, bool); 12] = [
            (&[argparse, "tap: error: unrecognized arguments: --discover"], 2, true),
            (&["Usage: tap [OPTIONS]", "Try --help", "Error: No such option: --discover"], 2, true),
            (&["flag provided but not defined: -discover", "Usage of tap:"], 2, true),
            (&["error: unknown option '--discover'"], 1, true),
            (&["error: unexpected argument '--discover' found"], 2, true),
            (&[argparse, "tap: error: the following arguments are required: --out"], 2, true),
            (&["Usage:", "  tap --config FILE [--state FILE]"], 1, true),
            // It knows the flag and wants more.
            (&["usage: tap --config C [--discover]", "error: --properties is missing"], 2, false),
            (&["CRITICAL 401 Unauthorized"], 1, false),
            (&["CRITICAL discovery failed: 403", "usage is limited"], 1, false),
            (&["python: can't open file 'tap.py'"], 2, false),
            (&[argparse], 0, false),
        ];
        for (said, code, unknown) in cases {
            let said: Vec<String> = said.iter().map(|line| (*line).to_owned()).collect();
            assert_eq!(does_not_know("discover", Ended::Code(code), &said), unknown, "{said:?}");
        }
        assert!(!does_not_know("discover", Ended::Signal(9), &[argparse.to_owned()]));
    }

    #[test]
    fn a_usage_text_wants_other_arguments() {
        let said = ["usage: tap --config C --catalog C".to_owned()];
        assert!(wants_other_arguments(Ended::Code(2), &said));
        assert!(!wants_other_arguments(Ended::Code(1), &said));
        assert!(!wants_other_arguments(Ended::Code(2), &["CRITICAL no".to_owned()]));
    }
}
