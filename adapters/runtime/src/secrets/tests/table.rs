//! The table of docs/secrets.md, both ways.

use super::*;
use std::path::Path;

const SECRET: &str = "Zq7Wd0Xv";

/// The examples of the page, each with what the others of its cell say: the masked and the readable.
fn examples() -> (Vec<Value>, Vec<Value>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/secrets.md");
    let page = std::fs::read_to_string(path).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| ") && line.contains('{'));
    let (mut masked, mut readable) = (Vec::new(), Vec::new());
    for row in rows {
        let row = row.replace("\\|", "\u{1}");
        let cells: Vec<String> = row.split('|').map(|cell| cell.replace('\u{1}', "|")).collect();
        assert_eq!(cells.len(), 5, "{row}");
        masked.extend(in_cell(&cells[2]));
        readable.extend(in_cell(&cells[3]));
    }
    (masked, readable)
}

fn in_cell(cell: &str) -> impl Iterator<Item = Value> {
    let spans = cell.split('`').skip(1).step_by(2).filter(|span| span.starts_with('{'));
    spans.map(|span| serde_json::from_str(span).unwrap_or_else(|_| panic!("no JSON: {span}")))
}

/// The words of a text that hold `mark`.
fn around<'a>(text: &'a str, mark: &str) -> Vec<&'a str> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '@');
    text.split(|c| !is_part(c)).filter(|word| word.contains(mark)).collect()
}

fn learnt(config: &Value) -> Secrets {
    secrets(json!({}), config.clone())
}

#[test]
fn what_the_table_masks_is_masked() {
    let (masked, _) = examples();
    assert!(masked.len() > 60, "{}", masked.len());
    let mut told = Vec::new();
    for config in masked {
        let text = config.to_string();
        // What Basic encodes isn't to be seen in the page either.
        let secret = around(&text, SECRET).into_iter().next().unwrap_or("Zq7Wd0Xv72");
        let secrets = learnt(&config);
        if secrets.mask(&format!("GET /x?t={secret} failed")).contains(SECRET) {
            told.push(text.clone());
        }
        let open = "anna at db.example.com by anna@example.com, Basic or Bearer, theme dark";
        assert_eq!(secrets.mask(open), open, "{text}");
    }
    assert!(told.is_empty(), "told: {told:#?}");
}

#[test]
fn what_the_table_lets_be_read_stays_readable() {
    let (_, readable) = examples();
    assert!(readable.len() > 40, "{}", readable.len());
    for config in readable {
        let secrets = learnt(&config);
        let mut leaves = BTreeSet::new();
        settings::leaves(&config, &mut leaves);
        for leaf in leaves {
            // Of a cookie the value alone.
            let leaf = leaf.strip_prefix("theme=").unwrap_or(&leaf);
            assert_eq!(secrets.mask(leaf), leaf, "{config}");
        }
    }
}

/// A config of a tap without a spec, and what isn't secret in it.
#[test]
fn a_config_full_of_secrets_shows_the_rest() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/secrets/config.json");
    let config: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let secrets = learnt(&config);
    let text = config.to_string();
    let marks: BTreeSet<&str> = around(&text, "11112222").into_iter().collect();
    assert_eq!(marks.len(), 24);
    for secret in marks {
        assert!(!secrets.mask(&format!("it is {secret}.")).contains(secret), "{secret}");
    }
    for open in ["keeper", "https://api.example.invalid", "Token", "Bearer", "X-Token"] {
        assert_eq!(secrets.mask(open), open);
    }
}
