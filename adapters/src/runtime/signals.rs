use super::Output;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};
use tokio::sync::watch;

/// A signal that asks us to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    receiver: watch::Receiver<Option<StopSignal>>,
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

impl Stop {
    /// Listens for SIGTERM and SIGINT; `output` is told to hurry when one comes.
    pub(crate) fn on_signals(output: Output) -> (Self, Listener) {
        let (sender, receiver) = watch::channel(None);
        let handle = Signals::new([SIGTERM, SIGINT]).ok().map(|mut signals| {
            let handle = signals.handle();
            std::thread::spawn(move || {
                for number in signals.forever() {
                    output.hurry();
                    let terminate = number == SIGTERM;
                    let signal =
                        if terminate { StopSignal::Terminate } else { StopSignal::Interrupt };
                    sender.send_if_modified(|first| {
                        let is_first = first.is_none();
                        first.get_or_insert(signal);
                        is_first
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
        *self.receiver.borrow()
    }

    /// Waits for a signal; for ever, if none comes.
    pub async fn wait(&self) -> StopSignal {
        let mut receiver = self.receiver.clone();
        let got = receiver.wait_for(Option::is_some).await.ok().and_then(|value| *value);
        match got {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }
}
