//! Streams that a described API refuses, in the catalog.

use crate::cursors::config;
use crate::described::{body, source};
use crate::server::{answer, log_of, server};
use airbyte_singer_sdk::{Result, testing};
use serde_json::json;
use wiremock::ResponseTemplate;

/// What a discovery of three streams gives, of which the second one's samples are answered so.
fn discovered(answer_of_second: ResponseTemplate) -> (Result<Vec<String>, String>, String) {
    let server = server();
    for name in ["/a", "/c"] {
        answer(&server, name, [body(json!([{"id": 1}]))]);
    }
    answer(&server, "/b", [answer_of_second]);
    let streams = ["a", "b", "c"].map(|name| json!({"name": name, "path": name}));
    let config = json!({"url": server.uri(), "retry": {"tries": 1}, "streams": streams});
    let mut transcript = None;
    let log = log_of(|| transcript = Some(testing::discover(&mut source(), &config)));
    let transcript = transcript.expect("it was discovered");
    let answer = match transcript.error() {
        Some(error) => Err(error.message.clone()),
        None => Ok(transcript.catalog().streams.into_iter().map(|one| one.name).collect()),
    };
    let host = server.uri().replace("http://", "");
    (answer.map_err(|text| text.replace(&host, "HOST")), log.replace(&host, "HOST"))
}

#[test]
fn a_stream_that_refuses_its_samples_is_left_out() {
    for (status, why) in [
        (401, "GET HOST/b refused the credentials (401)"),
        (403, "GET HOST/b is not permitted to these credentials (403)"),
        (404, "GET HOST/b has no such address (404)"),
    ] {
        let (names, log) = discovered(ResponseTemplate::new(status));
        assert_eq!(names.unwrap(), ["a", "c"]);
        assert!(log.contains(&format!("stream b is left out of the catalog: {why}")), "{log}");
    }
    for (status, why) in [
        (503, "stream b: GET HOST/b answered 503 Service Unavailable after 1 try"),
        (400, "stream b: GET HOST/b answered 400 Bad Request"),
    ] {
        let told = discovered(ResponseTemplate::new(status)).0.unwrap_err();
        assert!(told.starts_with(why) || status == 503 && told.contains("503"), "{told}");
    }
}

#[test]
fn a_rule_of_the_config_leaves_a_stream_out_as_well() {
    let server = server();
    answer(&server, "/a", [body(json!([{"id": 1}]))]);
    answer(&server, "/b", [ResponseTemplate::new(403)]);
    let streams = ["a", "b"].map(|name| json!({"name": name, "path": name}));
    let config = json!({"url": server.uri(), "streams": streams, "rules": [{"status": [403], "then": "fail"}]});
    let catalog = testing::discover(&mut source(), &config).catalog();
    assert_eq!(catalog.streams.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["a"]);
}

#[test]
fn a_refused_stream_with_a_schema_stays_and_a_catalog_is_never_empty() {
    let server = server();
    answer(&server, "/items", [ResponseTemplate::new(404)]);
    let mut config = config(&server, json!({}));
    let refused = testing::discover(&mut source(), &config);
    let host = server.uri().replace("http://", "");
    assert_eq!(
        refused.error().expect("an error").message,
        format!("stream items: GET {host}/items has no such address (404)")
    );
    config["streams"][0]["schema"] = json!({"type": "object", "properties": {}});
    assert_eq!(testing::discover(&mut source(), &config).catalog().streams.len(), 1);
}
