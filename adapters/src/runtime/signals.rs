use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::{emulate_default_handler, pipe, unregister};
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
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

/// Ends the process when a stop signal came and everything else is stuck: whoever waits to write
/// to a stdout that nobody reads hears no signal. Dropping it calls it off.
pub(crate) struct LastResort {
    registered: Vec<signal_hook::SigId>,
}

impl LastResort {
    /// Watches on a thread of its own; `grace` after the signal, `leave` is called and the
    /// process dies by it.
    pub(crate) fn after(grace: Duration, leave: impl FnOnce() + Send + 'static) -> Self {
        // Without it we are as we were: what fails here needs no word.
        let registered = watch_signals(grace, leave).unwrap_or_default();
        Self { registered }
    }
}

impl Drop for LastResort {
    fn drop(&mut self) {
        for id in self.registered.drain(..) {
            unregister(id);
        }
    }
}

fn watch_signals(
    grace: Duration,
    leave: impl FnOnce() + Send + 'static,
) -> std::io::Result<Vec<signal_hook::SigId>> {
    let got = Arc::new(AtomicUsize::new(0));
    let (mut ear, mouth) = UnixStream::pair()?;
    let mut registered = Vec::new();
    for (signal, number) in [(SIGTERM, 15), (SIGINT, 2)] {
        registered.push(signal_hook::flag::register_usize(signal, got.clone(), number)?);
        registered.push(pipe::register(signal, mouth.try_clone()?)?);
    }
    drop(mouth);
    std::thread::Builder::new().name("last resort".to_owned()).spawn(move || {
        if ear.read_exact(&mut [0]).is_err() {
            return; // called off
        }
        // Called off while we wait: everybody has let go of the other end.
        let waited = ear.set_read_timeout(Some(grace)).and_then(|()| drain(&mut ear, grace));
        if waited.is_ok() {
            return;
        }
        leave();
        let signal = if got.load(Ordering::Relaxed) == 2 { SIGINT } else { SIGTERM };
        if std::process::id() != 1 {
            let _ = emulate_default_handler(signal);
        }
        exit(128 + signal);
    })?;
    Ok(registered)
}

/// Reads to the end; fails when it doesn't come within `grace`.
fn drain(ear: &mut UnixStream, grace: Duration) -> std::io::Result<()> {
    let since = std::time::Instant::now();
    loop {
        match ear.read(&mut [0; 16]) {
            Ok(0) => return Ok(()),
            Ok(_) if since.elapsed() < grace => {} // more signals
            Ok(_) => return Err(std::io::ErrorKind::TimedOut.into()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
