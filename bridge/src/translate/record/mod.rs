//! Taking deselected fields out of a record, byte by byte.

mod sequence;
#[cfg(test)]
mod tests;

use self::sequence::Sequence;
use std::collections::HashSet;

/// The top-level fields to take out of a stream's records.
///
/// ```
/// use airbyte_singer::translate::record::FieldFilter;
/// let mut filter = FieldFilter::new(["b"]);
/// let mut buffer = Vec::new();
/// let kept = filter.apply(r#"{"a": 1.50, "b": [2, {"b": 3}], "c": {"b": 4}}"#, &[], &mut buffer);
/// assert_eq!(kept, br#"{"a": 1.50, "c": {"b": 4}}"#);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldFilter {
    deselected: HashSet<String>,
    sequence: Sequence,
}

impl FieldFilter {
    /// A filter for these fields; none at all costs nothing.
    pub fn new<S: Into<String>>(deselected: impl IntoIterator<Item = S>) -> Self {
        let deselected = deselected.into_iter().map(Into::into).collect();
        Self { deselected, sequence: Sequence::default() }
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
    ///
    /// `fields` may say where the record's fields begin, as [`singer_protocol::Parser::fields`] does:
    /// that is quicker.
    #[inline]
    pub fn apply<'a>(
        &mut self,
        record: &'a str,
        fields: &[usize],
        out: &'a mut Vec<u8>,
    ) -> &'a [u8] {
        if self.is_empty() { record.as_bytes() } else { self.without(record, fields, out) }
    }

    fn without<'a>(&mut self, record: &'a str, fields: &[usize], out: &'a mut Vec<u8>) -> &'a [u8] {
        out.clear();
        let cut = match fields {
            [] => self.cut(record, out),
            fields => self.cut_at(record, fields, out),
        };
        match cut {
            Some(()) => out,
            None => record.as_bytes(),
        }
    }

    /// As [`cut`](Self::cut), where the fields are known.
    fn cut_at(&mut self, record: &str, fields: &[usize], out: &mut Vec<u8>) -> Option<()> {
        let bytes = record.as_bytes();
        let Self { deselected, sequence } = self;
        let mut keys = sequence.begin();
        // Fields that are kept, with the commas between them, and not yet written.
        let mut kept = 1..1;
        out.push(b'{');
        for place in fields.windows(2) {
            let (from, to) = (place[0] + 1, place[1]);
            if keys.goes(&record[from..], |key| names(deselected, key)) {
                keep(&bytes[kept], out);
                kept = to + 1..to + 1;
            } else {
                kept.end = to;
            }
        }
        if kept.start == 1 {
            return None;
        }
        let end = *fields.last()?;
        if kept.start < end {
            keep(&bytes[kept], out);
        }
        out.extend_from_slice(&bytes[end..]);
        Some(())
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
            if names(&self.deselected, &record[key..key_end]) {
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
}

/// Whether a key, quotes included, spells a deselected name.
fn names(deselected: &HashSet<String>, quoted: &str) -> bool {
    let inner = &quoted[1..quoted.len() - 1];
    if !inner.contains('\\') {
        return deselected.contains(inner);
    }
    // A lone surrogate spells no text, so it can't be the name of a discovered field.
    serde_json::from_str::<String>(quoted).is_ok_and(|name| deselected.contains(&name))
}

/// Writes fields behind those that were kept before.
fn keep(fields: &[u8], out: &mut Vec<u8>) {
    if fields.is_empty() {
        return;
    }
    if out.len() > 1 {
        out.push(b',');
    }
    out.extend_from_slice(fields);
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
