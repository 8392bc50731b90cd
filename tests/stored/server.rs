//! An API with a few rows, in every way of paging and asking that the source `http` knows. It can be
//! told to fail after so many answers, so that a read is cut short in the middle.

use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// Rows on a page, and on one of the list that has many.
const PAGE: usize = 3;
const MANY: usize = 600;

/// The server. It lives as long as the test's process.
pub(super) struct Server {
    pub(super) address: String,
    act: Arc<Mutex<Act>>,
}

/// What there is to be had, and for how long.
struct Act {
    rows: u64,
    /// So many requests of each list are answered, the others with 503; those of parents all are.
    answers: Option<usize>,
    asked: HashMap<String, usize>,
}

struct Request {
    path: String,
    query: HashMap<String, String>,
    since: Option<String>,
    body: Value,
}

impl Server {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let act = Arc::new(Mutex::new(Act { rows: 0, answers: None, asked: HashMap::new() }));
        let (own, at) = (Arc::clone(&act), address.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (act, at) = (Arc::clone(&own), at.clone());
                // A client that goes away early is its own business.
                std::thread::spawn(move || serve(client, &act, &at).ok());
            }
        });
        Self { address, act }
    }

    /// From now on there are so many rows, and so many requests of each list are answered.
    pub(super) fn has(&self, rows: u64, answers: Option<usize>) {
        let mut act = self.act.lock().unwrap_or_else(PoisonError::into_inner);
        *act = Act { rows, answers, asked: HashMap::new() };
    }
}

fn serve(mut client: TcpStream, act: &Mutex<Act>, address: &str) -> std::io::Result<()> {
    let request = read(&mut client)?;
    let rows = {
        let mut act = act.lock().unwrap_or_else(PoisonError::into_inner);
        let (answers, rows) = (act.answers, act.rows);
        let asked = act.asked.entry(list_of(&request.path)).or_default();
        *asked += 1;
        let is_answered = answers.is_none_or(|answers| *asked <= answers);
        (is_answered || request.path == "/parents").then_some(rows)
    };
    let (status, link, body) = match rows {
        Some(rows) => answer(&request, rows, address),
        None => ("503 Service Unavailable", None, json!({})),
    };
    let (body, link) = (body.to_string(), link.unwrap_or_default());
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n");
    write!(client, "{head}{link}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// The list that a request is for: its pages count together, and so do a stream's parents.
fn list_of(path: &str) -> String {
    match path.split('/').collect::<Vec<_>>().as_slice() {
        ["", "children", _, list] => format!("children/{list}"),
        ["", first, "from", _] => format!("/{first}"),
        _ => path.to_owned(),
    }
}

fn read(client: &mut TcpStream) -> std::io::Result<Request> {
    let mut reader = BufReader::new(client);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let query = pairs.map(|(name, value)| (name.to_owned(), value.replace("%3A", ":"))).collect();
    let (mut length, mut since) = (0, None);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap_or(0),
            "x-since" => since = Some(value.to_owned()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Ok(Request { path: path.to_owned(), query, since, body })
}

/// A row a month of 2024, or one a minute of its first days.
fn row(id: u64, is_one_of_many: bool) -> Value {
    let at = match is_one_of_many {
        true => format!("2024-01-{:02}T{:02}:{:02}:00Z", id / 1440 + 1, id / 60 % 24, id % 60),
        false => format!("2024-{id:02}-01T00:00:00Z"),
    };
    json!({"id": id, "number": id * 10, "at": at})
}

type Answer = (&'static str, Option<String>, Value);

fn answer(request: &Request, rows: u64, address: &str) -> Answer {
    let query = |name: &str| request.query.get(name).map(String::as_str);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let since = query("since").map(str::to_owned).or(request.since.clone());
    let since = since.or_else(|| text(&request.body["since"]));
    let is_wanted = |row: &Value| {
        let (at, number) = (row["at"].as_str().expect("a time"), row["number"].as_u64());
        let after = |since: &str| since.parse().map_or(at >= since, |since| number >= Some(since));
        since.as_deref().is_none_or(after)
            && query("from").is_none_or(|from| at >= from)
            && query("until").is_none_or(|until| at[..10] <= until[..10])
    };
    let steps: Vec<&str> = request.path.split('/').skip(1).collect();
    let is_many = steps[0] == "many";
    let (rows, size) = if is_many { (rows * 200, MANY) } else { (rows, PAGE) };
    let all: Vec<Value> = (1..=rows).map(|id| row(id, is_many)).filter(is_wanted).collect();
    let number = |name: &str| query(name).and_then(|n| n.parse::<usize>().ok());
    let token = query("token").map(str::to_owned).or_else(|| text(&request.body["token"]));
    let token = token.or_else(|| text(&request.body["variables"]["after"]));
    let begin = match (number("page"), number("offset"), token, steps.as_slice()) {
        (Some(page), ..) => (page - 1) * size,
        (_, Some(offset), ..) => offset,
        (_, _, Some(token), _) => token.trim_start_matches('t').parse().unwrap_or(0),
        (.., [_, "from", begin]) => begin.parse().unwrap_or(0),
        _ => 0,
    };
    let page = all.iter().skip(begin).take(size).cloned().collect::<Vec<_>>();
    let next = begin + size;
    let more = next < all.len();
    match steps[0] {
        "plain" => ("200 OK", None, json!(all)),
        "parents" => ("200 OK", None, json!([{"id": 1}, {"id": 2}, {"id": 3}])),
        "children" => ("200 OK", None, json!(all)),
        "numbers" | "offsets" | "many" => ("200 OK", None, json!(page)),
        "tokens" => {
            let next = more.then(|| format!("t{next}"));
            ("200 OK", None, json!({"data": page, "next": next}))
        }
        "addresses" => {
            let next = more.then(|| format!("{address}/addresses/from/{next}"));
            ("200 OK", None, json!({"data": page, "next": next}))
        }
        "links" => {
            let link = format!("Link: <{address}/links?offset={next}>; rel=\"next\"\r\n");
            ("200 OK", more.then_some(link), json!(page))
        }
        "graphql" => {
            let info = json!({"hasNextPage": more, "endCursor": format!("t{next}")});
            let answer = json!({"data": {"things": {"nodes": page, "pageInfo": info}}});
            ("200 OK", None, answer)
        }
        _ => ("404 Not Found", None, json!({})),
    }
}
