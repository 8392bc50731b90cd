use super::Output;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};
use std::sync::OnceLock;
use tokio::sync::watch;

/// A signal that asks us to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopSignal {
    /// SIGTERM: how platforms stop a source.
    Terminate,
    /// SIGINT: how people do.
    Interrupt,
}

impl StopSignal {
    /// The signal's number.
    pub fn number(self) -> i32 {
        match self {
            Self::Terminate => SIGTERM,
            Self::Interrupt => SIGINT,
        }
    }

    /// The signal's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Terminate => "SIGTERM",
            Self::Interrupt => "SIGINT",
        }
    }
}

/// Tells a source that somebody wants it to stop. Cloning gives another ear.
#[derive(Debug, Clone)]
pub struct Stop {
    receiver: watch::Receiver<Asked>,
}

/// What the signals so far have asked for.
#[derive(Debug, Clone, Copy, Default)]
struct Asked {
    first: Option<StopSignal>,
    again: bool,
}

/// Hears signals for as long as it lives, on a thread of its own: the others may be waiting for a
/// client that doesn't read.
pub(crate) struct Listener {
    handle: Option<Handle>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(handle) = &self.handle {
            handle.close();
        }
    }
}

/// What was heard before a command began to listen.
static EARLY: OnceLock<Stop> = OnceLock::new();

impl Stop {
    /// No signal ever comes.
    pub(crate) fn never() -> Self {
        Self { receiver: watch::channel(Asked::default()).1 }
    }

    /// For what is read before a command begins to listen. A signal ends the process by itself then,
    /// except process 1 of a container, which nobody else stops: its signals are heard from now on.
    pub fn early() -> Self {
        if std::process::id() != 1 {
            return Self::never();
        }
        EARLY
            .get_or_init(|| {
                let (stop, listener) = Self::listen(|| {});
                // It hears until the process ends.
                std::mem::forget(listener);
                stop
            })
            .clone()
    }

    /// Listens for SIGTERM and SIGINT; `output` is told to hurry when one comes.
    pub(crate) fn on_signals(output: Output) -> (Self, Listener) {
        Self::listen(move || output.hurry())
    }

    /// Listens, and calls `hurry` for each signal. What was heard early counts.
    fn listen(hurry: impl Fn() + Send + 'static) -> (Self, Listener) {
        let early = EARLY.get().map(|early| *early.receiver.borrow()).unwrap_or_default();
        let (sender, receiver) = watch::channel(early);
        let handle = Signals::new([SIGTERM, SIGINT]).ok().map(|mut signals| {
            let handle = signals.handle();
            std::thread::spawn(move || {
                for number in signals.forever() {
                    hurry();
                    let terminate = number == SIGTERM;
                    let signal =
                        if terminate { StopSignal::Terminate } else { StopSignal::Interrupt };
                    sender.send_modify(|asked| match asked.first {
                        None => asked.first = Some(signal),
                        Some(_) => asked.again = true,
                    });
                }
                sender
            });
            handle
        });
        (Self { receiver }, Listener { handle })
    }

    /// The signal that came, if any.
    pub fn signal(&self) -> Option<StopSignal> {
        self.receiver.borrow().first
    }

    /// Waits for a signal; for ever, if none comes.
    pub async fn wait(&self) -> StopSignal {
        let asked = self.until(|asked| asked.first.is_some()).await;
        match asked.first {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }

    /// Waits for a second signal: whoever sends it doesn't want to wait for a graceful end.
    pub async fn wait_again(&self) {
        self.until(|asked| asked.again).await;
    }

    async fn until(&self, is_so: impl Fn(&Asked) -> bool) -> Asked {
        let mut receiver = self.receiver.clone();
        let asked = receiver.wait_for(is_so).await.ok().map(|asked| *asked);
        match asked {
            Some(asked) => asked,
            // Nobody listens for signals any more.
            None => std::future::pending().await,
        }
    }
}
