//! Sources behind HTTP APIs, as a server and a platform see them.

#[path = "http/beginnings.rs"]
mod beginnings;
#[path = "http/cursors.rs"]
mod cursors;
#[path = "http/described.rs"]
mod described;
#[path = "http/described_ends.rs"]
mod described_ends;
#[path = "http/described_pages.rs"]
mod described_pages;
#[path = "http/described_records.rs"]
mod described_records;
#[path = "http/described_requests.rs"]
mod described_requests;
#[path = "http/echoes.rs"]
mod echoes;
#[path = "http/example.rs"]
mod example;
#[path = "http/faults.rs"]
mod faults;
#[path = "http/graphql.rs"]
mod graphql;
#[path = "http/pages.rs"]
mod pages;
#[path = "http/pauses.rs"]
mod pauses;
#[path = "http/quotas.rs"]
mod quotas;
#[path = "http/redirects.rs"]
mod redirects;
#[path = "http/refused_streams.rs"]
mod refused_streams;
#[path = "http/sent_cursors.rs"]
mod sent_cursors;
#[path = "http/server.rs"]
mod server;
#[path = "http/texts.rs"]
mod texts;
#[path = "http/told_errors.rs"]
mod told_errors;
#[path = "http/verdicts.rs"]
mod verdicts;
