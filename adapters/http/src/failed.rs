//! A try that failed, and what follows.

use super::budget::wait_for_quota;
use super::retry::{Next, Tries};
use super::{Answer, quota, verdict};
use airbyte_singer_runtime::{Error, Result};
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, sleep};

/// A try that failed in a way that may go better the next time.
pub(super) struct Failed {
    /// What happened, as the predicate of a sentence about the request.
    how: String,
    /// The API's own words, or an error's.
    why: Option<String>,
    internal: Option<String>,
    is_quota: bool,
    pub(super) asked_wait: Option<Duration>,
}

impl Failed {
    /// By an answer, which may say itself how long to wait.
    pub(super) fn by_answer(answer: &Answer<'_>, wait: Option<Duration>) -> Self {
        Self {
            how: format!("answered {}", answer.status),
            why: answer.document.and_then(verdict::reason),
            internal: None,
            is_quota: false,
            asked_wait: wait.or_else(|| quota::asked_wait(answer.headers, SystemTime::now())),
        }
    }

    /// By an answer that says that a quota is used up.
    ///
    /// How long to wait may stand in its body, at `pointer`.
    pub(super) fn by_quota(
        answer: &Answer<'_>,
        wait: Option<Duration>,
        pointer: Option<&str>,
    ) -> Self {
        let Answer { headers, document, .. } = *answer;
        let told = || quota::quota_wait(headers, document, pointer, SystemTime::now());
        Self { is_quota: true, ..Self::by_answer(answer, wait.or_else(told)) }
    }

    /// By a transient error, without an answer or within one.
    pub(super) fn by_error(error: &Error) -> Self {
        Self {
            how: "failed".to_owned(),
            why: Some(error.message().to_owned()),
            internal: error.internal().map(str::to_owned),
            is_quota: false,
            asked_wait: None,
        }
    }

    /// Waits for the next try of the request at `place`.
    ///
    /// # Errors
    ///
    /// There is none: a transient error that says how it ended.
    pub(super) async fn wait(self, place: &str, tries: &mut Tries) -> Result<()> {
        let Self { how, why, internal, is_quota, asked_wait } = self;
        let made = tries.counted();
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        let next = match is_quota {
            true => tries.after_quota(asked_wait),
            false => tries.after_failure(asked_wait),
        };
        let text = match next {
            Next::Wait(wait) => {
                let seconds = wait.as_secs_f64();
                tracing::info!("{place} {how}{why}; it is tried again in {seconds:.1} s");
                if is_quota {
                    return wait_for_quota(Instant::now() + wait).await;
                }
                sleep(wait).await;
                return Ok(());
            }
            Next::Enough => format!("{place} {how}{made}{why}"),
            Next::TooLong { asked, longest } => format!(
                "{place} {how}{made} and asks to wait for {} s, which is more than the {} s that are \
                 waited at most{why}",
                asked.as_secs(),
                longest.as_secs()
            ),
        };
        let error = Error::transient(text);
        Err(match internal {
            Some(internal) => error.with_internal(internal),
            None => error,
        })
    }
}
