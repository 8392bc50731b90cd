//! Taking deselected fields out of a record, byte by byte.

#[cfg(test)]
mod tests;

use std::collections::HashSet;

/// The top-level fields to take out of a stream's records.
///
/// ```
/// use airbyte_singer::translate::record::FieldFilter;
/// let filter = FieldFilter::new(["b"]);
/// let mut buffer = Vec::new();
/// let kept = filter.apply(r#"{"a": 1.50, "b": [2, {"b": 3}], "c": {"b": 4}}"#, &mut buffer);
/// assert_eq!(kept, br#"{"a": 1.50, "c": {"b": 4}}"#);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldFilter {
    deselected: HashSet<String>,
}

impl FieldFilter {
    /// A filter for these fields; none at all costs nothing.
    pub fn new<S: Into<String>>(deselected: impl IntoIterator<Item = S>) -> Self {
        Self { deselected: deselected.into_iter().map(Into::into).collect() }
    }

    /// Whether records pass as they are.
    pub fn is_empty(&self) -> bool {
        self.deselected.is_empty()
    }

    /// The record without the deselected fields: a JSON object, as the tap wrote it. What stays is
    /// byte for byte as it was and in its order, repeated keys included; keys are compared as the
    /// text that they spell, so `"\u0061"` is `a`. `out` is only used when something goes.
    ///
    /// A text that is no JSON object comes back as it is: checking is the reader's business.
    pub fn apply<'a>(&self, record: &'a str, out: &'a mut Vec<u8>) -> &'a [u8] {
        let bytes = record.as_bytes();
        if self.is_empty() {
            return bytes;
        }
        match self.cut(record, out) {
            Some(()) => out,
            None => bytes,
        }
    }

    /// Writes what stays to `out`; None when everything stays.
    fn cut(&self, record: &str, out: &mut Vec<u8>) -> Option<()> {
        out.clear();
        let bytes = record.as_bytes();
        let open = skip_blanks(bytes, 0);
        if bytes.get(open) != Some(&b'{') {
            return None;
        }
        let mut from = open + 1;
        let (mut kept, mut cut) = (0, 0);
        out.extend_from_slice(&bytes[..from]);
        loop {
            let key = skip_blanks(bytes, from);
            if bytes.get(key) != Some(&b'"') {
                return None;
            }
            let key_end = skip_string(bytes, key)?;
            let to = skip_member(bytes, key_end)?;
            if self.names(&record[key..key_end]) {
                cut += 1;
            } else {
                if kept > 0 {
                    out.push(b',');
                }
                out.extend_from_slice(&bytes[from..to]);
                kept += 1;
            }
            if bytes[to] == b'}' {
                out.extend_from_slice(&bytes[to..]);
                return (cut > 0).then_some(());
            }
            from = to + 1;
        }
    }

    /// Whether a key, quotes included, spells a deselected name.
    fn names(&self, quoted: &str) -> bool {
        let inner = &quoted[1..quoted.len() - 1];
        if !inner.contains('\\') {
            return self.deselected.contains(inner);
        }
        // A lone surrogate spells no text, so it can't be the name of a discovered field.
        serde_json::from_str::<String>(quoted).is_ok_and(|name| self.deselected.contains(&name))
    }
}

fn skip_blanks(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// The place after the string that begins at `at`; None when it never ends.
fn skip_string(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += 1;
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 1,
            _ => {}
        }
    }
}

/// The place of the comma or brace that ends the member whose key ended at `at`.
fn skip_member(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        match bytes.get(at)? {
            b'"' => {
                at = skip_string(bytes, at)?;
                continue;
            }
            b',' | b'}' if depth == 0 => return Some(at),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        at += 1;
    }
}
