//! Servers that misbehave, and sources that read from them.

use airbyte_protocol::{ConfiguredCatalog, ConfiguredStream, StreamDescriptor, SyncMode};
use airbyte_singer_sdk::http::{Api, Retry};
use airbyte_singer_sdk::runtime::{Journal, LogLayer, Output, Written};
use airbyte_singer_sdk::testing::{self, Transcript};
use airbyte_singer_sdk::toolkit::{
    About, AnyStream, Connection, Connector, Native, Out, Schema, Slice, Streams,
};
use airbyte_singer_sdk::{Outcome, Result, Secrets, Source};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;
use tracing_subscriber::layer::SubscriberExt;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers};

/// A server of its own thread.
pub(crate) fn server() -> MockServer {
    now(MockServer::start())
}

/// Waits for what needs no runtime of ours for longer than this.
pub(crate) fn now<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().expect("a runtime").block_on(work)
}

/// Answers every GET of `path` with `answers`, one after the other; the last one stays.
pub(crate) fn answer(
    server: &MockServer,
    path: &str,
    answers: impl IntoIterator<Item = ResponseTemplate>,
) {
    let mut answers: Vec<_> = answers.into_iter().collect();
    let last = answers.pop().expect("an answer");
    for answer in answers {
        mount(server, path, answer, Some(1));
    }
    mount(server, path, last, None);
}

fn mount(server: &MockServer, path: &str, answer: impl Respond + 'static, times: Option<u64>) {
    let mut mock = Mock::given(matchers::path(path)).respond_with(answer);
    if let Some(times) = times {
        mock = mock.up_to_n_times(times);
    }
    now(mock.mount(server));
}

/// What a server was asked, in its order.
pub(crate) fn asked(server: &MockServer) -> Vec<Request> {
    now(server.received_requests()).expect("requests are recorded")
}

/// Things by their ids, in a page.
pub(crate) fn things(ids: impl IntoIterator<Item = u64>) -> ResponseTemplate {
    let things: Vec<Value> = ids.into_iter().map(|id| json!({"id": id})).collect();
    ResponseTemplate::new(200).set_body_json(json!({"data": things}))
}

/// A server that writes `answers` as they are, one a connection, and the last one from then on. It holds
/// a connection until the other side has enough, if the answer is to be waited for.
pub(crate) fn raw(answers: Vec<(&'static str, Then)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for (n, stream) in listener.incoming().enumerate() {
            let (text, then) = answers[n.min(answers.len() - 1)];
            stream.and_then(|stream| play(stream, text, then)).expect("a client");
        }
    });
    format!("http://{address}")
}

/// What follows an answer of [`raw`].
#[derive(Clone, Copy)]
pub(crate) enum Then {
    Close,
    Silence,
}

fn play(mut stream: TcpStream, text: &str, then: Then) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte)? == 0 {
            return Ok(());
        }
        head.push(byte[0]);
    }
    stream.write_all(text.as_bytes())?;
    match then {
        Then::Close => Ok(()),
        Then::Silence => stream.read(&mut [0]).map(drop),
    }
}

/// A server of TLS whose certificate is its own word, by its address with `http`. It serves one client.
pub(crate) fn self_signed() -> String {
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().expect("versions");
    let config = config.with_no_client_auth().with_single_cert(vec![own.cert.der().clone()], key);
    let config = Arc::new(config.expect("a server"));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().expect("a client");
        let mut tls = ServerConnection::new(config).expect("a connection");
        // The client ends it.
        while tls.is_handshaking() && tls.complete_io(&mut client).is_ok() {}
    });
    format!("http://{address}")
}

/// Few tries with hardly a pause, and no more than three seconds of waiting.
pub(crate) fn api(address: &str) -> Api {
    let pause = Duration::from_millis(1);
    let retry = Retry::new().tries(3).delays(pause, pause).patience(Duration::from_secs(3));
    Api::new(address).expect("an address").retry(retry)
}

/// A stream of things.
pub(crate) fn stream(
    name: &str,
    read: impl AsyncFn(&Slice, &mut Out<'_>) -> Result<()> + 'static,
) -> Box<dyn AnyStream> {
    let fields = json!({"id": {"type": "integer"}});
    let schema = Schema::given(json!({"type": "object", "properties": fields}));
    Box::new(About::new(name, schema).key(["id"]).reading(read))
}

/// The things of an API, as most tests read them.
pub(crate) fn the_things(api: Api) -> Box<dyn AnyStream> {
    stream("things", async move |_, out| api.get("things").records("/data").emit(out).await)
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
pub(crate) struct Settings {}

struct Made<F>(F);

impl<F: Fn() -> Streams> Connector for Made<F> {
    type Config = Settings;

    async fn streams(&self, _: Settings, _: &Connection) -> Result<Streams> {
        Ok((self.0)())
    }
}

/// A source of these streams.
pub(crate) fn source(streams: impl Fn() -> Streams) -> impl Source {
    Native::new(Made(streams))
}

/// Reads all streams in full.
pub(crate) fn read(streams: impl Fn() -> Streams) -> Transcript {
    let mut source = source(streams);
    let offers = testing::discover(&mut source, &json!({})).catalog().streams;
    let configured = offers.into_iter().map(|s| ConfiguredStream::new(s, SyncMode::FullRefresh));
    let catalog = ConfiguredCatalog::new(configured.collect());
    testing::read(&mut source, &json!({}), &catalog, &[])
}

/// Reads the things below an address.
pub(crate) fn read_things(address: &str) -> Transcript {
    read(|| vec![the_things(api(address))])
}

/// What work logs at info and above.
pub(crate) fn log_of(work: impl FnOnce()) -> String {
    let written = Written::default();
    let journal = Journal::new(Output::new(written.clone()), Secrets::default());
    let layer = LogLayer::new(journal, tracing::Level::INFO);
    // While there is but one subscriber, tracing asks the thread that comes to a line first whether
    // anybody listens to it; that may be another test's, where nobody does.
    let _another = tracing::Dispatch::new(tracing_subscriber::registry());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
    written.text()
}

/// The ids of a stream's rows.
pub(crate) fn ids(transcript: &Transcript, stream: &str) -> Vec<u64> {
    let own = transcript.records().filter(|record| record.stream == stream);
    own.map(|record| record.data["id"].as_u64().expect("an id")).collect()
}

/// The sentence of a read that failed, with `HOST` for the address, and whose fault it is.
pub(crate) fn sentence(transcript: &Transcript, address: &str) -> String {
    assert_eq!(transcript.outcome, Outcome::Failed);
    let error = transcript.error().expect("an error");
    let host = address.strip_prefix("http://").expect("an address");
    let failure = serde_json::to_value(error.failure_type).expect("a failure type");
    let failure = failure.as_str().expect("a text");
    format!("{failure}: {}", error.message.replace(host, "HOST"))
}

pub(crate) fn descriptor(stream: &str) -> StreamDescriptor {
    StreamDescriptor::new(stream)
}
