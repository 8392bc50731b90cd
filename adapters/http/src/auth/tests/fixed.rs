use super::super::{ApiKey, Auth, Basic, Bearer, SentAs};
use super::{asked, data, is_config, send, serve_data, serve_others, sign, with};
use crate::Request;
use airbyte_singer_toolkit::Connection;
use reqwest::StatusCode;
use serde_json::json;
use wiremock::MockServer;

async fn header(auth: &impl Auth, name: &str) -> String {
    let request = Request::get("https://example.com/x?key=old&page=2".parse().unwrap());
    let signed = sign(auth, &request).await.unwrap();
    assert!(signed.headers[name].is_sensitive());
    signed.headers[name].to_str().unwrap().to_owned()
}

#[test]
fn a_bearer_arrives_and_is_refused_for_good() {
    with(json!({}), async |connection| {
        let server = MockServer::start().await;
        serve_data(&server, "right").await;
        serve_others(&server).await;
        let right = Bearer::new(connection, "right").unwrap();
        assert_eq!(send(&right, &data(&server)).await.unwrap(), StatusCode::OK);
        let wrong = Bearer::new(connection, "wrong").unwrap();
        assert_eq!(send(&wrong, &data(&server)).await.unwrap(), StatusCode::UNAUTHORIZED);
        assert_eq!(asked(&server, "/data").await, 2);
    });
}

#[test]
fn keys_go_where_they_are_said_to_go() {
    with(json!({}), async |connection| {
        let key = ApiKey::header(connection, "X-Api-Key", "k-123").unwrap();
        assert_eq!(header(&key, "x-api-key").await, "k-123");
        let sent_as = SentAs::header("Authorization").unwrap().after("Token ");
        let key = ApiKey::sent_as(connection, &sent_as, "k-123").unwrap();
        assert_eq!(header(&key, "authorization").await, "Token k-123");
        let key = ApiKey::query(connection, "key", "a&b=c").unwrap();
        let request = Request::get("https://example.com/x?key=old&page=2".parse().unwrap());
        let signed = sign(&key, &request).await.unwrap();
        assert_eq!(signed.url.query(), Some("page=2&key=a%26b%3Dc"));
    });
}

#[test]
fn user_and_password_are_basic() {
    with(json!({}), async |connection| {
        // The example of RFC 7617.
        let basic = Basic::new(connection, "Aladdin", "open sesame").unwrap();
        assert_eq!(header(&basic, "authorization").await, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(connection.secrets().mask("Aladdin: open sesame"), "Aladdin: ****");
        Basic::new(connection, "key-instead", "").unwrap();
        assert_eq!(connection.secrets().mask("key-instead"), "****");
    });
}

#[test]
fn what_no_header_can_hold_is_named_by_its_setting() {
    let config = json!({"auth": {"token": "hunter2\nhunter3", "user": "hunter:4"}});
    with(config, async |connection| {
        let told = |error: airbyte_singer_runtime::Error| {
            assert!(is_config(&error));
            error.to_string()
        };
        assert_eq!(
            told(Bearer::new(connection, "hunter2\nhunter3").unwrap_err()),
            "setting `auth.token` holds a character that no header can hold"
        );
        assert_eq!(
            told(Basic::new(connection, "hunter:4", "").unwrap_err()),
            "setting `auth.user` holds a colon, which no user's name can"
        );
        assert_eq!(
            told(ApiKey::header(connection, "X Key", "k").unwrap_err()),
            "the header for a credential has a name that no header can have"
        );
        // One that isn't of the config has no setting to name.
        assert_eq!(
            told(Bearer::new(connection, "\n").unwrap_err()),
            "a credential holds a character that no header can hold"
        );
    });
}

#[test]
fn any_of_them_can_be_boxed_and_shared() {
    fn chosen(connection: &Connection, key: Option<&str>) -> Box<dyn Auth> {
        match key {
            Some(key) => Box::new(Bearer::new(connection, key).unwrap()),
            None => Box::new(()),
        }
    }
    with(json!({}), async |connection| {
        let boxed = chosen(connection, Some("k-123"));
        assert_eq!(header(&boxed, "authorization").await, "Bearer k-123");
        let shared = std::rc::Rc::new(boxed);
        assert_eq!(header(&std::rc::Rc::clone(&shared), "authorization").await, "Bearer k-123");
        let request = Request::get("https://example.com".parse().unwrap());
        assert_eq!(sign(&chosen(connection, None), &request).await.unwrap(), request);
    });
}
