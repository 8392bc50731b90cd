//! What is odd about the names that taps call their streams by.

use crate::harness::*;
use serde_json::json;

use super::last_run;

fn row(stream: &str, id: u32) -> String {
    json!({"type": "RECORD", "stream": stream, "record": {"id": id}}).to_string()
}

/// Two tables `users`, as a tap of PostgreSQL names them in its messages.
fn two_users() -> Tap {
    let mark = |table: &str| state(json!({table: {"updated_at": "a"}}));
    Tap::with(&[table("public", "users"), table("sales", "users")]).says(&[
        schema("public-users"),
        row("public-users", 1),
        mark("public-users"),
        schema("sales-users"),
        row("sales-users", 2),
        state(json!({"public-users": {"updated_at": "a"}, "sales-users": {"updated_at": "b"}})),
    ])
}

/// Clients that know streams by their name alone die of two `users`.
#[test]
fn one_of_two_tables_of_one_name_is_renamed_by_the_profile_and_resumes() {
    let (work, tap) = (Work::new(), two_users());
    let profile = "version: 1\nstreams: {sales-users: {name: sales_users, namespace: ''}}\n";
    let profile = work.file("p.yaml", profile);
    let discover = work.discover().tap(&tap).arg("--profile").arg(&profile).ok();
    let catalog = incrementally(&discover.catalog());
    let names: Vec<String> = catalog["streams"]
        .as_array()
        .expect("streams")
        .iter()
        .map(|one| name_of(&one["stream"]))
        .collect();
    assert_eq!(names, ["public.users", "sales_users"]);
    let first = work.read(&catalog).tap(&tap).arg("--profile").arg(&profile).ok();
    assert_eq!(first.column("public.users", "id"), [1]);
    assert_eq!(first.column("sales_users", "id"), [2]);
    let again = work.read(&catalog).tap(&tap).arg("--profile").arg(&profile);
    again.with_state(&first.committed_state()).ok();
    let given = last_run(&work).file("--state").expect("a state");
    assert_eq!(given["bookmarks"]["sales-users"]["updated_at"], "b", "by the tap's own name");
}

/// A catalog that was saved before the profile renamed a stream.
#[test]
fn a_catalog_from_before_a_rename_still_finds_its_stream() {
    let work = Work::new();
    let people = Tap::with(&[entry("people", &["id"], columns())])
        .says(&[schema("people"), row("people", 1)]);
    let catalog = in_full(&work.discover().tap(&people).ok().catalog());
    let profile = work.file("p.yaml", "version: 1\nstreams: {people: {name: humans}}\n");
    let read = work.read(&catalog).tap(&people).arg("--profile").arg(profile).ok();
    assert_eq!(read.column("people", "id"), [1], "under the configured name");
}

#[test]
fn an_empty_name_in_a_profile_is_refused() {
    let (work, tap) = (Work::new(), two_users());
    let profile = work.file("p.yaml", "version: 1\nstreams: {sales-users: {name: ''}}\n");
    let discover = work.discover().tap(&tap).arg("--profile").arg(profile).fails();
    let error = discover.error();
    assert!(error.contains("streams.sales-users") && error.contains("not empty"), "{error}");
    assert_eq!(discover.failure_type(), "config_error");
}

#[test]
fn two_streams_renamed_to_one_name_fall_back_to_their_ids() {
    let (work, tap) = (Work::new(), two_users());
    let both = "{name: both, namespace: shop}";
    let profile = format!("version: 1\nstreams: {{public-users: {both}, sales-users: {both}}}\n");
    let profile = work.file("p.yaml", profile);
    let catalog = work.discover().tap(&tap).arg("--profile").arg(profile).ok().catalog();
    let names: Vec<String> =
        catalog["streams"].as_array().expect("streams").iter().map(name_of).collect();
    assert_eq!(names, ["shop.public-users", "shop.sales-users"]);
}

#[test]
fn a_name_that_the_catalog_lacks_is_told_once_and_left_out() {
    let work = Work::new();
    let tap = Tap::with(&[entry("people", &["id"], columns())]).says(&[
        row("people", 1),
        row("strangers", 2),
        row("strangers", 3),
    ]);
    let catalog = in_full(&work.discover().tap(&tap).ok().catalog());
    let read = work.read(&catalog).tap(&tap).ok();
    assert_eq!(read.records().len(), 1);
    let told = read.logs().into_iter().filter(|log| log.contains("`strangers`"));
    assert_eq!(told.count(), 1, "{read}");
}
