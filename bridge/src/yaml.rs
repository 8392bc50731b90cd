//! YAML of a file of the user's own: a profile, a definition of a tap.

use serde_json::Value;

/// So long a file may be, in bytes. What it takes of memory grows with it.
const LONGEST: usize = 64 * 1024 * 1024;

/// So many entries may come of aliases (`*name`), all together.
const ALIASED: usize = 1_000_000;

/// So deep it may be nested.
const DEEPEST: usize = 64;

/// Reads a document. The parser's own bounds are for input of strangers: here a file may hold as
/// many entries as its length allows, and as many comments.
///
/// # Errors
///
/// Where it is no YAML (line, column), or which bound it breaks.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    parse_within(text, LONGEST)
}

fn parse_within(text: &str, longest: usize) -> Result<Value, String> {
    if text.len() > longest {
        return Err(format!("it is longer than {longest} bytes"));
    }
    // Each entry is an event at least, and a collection has one for its end. Those that aliases stand
    // for are counted with them.
    let events = text.len().saturating_mul(4) + 100 + ALIASED;
    let options = serde_saphyr::options! {
        emit_comments: false,
        budget: serde_saphyr::budget! {
            max_events: events,
            max_nodes: events,
            max_aliases: events,
            max_anchors: events,
            max_merge_keys: events,
            max_depth: DEEPEST,
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: ALIASED },
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let place = error
            .location()
            .map_or(String::new(), |at| format!(" at line {}, column {}", at.line(), at.column()));
        // What an alias stands for is read where the alias is, and an error there is words only.
        let words = error.without_snippet().to_string();
        if words.contains("Depth {") {
            format!("nested more than {DEEPEST} levels deep{place}")
        } else if words.contains("budget breached") || words.contains("replay limit") {
            format!("its aliases stand for more than {ALIASED} entries{place}")
        } else {
            format!("not valid YAML{place}")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::fmt::Write;

    #[test]
    fn a_file_of_the_users_own_may_have_many_entries_aliases_and_comments() {
        let mut text = "usual: &usual {cursor: id}\n".to_owned();
        text.extend(std::iter::repeat_n("# a comment\n", 500));
        for n in 0..40_000 {
            writeln!(text, "stream_{n}: *usual\n# of {n}\nown_{n}: {{a: [1, 2, 3]}}").unwrap();
        }
        let value = parse(&text).unwrap();
        assert_eq!(value.as_object().map(serde_json::Map::len), Some(80_001));
        assert_eq!(value["stream_39999"], json!({"cursor": "id"}));
    }

    #[test]
    fn what_breaks_a_bound_is_told_with_the_bound() {
        let says = |text: &str, what: &str| {
            let error = parse(text).unwrap_err();
            assert!(error.contains(what), "{error:?} should say {what:?}");
        };
        says("a: [", "not valid YAML at line");
        says(&("[".repeat(65) + &"]".repeat(65)), "nested more than 64 levels deep at line 1");
        let bomb: String = (1..12)
            .map(|n| {
                let aliases = vec![format!("*a{}", n - 1); 10].join(", ");
                format!("a{n}: &a{n} [{aliases}]\n")
            })
            .collect();
        says(&format!("a0: &a0 [x]\n{bomb}"), "its aliases stand for more than 1000000 entries");
        assert_eq!(parse_within("a: 1\n", 4), Err("it is longer than 4 bytes".to_owned()));
    }
}
