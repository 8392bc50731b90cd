use super::*;
use crate::{Json, JsonLines, Request, Wire};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A server for one answer, which is written by `answer` on a thread of its own.
fn served(answer: impl FnOnce(&mut TcpStream) + Send + 'static) -> Request {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 4096];
        let read = stream.read(&mut head).unwrap();
        assert!(read > 0);
        answer(&mut stream);
    });
    Request::get(format!("http://{address}/x").parse().unwrap())
}

/// A head that promises so many bytes of a kind.
fn head(kind: &str, length: usize) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n")
}

async fn decoding(request: &Request, format: impl Format + 'static) -> Decoding {
    let response = Wire::new().unwrap().send(request).await.unwrap();
    Decoding::start(response, Arc::new(format))
}

/// How many records come, and what comes then.
async fn all(decoding: &mut Decoding) -> (usize, Result<()>) {
    let mut count = 0;
    loop {
        match decoding.next().await {
            Ok(Some(_)) => count += 1,
            Ok(None) => return (count, Ok(())),
            Err(error) => return (count, Err(error)),
        }
    }
}

fn lines(count: usize) -> String {
    (0..count).map(|id| format!("{{\"id\": {id}, \"name\": \"somebody\"}}\n")).collect()
}

#[tokio::test]
async fn a_short_body_is_decoded_at_once_and_a_long_one_beside() {
    for count in [3, 100_000] {
        let body =
            format!("{{\"items\": [{}], \"next\": 7}}", vec!["{\"id\": 1.0}"; count].join(","));
        let request = served(move |stream| {
            write!(stream, "{}{body}", head("application/json", body.len())).unwrap();
        });
        let mut decoding = decoding(&request, Json::at("/items".parse().unwrap())).await;
        let first = decoding.next().await.unwrap().unwrap();
        assert_eq!(Value::Object(first).to_string(), "{\"id\":1.0}");
        assert_eq!(matches!(decoding.stage, Stage::Running(_)), count > 3);
        let (more, end) = all(&mut decoding).await;
        assert_eq!((more + 1, end.is_ok()), (count, true));
        assert_eq!(decoding.rest(), json!({"items": [], "next": 7}));
    }
}

#[tokio::test]
async fn records_come_while_a_server_takes_its_time() {
    let (go_on, wait) = std::sync::mpsc::channel();
    let request = served(move |stream| {
        writeln!(stream, "{}{{\"id\": 1}}", head("application/x-ndjson", 19)).unwrap();
        stream.flush().unwrap();
        wait.recv().unwrap();
        write!(stream, "{{\"id\": 2}}").unwrap();
    });
    let mut decoding = decoding(&request, JsonLines::new()).await;
    assert_eq!(decoding.next().await.unwrap().unwrap()["id"], 1);
    go_on.send(()).unwrap();
    assert_eq!(decoding.next().await.unwrap().unwrap()["id"], 2);
    assert_eq!(decoding.next().await.unwrap(), None);
}

#[tokio::test]
async fn a_connection_that_breaks_off_is_no_fault_of_the_body() {
    for count in [4, 20_000] {
        let request = served(move |stream| {
            // The last line is cut within a number: half of it would be a number too.
            let body = format!("{}{{\"id\": 12", lines(count));
            write!(stream, "{}{body}", head("application/x-ndjson", body.len() + 10)).unwrap();
        });
        let mut decoding = decoding(&request, JsonLines::new()).await;
        let (_, end) = all(&mut decoding).await;
        let error = end.unwrap_err();
        assert_eq!(error.failure_type(), FailureType::TransientError);
        assert_eq!(error.message(), "the connection broke off in the middle of the answer");
        assert_eq!(decoding.next().await.unwrap(), None);
    }
}

#[tokio::test]
async fn records_before_a_fault_come_and_the_fault_says_what_came() {
    for count in [4, 20_000] {
        let request = served(move |stream| {
            let body = format!("{}hunter2\n{}", lines(count), lines(9));
            write!(stream, "{}{body}", head("text/plain; charset=utf-8", body.len())).unwrap();
        });
        let mut decoding = decoding(&request, JsonLines::new()).await;
        let (records, end) = all(&mut decoding).await;
        assert_eq!(records, count);
        let told = format!(
            "the body is not JSON Lines: expected value, line {}, column 1; it came as text/plain",
            count + 1
        );
        assert_eq!(end.unwrap_err().message(), told);
    }
}

#[tokio::test]
async fn an_answer_without_content_has_no_records() {
    let request = served(|stream| write!(stream, "HTTP/1.1 204 No Content\r\n\r\n").unwrap());
    let mut decoding = decoding(&request, Json::new()).await;
    assert_eq!(decoding.next().await.unwrap(), None);
    assert_eq!(decoding.rest(), Value::Null);
}

/// Says how many decodings of it are under way.
struct Watched(Arc<AtomicUsize>);

impl Format for Watched {
    fn decode(&self, body: &mut dyn std::io::BufRead, each: &mut crate::Each<'_>) -> Result<Rest> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let rest = JsonLines::new().decode(body, each);
        self.0.fetch_sub(1, Ordering::SeqCst);
        rest
    }
}

#[tokio::test]
async fn a_decoding_that_is_dropped_ends_its_thread() {
    // The body never ends; what is under way waits once for room, once for more of the body.
    for endless in [true, false] {
        let request = served(move |stream| {
            write!(stream, "{}{}", head("application/x-ndjson", 1 << 40), lines(5000)).unwrap();
            while endless && write!(stream, "{}", lines(1000)).is_ok() {}
            let mut end = Vec::new();
            let _ = stream.read_to_end(&mut end);
        });
        let running = Arc::new(AtomicUsize::new(0));
        let mut decoding = decoding(&request, Watched(Arc::clone(&running))).await;
        for _ in 0..5000 {
            decoding.next().await.unwrap().unwrap();
        }
        assert_eq!(running.load(Ordering::SeqCst), 1);
        drop(decoding);
        for _ in 0..500 {
            if running.load(Ordering::SeqCst) == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(running.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn whoever_takes_no_records_holds_the_server_up() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let request = served(move |stream| {
        write!(stream, "{}", head("application/x-ndjson", 1 << 40)).unwrap();
        let piece = lines(1000);
        while stream.write_all(piece.as_bytes()).is_ok() {
            counter.fetch_add(piece.len(), Ordering::SeqCst);
        }
    });
    let mut decoding = decoding(&request, JsonLines::new()).await;
    decoding.next().await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let held = sent.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(sent.load(Ordering::SeqCst), held);
    // Mostly what the sockets of both sides hold.
    assert!(held < 32 << 20, "{held}");
}

#[tokio::test]
async fn an_answer_may_be_compressed_by_gzip_and_by_nothing_else() {
    let text = format!("[{}{{\"id\": 2}}]", "{\"id\": 1},".repeat(100_000));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let answer = move |encoding: &'static str, body: Vec<u8>| {
        served(move |stream| {
            let head = head("application/json", body.len());
            let head =
                head.replace("\r\n\r\n", &format!("\r\nContent-Encoding: {encoding}\r\n\r\n"));
            stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
        })
    };
    // One that says so and isn't, as some proxies do, is taken as it is.
    let bodies = [("gzip", packed.clone()), ("X-GZip", packed), ("gzip, identity", text.into())];
    for (encoding, body) in bodies {
        let mut decoding = decoding(&answer(encoding, body), Json::new()).await;
        let (records, end) = all(&mut decoding).await;
        assert_eq!((records, end.is_ok()), (100_001, true), "{encoding}");
    }
    let mut decoding = decoding(&answer("br", vec![1, 2, 3]), Json::new()).await;
    let error = decoding.next().await.unwrap_err();
    assert_eq!(error.message(), "the answer is compressed in a way we didn't ask for");
}
