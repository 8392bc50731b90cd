//! What the manifests say: the lints, and a reason for each dependency.

use super::{CRATES, root};

/// What is wrong with the root manifest: lints, and dependencies without a reason.
fn manifest(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for lint in [r#"unsafe_code = "forbid""#, r#"print_stdout = "deny""#, r#"unwrap_used = "deny""#]
    {
        if !text.contains(lint) {
            wrong.push(format!("the workspace lints lack {lint}"));
        }
    }
    let section = text.split("[workspace.dependencies]").nth(1).unwrap_or_default();
    let section = section.split("\n[").next().unwrap_or_default();
    let (mut comment_above, mut blank_above) = (false, true);
    for line in section.lines() {
        // A comment after a blank line is the heading of a group and no reason.
        let is_comment = line.starts_with('#') && !blank_above;
        if !line.is_empty() && !line.starts_with('#') && !line.contains("path = ") {
            let reason = line.split_once(" # ").is_some_and(|(_, why)| why.trim().len() > 3);
            if !reason && !comment_above {
                wrong.push(format!("no reason for {}", line.split(' ').next().unwrap_or_default()));
            }
        }
        (comment_above, blank_above) = (is_comment, line.is_empty());
    }
    wrong
}

#[test]
fn lints_bind_every_crate_and_every_dependency_has_its_reason() {
    let text = std::fs::read_to_string(root().join("Cargo.toml")).expect("the root manifest");
    assert_eq!(manifest(&text), Vec::<String>::new());
    for (folder, ..) in CRATES {
        let own =
            std::fs::read_to_string(root().join(folder).join("Cargo.toml")).expect("a manifest");
        assert!(own.contains("[lints]\nworkspace = true"), "{folder} takes the workspace's lints");
        let dependencies = own.split("[dependencies]").nth(1).unwrap_or_default();
        let dependencies = dependencies.split("\n[").next().unwrap_or_default();
        for line in dependencies.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            assert!(
                line.contains("workspace = true"),
                "{folder}: {line}: versions stand at the root"
            );
        }
    }
    let bad = text.replace("unsafe_code", "x").replace(" # many secrets", " #");
    let bad = manifest(&bad.replace("masked in one pass over a text", ""));
    assert_eq!(bad.len(), 2, "{bad:?}");
}
