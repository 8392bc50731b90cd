//! What OAuth asks for, and what it makes of answers.

use super::super::{Jwt, JwtAlgorithm, OAuth, OAuthSettings, SentAs};
use super::{Stored, asked, data, is_config, sign, with};
use airbyte_protocol::FailureType;
use airbyte_singer_runtime::Error;
use airbyte_singer_toolkit::Connection;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use wiremock::matchers::{basic_auth, body_json, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

async fn serve(server: &MockServer, status: u16, answer: Value) {
    let answer = ResponseTemplate::new(status).set_body_json(answer);
    Mock::given(path("/token")).respond_with(answer).up_to_n_times(1).mount(server).await;
}

fn url(server: &MockServer) -> String {
    format!("{}/token?tenant=hunter9", server.uri())
}

/// The fields of the last form that was sent.
async fn form(server: &MockServer) -> BTreeMap<String, String> {
    let requests = server.received_requests().await.unwrap();
    let last = requests.last().unwrap();
    assert_eq!(last.headers["accept"], "application/json");
    url::form_urlencoded::parse(&last.body).into_owned().collect()
}

fn fields<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

#[test]
fn a_refresh_token_is_exchanged() {
    with(json!({}), async |connection| {
        let server = MockServer::start().await;
        serve(&server, 200, json!({"access_token": "a-1", "expires_in": 3600})).await;
        let auth = OAuth::refresh_token(connection, &url(&server), "r&1").unwrap();
        let auth = auth.client("me", "s=1").scopes(["read", "write"]).parameter("audience", "x");
        let signed = sign(&auth, &data(&server)).await.unwrap();
        assert_eq!(signed.headers["authorization"], "Bearer a-1");
        let expected = fields([
            ("grant_type", "refresh_token"),
            ("refresh_token", "r&1"),
            ("client_id", "me"),
            ("client_secret", "s=1"),
            ("scope", "read write"),
            ("audience", "x"),
        ]);
        assert_eq!(form(&server).await, expected);
    });
}

#[test]
fn a_client_has_tokens_of_its_own() {
    with(json!({}), async |connection| {
        let server = MockServer::start().await;
        Mock::given(basic_auth("m%3Ae", "s%2F1"))
            .and(body_json(json!({"grant_type": "client_credentials"})))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({"access_token": "a-1"})))
            .mount(&server)
            .await;
        let auth = OAuth::client_credentials(connection, &url(&server)).unwrap();
        let auth = auth.client("m:e", "s/1").client_by_basic().in_json();
        let auth = auth.sent_as(SentAs::header("X-Token").unwrap());
        let signed = sign(&auth, &data(&server)).await.unwrap();
        assert_eq!(signed.headers["x-token"], "a-1");
    });
}

#[test]
fn a_signed_token_is_exchanged() {
    with(json!({}), async |connection| {
        let server = MockServer::start().await;
        serve(&server, 200, json!({"access_token": "a-1"})).await;
        let jwt = Jwt::new(connection, JwtAlgorithm::HS256, "hunter2-key").unwrap();
        let jwt = jwt.issuer("robot").claim("scope", "read");
        let auth = OAuth::jwt_bearer(connection, &url(&server), jwt).unwrap();
        sign(&auth, &data(&server)).await.unwrap();
        let form = form(&server).await;
        assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
        let key = DecodingKey::from_secret(b"hunter2-key");
        let validation = Validation::new(Algorithm::HS256);
        let token = jsonwebtoken::decode::<Value>(&form["assertion"], &key, &validation).unwrap();
        assert_eq!([&token.claims["iss"], &token.claims["scope"]], ["robot", "read"]);
    });
}

/// What the user is told when the token endpoint says this.
async fn told(connection: &Connection, status: u16, answer: Value) -> Error {
    let server = MockServer::start().await;
    serve(&server, status, answer).await;
    let auth = OAuth::refresh_token(connection, &url(&server), "r-1").unwrap();
    let auth = auth.client("me", "s-1");
    let error = sign(&auth, &data(&server)).await.unwrap_err();
    assert_eq!(asked(&server, "/token").await, 1);
    let address = server.address().to_string();
    let text = error.to_string().replace(&address, "HOST");
    assert!(!text.contains("hunter"), "{text}");
    Error::of(error.failure_type(), text)
}

#[test]
fn refusals_say_what_to_do() {
    with(json!({}), async |connection| {
        for (status, answer, sentence) in [
            (
                400,
                json!({"error": "invalid_grant", "error_description": "Token was\nrevoked"}),
                "POST HOST/token refuses the refresh token (invalid_grant: Token was revoked): the \
                 authorization must be granted anew. Where a refresh token serves only once, another \
                 sync with the same config may have used it",
            ),
            (
                401,
                json!({"error": "invalid_client"}),
                "POST HOST/token refuses the client (invalid_client): see whether client id and secret \
                 are right",
            ),
            (
                400,
                json!({"error": "invalid_scope"}),
                "POST HOST/token refuses to give a token with status 400 (invalid_scope)",
            ),
            (404, json!({}), "POST HOST/token refuses to give a token with status 404"),
            // Some servers say everything with 200.
            (
                200,
                json!({"ok": false, "error": "token_revoked"}),
                "POST HOST/token refuses to give a token (token_revoked)",
            ),
        ] {
            let error = told(connection, status, answer).await;
            assert!(is_config(&error));
            assert_eq!(error.to_string(), sentence);
        }
        let long = json!({"error": "x".repeat(5000)});
        assert!(told(connection, 400, long).await.to_string().len() < 300);
    });
}

#[test]
fn an_answer_without_a_token_is_no_fault_of_the_users() {
    with(json!({}), async |connection| {
        for (status, answer) in
            [(200, json!({"token": "hunter"})), (200, json!("hunter")), (302, json!({}))]
        {
            let error = told(connection, status, answer).await;
            assert_eq!(error.failure_type(), FailureType::SystemError);
            let sentence =
                format!("POST HOST/token answers with status {status} and no access_token");
            assert_eq!(error.to_string(), sentence);
        }
    });
}

#[test]
fn an_endpoint_that_has_trouble_is_asked_again() {
    with(json!({}), async |connection| {
        let server = MockServer::start().await;
        let pause = ResponseTemplate::new(429).insert_header("retry-after", "0");
        Mock::given(path("/token")).respond_with(pause).up_to_n_times(2).mount(&server).await;
        serve(&server, 200, json!({"access_token": "a-1"})).await;
        let auth = OAuth::refresh_token(connection, &url(&server), "r-1").unwrap();
        let signed = sign(&auth, &data(&server)).await.unwrap();
        assert_eq!(signed.headers["authorization"], "Bearer a-1");
        assert_eq!(asked(&server, "/token").await, 3);
    });
}

#[test]
fn an_endpoint_that_is_down_may_be_up_later() {
    with(json!({}), async |connection| {
        let server = MockServer::start().await;
        let down = ResponseTemplate::new(503).insert_header("retry-after", "0");
        Mock::given(path("/token")).respond_with(down).up_to_n_times(4).mount(&server).await;
        let auth = OAuth::refresh_token(connection, &url(&server), "r-1").unwrap();
        let error = sign(&auth, &data(&server)).await.unwrap_err();
        assert_eq!(error.failure_type(), FailureType::TransientError);
        let host = server.address();
        let told = format!("POST {host}/token gives no token for now: status 503");
        assert_eq!(error.to_string(), told);
        // Another request begins anew.
        serve(&server, 200, json!({"access_token": "a-1"})).await;
        sign(&auth, &data(&server)).await.unwrap();
        assert_eq!(asked(&server, "/token").await, 5);
    });
}

#[test]
fn an_endpoint_that_is_nowhere_is_named() {
    with(json!({"url": "token.example"}), async |connection| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap();
        drop(listener);
        let auth =
            OAuth::refresh_token(connection, &format!("http://{host}/token"), "r-1").unwrap();
        let error = sign(&auth, &super::Request::get("http://x.test".parse().unwrap())).await;
        let error = error.unwrap_err();
        assert_eq!(error.failure_type(), FailureType::TransientError);
        assert_eq!(error.to_string(), format!("{host} can't be reached"));
        let error = OAuth::client_credentials(connection, "token.example").unwrap_err();
        let told = "setting `url` is no address such as https://host/path";
        assert_eq!(error.to_string(), told);
    });
}

/// A config that keeps an access token which ends when `ends` says.
fn kept(ends: &str) -> Value {
    json!({"credentials": {"refresh_token": "r-1", "access_token": "a-0", "token_expiry_date": ends}})
}

fn keeping(connection: &Connection, server: &MockServer) -> OAuth {
    let settings = OAuthSettings::under("credentials");
    let settings = settings
        .access_token(["credentials", "access_token"], ["credentials", "token_expiry_date"]);
    OAuth::refresh_token(connection, &url(server), "r-1").unwrap().settings(settings)
}

#[test]
fn an_access_token_that_was_kept_is_used_while_it_is_good() {
    let written = with(kept("2999-01-01T00:00:00+02:00"), async |connection| {
        let server = MockServer::start().await;
        let signed = sign(&keeping(connection, &server), &data(&server)).await.unwrap();
        assert_eq!(signed.headers["authorization"], "Bearer a-0");
        assert_eq!(asked(&server, "/token").await, 0);
    });
    assert_eq!(written.text(), "");
}

#[test]
fn a_new_access_token_is_kept_with_its_end() {
    for past in ["2001-01-01T00:00:00Z", "next week"] {
        let written = with(kept(past), async |connection| {
            let server = MockServer::start().await;
            serve(&server, 200, json!({"access_token": "a-1", "expires_in": "7200"})).await;
            let signed = sign(&keeping(connection, &server), &data(&server)).await.unwrap();
            assert_eq!(signed.headers["authorization"], "Bearer a-1");
        });
        let stored = written.stored().remove(0);
        let credentials = &stored["credentials"];
        assert_eq!([&credentials["refresh_token"], &credentials["access_token"]], ["r-1", "a-1"]);
        let ends = credentials["token_expiry_date"].as_str().unwrap();
        let ends = ends.parse::<jiff::Timestamp>().unwrap().as_second();
        let left = ends - airbyte_singer_runtime::now_millis() / 1000;
        assert!((7190..=7200).contains(&left), "{left}");
    }
}
