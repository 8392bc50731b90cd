//! What stands around the records of a stream.

use super::Envelope;
use super::record::RecordRef;
use super::template::LONGEST;
use super::walk::{byte, string};
use super::window::{Bytes, WIDTH, equal};
use fearless_simd::Simd;
use std::ops::Range;

/// What stands around the records of a stream, line for line the same but for the time, which may
/// stand on either side of the record.
#[derive(Debug)]
pub(super) struct Frame {
    /// Up to the record, or to the time where that comes first.
    head: Literal,
    /// Between the two; without a time, what follows the record.
    middle: Literal,
    /// What follows both.
    tail: Literal,
    time: Time,
    stream: Part,
    version: Option<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Time {
    Before,
    Behind,
    None,
}

/// Where in the frame something stands.
#[derive(Debug, Clone)]
struct Part {
    section: Section,
    /// Counted from the section's beginning.
    range: Range<usize>,
}

#[derive(Debug, Clone, Copy)]
enum Section {
    Head,
    Middle,
    Tail,
}

/// What of a line is known where its record begins.
#[derive(Debug, Clone)]
pub(super) struct Begun {
    /// Where the record begins.
    pub(super) record: usize,
    time: Range<usize>,
}

impl Frame {
    /// The frame of a line that is a RECORD.
    pub(super) fn learn(text: &str, found: &Envelope<'_>) -> Option<Self> {
        if !text.ends_with('\n') {
            return None;
        }
        let place = |raw: &str| {
            let start = raw.as_ptr() as usize - text.as_ptr() as usize;
            start..start + raw.len()
        };
        let plain = |raw: &&str| raw.starts_with('"') && !raw.contains('\\');
        let kind = found.kind.filter(|kind| kind.eq_ignore_ascii_case("\"record\""))?;
        let record = place(found.record?);
        let (time, first, second) = match found.time_extracted {
            None => (Time::None, record.clone(), record.end..record.end),
            Some(time) => {
                let time = place(Some(time).filter(plain)?);
                // Its quotes are the frame's.
                let time = time.start + 1..time.end - 1;
                if time.start < record.start {
                    (Time::Before, time, record)
                } else {
                    (Time::Behind, record, time)
                }
            }
        };
        let sections = match time {
            Time::None => [0..first.start, first.end..text.len(), text.len()..text.len()],
            _ => [0..first.start, first.end..second.start, second.end..text.len()],
        };
        if sections.iter().any(|section| section.start > section.end || section.len() > LONGEST) {
            return None;
        }
        let part = |raw: &str| {
            let place = place(raw);
            let names = [Section::Head, Section::Middle, Section::Tail];
            names.into_iter().zip(&sections).find_map(|(section, within)| {
                let inside = within.start <= place.start && place.end <= within.end;
                let from = place.start.checked_sub(within.start)?;
                inside.then_some(Part { section, range: from..from + raw.len() })
            })
        };
        part(kind)?;
        let mut stream = part(found.stream.filter(plain)?)?;
        stream.range = stream.range.start + 1..stream.range.end - 1;
        let version = match found.version {
            Some(version) => Some(part(version)?),
            None => None,
        };
        let [head, middle, tail] = sections.map(|section| Literal::new(&text.as_bytes()[section]));
        Some(Self { head, middle, tail, time, stream, version })
    }

    /// Whether `text` begins like such a line.
    #[inline(always)]
    pub(super) fn begins<S: Simd>(&self, bytes: Bytes<'_, S>) -> bool {
        self.head.end(bytes, 0).is_some()
    }

    /// The raw name of the stream whose line `text` begins like, where only the name makes the
    /// difference so far.
    #[inline(always)]
    pub(super) fn name_in<'a, S: Simd>(
        &self,
        bytes: Bytes<'a, S>,
        text: &'a str,
    ) -> Option<&'a str> {
        let Part { section: Section::Head, range } = &self.stream else { return None };
        let head = self.head.text.get(..range.start)?;
        if !bytes.all.starts_with(head) {
            return None;
        }
        let end = string(bytes, range.start).ok()?;
        text.get(range.start - 1..end)
    }

    /// Goes on to the record of a line that [`begins`](Self::begins) so.
    #[inline(always)]
    pub(super) fn begun<S: Simd>(&self, bytes: Bytes<'_, S>) -> Option<Begun> {
        let head = self.head.text.len();
        if self.time != Time::Before {
            return Some(Begun { record: head, time: 0..0 });
        }
        let close = time_end(bytes, head)?;
        let record = self.middle.end(bytes, close)?;
        Some(Begun { record, time: head..close })
    }

    /// Where the line ends whose record ends at `end`, if it goes on as such lines do; `found` becomes that
    /// record.
    #[inline(always)]
    pub(super) fn read<'a, S: Simd>(
        &self,
        bytes: Bytes<'a, S>,
        text: &'a str,
        begun: Begun,
        end: usize,
        found: &mut RecordRef<'a>,
    ) -> Option<usize> {
        let Begun { record, mut time } = begun;
        let mut middle = end;
        let mut tail = end;
        if self.time == Time::Before {
            middle = time.end;
        } else {
            tail = self.middle.end(bytes, end)?;
        }
        if self.time == Time::Behind {
            let close = time_end(bytes, tail)?;
            time = tail..close;
            tail = close;
        }
        let length = self.tail.end(bytes, tail)?;
        let part = |part: &Part| {
            let start = match part.section {
                Section::Head => 0,
                Section::Middle => middle,
                Section::Tail => tail,
            };
            text.get(start + part.range.start..start + part.range.end)
        };
        found.stream = part(&self.stream)?;
        found.record = text.get(record..end)?;
        found.version = self.version.as_ref().and_then(part);
        found.time_extracted = match self.time {
            Time::None => None,
            _ => text.get(time),
        };
        Some(length)
    }
}

/// Where the time that begins at `start` ends, if there are no escapes in it.
#[inline(always)]
fn time_end<S: Simd>(bytes: Bytes<'_, S>, start: usize) -> Option<usize> {
    let end = bytes.special(start);
    (byte(bytes, end) == b'"').then_some(end)
}

/// A text that is expected, ready to be compared.
#[derive(Debug)]
struct Literal {
    text: Box<[u8]>,
    /// The same in windows, the last one filled up with anything, and for each a bit for each byte
    /// that is anything.
    windows: Box<[([u8; WIDTH], u32)]>,
}

impl Literal {
    fn new(text: &[u8]) -> Self {
        let windows = text.chunks(WIDTH).map(|part| {
            let mut window = [0; WIDTH];
            window[..part.len()].copy_from_slice(part);
            (window, u32::MAX.checked_shl(part.len() as u32).unwrap_or(0))
        });
        Self { text: text.into(), windows: windows.collect() }
    }

    /// Where it ends, if it stands at `start`.
    #[inline(always)]
    fn end<S: Simd>(&self, bytes: Bytes<'_, S>, start: usize) -> Option<usize> {
        let mut at = start;
        for (expected, any) in &self.windows {
            let Some(window) = bytes.window(at) else {
                // The end of all lines is near.
                let rest = bytes.all.get(start..)?;
                return rest.starts_with(&self.text).then_some(start + self.text.len());
            };
            if equal(bytes.simd, window, expected) | any != u32::MAX {
                return None;
            }
            at += WIDTH;
        }
        Some(start + self.text.len())
    }
}
