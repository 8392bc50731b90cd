//! The keys of a stream's records, learnt from one line and expected in the next.
//!
//! Taps write the same keys in the same order. What stands between two values (punctuation, a key,
//! blanks) is therefore compared with what stood there before, all at once, instead of being read;
//! values are read as ever. Every byte is still compared or validated: an expected text was
//! validated when it was learnt, and is good grammar wherever equally many objects are open.

use super::trust::Trust;
use super::walk::{Fault, Open, blanks, byte, colon, key, leaf, leaf_of, value};
use super::window::{Bytes, WIDTH, equal};
use fearless_simd::{Level, Simd, dispatch};
use std::mem::take;

/// How many steps are tried before what comes counts as unexpected: so many keys may be left out.
const REACH: usize = 16;
/// A template has no more steps than this.
const MAX_STEPS: usize = 4096;
/// So many steps may be added to a template. One that needs more is learnt anew.
const ROOM: usize = 64;
/// A literal that is longer isn't worth its memory.
pub(super) const LONGEST: usize = 4096;
/// Behind the end of every line.
const OUT_OF_REACH: usize = usize::MAX / 2;
/// A literal that is shorter and the beginning of the value behind it.
const BLOCK: usize = 2 * WIDTH;

/// The steps that a stream's records take. Each begins with as many objects open as the one before
/// it ends with, and the last one closes the record.
#[derive(Debug, Default)]
pub(super) struct Template {
    steps: Vec<Step>,
    /// Steps that may still be added.
    room: usize,
    trust: Trust,
}

/// What stands between two values.
#[derive(Debug)]
struct Step {
    /// A literal that is short enough and has a value behind it, filled up with anything; else
    /// what never comes.
    window: [u8; WIDTH],
    /// One bit for each byte of the window that is anything.
    any: u32,
    /// How many bytes of the window the literal has.
    length: u32,
    /// All of it.
    literal: Box<[u8]>,
    /// How many objects it closes first.
    closes: usize,
    /// Where in it a field of the record itself begins, or the record ends; else out of reach.
    field: usize,
    /// How many objects are open behind it; before it are as many as behind the step before. None
    /// is, when the record has ended.
    depth: usize,
}

/// Where a record is left.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: usize,
    depth: usize,
    /// The step that is next.
    step: usize,
}

impl Step {
    /// A step from so many open objects to so many.
    fn new(literal: &[u8], before: usize, depth: usize) -> Self {
        let mut step = Self {
            // No text has these bytes.
            window: [0xff; WIDTH],
            any: 0,
            length: 0,
            literal: literal.into(),
            closes: literal.iter().take_while(|byte| **byte == b'}').count(),
            field: field_in(literal, before).unwrap_or(OUT_OF_REACH),
            depth,
        };
        if depth > 0 && literal.len() < WIDTH {
            step.window[..literal.len()].copy_from_slice(literal);
            step.any = u32::MAX << literal.len();
            step.length = literal.len() as u32;
        }
        step
    }

    #[inline(always)]
    fn fits<S: Simd>(&self, simd: S, block: &[u8; BLOCK]) -> bool {
        block
            .first_chunk()
            .is_some_and(|window| equal(simd, window, &self.window) | self.any == u32::MAX)
    }

    /// The end of the literal that begins at `at`, where `closed` of the objects that it closes are
    /// closed already.
    #[inline(always)]
    fn end<S: Simd>(&self, bytes: Bytes<'_, S>, at: usize, closed: usize) -> Option<usize> {
        let literal = &self.literal[closed..];
        let comes = !literal.is_empty() && bytes.all.get(at..)?.starts_with(literal);
        comes.then_some(at + literal.len())
    }
}

impl Template {
    /// Learns from a record, which must be valid JSON, unless it isn't an object with fields or has
    /// too many of them.
    pub(super) fn learn(&mut self, record: &[u8]) {
        match dispatch!(Level::new(), simd => Self::steps(Bytes { simd, all: record })) {
            Some(steps) => (self.room, self.steps) = (ROOM, steps),
            None => self.trust = Trust::none_yet(),
        }
    }

    #[inline(always)]
    fn steps<S: Simd>(record: Bytes<'_, S>) -> Option<Vec<Step>> {
        let mut steps = Vec::new();
        let (mut at, mut from, mut depth) = (0, 0, 0);
        let mut open = Open::default();
        let before = |steps: &Vec<Step>| steps.last().map_or(0, |step| step.depth);
        while steps.len() < MAX_STEPS {
            let inside = blanks(record, at + 1);
            if byte(record, at) == b'{' && byte(record, inside) != b'}' {
                depth += 1;
                at = colon(record, key(record, inside).ok()?).ok()?;
                continue;
            }
            if depth == 0 {
                return None;
            }
            if at - from > LONGEST {
                return None;
            }
            steps.push(Step::new(&record.all[from..at], before(&steps), depth));
            from = value(record, at, &mut open).ok()?;
            at = blanks(record, from);
            while byte(record, at) == b'}' {
                depth -= 1;
                at = blanks(record, at + 1);
                if depth == 0 {
                    let literal = record.all[from..at].trim_ascii_end();
                    steps.push(Step::new(literal, before(&steps), depth));
                    return Some(steps);
                }
            }
            at = colon(record, key(record, blanks(record, at + 1)).ok()?).ok()?;
        }
        None
    }

    /// What it costs to remember, in steps: those that it has and may come to have.
    pub(super) fn weight(&self) -> usize {
        let bytes: usize = self.steps.iter().map(|step| step.literal.len()).sum();
        self.steps.len() + self.room + bytes / size_of::<Step>()
    }

    /// Whether a record is wanted to learn from.
    #[inline]
    pub(super) fn is_ignorant(&self) -> bool {
        self.steps.is_empty() && !self.trust.is_resting()
    }

    /// The end of the record that begins at `start`. `fields`, if they are asked for, become the
    /// places in it of what stands before each of its own fields, a brace or a comma, and of its
    /// last brace; none when that wasn't noticed.
    ///
    /// # Errors
    ///
    /// It is broken somewhere; where, the generic scanner says.
    #[inline(always)]
    pub(super) fn follow<S: Simd>(
        &mut self,
        bytes: Bytes<'_, S>,
        start: usize,
        open: &mut Open,
        mut fields: Option<&mut Vec<usize>>,
    ) -> Result<usize, Fault> {
        if let Some(fields) = &mut fields {
            fields.clear();
        }
        if self.steps.is_empty() {
            self.trust.rest();
            // What is no object is no record.
            if byte(bytes, start) != b'{' {
                return Err(Fault::new(start));
            }
            return rare(bytes, start, 0, open);
        }
        let mut place = Place { at: start, depth: 0, step: 0 };
        let (mut steps, mut detours) = (0, 0);
        loop {
            let from = place.step;
            place = match &mut fields {
                None => self.run(bytes, place, open, |_| ())?,
                Some(fields) => self.run(bytes, place, open, |field| {
                    // Fields of inner objects are out of reach.
                    if field < bytes.all.len() {
                        fields.push(field - start);
                    }
                })?,
            };
            steps += place.step - from;
            if place.depth > 0 || place.at == start {
                let (next, known) = (place.step + 1, self.steps.len());
                place = self.detour(bytes, place, start, open, fields.as_deref_mut())?;
                // At the end of all lines what is expected is found on a detour too.
                let expected = place.step == next && self.steps.len() == known;
                steps += usize::from(expected);
                detours += usize::from(!expected);
            }
            if place.depth == 0 {
                self.trust.judge(2 * detours <= steps.max(2));
                if self.trust.is_resting() {
                    // Records have become others than those that it was learnt from.
                    *self = Self { trust: take(&mut self.trust), ..Self::default() };
                }
                return Ok(place.at);
            }
        }
    }

    /// Goes on as long as everything is as expected and not at the end of a line.
    #[inline(always)]
    fn run<S: Simd>(
        &self,
        bytes: Bytes<'_, S>,
        from: Place,
        open: &mut Open,
        mut field: impl FnMut(usize),
    ) -> Result<Place, Fault> {
        if from.depth != self.before(from.step) {
            return Ok(from);
        }
        let mut at = from.at;
        let mut steps = self.steps.get(from.step..).unwrap_or_default().iter();
        while let Some(step) = steps.as_slice().first() {
            let place = at + step.field;
            if let Some(block) = bytes.all.get(at..).and_then(|bytes| bytes.first_chunk::<BLOCK>())
            {
                if !step.fits(bytes.simd, block) {
                    break;
                }
                let length = step.length as usize % WIDTH;
                at += length;
                at = match block[length..]
                    .first_chunk()
                    .and_then(|window| leaf_of(bytes.simd, window))
                {
                    Some(length) => at + length,
                    None => rare(bytes, at, step.depth, open)?,
                };
            } else {
                let Some(end) = step.end(bytes, at, 0).filter(|_| step.depth > 0) else { break };
                at = rare(bytes, end, step.depth, open)?;
            }
            field(place);
            steps.next();
        }
        let step = self.steps.len() - steps.len();
        if let Some(last) = steps.as_slice().first().filter(|step| step.depth == 0)
            && let Some(end) = last.end(bytes, at, 0)
        {
            field(at + last.field);
            return Ok(Place { at: end, depth: 0, step: self.steps.len() });
        }
        let depth = if step == from.step { from.depth } else { self.before(step) };
        Ok(Place { at, depth, step })
    }

    /// Goes on by one field, or to the end of an object, whatever comes.
    #[inline(never)]
    fn detour<S: Simd>(
        &mut self,
        bytes: Bytes<'_, S>,
        from: Place,
        start: usize,
        open: &mut Open,
        fields: Option<&mut Vec<usize>>,
    ) -> Result<Place, Fault> {
        bytes.simd.vectorize(
            #[inline(always)]
            || self.whatever_comes(bytes, from, start, open, fields),
        )
    }

    #[inline(always)]
    fn whatever_comes<S: Simd>(
        &mut self,
        bytes: Bytes<'_, S>,
        from: Place,
        start: usize,
        open: &mut Open,
        mut fields: Option<&mut Vec<usize>>,
    ) -> Result<Place, Fault> {
        if let Some((step, end)) = self.rejoin(bytes, from) {
            let Step { literal, field, .. } = &self.steps[step];
            if let Some(fields) = &mut fields
                && *field < literal.len()
            {
                fields.push(end - (literal.len() - field) - start);
            }
            let depth = self.steps[step].depth;
            let place = Place { at: end, depth, step: step + 1 };
            if depth == 0 {
                return Ok(place);
            }
            return Ok(Place { at: rare(bytes, end, depth, open)?, ..place });
        }
        let Place { depth, step, .. } = from;
        // A blank in front is none of the record's.
        let at = if depth == 0 { from.at } else { blanks(bytes, from.at) };
        let inside = blanks(bytes, at + 1);
        if let Some(fields) = &mut fields
            && depth <= 1
        {
            fields.push(at - start);
        }
        match (byte(bytes, at), depth) {
            (b'}', 1..) => {
                let step = self.closing(step, depth);
                in_line(bytes, from.at, at)?;
                return Ok(Place { at: at + 1, depth: depth - 1, step });
            }
            (b'{', 0) if byte(bytes, inside) == b'}' => {
                in_line(bytes, at, inside)?;
                if let Some(fields) = fields {
                    fields.push(inside - start);
                }
                return Ok(Place { at: inside + 1, depth: 0, step });
            }
            (b'{', 0) | (b',', 1..) => {}
            _ => return Err(Fault::new(at)),
        }
        let behind = colon(bytes, key(bytes, inside)?)?;
        in_line(bytes, from.at, behind)?;
        let end = rare(bytes, behind, depth.max(1), open)?;
        let added = self.insert(step, &bytes.all[from.at..behind], depth);
        Ok(Place { at: end, depth: depth.max(1), step: step + usize::from(added) })
    }

    /// How many objects are open before a step.
    fn before(&self, step: usize) -> usize {
        step.checked_sub(1).and_then(|last| self.steps.get(last)).map_or(0, |step| step.depth)
    }

    /// The nearest step that is what comes, and where its literal ends.
    #[inline(always)]
    fn rejoin<S: Simd>(&self, bytes: Bytes<'_, S>, from: Place) -> Option<(usize, usize)> {
        let reached = self.steps.iter().enumerate().skip(from.step).take(REACH);
        let mut before = self.before(from.step);
        let block = bytes.all.get(from.at..).and_then(|bytes| bytes.first_chunk::<BLOCK>());
        for (place, step) in reached {
            if before == from.depth
                && let Some(block) = block
                && step.length > 0
            {
                if step.fits(bytes.simd, block) {
                    return Some((place, from.at + step.length as usize));
                }
                before = step.depth;
                continue;
            }
            let closed = before.checked_sub(from.depth).filter(|closed| *closed <= step.closes);
            if let Some(end) = closed.and_then(|closed| step.end(bytes, from.at, closed)) {
                return Some((place, end));
            }
            before = step.depth;
        }
        None
    }

    /// The step that closes the object that `depth` counts.
    fn closing(&self, from: usize, depth: usize) -> usize {
        let closes = |step: &usize| {
            let before = self.before(*step);
            before >= depth && before - self.steps[*step].closes < depth
        };
        (from..self.steps.len()).find(closes).unwrap_or(from)
    }

    /// Adds a step that was missing, unless it is another form of the one that was expected.
    fn insert(&mut self, step: usize, literal: &[u8], depth: usize) -> bool {
        let form = self.steps.get(step).is_none_or(|step| step.literal.starts_with(literal));
        let long = literal.len() > LONGEST;
        if self.room == 0 || form || long || depth == 0 || self.before(step) != depth {
            return false;
        }
        self.room -= 1;
        self.steps.insert(step, Step::new(literal, depth, depth));
        true
    }
}

/// Where in a step's literal, with so many objects open before it, a field of the record itself
/// begins with its comma or the record's brace, or the record ends with its own.
fn field_in(literal: &[u8], before: usize) -> Option<usize> {
    let mut open = before;
    literal.iter().take_while(|byte| **byte != b'"').position(|byte| {
        open -= usize::from(*byte == b'}');
        match byte {
            b'{' => open == 0,
            b',' => open == 1,
            b'}' => open == 0,
            _ => false,
        }
    })
}

/// The end of any value, inside so many objects.
#[inline(never)]
fn rare<S: Simd>(
    bytes: Bytes<'_, S>,
    at: usize,
    depth: usize,
    open: &mut Open,
) -> Result<usize, Fault> {
    if !matches!(byte(bytes, at), b'{' | b'[') {
        return bytes.simd.vectorize(
            #[inline(always)]
            || leaf(bytes, at, open),
        );
    }
    open.inside(depth);
    let end = value(bytes, at, open)?;
    in_line(bytes, at, end).map(|()| end)
}

/// A line end is a blank to the grammar, and yet where the message is over.
fn in_line<S: Simd>(bytes: Bytes<'_, S>, from: usize, to: usize) -> Result<(), Fault> {
    match bytes.all.get(from..to).and_then(|part| memchr::memchr(b'\n', part)) {
        Some(at) => Err(Fault::new(from + at)),
        None => Ok(()),
    }
}
