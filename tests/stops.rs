//! A stop between a request for a token and its answer: what serves once must not be lost.

use crate::harness::*;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(30);

/// A server that hands over each connection once its request is there, to be answered later.
fn server() -> (String, Receiver<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (sender, asked) = channel();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let mut client = client;
            let mut request = Vec::new();
            while !request.windows(4).any(|window| window == b"\r\n\r\n") {
                let mut part = [0; 4096];
                match client.read(&mut part) {
                    Ok(0) | Err(_) => break,
                    Ok(length) => request.extend_from_slice(&part[..length]),
                }
            }
            if sender.send(client).is_err() {
                return;
            }
        }
    });
    (format!("http://{address}"), asked)
}

fn config(url: &str) -> Value {
    json!({
        "url": url,
        "auth": {
            "type": "oauth2", "token_url": format!("{url}/token"), "client_id": "id",
            "client_secret": "Sesame-41.open", "refresh_token": "first-of-them-1",
        },
        "streams": [{"name": "things", "path": "things"}],
    })
}

fn catalog() -> Value {
    let stream =
        json!({"name": "things", "json_schema": {}, "supported_sync_modes": ["full_refresh"]});
    json!({"streams": [{"stream": stream, "sync_mode": "full_refresh",
        "destination_sync_mode": "append"}]})
}

#[test]
fn a_stop_waits_for_the_refresh_token_that_takes_the_place_of_a_spent_one() {
    let ((url, asked), work) = (server(), Work::new());
    let read = work.read(&catalog()).args(["--source", "http"]);
    let live = read.with_config(config(&url).to_string()).start();
    let mut client = asked.recv_timeout(LONG).expect("a request for a token");
    live.signal(Signal::TERM);
    std::thread::sleep(Duration::from_millis(700));
    let body = json!({"access_token": "a-token-2", "refresh_token": "second-one-2"}).to_string();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    client.write_all((head + &body).as_bytes()).expect("somebody who listens");
    let output = live.end();
    assert_eq!(output.exit, Exit::Signal(Signal::TERM.as_raw()), "{output}");
    assert_eq!(output.error(), "stopped by SIGTERM");
    let mut controls = output.lines.iter().filter(|line| line.kind == "CONTROL");
    let control = controls.next().expect("a CONTROL").field("control");
    assert_eq!(controls.count(), 0, "{output}");
    let stored = &control["connectorConfig"]["config"]["auth"]["refresh_token"];
    assert_eq!(*stored, json!("second-one-2"));
}

#[test]
fn a_second_signal_waits_for_nothing() {
    let ((url, asked), work) = (server(), Work::new());
    let read = work.read(&catalog()).args(["--source", "http"]);
    let live = read.with_config(config(&url).to_string()).start();
    let _client = asked.recv_timeout(LONG).expect("a request for a token");
    live.signal(Signal::TERM);
    std::thread::sleep(Duration::from_millis(700));
    let began = Instant::now();
    live.signal(Signal::TERM);
    let output = live.end();
    assert_eq!(output.exit, Exit::Signal(Signal::TERM.as_raw()), "{output}");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}
