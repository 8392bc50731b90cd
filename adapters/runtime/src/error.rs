use airbyte_protocol::{ErrorTrace, FailureType, StreamDescriptor};
use std::fmt;
use std::ops::Range;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a command failed, in the shape of a TRACE ERROR: a sentence for the user, whose fault it
/// is, and what developers need beside that.
///
/// Our own words in it never hold a value of a record or of the config; words of others (a tap's
/// last line) are masked when the error is written.
#[derive(Debug, Clone)]
pub struct Error(Box<Inner>);

/// A part of an error's sentence.
#[derive(Debug, Clone, Copy)]
pub enum Words<'a> {
    /// Our own, which hold no value of a record or of the config. They are never masked: a word that is a
    /// password too would tell it by its absence.
    Own(&'a str),
    /// Somebody else's.
    Others(&'a str),
}

#[derive(Debug, Clone)]
struct Inner {
    failure: FailureType,
    message: String,
    /// Where in the message our own words stand, as far as that is known.
    own: Vec<Range<usize>>,
    internal: Option<String>,
    /// Whether `internal` is in our own words.
    is_internal_own: bool,
    stack_trace: Option<String>,
    stream: Option<StreamDescriptor>,
    closed: bool,
    /// The status of an HTTP answer that it is about.
    status: Option<u16>,
}

impl Error {
    fn new(failure: FailureType, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            failure,
            message: message.into(),
            own: Vec::new(),
            internal: None,
            is_internal_own: false,
            stack_trace: None,
            stream: None,
            closed: false,
            status: None,
        }))
    }

    /// The user must change something: a setting, a file, the catalog.
    pub fn config(message: impl Into<String>) -> Self {
        Self::new(FailureType::ConfigError, message)
    }

    /// It may work later: a timeout, a limit, a server that is down.
    pub fn transient(message: impl Into<String>) -> Self {
        Self::new(FailureType::TransientError, message)
    }

    /// A fault of the source or of what it runs on.
    pub fn system(message: impl Into<String>) -> Self {
        Self::new(FailureType::SystemError, message)
    }

    /// An error of the given failure type.
    pub fn of(failure: FailureType, message: impl Into<String>) -> Self {
        Self::new(failure, message)
    }

    /// An error of the given failure type whose sentence is put together of these parts.
    ///
    /// ```
    /// use airbyte_singer_sdk::{Error, Words};
    /// use airbyte_protocol::FailureType::ConfigError;
    ///
    /// let parts = [Words::Own("the tap said: "), Words::Others("the tap is locked")];
    /// let trace = Error::of_parts(ConfigError, &parts).to_trace(|text| text.replace("tap", "****"));
    /// assert_eq!(trace.message, "the tap said: the **** is locked");
    /// ```
    pub fn of_parts(failure: FailureType, parts: &[Words<'_>]) -> Self {
        let mut error = Self::new(failure, String::new());
        for part in parts {
            let from = error.0.message.len();
            match part {
                Words::Own(text) => {
                    error.0.message.push_str(text);
                    error.0.own.push(from..from + text.len());
                }
                Words::Others(text) => error.0.message.push_str(text),
            }
        }
        error
    }

    /// Nobody reads our stdout any more: ends the command quietly.
    pub fn closed() -> Self {
        let mut error = Self::system("stdout was closed by its reader");
        error.0.closed = true;
        error
    }

    /// Adds what developers need to know.
    pub fn with_internal(mut self, internal: impl fmt::Display) -> Self {
        self.0.internal = Some(internal.to_string());
        self
    }

    /// Adds what developers need to know, in our own words.
    pub fn with_own_internal(self, internal: impl fmt::Display) -> Self {
        let mut error = self.with_internal(internal);
        error.0.is_internal_own = true;
        error
    }

    /// Adds a stack trace.
    pub fn with_stack_trace(mut self, trace: impl Into<String>) -> Self {
        self.0.stack_trace = Some(trace.into());
        self
    }

    /// Says which stream it belongs to.
    pub fn in_stream(mut self, stream: StreamDescriptor) -> Self {
        self.0.stream = Some(stream);
        self
    }

    /// Says which status of an HTTP answer it is about.
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// The status of the HTTP answer that it is about.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Puts words before the sentence, and leaves the rest as it is.
    pub fn prefaced(mut self, words: &str) -> Self {
        self.0.message.insert_str(0, words);
        for own in &mut self.0.own {
            *own = own.start + words.len()..own.end + words.len();
        }
        self
    }

    /// Puts words behind the sentence, and leaves the rest as it is.
    pub fn followed_by(mut self, words: &str) -> Self {
        self.0.message.push_str(words);
        self
    }

    /// Whose fault it is.
    pub fn failure_type(&self) -> FailureType {
        self.0.failure
    }

    /// The sentence for the user.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What developers need to know, if there is more than the sentence.
    pub fn internal(&self) -> Option<&str> {
        self.0.internal.as_deref()
    }

    /// Whether nobody reads our stdout any more.
    pub fn is_closed(&self) -> bool {
        self.0.closed
    }

    /// The sentence, with what isn't known to be our own passed through `mask`; at a readable length.
    pub fn masked(&self, mask: impl Fn(&str) -> String) -> String {
        readable(self.masked_whole(mask))
    }

    fn masked_whole(&self, mask: impl Fn(&str) -> String) -> String {
        let (mut text, mut at) = (String::new(), 0);
        let others = |text: &mut String, part: Range<usize>| {
            if !part.is_empty() {
                text.push_str(&mask(&self.0.message[part]));
            }
        };
        for own in &self.0.own {
            others(&mut text, at..own.start);
            text.push_str(&self.0.message[own.clone()]);
            at = own.end;
        }
        others(&mut text, at..self.0.message.len());
        text
    }

    /// The payload of the TRACE, every text passed through `mask`, except what is known to be in our own words. Clients look for an internal
    /// message in every error; where there is no better one the sentence stands for it.
    pub fn to_trace(&self, mask: impl Fn(&str) -> String) -> ErrorTrace {
        let internal = match &self.0.internal {
            Some(internal) if self.0.is_internal_own => internal.clone(),
            Some(internal) => mask(internal),
            None => self.masked_whole(&mask),
        };
        ErrorTrace {
            message: self.masked(&mask),
            internal_message: Some(internal),
            stack_trace: self.0.stack_trace.as_deref().map(&mask),
            failure_type: Some(self.0.failure),
            stream_descriptor: self.0.stream.clone(),
        }
    }
}

/// A sentence at a readable length. Only what is masked may be cut: half a secret is none that
/// could be recognised.
pub(crate) fn readable(masked: String) -> String {
    const LONGEST: usize = 1000;
    match masked.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &masked[..end]),
        None => masked,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_at_the_cut_is_masked_whole() {
        let error = Error::system(format!("{} hunter2-secret", "x".repeat(990)));
        let trace = error.to_trace(|text| text.replace("hunter2-secret", "****"));
        assert!(trace.message.ends_with(" ****"), "{}", trace.message);
        let long = Error::system("é".repeat(2000)).to_trace(str::to_owned).message;
        assert_eq!(long.chars().count(), 1001);
    }
}
