use airbyte_adapters::now_millis;
use singer_protocol::epoch_millis;

/// When a record was extracted. Records of one batch often say the same time, so the last answer
/// is kept; those that say none get the clock's, asked once per read of the pipe.
#[derive(Default)]
pub(super) struct Clock {
    text: String,
    millis: i64,
    now: Option<i64>,
}

impl Clock {
    #[inline]
    /// Milliseconds since the epoch.
    pub(super) fn of(&mut self, extracted: Option<&str>) -> i64 {
        match extracted {
            Some(text) if text == self.text => self.millis,
            Some(text) => match epoch_millis(text) {
                Some(millis) => {
                    self.text.clear();
                    self.text.push_str(text);
                    self.millis = millis;
                    millis
                }
                None => self.now(),
            },
            None => self.now(),
        }
    }

    /// Asks the clock anew next time.
    pub(super) fn forget(&mut self) {
        self.now = None;
    }

    fn now(&mut self) -> i64 {
        *self.now.get_or_insert_with(now_millis)
    }
}
