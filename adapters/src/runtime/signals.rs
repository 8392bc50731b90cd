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

impl Stop {
    /// Listens for SIGTERM and SIGINT; `output` is told to hurry when one comes.
    pub(crate) fn on_signals(output: Output) -> (Self, Listener) {
        let (sender, receiver) = watch::channel(Asked::default());
        let handle = Signals::new([SIGTERM, SIGINT]).ok().map(|mut signals| {
            let handle = signals.handle();
            std::thread::spawn(move || {
                for number in signals.forever() {
                    output.hurry();
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
