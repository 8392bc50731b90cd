//! What the authenticators do to requests, against servers that take notes.

mod config;
mod connector;
mod fixed;
mod jwt;
mod oauth;
mod renewal;
mod secrecy;
mod session;
mod spec;

use super::super::{Request, Wire};
use super::Auth;
use airbyte_protocol::{FailureType, Message};
use airbyte_singer_runtime::{
    Config, Error, Journal, Outcome, Output, Result, Secrets, Session, Written, perform,
};
use airbyte_singer_toolkit::Connection;
use reqwest::StatusCode;
use serde_json::{Map, Value};
use std::io::Write;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// Does `work` as a command with this config would.
fn with(config: Value, work: impl AsyncFnOnce(&Connection)) -> Written {
    with_output(config, async |connection, _| work(connection).await)
}

/// As [`with`], and tells what was written so far.
fn with_output(config: Value, work: impl AsyncFnOnce(&Connection, &Written)) -> Written {
    let written = Written::default();
    let output = written.clone();
    run(config, Secrets::default(), output, async |connection| work(connection, &written).await);
    written
}

/// As [`with`], among what is known as secret already.
fn with_secrets(config: Value, secrets: Secrets, work: impl AsyncFnOnce(&Connection)) -> Written {
    let written = Written::default();
    run(config, secrets, written.clone(), work);
    written
}

fn run(
    config: Value,
    secrets: Secrets,
    writer: impl Write + Send + 'static,
    work: impl AsyncFnOnce(&Connection),
) {
    let output = Output::new(writer);
    let journal = Journal::new(output.clone(), secrets.clone());
    let session = Session { output, secrets, journal };
    let outcome = perform(&session, async |context| {
        let connection = Connection::new(&Config::from_values(object(config)), context);
        work(&connection).await;
        Ok(())
    });
    assert_eq!(outcome, Outcome::Done);
}

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { panic!("no object") };
    map
}

/// The configs that the platform was asked to store.
trait Stored {
    fn stored(&self) -> Vec<Value>;
}

impl Stored for Written {
    fn stored(&self) -> Vec<Value> {
        let text = self.text();
        let messages = text.lines().map(|line| Message::parse(line.as_bytes()).unwrap());
        messages
            .filter_map(|message| match message {
                Message::Control(control) => Some(Value::Object(control.config().clone())),
                _ => None,
            })
            .collect()
    }
}

/// A stdout that its reader has closed.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn data(server: &MockServer) -> Request {
    Request::get(format!("{}/data?page=1", server.uri()).parse().unwrap())
}

/// Serves `/data` to whoever has this token.
async fn serve_data(server: &MockServer, token: &str) {
    serve_data_by(server, token, u64::MAX).await;
}

/// Serves `/data` so often to whoever has this token.
async fn serve_data_by(server: &MockServer, token: &str, times: u64) {
    Mock::given(method("GET"))
        .and(path("/data"))
        .and(header("authorization", format!("Bearer {token}")))
        .respond_with(ResponseTemplate::new(200))
        .up_to_n_times(times)
        .mount(server)
        .await;
}

/// Refuses whoever comes to `/data` with no token that is good.
async fn serve_others(server: &MockServer) {
    let refusal = ResponseTemplate::new(401);
    Mock::given(path("/data")).respond_with(refusal).with_priority(9).mount(server).await;
}

/// How often `/data`, or another path, was asked for.
async fn asked(server: &MockServer, path: &str) -> usize {
    let requests = server.received_requests().await.unwrap();
    requests.iter().filter(|request| request.url.path() == path).count()
}

async fn sign(auth: &impl Auth, request: &Request) -> Result<Request> {
    let mut signed = request.clone();
    auth.sign(&mut signed).await?;
    Ok(signed)
}

/// Sends as whoever sends must: another try after a 401, if there is reason to hope.
async fn send(auth: &impl Auth, request: &Request) -> Result<StatusCode> {
    let wire = Wire::new()?;
    let signed = sign(auth, request).await?;
    let status = wire.exchange(&signed).await?.status;
    if status != StatusCode::UNAUTHORIZED || !auth.refused(&signed).await? {
        return Ok(status);
    }
    Ok(wire.exchange(&sign(auth, request).await?).await?.status)
}

fn is_config(error: &Error) -> bool {
    error.failure_type() == FailureType::ConfigError
}
