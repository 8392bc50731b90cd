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
            Self::Terminate => signal_hook::consts::SIGTERM,
            Self::Interrupt => signal_hook::consts::SIGINT,
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

impl Stop {
    /// Listens for SIGTERM and SIGINT for as long as the current runtime lives.
    pub(crate) fn on_signals() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let (sender, receiver) = watch::channel(None);
        let streams = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
        if let (Ok(mut terminate), Ok(mut interrupt)) = streams {
            tokio::spawn(async move {
                let got = tokio::select! {
                    _ = terminate.recv() => StopSignal::Terminate,
                    _ = interrupt.recv() => StopSignal::Interrupt,
                };
                sender.send_replace(Some(got));
                // Keeps the channel open: a closed one would look like a stop.
                std::future::pending::<()>().await;
            });
        }
        Self { receiver }
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
