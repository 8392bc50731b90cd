//! Calling what may panic over a broken file.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// Whether a panic of this thread is expected, and caught.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// What `call` gives; none when it gives none, and when it panics, of which nothing is said: the
/// reader of parquet panics over some broken files instead of returning an error, and its words
/// belong on nobody's screen. What `call` was at work on must not be used again after a none.
pub(super) fn quietly<T>(call: impl FnOnce() -> Option<T>) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                usual(info);
            }
        }));
    });
    QUIET.set(true);
    let given = panic::catch_unwind(AssertUnwindSafe(call));
    QUIET.set(false);
    given.ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_none() {
        assert_eq!(quietly(|| Some(1)), Some(1));
        assert_eq!(quietly(|| None::<u8>), None);
        assert_eq!(quietly(|| -> Option<u8> { panic!("over a broken file") }), None);
        assert!(panic::catch_unwind(|| QUIET.get()).is_ok_and(|quiet| !quiet));
    }
}
