//! One step of a template, and how lines are held against steps.

use super::fault::Fault;
use super::leaf::plain_leaf;
use super::open::Open;
use super::walk::{byte, leaf, value};
use super::window::{Bytes, WIDTH, equal};
use fearless_simd::Simd;
use std::slice::Iter;

/// Behind the end of every line.
const OUT_OF_REACH: usize = usize::MAX / 2;
/// A literal that is shorter than a window, and the beginning of the value behind it: as much as
/// [`plain_leaf`] looks at.
const BLOCK: usize = 3 * WIDTH;

/// What stands between two values.
#[derive(Debug)]
pub(super) struct Step {
    /// A literal that is short enough and has a value behind it, filled up with anything; else
    /// what never comes.
    window: [u8; WIDTH],
    /// One bit for each byte of the window that is anything.
    any: u32,
    /// How many bytes of the window the literal has.
    pub(super) length: u32,
    /// All of it.
    pub(super) literal: Box<[u8]>,
    /// How many objects it closes first.
    pub(super) closes: u32,
    /// Which of the template's lists the value behind it was; else out of reach.
    pub(super) list: u32,
    /// Where in it a field of the record itself begins, or the record ends; else out of reach.
    pub(super) field: usize,
    /// How many objects are open behind it; before it are as many as behind the step before. None
    /// is, when the record has ended.
    pub(super) depth: usize,
}

impl Step {
    /// A step from so many open objects to so many.
    pub(super) fn new(literal: &[u8], before: usize, depth: usize) -> Self {
        let mut step = Self {
            // No text has these bytes.
            window: [0xff; WIDTH],
            any: 0,
            length: 0,
            literal: literal.into(),
            closes: literal.iter().take_while(|byte| **byte == b'}').count() as u32,
            list: u32::MAX,
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
    pub(super) fn fits<S: Simd>(&self, simd: S, block: &[u8; BLOCK]) -> bool {
        block
            .first_chunk()
            .is_some_and(|window| equal(simd, window, &self.window) | self.any == u32::MAX)
    }

    /// How long a literal is that [`fits`](Self::fits).
    #[inline(always)]
    pub(super) fn length(&self) -> usize {
        self.length as usize % WIDTH
    }

    /// The length of the value behind a literal that [`fits`](Self::fits), if it is plain.
    #[inline(always)]
    fn plain_value<S: Simd>(&self, simd: S, block: &[u8; BLOCK]) -> Option<usize> {
        plain_leaf(simd, block[self.length()..].first_chunk()?)
    }

    /// The end of the literal that begins at `at`, where `closed` of the objects that it closes are
    /// closed already.
    #[inline(always)]
    pub(super) fn end<S: Simd>(
        &self,
        bytes: Bytes<'_, S>,
        at: usize,
        closed: usize,
    ) -> Option<usize> {
        let literal = &self.literal[closed..];
        let comes = !literal.is_empty() && bytes.all.get(at..)?.starts_with(literal);
        comes.then_some(at + literal.len())
    }
}

/// Takes steps as long as they are as expected and their values plain, and gives back the step whose
/// literals are as expected and its values not.
#[inline(always)]
pub(super) fn run_plain<'a, S: Simd, const LINES: usize>(
    steps: &mut Iter<'a, Step>,
    bytes: Bytes<'_, S>,
    at: &mut [usize; LINES],
    field: &mut impl FnMut(usize, usize),
) -> Option<&'a Step> {
    // Loops over lines, not closures: those wouldn't be compiled for the vectors.
    while let Some(step) = steps.as_slice().first() {
        let mut blocks = [&[0; BLOCK]; LINES];
        for line in 0..LINES {
            blocks[line] = bytes.chunk(at[line])?;
        }
        let mut fits = true;
        for block in blocks {
            fits &= step.fits(bytes.simd, block);
        }
        if !fits {
            return None;
        }
        let mut lengths = [0; LINES];
        for line in 0..LINES {
            match step.plain_value(bytes.simd, blocks[line]) {
                Some(length) => lengths[line] = length,
                None => return Some(step),
            }
        }
        for line in 0..LINES {
            field(line, at[line] + step.field);
            at[line] += step.length() + lengths[line];
        }
        steps.next();
    }
    None
}

/// The step, if its literal comes in all lines where [`run_plain`] can't see that: it is longer than a
/// window, or the end of all lines is near.
#[inline(always)]
pub(super) fn long<'a, S: Simd, const LINES: usize>(
    step: &'a Step,
    bytes: Bytes<'_, S>,
    at: &[usize; LINES],
) -> Option<&'a Step> {
    // The last line is the nearest to the end.
    let was_seen = step.length > 0 && bytes.chunk::<BLOCK>(at[LINES - 1]).is_some();
    if was_seen || step.depth == 0 {
        return None;
    }
    for at in at {
        step.end(bytes, *at, 0)?;
    }
    Some(step)
}

/// The ends of the values behind a step's literals, which may be any; none when one is broken.
#[inline(always)]
pub(super) fn values<S: Simd, const LINES: usize>(
    step: &Step,
    bytes: Bytes<'_, S>,
    mut at: [usize; LINES],
    open: &mut Open,
) -> Option<[usize; LINES]> {
    for at in &mut at {
        let start = *at + step.literal.len();
        *at = match bytes.chunk(start).and_then(|windows| plain_leaf(bytes.simd, windows)) {
            Some(length) => start + length,
            None => behind(step, bytes, start, open).ok()?,
        };
    }
    Some(at)
}

/// The end of any value, which begins at `at` behind a step's literal.
#[inline(never)]
pub(super) fn behind<S: Simd>(
    step: &Step,
    bytes: Bytes<'_, S>,
    at: usize,
    open: &mut Open,
) -> Result<usize, Fault> {
    open.take_turns(step.list);
    let end = rare(bytes, at, step.depth, open);
    open.take_turns(step.list);
    end
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
pub(super) fn rare<S: Simd>(
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
pub(super) fn in_line<S: Simd>(bytes: Bytes<'_, S>, from: usize, to: usize) -> Result<(), Fault> {
    match bytes.all.get(from..to).and_then(|part| memchr::memchr(b'\n', part)) {
        Some(at) => Err(Fault::new(from + at)),
        None => Ok(()),
    }
}
