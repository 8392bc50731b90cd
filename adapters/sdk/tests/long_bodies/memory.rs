//! A body of any length takes the same memory. `AIRBYTE_SINGER_BODY_MB=1024` makes them as long as that
//! (5 by default); how long it took and what it took are printed with `--nocapture`.

use airbyte_singer_sdk::http::{Csv, Decoding, Format, Gzip, Json, JsonLines, Request, Wire, Xml};
use std::io::{BufWriter, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Instant;

/// What may be added to the memory of the process, in KiB.
const MOST: u64 = 16 * 1024;

/// How a body begins, its records, what stands between them, how it ends.
type Shape = (&'static str, &'static str, &'static str, &'static str);

const OBJECT: &str =
    r#"{"id": 12345, "name": "somebody's name", "price": 12.50, "tags": ["a", "b"]}"#;
const ARRAY: Shape = (r#"{"data": ["#, OBJECT, ",", "]}");
const LINES: Shape = ("", OBJECT, "\n", "\n");
const ROWS: Shape = ("id,name,price\n", "12345,somebody's name,12.50", "\n", "\n");
const ELEMENTS: Shape =
    ("<a>", "<b id='1'><name>somebody</name><price>12.50</price></b>", "\n", "</a>");

/// A server for one answer of so many records, written as it goes.
fn served(records: usize, shape: Shape, gzip: bool) -> Request {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").unwrap();
        if gzip {
            let level = flate2::Compression::fast();
            let mut packed = flate2::write::GzEncoder::new(stream, level);
            write(&mut packed, records, shape);
            packed.finish().unwrap();
        } else {
            write(&mut BufWriter::<TcpStream>::new(stream), records, shape);
        }
    });
    Request::get(format!("http://{address}/x").parse().unwrap())
}

fn write(body: &mut impl Write, records: usize, (begin, record, between, end): Shape) {
    let piece = format!("{record}{between}").repeat(100);
    body.write_all(begin.as_bytes()).unwrap();
    for _ in 0..records / 100 - 1 {
        body.write_all(piece.as_bytes()).unwrap();
    }
    let last = piece.strip_suffix(between).unwrap();
    body.write_all(format!("{last}{end}").as_bytes()).unwrap();
    body.flush().unwrap();
}

/// The most memory that the process ever had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

async fn read(bytes: usize, shape: Shape, gzip: bool, format: Arc<dyn Format>) -> u64 {
    let (before, began) = (peak(), Instant::now());
    let records = bytes / shape.1.len() / 100 * 100;
    let request = served(records, shape, gzip);
    let response = Wire::new().unwrap().send(&request).await.unwrap();
    let mut decoding = Decoding::start(response, format);
    let mut count = 0;
    while let Some(record) = decoding.next().await.unwrap() {
        assert!(record.len() > 2);
        count += 1;
    }
    assert_eq!(count, records);
    // The kernel's figure is off by a little, either way.
    let grown = peak().saturating_sub(before);
    println!("{records} records like {}: {:?}, {grown} KiB more", shape.1, began.elapsed());
    grown
}

/// Bounds what a record takes. A value that is nearly as long has pages of its own, whatever the allocator.
const BOUND: u64 = 40 * 1024 * 1024;

/// A body of one record that is a little smaller than the bound allows, or of one that is larger.
async fn read_long(shape: Shape, length: usize, format: Arc<dyn Format>) -> Result<usize, String> {
    let (begin, _, between, end) = shape;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
        let mut write = |text: &str| stream.write_all(text.as_bytes());
        let _ = write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").and_then(|()| write(begin));
        let piece = between.repeat(8192 / between.len());
        // Whoever has enough closes.
        for _ in 0..length / piece.len() {
            if write(&piece).is_err() {
                return;
            }
        }
        let _ = write(end);
    });
    let request = Request::get(format!("http://{address}/x").parse().unwrap());
    let response = Wire::new().unwrap().send(&request).await.unwrap();
    let mut decoding = Decoding::start(response, format);
    let mut count = 0;
    while let Some(record) = decoding.next().await.map_err(|error| error.to_string())? {
        // As it is written out.
        let line = serde_json::to_vec(&record).unwrap();
        drop(record);
        count += usize::from(line.len() > 1000);
    }
    Ok(count)
}

/// One long value in a record, or many short ones, each twice: so long that it is read, and longer.
async fn long_values() {
    let path = |path: &str| path.parse().unwrap();
    let json = || Arc::new(Json::at(path("/data")).max_record_bytes(BOUND));
    let bodies: [(Shape, u64, Arc<dyn Format>); 7] = [
        ((r#"{"data": [{"v": ""#, "", "x", "\"}]}"), 1, json()),
        ((r#"{"v": ""#, "", "x", "\"}\n"), 1, Arc::new(JsonLines::new().max_record_bytes(BOUND))),
        (("v\n\"", "", "x", "\"\n"), 1, Arc::new(Csv::new().max_record_bytes(BOUND))),
        (("<a><b v='1'>", "", "x", "</b></a>"), 1, Arc::new(Xml::new().max_record_bytes(BOUND))),
        ((r#"{"data": [{"v": [0"#, "", ",0", "]}]}"), 60, json()),
        ((r#"{"data": [{"v": [[0]"#, "", ",[0]", "]}]}"), 150, json()),
        ((r#"{"data": [{"v": [{"a":0}"#, "", r#",{"a":0}"#, "]}]}"), 150, json()),
    ];
    for (shape, times, format) in bodies {
        let before = peak();
        let length = usize::try_from(BOUND / times).unwrap() / 10 * 9;
        assert_eq!(read_long(shape, length, Arc::clone(&format)).await, Ok(1), "{}", shape.0);
        let told = read_long(shape, length * 40, format).await.unwrap_err();
        assert!(told.contains("more than 41943040 bytes"), "{told}");
        let grown = peak().saturating_sub(before);
        println!("values like {}: {grown} KiB more", shape.0);
        // What the allocator keeps of one body is there beside the next.
        assert!(peak() < 3 * BOUND / 1024 + 2 * MOST, "{} KiB for values like {}", peak(), shape.0);
    }
}

#[tokio::test]
async fn a_body_of_any_length_takes_the_same_memory() {
    let given = std::env::var("AIRBYTE_SINGER_BODY_MB").ok();
    let bytes = given.map_or(5, |given| given.parse().unwrap()) * 1_000_000;
    let path = |path: &str| path.parse().unwrap();
    let bodies: [(Shape, bool, Arc<dyn Format>); 5] = [
        (LINES, false, Arc::new(JsonLines::new())),
        (LINES, true, Arc::new(Gzip::of(JsonLines::new()))),
        (ARRAY, false, Arc::new(Json::at(path("/data")))),
        (ROWS, false, Arc::new(Csv::new())),
        (ELEMENTS, false, Arc::new(Xml::at(path("/a/b")))),
    ];
    for (shape, gzip, format) in bodies {
        let grown = read(bytes, shape, gzip, format).await;
        assert!(grown < MOST, "{grown} KiB more for records like {}", shape.1);
    }
    // The peak is that of the process, so one comes after the other.
    long_values().await;
}
