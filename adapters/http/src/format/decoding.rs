use super::packed::is_packed;
use super::{Each, Format, Gzip, Record, Rest, marks};
use airbyte_protocol::{Change, FailureType};
use airbyte_singer_runtime::{Error, OrError, Result};
use bytes::Bytes;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE};
use reqwest::{Response, StatusCode};
use serde_json::Value;
use std::io::BufRead;
use std::sync::Arc;
use std::time::Duration;
use thread::Thread;
use tokio::time::timeout;

mod feed;
mod thread;

/// A body that is there within so many bytes and so long is decoded at once, without a thread.
const SHORT: usize = 64 * 1024;
const SOON: Duration = Duration::from_millis(100);
/// How long a server may be silent while it is waited for.
const SILENCE: Duration = Duration::from_secs(120);

/// An answer's records, as they come.
///
/// Memory stays flat: a long body is read as fast as its records are taken, and decoded on one of tokio's
/// threads for what blocks, which ends when this is dropped.
#[derive(Debug)]
pub struct Decoding {
    stage: Stage,
    ready: std::vec::IntoIter<Marked>,
    /// What was changed in the record that came last.
    changes: Vec<Change>,
    /// Whether the last of those that are ready is large.
    ends_large: bool,
    rest: Rest,
    /// How many elements among the records were none.
    nulls: u64,
    /// The content type, for sentences.
    came_as: String,
}

/// A record and what was changed in it.
type Marked = (Record, Vec<Change>);

enum Stage {
    Fresh(Fresh),
    Running(Box<Thread>),
    Failed(Error),
    Over,
}

/// A body of which the first parts may be there.
struct Fresh {
    response: Response,
    first: Vec<Bytes>,
    format: Arc<dyn Format>,
}

impl Decoding {
    /// Begins with an answer whose status says that it has records.
    pub fn start(response: Response, format: Arc<dyn Format>) -> Self {
        let came_as = content_type(&response);
        // Files are often packed without a word of it.
        let format: Arc<dyn Format> = Arc::new(Gzip::of(format));
        let stage = match (response.status(), encoded(&response)) {
            (StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT, _) => Stage::Over,
            (_, Ok(false)) => Stage::Fresh(Fresh { response, first: Vec::new(), format }),
            (_, Ok(true)) => {
                let format = Arc::new(Gzip::of(format));
                Stage::Fresh(Fresh { response, first: Vec::new(), format })
            }
            (_, Err(error)) => Stage::Failed(error),
        };
        let ready = Vec::new().into_iter();
        let changes = Vec::new();
        Self { stage, ready, changes, ends_large: false, rest: Rest::Null, nulls: 0, came_as }
    }

    /// The next record. An error comes after all records before the fault, and nothing after it.
    ///
    /// # Errors
    ///
    /// Transient: the connection broke off, or the body ended in the middle of itself. System: the
    /// body isn't what it should be.
    pub async fn next(&mut self) -> Result<Option<Record>> {
        loop {
            if let Some((record, changes)) = self.ready.next() {
                self.changes = changes;
                return Ok(Some(record));
            }
            match &mut self.stage {
                Stage::Running(thread) => match thread.records().await {
                    Some((records, ends_large)) => {
                        self.ends_large = ends_large;
                        self.ready = records.into_iter();
                    }
                    None => {
                        let outcome = thread.end().await;
                        self.end(outcome);
                    }
                },
                Stage::Fresh(_) => self.open().await,
                Stage::Failed(error) => {
                    let error = error.clone();
                    self.stage = Stage::Over;
                    return Err(error);
                }
                Stage::Over => return Ok(None),
            }
        }
    }

    /// What the answer says that it is, for the end of a sentence.
    pub(crate) fn came_as(&self) -> &str {
        &self.came_as
    }

    /// What was changed in the record that came last, while it was read.
    pub(crate) fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// Whether the record that came last is so large that nothing should be kept of it: the next one is
    /// only begun when it is gone.
    pub(crate) fn is_large(&self) -> bool {
        self.ends_large && self.ready.len() == 0
    }

    /// How many elements among the records were none, once there are no more records.
    pub(crate) const fn nulls(&self) -> u64 {
        self.nulls
    }

    /// What the body held beside its records, once there are no more of them.
    pub fn rest(self) -> Rest {
        self.rest
    }

    /// Waits for a short body, or for so much of a longer one. It may be dropped while it waits.
    async fn open(&mut self) {
        let Stage::Fresh(fresh) = &mut self.stage else { return };
        let whole = timeout(SOON, fresh.gather()).await;
        let Stage::Fresh(Fresh { response, first, format }) =
            std::mem::replace(&mut self.stage, Stage::Over)
        else {
            return;
        };
        let parts = match whole {
            Ok(Err(error)) => {
                self.stage = Stage::Failed(error);
                return;
            }
            Ok(Ok(true)) => {
                let body = first.concat();
                // What is packed may be far larger inside.
                if !is_packed(&body) {
                    return self.decode(&body, &*format);
                }
                vec![body.into()]
            }
            Ok(Ok(false)) | Err(_) => first,
        };
        self.stage = Stage::Running(Box::new(Thread::start(response, parts, format)));
    }

    fn decode(&mut self, mut body: &[u8], format: &dyn Format) {
        let mut records = Vec::new();
        let outcome = decode(format, &mut body, &mut |record| {
            records.push((record, marks::taken()));
            Ok(())
        });
        self.ready = records.into_iter();
        self.end(outcome);
    }

    fn end(&mut self, outcome: Result<Remainder>) {
        self.stage = match outcome {
            Ok((rest, nulls)) => {
                (self.rest, self.nulls) = (rest, nulls);
                Stage::Over
            }
            Err(error) if error.failure_type() == FailureType::TransientError => {
                Stage::Failed(error)
            }
            Err(error) => Stage::Failed(error.followed_by(&self.came_as)),
        };
    }
}

/// What the body held beside its records, and how many elements among them were none.
type Remainder = (Rest, u64);

/// Decodes a body on this thread.
fn decode(format: &dyn Format, body: &mut dyn BufRead, each: &mut Each<'_>) -> Result<Remainder> {
    // What an earlier body left that failed.
    marks::passed_over();
    let rest = format.decode(body, each)?;
    Ok((rest, marks::passed_over()))
}

/// A record without what is long in it.
pub(crate) fn outline(record: &Record) -> Record {
    const LONG: usize = 64 * 1024;
    let short =
        |value: &Value| if feed::weight(value) > LONG { Value::Null } else { value.clone() };
    record.iter().map(|(name, value)| (name.clone(), short(value))).collect()
}

impl Fresh {
    /// The answer is whether that was the whole body.
    async fn gather(&mut self) -> Result<bool> {
        let mut size: usize = self.first.iter().map(Bytes::len).sum();
        while size <= SHORT {
            let Some(part) = next_part(&mut self.response).await? else { return Ok(true) };
            size += part.len();
            self.first.push(part);
        }
        Ok(false)
    }
}

/// The next part of a body, which is never empty.
async fn next_part(response: &mut Response) -> Result<Option<Bytes>> {
    loop {
        let part = timeout(SILENCE, response.chunk())
            .await
            .or_transient("the server fell silent in the middle of its answer")?
            .map_err(|_| {
                Error::transient("the connection broke off in the middle of the answer")
            })?;
        if part.as_ref().is_none_or(|part| !part.is_empty()) {
            return Ok(part);
        }
    }
}

/// Whether an answer was compressed by gzip. We ask for nothing of the kind, but there are servers that
/// do it all the same.
///
/// # Errors
///
/// It was compressed in another way.
fn encoded(response: &Response) -> Result<bool> {
    let encodings = response.headers().get_all(CONTENT_ENCODING);
    let mut gzip = false;
    for encoding in encodings.iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
    {
        match encoding.trim_ascii().to_ascii_lowercase().as_slice() {
            b"" | b"identity" => {}
            b"gzip" | b"x-gzip" => gzip = true,
            _ => return Err(Error::system("the answer is compressed in a way we didn't ask for")),
        }
    }
    Ok(gzip)
}

/// What the answer says that it is: letters, digits and marks only, since it is a stranger's text.
fn content_type(response: &Response) -> String {
    let given = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = given.and_then(|given| given.split(';').next()).unwrap_or_default().trim();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/.+-".contains(c);
    if kind.is_empty() || kind.len() > 80 || !kind.chars().all(is_plain) {
        return "; it came without a content type".to_owned();
    }
    format!("; it came as {kind}")
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Fresh(_) => "Fresh",
            Self::Running(_) => "Running",
            Self::Failed(_) => "Failed",
            Self::Over => "Over",
        })
    }
}

#[cfg(test)]
mod tests;
