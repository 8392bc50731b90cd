//! Listening to a tap whose answer has no known length.

use super::process::LINGER;
use super::{Ended, RunError, Running, Words};
use std::ops::ControlFlow;
use std::time::Duration;
use tokio::io::AsyncReadExt;

/// How much is read at once.
const CHUNK: usize = 128 * 1024;
/// How long a tap that has said enough may take to stop.
const GRACE: Duration = Duration::from_secs(2);

/// Who takes what a tap writes, as it comes.
pub trait Ear {
    /// Takes more bytes; breaks when enough has been heard.
    ///
    /// # Errors
    ///
    /// It is more than can be taken.
    fn hear(&mut self, bytes: &[u8]) -> Result<ControlFlow<()>, RunError>;
}

/// How listening ended.
#[derive(Debug)]
pub struct Attended {
    /// How the tap ended; none when it had said enough and was stopped.
    pub ended: Option<Ended>,
    /// What it said on stderr.
    pub words: Words,
}

/// Gives `ear` what a tap writes, until the tap's end or until that is enough; the tap
/// is stopped then. Its process group is gone afterwards, whatever happened.
///
/// # Errors
///
/// It takes longer than `timeout`, writes more than `ear` takes, or `cancel` comes first; it is killed
/// then. What `ear` has heard by then stays with it.
pub async fn attend(
    mut running: Running,
    timeout: Duration,
    cancel: impl Future<Output = ()>,
    ear: &mut impl Ear,
) -> Result<Attended, RunError> {
    let outcome = tokio::select! {
        outcome = tokio::time::timeout(timeout, listen(&mut running, ear)) => outcome,
        () = cancel => {
            running.stop(GRACE, std::future::pending()).await;
            return Err(RunError::Stopped);
        }
    };
    match outcome {
        Ok(heard) => {
            let ended = heard?;
            if ended.is_none() {
                running.stop(GRACE, std::future::pending()).await;
            }
            Ok(Attended { ended, words: running.words.clone() })
        }
        Err(_) => Err(RunError::Timeout(timeout, Box::new(running.words.last()))),
    }
}

async fn listen(running: &mut Running, ear: &mut impl Ear) -> Result<Option<Ended>, RunError> {
    if let Some(pipe) = running.take_stdout() {
        let mut pipe = tokio::net::unix::pipe::Receiver::from_owned_fd(pipe)
            .map_err(|e| RunError::Read(e.kind()))?;
        let mut buffer = vec![0; CHUNK];
        let hearing = async {
            loop {
                let count = pipe.read(&mut buffer).await.map_err(|e| RunError::Read(e.kind()))?;
                if count == 0 || ear.hear(&buffer[..count])?.is_break() {
                    return Ok(count > 0);
                }
            }
        };
        let left_behind = async {
            running.exited().await;
            tokio::time::sleep(LINGER).await;
        };
        tokio::select! {
            enough = hearing => if enough? {
                return Ok(None);
            },
            // A grandchild may hold stdout open for ever; the answer is there or isn't.
            () = left_behind => {}
        }
    }
    Ok(Some(running.wait().await))
}
