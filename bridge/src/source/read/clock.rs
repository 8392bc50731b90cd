use airbyte_singer_runtime::now_millis;
use singer_protocol::Moments;

/// When a record was extracted. Those that say no time get the clock's, asked once per read of the
/// pipe.
#[derive(Default)]
pub(super) struct Clock {
    moments: Moments,
    now: Option<i64>,
}

impl Clock {
    /// Milliseconds since the epoch.
    #[inline]
    pub(super) fn of(&mut self, extracted: Option<&str>) -> i64 {
        let said = extracted.and_then(|text| self.moments.epoch_millis(text));
        said.unwrap_or_else(|| *self.now.get_or_insert_with(now_millis))
    }

    /// Asks the clock anew next time.
    pub(super) fn forget(&mut self) {
        self.now = None;
    }
}
