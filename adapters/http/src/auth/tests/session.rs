use super::super::{Basic, SentAs, SessionToken};
use super::{asked, data, is_config, send, serve_data, serve_others, sign, with};
use crate::Body;
use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use wiremock::matchers::{basic_auth, body_json, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn login() -> Body {
    Body::Json(json!({"user": "ada", "password": "hunter2-x"}))
}

async fn serve_login(server: &MockServer, answers: impl IntoIterator<Item = Value>) {
    for answer in answers {
        let login = json!({"user": "ada", "password": "hunter2-x"});
        Mock::given(method("POST"))
            .and(path("/login"))
            .and(body_json(login))
            .respond_with(ResponseTemplate::new(200).set_body_json(answer))
            .up_to_n_times(1)
            .mount(server)
            .await;
    }
}

#[test]
fn a_login_serves_all_and_is_done_again_when_it_is_over() {
    with(json!({}), async |connection| {
        let server = MockServer::start().await;
        serve_login(
            &server,
            [json!({"session": {"id": "s-1"}}), json!({"session": {"id": "s-2"}})],
        )
        .await;
        serve_data(&server, "s-2").await;
        serve_others(&server).await;
        let url = format!("{}/login", server.uri());
        let auth = SessionToken::new(connection, &url, login(), "/session/id").unwrap();
        let request = data(&server);
        join_all((0..16).map(|_| sign(&auth, &request))).await;
        assert_eq!(asked(&server, "/login").await, 1);
        assert_eq!(send(&auth, &request).await.unwrap(), StatusCode::OK);
        assert_eq!(asked(&server, "/login").await, 2);
        assert_eq!(connection.secrets().mask("hunter2-x s-1 s-2 ada"), "**** s-1 s-2 ada");
    });
}

#[test]
fn a_session_ends_when_it_is_said_to() {
    with(json!({}), async |connection| {
        let server = MockServer::start().await;
        serve_login(&server, [json!({"token": 1, "seconds": "0.2"}), json!({"token": 2})]).await;
        let url = format!("{}/login", server.uri());
        let auth = SessionToken::new(connection, &url, login(), "/token").unwrap();
        let auth = auth.lasts(Duration::from_secs(60)).lasts_as_told("/seconds");
        let auth = auth.sent_as(SentAs::header("X-Session").unwrap());
        let token = async || {
            sign(&auth, &data(&server)).await.unwrap().headers["x-session"]
                .to_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(token().await, "1");
        assert_eq!(token().await, "1");
        tokio::time::sleep(Duration::from_millis(150)).await;
        assert_eq!(token().await, "2");
        assert_eq!(token().await, "2");
    });
}

#[test]
fn a_login_may_need_credentials_of_its_own() {
    with(json!({}), async |connection| {
        let server = MockServer::start().await;
        Mock::given(path("/login"))
            .and(basic_auth("ada", "hunter2-x"))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({"token": "s-1"})))
            .mount(&server)
            .await;
        let url = format!("{}/login", server.uri());
        let auth = SessionToken::new(connection, &url, Body::Empty, "/token").unwrap();
        let auth = auth.login_signed_by(Basic::new(connection, "ada", "hunter2-x").unwrap());
        let signed = sign(&auth, &data(&server)).await.unwrap();
        assert_eq!(signed.headers["authorization"], "Bearer s-1");
    });
}

#[test]
fn a_wrong_password_is_tried_once() {
    with(json!({}), async |connection| {
        let server = MockServer::start().await;
        let refusal = ResponseTemplate::new(403);
        Mock::given(path("/login")).respond_with(refusal).mount(&server).await;
        let url = format!("{}/login", server.uri());
        let auth = SessionToken::new(connection, &url, login(), "/token").unwrap();
        for _ in 0..3 {
            let error = sign(&auth, &data(&server)).await.unwrap_err();
            assert!(is_config(&error));
            let host = server.address();
            assert_eq!(
                error.to_string(),
                format!(
                    "POST {host}/login refuses the login with status 403: see whether user and \
                     password are right"
                )
            );
        }
        assert_eq!(asked(&server, "/login").await, 1);
    });
}

#[test]
fn an_answer_without_a_token_is_no_fault_of_the_users() {
    with(json!({}), async |connection| {
        let server = MockServer::start().await;
        serve_login(&server, [json!({"token": "hunter\n3"}), json!({"token": null})]).await;
        let url = format!("{}/login", server.uri());
        let auth = SessionToken::new(connection, &url, login(), "/token").unwrap();
        let host = server.address();
        for told in [
            format!("POST {host}/login gave a token that no header can hold"),
            format!("the answer of POST {host}/login has no token where it should be"),
        ] {
            let error = sign(&auth, &data(&server)).await.unwrap_err();
            assert!(!is_config(&error));
            assert_eq!(error.to_string(), told);
        }
        let error = SessionToken::new(connection, "login", login(), "/token").unwrap_err();
        assert_eq!(error.to_string(), "the login has no address such as https://host/path");
    });
}
