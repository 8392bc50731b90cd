//! When tokens are had anew, and what becomes of refresh tokens that serve once.

use super::super::{Auth, OAuth};
use super::{
    Closed, Stored, Written, asked, data, is_config, run, send, serve_data, serve_others, sign,
    with, with_output,
};
use airbyte_singer_runtime::Secrets;
use airbyte_singer_toolkit::Connection;
use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// A token endpoint whose refresh tokens serve once: `r-1` gives `a-1` and `r-2`, and so on.
#[derive(Clone)]
pub(super) struct Rotation {
    next: Arc<Mutex<u32>>,
    seconds: f64,
}

impl Rotation {
    pub(super) async fn serve(server: &MockServer, seconds: f64) -> Self {
        let rotation = Self { next: Arc::new(Mutex::new(1)), seconds };
        Mock::given(path("/token")).respond_with(rotation.clone()).mount(server).await;
        rotation
    }
}

impl Respond for Rotation {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut fields = url::form_urlencoded::parse(&request.body).into_owned();
        let (_, token) = fields.find(|(name, _)| name == "refresh_token").unwrap();
        let mut next = self.next.lock().unwrap();
        if token != format!("r-{next}") {
            let refusal = json!({"error": "invalid_grant"});
            return ResponseTemplate::new(400).set_body_json(refusal);
        }
        let answer = json!({
            "access_token": format!("a-{next}"),
            "refresh_token": format!("r-{}", *next + 1),
            "expires_in": self.seconds
        });
        *next += 1;
        ResponseTemplate::new(200).set_delay(Duration::from_millis(50)).set_body_json(answer)
    }
}

fn config() -> Value {
    json!({"start": "2026", "credentials": {"client_id": "me", "refresh_token": "r-1"}})
}

fn oauth(connection: &Connection, server: &MockServer) -> OAuth {
    let url = format!("{}/token", server.uri());
    OAuth::refresh_token(connection, &url, "r-1").unwrap().client("me", "s-1")
}

#[test]
fn sixteen_who_wait_cause_one_renewal() {
    let written = with(config(), async |connection| {
        let server = MockServer::start().await;
        Rotation::serve(&server, 3600.0).await;
        let (auth, request) = (oauth(connection, &server), data(&server));
        for signed in join_all((0..16).map(|_| sign(&auth, &request))).await {
            assert_eq!(signed.unwrap().headers["authorization"], "Bearer a-1");
        }
        assert_eq!(asked(&server, "/token").await, 1);
    });
    assert_eq!(written.stored().len(), 1);
}

#[test]
fn a_renewal_outlives_the_one_who_began_it() {
    with(config(), async |connection| {
        let server = MockServer::start().await;
        Rotation::serve(&server, 3600.0).await;
        let (auth, request) = (oauth(connection, &server), data(&server));
        // As the slices of a stream that fails are dropped, while the token is on its way.
        let arrived = async {
            while asked(&server, "/token").await == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            signed = sign(&auth, &request) => panic!("too early: {signed:?}"),
            () = arrived => {}
        }
        let signed = sign(&auth, &request).await.unwrap();
        assert_eq!(signed.headers["authorization"], "Bearer a-1");
        assert_eq!(asked(&server, "/token").await, 1);
    });
}

#[test]
fn a_token_that_ends_is_renewed_before() {
    let written = with(config(), async |connection| {
        let server = MockServer::start().await;
        Rotation::serve(&server, 0.4).await;
        let (auth, request) = (oauth(connection, &server), data(&server));
        let mut tokens = Vec::new();
        for _ in 0..12 {
            let signed = sign(&auth, &request).await.unwrap();
            tokens.push(signed.headers["authorization"].to_str().unwrap().to_owned());
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        tokens.dedup();
        assert!(
            tokens.starts_with(&["Bearer a-1".to_owned(), "Bearer a-2".to_owned()]),
            "{tokens:?}"
        );
        assert_eq!(asked(&server, "/token").await, tokens.len());
    });
    let stored = written.stored();
    assert_eq!(
        stored[0],
        json!({"start": "2026", "credentials": {"client_id": "me", "refresh_token": "r-2"}})
    );
    assert_eq!(stored[1]["credentials"]["refresh_token"], "r-3");
}

#[test]
fn a_token_that_is_refused_in_mid_stream_is_renewed_once() {
    with(config(), async |connection| {
        let server = MockServer::start().await;
        Rotation::serve(&server, 3600.0).await;
        serve_others(&server).await;
        serve_data(&server, "a-2").await;
        let (auth, request) = (oauth(connection, &server), data(&server));
        // All of them are refused with the first token, one after the other.
        let sent = join_all((0..16).map(|_| send(&auth, &request))).await;
        assert!(sent.into_iter().all(|status| status.unwrap() == StatusCode::OK));
        assert_eq!(asked(&server, "/token").await, 2);
    });
}

#[test]
fn a_refusal_of_an_older_token_renews_nothing() {
    with(config(), async |connection| {
        let server = MockServer::start().await;
        Rotation::serve(&server, 3600.0).await;
        let (auth, request) = (oauth(connection, &server), data(&server));
        let old = sign(&auth, &request).await.unwrap();
        assert!(auth.refused(&old).await.unwrap());
        let new = sign(&auth, &request).await.unwrap();
        assert_ne!(new, old);
        assert!(auth.refused(&old).await.unwrap(), "another token is there");
        assert_eq!(sign(&auth, &request).await.unwrap(), new);
        assert_eq!(asked(&server, "/token").await, 2);
    });
}

#[test]
fn a_refusal_for_good_isnt_healed_for_ever() {
    with(config(), async |connection| {
        let server = MockServer::start().await;
        Rotation::serve(&server, 3600.0).await;
        serve_others(&server).await;
        let (auth, request) = (oauth(connection, &server), data(&server));
        // As many streams that the API lets nobody read.
        for _ in 0..10 {
            assert_eq!(send(&auth, &request).await.unwrap(), StatusCode::UNAUTHORIZED);
        }
        assert_eq!(asked(&server, "/token").await, 2);
        assert_eq!(asked(&server, "/data").await, 11);
    });
}

/// Refuses whoever comes with a token whose refresh token wasn't stored yet.
struct AfterControl(Written);

impl Respond for AfterControl {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let bearer = request.headers["authorization"].to_str().unwrap();
        let number: u32 = bearer.strip_prefix("Bearer a-").unwrap().parse().unwrap();
        let stored = format!(r#""refresh_token":"r-{}""#, number + 1);
        let is_stored = self.0.text().lines().any(|line| line.contains(&stored));
        ResponseTemplate::new(if is_stored { 200 } else { 500 })
    }
}

#[test]
fn a_refresh_token_is_stored_before_what_came_with_it_is_used() {
    let written = with_output(config(), async |connection, written| {
        let server = MockServer::start().await;
        Rotation::serve(&server, 0.2).await;
        let check = AfterControl(written.clone());
        Mock::given(path("/data")).respond_with(check).mount(&server).await;
        let (auth, request) = (oauth(connection, &server), data(&server));
        for _ in 0..4 {
            assert_eq!(send(&auth, &request).await.unwrap(), StatusCode::OK);
            tokio::time::sleep(Duration::from_millis(110)).await;
        }
    });
    assert_eq!(written.stored().len(), 4);
}

#[test]
fn a_lost_race_is_told_and_ends_it() {
    with(config(), async |connection| {
        let server = MockServer::start().await;
        Rotation::serve(&server, 3600.0).await;
        let request = data(&server);
        // Another process with the same config was faster.
        sign(&oauth(connection, &server), &request).await.unwrap();
        let slower = oauth(connection, &server);
        for _ in 0..3 {
            let error = sign(&slower, &request).await.unwrap_err();
            assert!(is_config(&error));
            let told = error.to_string();
            assert!(told.contains("the authorization must be granted anew"), "{told}");
            assert!(told.contains("another sync with the same config may have used it"), "{told}");
        }
        assert_eq!(asked(&server, "/token").await, 2);
    });
}

#[test]
fn a_token_that_nobody_can_store_isnt_used() {
    run(config(), Secrets::default(), Closed, async |connection| {
        let server = MockServer::start().await;
        Rotation::serve(&server, 3600.0).await;
        let error = sign(&oauth(connection, &server), &data(&server)).await.unwrap_err();
        assert!(error.is_closed());
    });
}

#[test]
fn a_token_of_no_setting_goes_on_in_memory() {
    let written = with(json!({}), async |connection| {
        let server = MockServer::start().await;
        Rotation::serve(&server, 0.1).await;
        let (auth, request) = (oauth(connection, &server), data(&server));
        sign(&auth, &request).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        let signed = sign(&auth, &request).await.unwrap();
        assert_eq!(signed.headers["authorization"], "Bearer a-2");
    });
    assert_eq!(written.stored(), Vec::<Value>::new());
}
