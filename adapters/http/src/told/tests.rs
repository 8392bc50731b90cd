use super::*;
use FailureType::{ConfigError, SystemError, TransientError};
use serde_json::json;

fn told(document: &Value, path: &str) -> Option<(FailureType, String)> {
    let told = beside_no_record(document, &path.parse().unwrap())?;
    Some((told.failure, told.words.unwrap_or_default()))
}

#[test]
fn an_error_beside_no_record_is_told_in_its_own_words() {
    for (document, failure, words) in [
        (json!({"error": {"code": 401, "message": "no\nway"}}), ConfigError, "no way"),
        (json!({"ok": false, "error": "ratelimited"}), TransientError, "ratelimited"),
        (json!({"status": "error", "message": "no way", "data": []}), SystemError, "no way"),
        (json!({"errors": [{"message": "no way"}], "data": null}), SystemError, "no way"),
        (json!({"errors": {"page": ["no way"]}}), SystemError, "no way"),
        (json!({"fault": {"faultstring": "no way"}}), SystemError, "no way"),
        (json!({"error": true, "message": "no way", "data": []}), SystemError, "no way"),
        (json!({"error": "x7", "error_description": "no way"}), SystemError, "no way"),
        (json!({"errcode": 40013, "errmsg": "no way"}), SystemError, "no way"),
        (json!({"error": 17}), SystemError, "17"),
        (json!({"code": 503, "message": "no way", "data": []}), TransientError, "no way"),
        (json!({"code": "FORBIDDEN", "message": "no way"}), ConfigError, "no way"),
        (json!({"status": 404, "title": "no way"}), ConfigError, "no way"),
        (json!({"success": false, "data": []}), SystemError, ""),
        (json!({"data": {"error": "no way"}}), SystemError, "no way"),
        (json!({"response": {"error": "no way"}}), SystemError, "no way"),
        (
            json!({"rsp": {"@stat": "fail", "err": {"@code": "100", "@msg": "no way"}}}),
            SystemError,
            "no way",
        ),
        (
            json!({"s:Envelope": {"s:Body": {"s:Fault": {"faultstring": "no way"}}}}),
            SystemError,
            "no way",
        ),
    ] {
        assert_eq!(told(&document, "/data/items"), Some((failure, words.to_owned())), "{document}");
    }
}

#[test]
fn what_says_that_there_is_no_error_is_none() {
    for document in [
        json!({"data": [], "error": null, "errors": []}),
        json!({"data": [], "error": "", "message": "no records"}),
        json!({"data": [], "error": false, "code": 0, "message": "fine"}),
        json!({"data": [], "error": {"code": "0", "message": "OK"}}),
        json!({"data": [], "error": {}, "code": 200, "message": "done it"}),
        json!({"data": [], "errcode": 0, "errmsg": "ok"}),
        json!({"data": [], "status": "success", "success": true, "error_count": 3}),
        json!({"data": [], "status": 200, "message": "no records"}),
        json!({"data": [], "code": "SUCCESS", "message": "no records"}),
        json!([]),
        json!(null),
    ] {
        assert_eq!(told(&document, "/data"), None, "{document}");
    }
}

#[test]
fn a_record_is_no_error_where_it_has_what_is_declared() {
    let is_error = |record: Value, whole, declared: &[&str]| {
        let declared: Vec<String> = declared.iter().map(|&name| name.to_owned()).collect();
        as_record(record.as_object().unwrap(), whole, &declared).is_some()
    };
    let job = json!({"id": 5, "state": "failed", "error": "no room"});
    assert!(is_error(job.clone(), true, &[]));
    assert!(is_error(job.clone(), true, &["key"]));
    assert!(!is_error(job.clone(), true, &["id"]));
    // The one failed job of a list.
    assert!(!is_error(job, false, &[]));
    let bare = json!({"message": "session expired", "errorCode": "INVALID_SESSION_ID"});
    assert!(is_error(bare.clone(), false, &["id"]));
    assert!(!is_error(bare, false, &["message"]));
    assert!(!is_error(json!({"status": "failed"}), true, &[]));
    assert!(!is_error(json!({"id": 1, "status": "error", "message": "m"}), true, &[]));
    assert!(is_error(json!({"status": "error", "message": "m"}), true, &[]));
    assert!(!is_error(json!({"status": "fine", "message": "m"}), true, &[]));
    assert!(is_error(json!({"s:Fault": {"faultstring": "m"}}), false, &[]));
}

#[test]
fn the_sentence_says_the_way_out() {
    let told = Told { words: Some("no way".to_owned()), failure: SystemError };
    let error = told.into_error("GET h/p", "200 OK", "`errors: ignore` takes it as it is");
    let text = "GET h/p answered 200 OK with an error: no way (`errors: ignore` takes it as it is)";
    assert_eq!(error.message(), text);
}
