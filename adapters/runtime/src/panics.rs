//! Panics of a source's own code, as errors.

use crate::{Error, Result};
use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::pin::pin;
use std::sync::Once;
use std::task::Poll;

thread_local! {
    /// How many calls of [`caught`] this thread is in.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// The last panic in one of them.
    static LAST: RefCell<Option<Error>> = const { RefCell::new(None) };
}

/// Does `work`, and makes an error of a panic. The error says where the panic was, never what it said,
/// since its words may hold data; for the same reason they don't go to stderr.
///
/// # Errors
///
/// The work's own, and a system error for a panic.
pub async fn caught<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    watch();
    let mut work = pin!(work);
    poll_fn(|context| {
        DEPTH.set(DEPTH.get() + 1);
        let polled = panic::catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        DEPTH.set(DEPTH.get() - 1);
        polled.unwrap_or_else(|_| {
            let last = LAST.take().unwrap_or_else(|| Error::system("the source's code panicked"));
            Poll::Ready(Err(last))
        })
    })
    .await
}

/// Listens to panics from now on. Those that nobody catches here are left to whoever listened before.
fn watch() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| match DEPTH.get() {
            0 => usual(info),
            _ => LAST.set(Some(error(info))),
        }));
    });
}

fn error(info: &PanicHookInfo<'_>) -> Error {
    let error = Error::system(format!("the source's code panicked{}", location(info)));
    // Only where RUST_BACKTRACE asks for it.
    let trace = Backtrace::capture();
    match trace.status() {
        BacktraceStatus::Captured => error.with_stack_trace(trace.to_string()),
        _ => error,
    }
}

/// Where a panic was, as the end of a sentence.
pub(crate) fn location(info: &PanicHookInfo<'_>) -> String {
    info.location().map(|location| format!(" at {location}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
    }

    #[test]
    fn a_panic_is_an_error_that_says_where_and_not_what() {
        let failed = now(caught(async {
            tokio::task::yield_now().await;
            panic!("hunter2");
            #[allow(unreachable_code, reason = "it gives the block its type")]
            Ok(())
        }));
        let message = failed.unwrap_err().message().to_owned();
        let place = format!("the source's code panicked at {}:", file!());
        assert!(message.starts_with(&place), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
        assert_eq!(now(caught(async { Ok(1) })).unwrap(), 1);
    }

    #[test]
    fn a_panic_inside_another_is_caught_once() {
        let inner = async { caught::<u8>(async { panic!("hunter2") }).await.or(Ok(7)) };
        assert_eq!(now(caught(inner)).unwrap(), 7);
        assert_eq!(DEPTH.get(), 0);
    }
}
