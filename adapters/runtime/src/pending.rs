//! What a stop waits for.

use std::sync::Arc;
use tokio::sync::watch;

/// How much is under way whose outcome must not be lost, such as a request that spends a refresh token
/// and whose answer has the next one. Cloning gives another handle.
#[derive(Debug, Clone)]
pub(crate) struct Pending(Arc<watch::Sender<usize>>);

/// Something that is under way, until this is dropped.
#[derive(Debug)]
pub struct UnderWay(Pending);

impl Pending {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }

    /// Something begins that a stop waits for.
    pub(crate) fn begin(&self) -> UnderWay {
        self.0.send_modify(|count| *count += 1);
        UnderWay(self.clone())
    }

    /// Waits until nothing is under way.
    pub(super) async fn none(&self) {
        // There is a sender as long as we are.
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}
