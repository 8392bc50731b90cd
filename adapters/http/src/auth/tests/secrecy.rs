//! No credential is ever seen.

use super::super::{
    ApiKey, Auth, AuthConfig, Basic, Bearer, Jwt, JwtAlgorithm, OAuth, SessionToken,
};
use super::{Written, data, send, with};
use crate::{Body, Request};
use airbyte_protocol::Message;
use airbyte_singer_runtime::{Config, Journal, LogLayer, Output, Secrets};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tracing_subscriber::layer::SubscriberExt;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// Every credential here has this in it, so that it can be looked for.
const MARK: &str = "hunter2";

#[track_caller]
fn unseen(text: &str) {
    assert!(!text.contains(MARK), "{text}");
    // Three bytes are four characters; what stands around them moves them.
    for before in ["", "x", "xx"] {
        let encoded = BASE64_STANDARD.encode(format!("{before}{MARK}"));
        let middle = &encoded[4..encoded.len() - 4];
        assert!(!text.contains(middle), "{text}");
    }
}

#[test]
fn no_debug_shows_one() {
    let config = json!({"auth": {"type": "oauth2", "token_url": "http://x.test/t", "client_id": "me",
        "client_secret": "hunter2-s", "refresh_token": "hunter2-r", "access_token": "hunter2-a"}});
    with(config.clone(), async |connection| {
        let url = "http://x.test/t?key=hunter2";
        let login = Body::Json(json!({"password": "hunter2-p"}));
        let shown: Vec<String> = vec![
            format!("{:?}", Bearer::new(connection, "hunter2").unwrap()),
            format!("{:?}", ApiKey::header(connection, "x", "hunter2").unwrap()),
            format!("{:?}", ApiKey::query(connection, "x", "hunter2").unwrap()),
            format!("{:?}", Basic::new(connection, "ada", "hunter2").unwrap()),
            format!("{:?}", SessionToken::new(connection, url, login, "/t").unwrap()),
            format!("{:?}", Jwt::new(connection, JwtAlgorithm::HS256, "hunter2").unwrap()),
            format!("{:?}", OAuth::refresh_token(connection, url, "hunter2-r").unwrap()),
            format!("{:?}", serde_json::from_value::<AuthConfig>(config["auth"].clone()).unwrap()),
            format!("{connection:?}"),
            format!("{:?}", signed(&ApiKey::query(connection, "x", "hunter2").unwrap()).await),
            format!("{:?}", Body::Form(vec![("password".to_owned(), "hunter2".to_owned())])),
            format!("{:?}", connection.secrets()),
        ];
        shown.iter().for_each(|text| unseen(text));
        assert!(connection.secrets().mask("hunter2-r").contains("****"), "they are known");
    });
    let Value::Object(map) = config else { panic!("an object") };
    unseen(&format!("{:?}", Config::from_values(map)));
}

async fn signed(auth: &impl Auth) -> Request {
    let request = Request::get("https://example.com/x".parse().unwrap());
    super::sign(auth, &request).await.unwrap()
}

/// Everything that is logged while `work` is done, down to what libraries say.
fn logged(secrets: &Secrets, work: impl FnOnce()) -> String {
    let written = Written::default();
    let journal = Journal::new(Output::new(written.clone()), secrets.clone());
    let layer = LogLayer::new(journal.clone(), tracing::Level::TRACE);
    let subscriber = tracing_subscriber::Registry::default().with(layer);
    // While there is but one subscriber, tracing asks the thread that comes to a line first whether
    // anybody listens to it; that may be another test's, where nobody does.
    let _another = tracing::Dispatch::new(tracing_subscriber::Registry::default());
    tracing::subscriber::with_default(subscriber, work);
    journal.settle();
    written.text()
}

#[test]
fn no_log_shows_one() {
    let secrets = Secrets::default();
    let mut output = Written::default();
    let log = logged(&secrets, || {
        let config = json!({"r": "hunter2-r"});
        output = super::with_secrets(config, secrets.clone(), async |connection| {
            let server = MockServer::start().await;
            let answer = json!({"access_token": "hunter2-a", "refresh_token": "hunter2-n"});
            let answer = ResponseTemplate::new(200).set_body_json(answer);
            Mock::given(path("/token")).respond_with(answer).mount(&server).await;
            let refusal = json!({"error": "x", "error_description": "no hunter2-p"});
            let refusal = ResponseTemplate::new(401).set_body_json(refusal);
            Mock::given(path("/data")).respond_with(refusal).mount(&server).await;
            let url = format!("{}/token", server.uri());
            let auth = OAuth::refresh_token(connection, &url, "hunter2-r").unwrap();
            let auth = auth.client("me", "hunter2-s").client_by_basic();
            send(&auth, &data(&server)).await.unwrap();
            send(&ApiKey::query(connection, "k", "hunter2-k").unwrap(), &data(&server))
                .await
                .unwrap();
            tracing::info!("the log is on, and has {MARK}-k masked");
        });
    });
    assert!(log.contains("the log is on, and has **** masked"), "{log}");
    unseen(&log);
    // The platform must be told the new refresh token, and nothing else is.
    let told = output.text();
    let messages = told.lines().map(|line| Message::parse(line.as_bytes()).unwrap());
    assert!(messages.into_iter().all(|message| matches!(message, Message::Control(_))), "{told}");
}

#[test]
fn a_servers_words_are_masked_where_they_quote_one() {
    with(json!({}), async |connection| {
        let server = MockServer::start().await;
        let answer = json!({"error": "invalid_grant", "error_description": "unknown hunter2-r"});
        let answer = ResponseTemplate::new(400).set_body_json(answer);
        Mock::given(path("/token")).respond_with(answer).mount(&server).await;
        let url = format!("{}/token", server.uri());
        let auth = OAuth::refresh_token(connection, &url, "hunter2-r").unwrap();
        let error = super::sign(&auth, &data(&server)).await.unwrap_err();
        let trace = error.to_trace(|text| connection.secrets().mask(text).into_owned());
        assert!(trace.message.contains("(invalid_grant: unknown ****)"), "{}", trace.message);
        unseen(&format!("{trace:?}"));
    });
}
