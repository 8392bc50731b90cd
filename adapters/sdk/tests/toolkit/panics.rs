//! Panics in what an author writes: one stream ends, and the others go on.

use airbyte_protocol::{
    ConfiguredCatalog, ConfiguredStream, FailureType, Status, StreamDescriptor, StreamStatus,
    SyncMode,
};
use airbyte_singer_sdk::toolkit::{
    About, AnyStream, Connection, Connector, Native, Schema, Slice, Slices, Streams,
};
use airbyte_singer_sdk::{Outcome, Result, testing};
use serde::{Serialize, Serializer};
use serde_json::json;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Settings {
    /// Where it panics
    panics: String,
}

struct Panicking;

/// A record that can't be written.
struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("of hunter2")
    }
}

impl Connector for Panicking {
    type Config = Settings;

    async fn streams(&self, config: Settings, _: &Connection) -> Result<Streams> {
        assert!(config.panics != "streams", "of hunter2");
        let about = |name: &str| {
            let schema = json!({"type": "object", "properties": {"id": {"type": "integer"}}});
            About::new(name, Schema::given(schema)).cursor("id").checkpoint_every(1)
        };
        let (slicing, reading) = (config.panics.clone(), config.panics);
        let bad = about("bad")
            .slicing(async move |slices: &mut Slices<'_>| {
                slices.emit(Slice::window([("n", 1)])).await?;
                tokio::task::yield_now().await;
                assert!(slicing != "slices", "of hunter2");
                Ok(())
            })
            .reading(async move |_, out| {
                out.emit(&json!({"id": 1})).await?;
                match reading.as_str() {
                    "read" => panic!("of hunter2"),
                    "record" => out.emit(&Unwritable).await,
                    _ => Ok(()),
                }
            });
        let good = about("good").reading(async |_, out| {
            for id in 1..=600 {
                out.emit(&json!({"id": id})).await?;
            }
            Ok(())
        });
        let streams: [Box<dyn AnyStream>; 2] = [Box::new(bad), Box::new(good)];
        Ok(streams.into())
    }
}

fn read(panics: &str) -> testing::Transcript {
    let streams = ["bad", "good"].map(|name| {
        let stream = airbyte_protocol::Stream::new(name, serde_json::Map::new());
        ConfiguredStream::new(stream, SyncMode::Incremental)
    });
    let catalog = ConfiguredCatalog::new(streams.into());
    testing::read(&mut Native::new(Panicking), &json!({"panics": panics}), &catalog, &[])
}

#[test]
fn a_panic_ends_its_stream_and_no_other() {
    for panics in ["slices", "read", "record"] {
        let read = read(panics);
        assert_eq!(read.outcome, Outcome::Failed, "{panics}");
        let error = read.error().expect("an error");
        let told = format!("stream bad: the source's code panicked at {}:", file!());
        assert!(error.message.starts_with(&told), "{}", error.message);
        assert_eq!(error.failure_type, Some(FailureType::SystemError));
        let (bad, good) = (StreamDescriptor::new("bad"), StreamDescriptor::new("good"));
        assert_eq!(read.statuses(&bad).last(), Some(&StreamStatus::Incomplete), "{panics}");
        assert_eq!(read.statuses(&good).last(), Some(&StreamStatus::Complete), "{panics}");
        assert_eq!((read.rows(&bad).len(), read.rows(&good).len()), (1, 600), "{panics}");
        let all = read.messages.iter().map(|message| message.to_line()).collect::<Vec<_>>();
        assert!(!all.iter().any(|line| line.contains("hunter2")), "{panics}");
    }
    assert_eq!(read("nowhere").outcome, Outcome::Done);
}

#[test]
fn a_panic_before_any_stream_fails_the_command() {
    let read = read("streams");
    assert_eq!(read.outcome, Outcome::Failed);
    let message = &read.error().expect("an error").message;
    assert!(message.starts_with("the source's code panicked at "), "{message}");
    assert!(!message.contains("hunter2"), "{message}");
    for stream in ["bad", "good"] {
        let statuses = read.statuses(&StreamDescriptor::new(stream));
        assert_eq!(statuses.last(), Some(&StreamStatus::Incomplete));
    }
    let config = json!({"panics": "streams"});
    let discovered = testing::discover(&mut Native::new(Panicking), &config);
    assert_eq!(discovered.outcome, Outcome::Failed);
    assert_eq!(&discovered.error().expect("an error").message, message);
}

#[test]
fn a_panic_is_a_checks_answer() {
    for (panics, expected) in [
        ("streams", Status::Failed),
        // A first record is enough.
        ("read", Status::Succeeded),
    ] {
        let check = testing::check(&mut Native::new(Panicking), &json!({"panics": panics}));
        assert_eq!(check.outcome, Outcome::Done);
        assert_eq!(check.status().status, expected, "{panics}");
        let said = check.status().message.unwrap_or_default();
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn the_words_of_a_panic_are_on_no_screen() {
    let test = std::env::current_exe().expect("a test is a program");
    let mut again = std::process::Command::new(test);
    again.args(["panics::a_panic_ends_its_stream_and_no_other", "--exact", "--nocapture"]);
    let output = again.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = said + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}
