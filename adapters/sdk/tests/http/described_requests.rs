//! What a described API is asked, and what parents give their children.

use crate::described::{body, read, refusal, rows};
use crate::server::{answer, asked, log_of, sentence, server};
use airbyte_protocol::StreamStatus::{Complete, Incomplete};
use airbyte_protocol::{State, StateStats, StreamDescriptor, SyncMode};
use airbyte_singer_sdk::testing;
use serde_json::{Value, json};
use wiremock::MockServer;

/// The stream `notes` below `posts`, and whatever else is said of it.
fn notes(server: &MockServer, settings: Value) -> Value {
    let mut notes = json!({
        "name": "notes", "path": "posts/{post}/notes",
        "schema": {"type": "object", "properties": {}},
        "parent": {"stream": "posts", "field": "id", "as": "post"},
    });
    for (name, value) in settings.as_object().expect("settings") {
        notes[name] = value.clone();
    }
    json!({"url": server.uri(), "retry": {"tries": 1},
        "streams": [{"name": "posts", "path": "posts"}, notes]})
}

fn posts(posts: Value) -> MockServer {
    let server = server();
    answer(&server, "/posts", [body(posts)]);
    for post in ["a", "b"] {
        answer(&server, &format!("/posts/{post}/notes"), [body(json!([{"text": "x"}]))]);
    }
    server
}

fn full(config: &Value) -> airbyte_singer_sdk::testing::Transcript {
    read(config, SyncMode::FullRefresh, &[])
}

#[test]
fn children_say_whose_they_are() {
    let server = posts(json!([{"id": "a"}, {"id": "b"}]));
    let add = |field: &str, value: Value| json!({"type": "add", "field": field, "value": value});
    let config = notes(
        &server,
        json!({"transformations": [
            add("post_id", json!("{post}")),
            add("link", json!({"to": ["/posts/{post}", r"\{post}", 1.5]})),
        ]}),
    );
    let mut found = rows(&full(&config), "notes");
    found.sort_by_key(|row| row["post_id"].to_string());
    let row = |post: &str| {
        json!({"text": "x", "post_id": post,
            "link": {"to": [format!("/posts/{post}"), "{post}", 1.5]}})
    };
    assert_eq!(found, [row("a"), row("b")]);
}

#[test]
fn a_name_that_nobody_gives_never_comes_out_as_a_value() {
    let server = posts(json!([{"id": "a"}]));
    let told = |settings: Value| {
        let text = refusal(&notes(&server, settings));
        text.replace("the config is not valid: stream notes: setting ", "")
    };
    let has = r"nobody knows {psot}; what there is: post; the text itself is written as \{psot}";
    let add = json!([{"type": "add", "field": "post_id", "value": ["{psot}"]}]);
    for (settings, setting) in [
        (json!({"transformations": add}), "transformations"),
        (json!({"query": {"of": "{psot}"}}), "query"),
        (json!({"query": {"{psot}": 1}}), "query"),
        (json!({"body": {"of": {"{psot}": 1}}}), "body"),
        (json!({"form": {"{psot}": 1}}), "body"),
        (json!({"path": "{psot}"}), "path"),
    ] {
        assert_eq!(told(settings), format!("`{setting}`: {has}"));
    }
    // Nor as the name of a field, a pointer or a parameter, where nothing is filled in.
    let rename = json!([{"type": "rename", "field": "text", "to": "of_{post}"}]);
    for (settings, setting) in [
        (json!({"records": "/data/{post}"}), "records"),
        (json!({"pages": {"type": "next_url", "pointer": "/{post}/next"}}), "pages"),
        (json!({"cursor": {"field": "at", "start": "{post}"}}), "cursor"),
    ] {
        assert_eq!(told(settings), format!("`{setting}`: {{post}} can't be filled in here"));
    }
    assert_eq!(
        told(json!({"transformations": rename})),
        "`transformations`: {post} can't be filled in where a field is named"
    );
    // What all streams share can't have what one parent gives.
    for (setting, value) in
        [("query", json!({"q": "{post}"})), ("headers", json!({"q": "of {post}"}))]
    {
        let mut config = notes(&server, json!({}));
        config[setting] = value;
        assert_eq!(
            refusal(&config),
            format!(
                "the config is not valid: setting `{setting}.q`: {{post}} can't be filled in here, since \
                 this is the same for all streams; a stream has settings of its own for it"
            )
        );
    }
}

#[test]
fn braces_that_were_sent_as_they_stand_still_are() {
    let server = posts(json!([{"id": "a"}]));
    let mut config = notes(&server, json!({"headers": {"X-Note": "of-{post}"}}));
    config["query"] = json!({"fields": "id,owner{name}", "meant": r"id,owner\{name}"});
    let log = log_of(|| assert_eq!(rows(&full(&config), "notes").len(), 1));
    let told = r"setting `query.fields` has {name}, which is sent as it stands; to say that this is meant, write \\{name}";
    assert!(log.contains(told) && !log.contains("query.meant"), "{log}");
    for request in asked(&server) {
        for (_, value) in request.url.query_pairs() {
            assert_eq!(value, "id,owner{name}");
        }
    }
    let all = asked(&server);
    let noted = all.iter().filter_map(|request| request.headers.get("x-note"));
    assert_eq!(noted.map(|value| value.to_str().expect("text")).collect::<Vec<_>>(), ["of-a"]);
}

#[test]
fn parents_without_the_field_are_left_out_and_counted() {
    let server = posts(json!([{"id": "a"}, {"id": null}, {"x": 1}, {"id": "b"}]));
    let config = notes(&server, json!({}));
    let log = log_of(|| assert_eq!(rows(&full(&config), "notes").len(), 2));
    let told = "stream notes: records of its parent `posts` without /id, or with null there: 2; nothing \
                was read for them";
    assert_eq!(log.matches(told).count(), 1, "{log}");

    let parent = |field: &str, missing: &str| {
        let parent = json!({"stream": "posts", "field": field, "as": "post", "missing": missing});
        let config = notes(&server, json!({"parent": parent}));
        sentence(&full(&config), &server.uri())
    };
    assert_eq!(
        parent("id", "fail"),
        "config_error: stream notes: a record of its parent `posts` has null at /id"
    );
    // A field that is nowhere is misspelt, unless that is said to be meant.
    let misspelt = json!({"stream": "posts", "field": "ID", "as": "post"});
    let told = sentence(&full(&notes(&server, json!({"parent": misspelt}))), &server.uri());
    assert_eq!(
        told,
        "config_error: stream notes: no record of its parent `posts` has /ID; if that may be so, \
         `missing: skip` of `parent` says it"
    );
    let meant = json!({"stream": "posts", "field": "ID", "as": "post", "missing": "skip"});
    let config = notes(&server, json!({"parent": meant}));
    let log = log_of(|| assert_eq!(rows(&full(&config), "notes"), Vec::<Value>::new()));
    assert!(log.contains("or with null there: 4; nothing was read for them"), "{log}");
}

/// A stream with a cursor, and the queries of a first read and of the one after it.
fn queries(settings: Value) -> [Vec<String>; 2] {
    let server = server();
    let item = json!({"Id": 1, "Modified": "2024-01-02T03:04:05.678Z"});
    answer(&server, "/", [body(json!({"value": [item]}))]);
    let mut stream = json!({"name": "items", "records": "/value",
        "schema": {"type": "object", "properties": {}}});
    for (name, value) in settings.as_object().expect("settings") {
        stream[name] = value.clone();
    }
    let config = json!({"url": server.uri(), "streams": [stream]});
    let sent = |from: usize| -> Vec<String> {
        let all = asked(&server);
        let texts = all.iter().skip(from).map(|request| {
            let pairs = request.url.query_pairs().map(|(name, value)| format!("{name}={value}"));
            let body = String::from_utf8_lossy(&request.body).into_owned();
            pairs.chain([body]).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("&")
        });
        texts.collect()
    };
    let first = read(&config, SyncMode::Incremental, &[]);
    assert_eq!(rows(&first, "items").len(), 1);
    let before = sent(0);
    let states = first.states_of(&StreamDescriptor::new("items"));
    let last = State::stream(states.last().expect("a state").clone(), StateStats::default());
    assert_eq!(rows(&read(&config, SyncMode::Incremental, &[last]), "items").len(), 1);
    let after = sent(before.len());
    [before, after]
}

#[test]
fn a_cursor_may_stand_within_an_expression() {
    let cursor = json!({"field": "Modified"});
    let filter = json!({"$filter": "Modified gt {cursor}", "top": 5});
    assert_eq!(
        queries(json!({"query": filter, "cursor": cursor})),
        [["top=5"], ["$filter=Modified gt 2024-01-02T03:04:05.678Z&top=5"]]
    );
    let from = json!({"field": "Modified", "start": "2024-01-01T00:00:00Z"});
    assert_eq!(
        queries(json!({"query": {"$filter": "Modified gt {cursor}"}, "cursor": from})),
        [
            ["$filter=Modified gt 2024-01-01T00:00:00Z"],
            ["$filter=Modified gt 2024-01-02T03:04:05.678Z"]
        ]
    );
    let written = json!({"field": "Modified", "sent_format": "%Y/%m/%d %H:%M"});
    assert_eq!(
        queries(json!({"body": {"jql": "updated >= '{cursor}'", "max": 5}, "cursor": written})),
        [[r#"{"max":5}"#], [r#"{"jql":"updated >= '2024/01/02 03:04'","max":5}"#]]
    );
    let seconds = json!({"field": "Modified", "query": "since", "sent_format": "seconds"});
    assert_eq!(queries(json!({"cursor": seconds}))[1], ["since=1704164645"]);
}

#[test]
fn what_a_cursor_needs_in_a_text_is_named() {
    let told = |settings: Value| {
        let mut stream = json!({"name": "a"});
        for (name, value) in settings.as_object().expect("settings") {
            stream[name] = value.clone();
        }
        let text = refusal(&json!({"url": "http://localhost:1", "streams": [stream]}));
        text.replace("the config is not valid: stream a: setting ", "")
    };
    assert_eq!(
        told(json!({"path": "since/{cursor}", "cursor": {"field": "at"}})),
        "`path`: a path with {cursor} needs the setting `start` of `cursor`"
    );
    assert!(
        told(json!({"path": "since/{cursor}"})).starts_with("`path`: nobody knows {cursor}"),
        "without a cursor there is none"
    );
    assert_eq!(
        told(json!({"windows": {"days": 7, "from": "2024-01-01"}})),
        "`windows`: nothing sends a span's beginning: it needs `start_query` or `start_body`, or \
         {window_start} in a text of the request"
    );
    let odd = json!({"field": "at", "query": "since", "sent_format": "Y-m-d"});
    assert!(
        told(json!({"cursor": odd})).starts_with("`cursor`: its setting `sent_format` is neither")
    );
}

#[test]
fn a_span_of_days_may_end_before_its_end() {
    let server = server();
    answer(&server, "/", [body(json!([]))]);
    let read_by = |windows: Value, settings: Value| {
        let mut stream = json!({"name": "items", "schema": {"type": "object", "properties": {}}, "windows": windows});
        for (name, value) in settings.as_object().expect("settings") {
            stream[name] = value.clone();
        }
        let before = asked(&server).len();
        let config = json!({"url": server.uri(), "streams": [stream]});
        assert_eq!(rows(&full(&config), "items"), Vec::<Value>::new());
        asked(&server).split_off(before)
    };
    let days = json!({"days": 2, "from": "2024-02-28", "start_query": "from", "end_query": "to",
        "end_is_exclusive": true});
    let sent = read_by(days, json!({}));
    let first = ["from=2024-02-28&to=2024-03-01", "from=2024-03-01&to=2024-03-03"];
    let queries: Vec<_> = sent.iter().take(2).filter_map(|request| request.url.query()).collect();
    assert_eq!(queries, first);

    let in_text = json!({"days": 36500, "from": "2024-02-28"});
    let sent = read_by(in_text, json!({"query": {"q": "at>={window_start} at<={window_end}"}}));
    let query = sent[0].url.query_pairs().next().expect("a parameter").1.into_owned();
    assert!(query.starts_with("at>=2024-02-28 at<=20"), "{query}");

    let in_body = json!({"days": 36500, "from": "2024-02-28", "start_body": "/range/from"});
    let sent = read_by(in_body, json!({"body": {"range": {}}}));
    assert_eq!(
        sent[0].body_json::<Value>().expect("JSON"),
        json!({"range": {"from": "2024-02-28"}})
    );
}

#[test]
fn one_parent_that_leads_nowhere_costs_no_other_its_children() {
    let server = server();
    answer(
        &server,
        "/items",
        [body(json!([{"id": "1"}, {"id": ""}, {"id": ".."}, {"id": "2"}, {"id": "."}]))],
    );
    for id in 1..=2 {
        answer(&server, &format!("/items/{id}/notes"), [body(json!([{"id": id}]))]);
    }
    answer(&server, "/items/1/notes/1/words", [body(json!([{"id": 5}]))]);
    answer(&server, "/items/2/notes/2/words", [body(json!([{"id": 6}]))]);
    let schema = json!({"type": "object", "properties": {"id": {}}});
    let mut config = json!({"url": server.uri(), "retry": {"tries": 1}, "streams": [
        {"name": "items", "path": "items", "schema": schema},
        {"name": "notes", "path": "items/{item}/notes", "schema": schema,
            "parent": {"stream": "items", "field": "id", "as": "item"}},
        {"name": "words", "path": "items/{item}/notes/{note}/words", "schema": schema,
            "parent": {"stream": "notes", "field": "id", "as": "note"}},
    ]});
    let why = "it isn't complete: of its parent `items` there are records that give an empty text, `.` or `..` \
               for its path (3), and nothing was read for them; all others were read. If that may be so, \
               `missing: skip` of `parent` says it";
    let of = |transcript: &testing::Transcript, stream: &str| {
        let own = transcript.records().filter(|record| record.stream == stream);
        let mut ids: Vec<u64> = own
            .map(|record| {
                record.data["id"]
                    .as_str()
                    .map_or_else(|| record.data["id"].as_u64(), |id| id.parse().ok())
                    .unwrap_or_default()
            })
            .collect();
        ids.sort_unstable();
        ids
    };
    let mut transcript = None;
    let log = log_of(|| transcript = Some(read(&config, SyncMode::FullRefresh, &[])));
    let transcript = transcript.expect("it was read");
    assert_eq!((of(&transcript, "notes"), of(&transcript, "words")), (vec![1, 2], vec![5, 6]));
    let told = &transcript.error().expect("an error").message;
    assert!(
        told.contains("2 streams failed (notes, words)") && told.matches(why).count() == 2,
        "{told}"
    );
    let warning = "stream notes: records of its parent `items` that give an empty text, `.` or `..` for its \
                   path: 3; nothing was read for them";
    assert_eq!(log.matches(warning).count(), 2, "{log}");
    for (stream, status) in [("items", Complete), ("notes", Incomplete), ("words", Incomplete)] {
        let statuses = transcript.statuses(&StreamDescriptor::new(stream));
        assert_eq!(statuses.last(), Some(&status), "{stream}");
    }
    // Whatever was read is read again by the next full refresh.
    config["streams"][1]["resumable"] = json!(true);
    let first = read(&config, SyncMode::FullRefresh, &[]);
    let state = first.states_of(&StreamDescriptor::new("notes")).pop().expect("a state");
    let states = [State::stream(state, StateStats::default())];
    let second = read(&config, SyncMode::FullRefresh, &states);
    assert_eq!((of(&first, "notes"), of(&second, "notes")), (vec![1, 2], vec![1, 2]));
    assert!(second.error().is_some_and(|error| error.message.contains(why)));
    config["streams"][1]["parent"]["missing"] = json!("skip");
    let transcript = read(&config, SyncMode::FullRefresh, &[]);
    assert!(transcript.error().is_none(), "{:?}", transcript.error());
    assert_eq!((of(&transcript, "notes"), of(&transcript, "words")), (vec![1, 2], vec![5, 6]));
}
