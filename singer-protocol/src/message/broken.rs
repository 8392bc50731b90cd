//! Lines that aren't JSON: what they claim to be, and the one flaw that can be mended.

use super::{Kind, LineError, Malformed, Message, Reason};

/// A message whose numbers that JSON doesn't know became null.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repaired {
    /// The mended line.
    pub line: Vec<u8>,
    /// The places inside the record, written like `a.b[3].c` with the field names as they are
    /// (a dot in a name is not escaped). Empty when the values stood outside a record.
    pub nulled: Vec<String>,
}

/// Puts null for `NaN`, `Infinity` and `-Infinity`, which Python's `json` writes and JSON doesn't
/// know. Strings are left alone.
///
/// `None` when there was nothing to mend, or when the line is no message even so.
///
/// ```
/// let line = br#"{"type": "RECORD", "stream": "s", "record": {"a": [1, NaN], "b": "NaN"}}"#;
/// let repaired = singer_protocol::repair_non_finite(line).expect("mended");
/// assert_eq!(repaired.nulled, ["a[1]"]);
/// assert!(repaired.line.ends_with(br#"{"a": [1, null], "b": "NaN"}}"#));
/// ```
pub fn repair_non_finite(line: &[u8]) -> Option<Repaired> {
    let repaired = mend(line, true)?;
    Message::parse(&repaired.line).is_ok().then_some(repaired)
}

/// Mends the words wherever they stand; the places are those inside the line's `record`, or inside
/// the line itself where that is the record.
pub(super) fn mend(line: &[u8], is_message: bool) -> Option<Repaired> {
    let mut out = Vec::with_capacity(line.len() + 8);
    let mut nulled = Vec::new();
    let mut stack: Vec<Level> = Vec::new();
    let mut copied = 0;
    for token in Tokens::new(line) {
        match token.shape {
            Shape::Open(b'{') => stack.push(Level::Object { key: 0..0, in_key: true }),
            Shape::Open(_) => stack.push(Level::Array { index: 0 }),
            Shape::Close => drop(stack.pop()),
            Shape::Comma => match stack.last_mut() {
                Some(Level::Object { in_key, .. }) => *in_key = true,
                Some(Level::Array { index }) => *index += 1,
                None => {}
            },
            Shape::String { .. } => {
                let outermost = is_message && stack.len() == 1;
                if let Some(Level::Object { key, in_key }) = stack.last_mut()
                    && std::mem::replace(in_key, false)
                {
                    *key = token.range();
                    if outermost && string(token.text(line)).as_deref() == Some("record") {
                        // The last `record` is the one that counts.
                        nulled.clear();
                    }
                }
            }
            Shape::Word if non_finite(token.text(line)) => {
                out.extend_from_slice(&line[copied..token.start]);
                out.extend_from_slice(b"null");
                copied = token.end;
                nulled.extend(match is_message {
                    true => in_record(&stack, line).map(|inside| path(inside, line)),
                    false => Some(path(&stack, line)),
                });
            }
            Shape::Word | Shape::Colon => {}
        }
    }
    if copied == 0 {
        return None;
    }
    out.extend_from_slice(&line[copied..]);
    Some(Repaired { line: out, nulled })
}

/// Whether one of the words that [`mend`] mends stands in a line, outside its strings.
pub(super) fn has_non_finite(line: &[u8]) -> bool {
    Tokens::new(line)
        .any(|token| matches!(token.shape, Shape::Word) && non_finite(token.text(line)))
}

/// Where the walk stands inside one object or list.
enum Level {
    Object { key: std::ops::Range<usize>, in_key: bool },
    Array { index: usize },
}

/// What is open inside the envelope's `record`, if the walk is in there.
fn in_record<'a>(stack: &'a [Level], line: &[u8]) -> Option<&'a [Level]> {
    let (envelope, inside) = stack.split_first()?;
    let Level::Object { key, .. } = envelope else { return None };
    (string(&line[key.clone()]).as_deref() == Some("record")).then_some(inside)
}

/// The place inside a record.
fn path(inside: &[Level], line: &[u8]) -> String {
    let mut path = String::new();
    for level in inside {
        match level {
            Level::Object { key, .. } => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(&string(&line[key.clone()]).unwrap_or_default());
            }
            Level::Array { index } => path.push_str(&format!("[{index}]")),
        }
    }
    path
}

fn non_finite(word: &[u8]) -> bool {
    matches!(word, b"NaN" | b"Infinity" | b"-Infinity")
}

/// The error of a line that isn't JSON: malformed if it claims to be a message.
///
/// `lead` is what stood before `body`, `at` the byte of `body` at which the parser gave up.
pub(super) fn blame(body: &[u8], lead: usize, at: usize, reason: Reason) -> LineError {
    match claim(body) {
        None => LineError::NotAMessage,
        Some(Claim { kind, stream, non_finite }) => LineError::Malformed(Malformed {
            kind: Some(kind.name().to_owned()),
            stream,
            column: lead + at + 1,
            reason,
            non_finite,
        }),
    }
}

struct Claim {
    kind: Kind,
    stream: Option<String>,
    non_finite: bool,
}

/// What the object's own `type` and `stream` say, as far as they can be read.
fn claim(body: &[u8]) -> Option<Claim> {
    let (mut kind, mut stream, mut found) = (None, None, false);
    let mut depth = 0_usize;
    let mut lost = false;
    let (mut last, mut key) = (None, None);
    for token in Tokens::new(body) {
        let outermost = depth == 1;
        match token.shape {
            Shape::Open(_) => depth += 1,
            Shape::Close => {
                lost |= depth == 0;
                depth = depth.saturating_sub(1);
            }
            Shape::Colon => key = last.take(),
            Shape::String { closed } => {
                lost |= !closed;
                let text = string(token.text(body));
                match key.take().as_deref() {
                    // What follows a fault can't take a claim back.
                    Some("type") if outermost => kind = text.as_deref().and_then(Kind::of).or(kind),
                    Some("stream") if outermost => stream = text.clone(),
                    _ => {}
                }
                last = text;
            }
            Shape::Word => found |= non_finite(token.text(body)),
            Shape::Comma => {}
        }
        if !matches!(token.shape, Shape::Colon | Shape::String { .. }) {
            (last, key) = (None, None);
        }
        // What follows a whole object speaks for itself.
        if depth == 0 && kind.is_some() {
            break;
        }
    }
    // A line with a lost quote or bracket has no levels to go by: better to speak of a broken
    // message than to take a lost row for a log line.
    if kind.is_none() && (lost || depth != 0) {
        kind = named_anywhere(body);
    }
    Some(Claim { kind: kind?, stream, non_finite: found })
}

/// The first message type that stands behind a `"type":` anywhere in the text.
fn named_anywhere(body: &[u8]) -> Option<Kind> {
    const KEY: &[u8] = b"\"type\"";
    body.windows(KEY.len()).enumerate().filter(|(_, window)| *window == KEY).find_map(|(at, _)| {
        let mut tokens = Tokens::new(&body[at + KEY.len()..]);
        let colon = tokens.next()?;
        let value = tokens.next().filter(|_| matches!(colon.shape, Shape::Colon))?;
        Kind::of(&string(value.text(&body[at + KEY.len()..]))?)
    })
}

/// The text of a JSON string with its quotes, if it can be read.
fn string(raw: &[u8]) -> Option<String> {
    serde_json::from_slice(raw).ok()
}

/// Walks text that may not be JSON, taking strings, punctuation and words as they come.
struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
}

#[derive(Clone, Copy)]
struct Token {
    shape: Shape,
    start: usize,
    end: usize,
}

#[derive(Clone, Copy)]
enum Shape {
    Open(u8),
    Close,
    Comma,
    Colon,
    String { closed: bool },
    Word,
}

impl Token {
    fn range(&self) -> std::ops::Range<usize> {
        self.start..self.end
    }

    fn text<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.range()]
    }
}

impl<'a> Tokens<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Tokens { bytes, at: 0 }
    }

    /// The end of the string that begins at `start`, and whether its closing quote was there.
    fn string_end(&self, start: usize) -> (usize, bool) {
        let mut at = start + 1;
        while let Some(byte) = self.bytes.get(at) {
            match byte {
                b'"' => return (at + 1, true),
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        (self.bytes.len(), false)
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        let start = self.at + self.bytes[self.at..].iter().position(|byte| !blank(byte))?;
        let (shape, end) = match self.bytes[start] {
            open @ (b'{' | b'[') => (Shape::Open(open), start + 1),
            b'}' | b']' => (Shape::Close, start + 1),
            b',' => (Shape::Comma, start + 1),
            b':' => (Shape::Colon, start + 1),
            b'"' => {
                let (end, closed) = self.string_end(start);
                (Shape::String { closed }, end)
            }
            _ => {
                let ends = |byte: &u8| blank(byte) || b"{}[],:\"".contains(byte);
                let rest = &self.bytes[start..];
                let length = rest.iter().position(ends).unwrap_or(rest.len());
                (Shape::Word, start + length)
            }
        };
        self.at = end;
        Some(Token { shape, start, end })
    }
}
