use crate::{Error, Result};
use airbyte_protocol::FailureType;
use std::any::Any;

/// Errors of other crates as an [`Error`]: a sentence of the author's and the class of the failure, while the
/// error itself becomes the internal message, which developers see and which is masked.
///
/// The sentence is a literal, so that no value of a record or of the config can be in it.
///
/// ```
/// use airbyte_singer_sdk::{OrError, Result};
///
/// fn port(text: &str) -> Result<u16> {
///     text.parse().or_config("setting `port` is no number of a port")
/// }
///
/// let error = port("hunter2").unwrap_err();
/// assert_eq!(error.message(), "setting `port` is no number of a port");
/// assert_eq!(error.internal(), Some("invalid digit found in string"));
/// ```
pub trait OrError<T> {
    /// The user must change something: a setting, a file, the catalog.
    ///
    /// # Errors
    ///
    /// A config error with that sentence, if this is an error.
    fn or_config(self, sentence: &'static str) -> Result<T>;

    /// It may work later: a timeout, a limit, a server that is down.
    ///
    /// # Errors
    ///
    /// A transient error with that sentence, if this is an error.
    fn or_transient(self, sentence: &'static str) -> Result<T>;

    /// A fault of the source or of what it runs on.
    ///
    /// # Errors
    ///
    /// A system error with that sentence, if this is an error.
    fn or_system(self, sentence: &'static str) -> Result<T>;
}

impl<T, E: std::error::Error + 'static> OrError<T> for Result<T, E> {
    fn or_config(self, sentence: &'static str) -> Result<T> {
        self.map_err(|error| of(FailureType::ConfigError, sentence, &error))
    }

    fn or_transient(self, sentence: &'static str) -> Result<T> {
        self.map_err(|error| of(FailureType::TransientError, sentence, &error))
    }

    fn or_system(self, sentence: &'static str) -> Result<T> {
        self.map_err(|error| of(FailureType::SystemError, sentence, &error))
    }
}

fn of<E: std::error::Error + 'static>(class: FailureType, sentence: &str, error: &E) -> Error {
    // That nobody reads our stdout must stay known.
    let ours = (error as &dyn Any).downcast_ref::<Error>();
    if let Some(closed) = ours.filter(|error| error.is_closed()) {
        return closed.clone();
    }
    Error::of(class, sentence).with_internal(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_error_is_internal_and_its_class_is_the_authors() {
        let wrong = || "x".parse::<u8>();
        for (error, class) in [
            (wrong().or_config("a"), FailureType::ConfigError),
            (wrong().or_transient("a"), FailureType::TransientError),
            (wrong().or_system("a"), FailureType::SystemError),
        ] {
            let error = error.expect_err("no number");
            assert_eq!((error.message(), error.failure_type()), ("a", class));
            assert_eq!(error.internal(), Some("invalid digit found in string"));
            let trace = error.to_trace(|text| text.replace("digit", "****"));
            let internal = trace.internal_message.expect("there");
            assert_eq!(internal, "invalid **** found in string", "it is masked");
        }
    }

    #[test]
    fn what_went_well_and_a_closed_stdout_stay() {
        assert_eq!("7".parse::<u8>().or_config("a").expect("a number"), 7);
        let closed: Result<()> = Err(Error::closed());
        assert!(closed.or_transient("a").expect_err("closed").is_closed());
    }
}
