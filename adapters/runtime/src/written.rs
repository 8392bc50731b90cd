use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// What goes through an [`Output`](super::Output) that leads into memory: for tests of sources. Cloning
/// gives another handle.
///
/// ```
/// use airbyte_singer_sdk::runtime::{Output, Written};
///
/// let written = Written::default();
/// Output::new(written.clone()).lines(b"{}\n")?;
/// assert_eq!(written.text(), "{}\n");
/// # Ok::<(), airbyte_singer_sdk::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    /// All of it so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same as a text; what isn't one is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
