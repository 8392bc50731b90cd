//! A whole source whose refresh tokens serve once.

use super::super::{OAuth, OAuthSettings};
use super::renewal::Rotation;
use super::serve_data_by;
use crate::Api;
use airbyte_protocol::{ConfiguredCatalog, ConfiguredStream, Message, Specification, SyncMode};
use airbyte_singer_runtime::{Outcome, Result};
use airbyte_singer_toolkit::testing;
use airbyte_singer_toolkit::{
    About, Connection, Connector, Native, Secret, Streams, specification,
};
use serde_json::{Value, json};
use wiremock::MockServer;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Config {
    /// Where the API is
    base: String,
    /// What your consent gave
    credentials: Credentials,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Credentials {
    /// Your refresh token
    refresh_token: Secret,
}

#[derive(serde::Serialize, schemars::JsonSchema)]
struct Page {
    page: u32,
}

struct Pages;

impl Connector for Pages {
    type Config = Config;

    fn spec(&self) -> Specification {
        let mut spec = specification::<Config>();
        let settings = OAuthSettings::under("credentials");
        spec.advanced_auth = Some(Box::new(settings.advanced_auth()));
        spec
    }

    async fn streams(&self, config: Config, connection: &Connection) -> Result<Streams> {
        let Config { base, credentials } = config;
        let tokens = format!("{base}/token");
        let auth = OAuth::refresh_token(connection, &tokens, credentials.refresh_token)?;
        let api = Api::new(&base)?.auth(auth);
        let pages = About::of::<Page>("pages").key(["page"]).reading(async move |_, out| {
            for page in 1..=4 {
                api.get("data").query("page", page).fetch().await?;
                out.emit(&Page { page }).await?;
            }
            Ok(())
        });
        Ok(vec![Box::new(pages)])
    }
}

/// A server that takes the first token for two requests, and each other one for so many.
fn server(times: u64) -> (tokio::runtime::Runtime, MockServer) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(async {
        let server = MockServer::start().await;
        Rotation::serve(&server, 3600.0).await;
        serve_data_by(&server, "a-1", 2).await;
        for token in 2..100 {
            serve_data_by(&server, &format!("a-{token}"), times).await;
        }
        super::serve_others(&server).await;
        server
    });
    (runtime, server)
}

fn config(server: &MockServer, token: &str) -> Value {
    json!({"base": server.uri(), "credentials": {"refresh_token": token}})
}

#[test]
fn a_token_that_is_refused_in_mid_stream_costs_no_record() {
    let (_runtime, server) = server(9);
    let config = config(&server, "r-1");
    let mut source = Native::new(Pages);
    let stream = ConfiguredStream::new(
        testing::discover(&mut source, &config).catalog().streams.remove(0),
        SyncMode::FullRefresh,
    );
    let catalog = ConfiguredCatalog::new(vec![stream]);
    let read = testing::read(&mut source, &config, &catalog, &[]);
    assert_eq!(read.outcome, Outcome::Done);
    let mut stored = Vec::new();
    let mut pages = Vec::new();
    for message in &read.messages {
        match message {
            Message::Record(record) => pages.push(record.data["page"].to_string()),
            Message::Control(control) => {
                // What came with it is used from the third page on.
                assert!(pages.len() <= 2);
                stored.push(control.config()["credentials"]["refresh_token"].clone());
            }
            _ => {}
        }
    }
    assert_eq!(pages, ["1", "2", "3", "4"]);
    assert_eq!(stored, ["r-2", "r-3"]);
}

#[test]
fn a_check_stores_what_it_learnt_before_its_answer() {
    let (_runtime, server) = server(9);
    let check = testing::check(&mut Native::new(Pages), &config(&server, "r-1"));
    assert!(matches!(&check.messages[..], [Message::Control(_), Message::ConnectionStatus(_)]));
    // And whoever comes with the old one is told what happened.
    let check = testing::check(&mut Native::new(Pages), &config(&server, "r-1"));
    let why = check.status().message.unwrap();
    assert!(why.contains("the authorization must be granted anew"), "{why}");
}

#[test]
fn a_source_of_tokens_that_serve_once_keeps_the_rules_of_sources() {
    let (_runtime, server) = server(u64::MAX);
    let refused = config(&server, "r-of-another-sync");
    testing::Suite::with(config(&server, "r-1")).refused(refused).hold(Native::new(Pages));
}
