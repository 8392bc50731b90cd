//! The keys of a stream's records, learnt from one line and expected in the next.
//!
//! Taps write the same keys in the same order. What stands between two values (punctuation, a key,
//! blanks) is therefore compared with what stood there before, all at once, instead of being read;
//! values are read as ever. Every byte is still compared or validated: an expected text was
//! validated when it was learnt, and is good grammar wherever equally many objects are open.

use super::fault::Fault;
use super::open::Open;
use super::refrain::Refrain;
use super::step::{Step, behind, in_line, long, rare, run_plain, values};
use super::trust::Trust;
use super::walk::{blanks, byte, colon, key, value};
use super::window::Bytes;
use fearless_simd::{Level, Simd, dispatch};
use std::mem::{swap, take};

/// How many steps are tried before what comes counts as unexpected: so many keys may be left out.
const REACH: usize = 16;
/// A template has no more steps than this.
const MAX_STEPS: usize = 4096;
/// Of so many lists in a record what comes again is remembered.
const MAX_LISTS: u32 = 64;
/// So many steps may be added to a template. One that needs more is learnt anew.
const ROOM: usize = 64;
/// A literal that is longer isn't worth its memory.
pub(super) const LONGEST: usize = 4096;

/// The steps that a stream's records take. Each begins with as many objects open as the one before
/// it ends with, and the last one closes the record.
#[derive(Debug, Default)]
pub(super) struct Template {
    steps: Vec<Step>,
    /// What comes again in lists, by the steps that they stand behind; with [`Open`] while a record is
    /// followed.
    lists: Vec<Refrain>,
    /// Steps that may still be added.
    room: usize,
    /// Whether the last record was as expected from its beginning to its end.
    smooth: bool,
    trust: Trust,
}

/// Where a record is left, or several that have come to the same step.
#[derive(Debug, Clone, Copy)]
struct Place<const LINES: usize = 1> {
    at: [usize; LINES],
    depth: usize,
    /// The step that is next.
    step: usize,
}

impl Template {
    /// Learns from a record, which must be valid JSON, unless it isn't an object with fields or has
    /// too many of them.
    pub(super) fn learn(&mut self, record: &[u8]) {
        match dispatch!(Level::new(), simd => Self::steps(Bytes { simd, all: record })) {
            Some((steps, lists)) => {
                self.lists.clear();
                self.lists.resize_with(lists as usize, Refrain::of_a_field);
                (self.room, self.steps) = (ROOM, steps);
            }
            None => self.trust = Trust::none_yet(),
        }
    }

    /// The steps of a record, and how many lists stand behind them.
    #[inline(always)]
    fn steps<S: Simd>(record: Bytes<'_, S>) -> Option<(Vec<Step>, u32)> {
        let (mut steps, mut lists) = (Vec::new(), 0);
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
            let mut step = Step::new(&record.all[from..at], before(&steps), depth);
            if byte(record, at) == b'[' && lists < MAX_LISTS {
                step.list = lists;
                lists += 1;
            }
            steps.push(step);
            from = value(record, at, &mut open).ok()?;
            at = blanks(record, from);
            while byte(record, at) == b'}' {
                depth -= 1;
                at = blanks(record, at + 1);
                if depth == 0 {
                    let literal = record.all[from..at].trim_ascii_end();
                    steps.push(Step::new(literal, before(&steps), depth));
                    return Some((steps, lists));
                }
            }
            at = colon(record, key(record, blanks(record, at + 1)).ok()?).ok()?;
        }
        None
    }

    /// What it costs to remember, in steps: those that it has and may come to have.
    pub(super) fn weight(&self) -> usize {
        let bytes: usize = self.steps.iter().map(|step| step.literal.len()).sum();
        let bytes = bytes + self.lists.len() * Refrain::WEIGHT;
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
        let has_lists = !self.lists.is_empty();
        self.take_turns(open, has_lists);
        let end = self.go_on(bytes, start, Place { at: [start], depth: 0, step: 0 }, open, fields);
        self.take_turns(open, has_lists);
        end
    }

    /// Whether two records at once are worth a try.
    #[inline]
    pub(super) fn is_smooth(&self) -> bool {
        self.smooth
    }

    /// As [`follow`](Self::follow), of two records whose lines follow each other, step by step side by
    /// side: one of them is looked at while the processor waits for the other. Nothing is said of the
    /// second one when it must be read alone.
    ///
    /// # Errors
    ///
    /// The first one is broken somewhere.
    #[inline(always)]
    pub(super) fn follow_two<S: Simd>(
        &mut self,
        bytes: Bytes<'_, S>,
        starts: [usize; 2],
        open: &mut Open,
        fields: Option<[&mut Vec<usize>; 2]>,
    ) -> Result<(usize, Option<usize>), Fault> {
        let has_lists = !self.lists.is_empty();
        self.take_turns(open, has_lists);
        let ends = self.go_on_two(bytes, starts, open, fields);
        self.take_turns(open, has_lists);
        ends
    }

    /// What comes again in the lists of its records, if they have some, is with what is open, or no longer.
    #[inline(always)]
    fn take_turns(&mut self, open: &mut Open, has_lists: bool) {
        if has_lists {
            swap(&mut self.lists, &mut open.lists);
        }
    }

    #[inline(always)]
    fn go_on_two<S: Simd>(
        &mut self,
        bytes: Bytes<'_, S>,
        starts: [usize; 2],
        open: &mut Open,
        fields: Option<[&mut Vec<usize>; 2]>,
    ) -> Result<(usize, Option<usize>), Fault> {
        let from = Place { at: starts, depth: 0, step: 0 };
        let (run, [first, second]) = match fields {
            None => (self.run(bytes, from, open, |_, _| ()), [None, None]),
            Some(mut fields) => {
                fields.iter_mut().for_each(|fields| fields.clear());
                let run = self.run(bytes, from, open, |line, field| {
                    note(bytes, fields[line], starts[line], field);
                });
                (run, fields.map(Some))
            }
        };
        if let Ok(Place { at, depth: 0, .. }) = run
            && at != starts
        {
            self.trust.judge(true);
            self.trust.judge(true);
            return Ok((at[0], Some(at[1])));
        }
        // Each goes on alone, also where one is broken: who knows which.
        let room = self.room;
        let (Ok(Place { at, depth, step }) | Err(Place { at, depth, step })) = run;
        let [one, two] = at.map(|at| Place { at: [at], depth, step });
        let end = self.go_on_later(bytes, starts[0], one, open, first)?;
        if self.room != room || self.steps.is_empty() {
            // The steps are others now.
            return Ok((end, None));
        }
        Ok((end, self.go_on_later(bytes, starts[1], two, open, second).ok()))
    }

    /// As [`go_on`](Self::go_on), out of the way of what is expected.
    #[inline(never)]
    fn go_on_later<S: Simd>(
        &mut self,
        bytes: Bytes<'_, S>,
        start: usize,
        place: Place,
        open: &mut Open,
        fields: Option<&mut Vec<usize>>,
    ) -> Result<usize, Fault> {
        bytes.simd.vectorize(
            #[inline(always)]
            || self.go_on(bytes, start, place, open, fields),
        )
    }

    /// Goes on to the end of the record that begins at `start`.
    #[inline(always)]
    fn go_on<S: Simd>(
        &mut self,
        bytes: Bytes<'_, S>,
        start: usize,
        mut place: Place,
        open: &mut Open,
        mut fields: Option<&mut Vec<usize>>,
    ) -> Result<usize, Fault> {
        let (mut steps, mut detours) = (place.step, 0);
        self.smooth = false;
        loop {
            let from = place.step;
            let run = match &mut fields {
                None => self.run(bytes, place, open, |_, _| ()),
                Some(fields) => {
                    self.run(bytes, place, open, |_, field| note(bytes, fields, start, field))
                }
            };
            place = run.map_err(|Place { at: [at], .. }| Fault::new(at))?;
            steps += place.step - from;
            if place.depth > 0 || place.at == [start] {
                let (next, known) = (place.step + 1, self.steps.len());
                place = self.detour(bytes, place, start, open, fields.as_deref_mut())?;
                // At the end of all lines what is expected is found on a detour too.
                let expected = place.step == next && self.steps.len() == known;
                steps += usize::from(expected);
                detours += usize::from(!expected);
            }
            if place.depth == 0 {
                self.smooth = detours == 0;
                self.trust.judge(2 * detours <= steps.max(2));
                if self.trust.is_resting() {
                    // Records have become others than those that it was learnt from.
                    *self = Self { trust: take(&mut self.trust), ..Self::default() };
                }
                return Ok(place.at[0]);
            }
        }
    }

    /// Goes on as long as everything is as expected and not at the end of all lines. `field` is told
    /// of which line it is and where a field of its record may begin.
    ///
    /// # Errors
    ///
    /// The value behind the next step is broken, in one of the lines.
    #[inline(always)]
    fn run<S: Simd, const LINES: usize>(
        &self,
        bytes: Bytes<'_, S>,
        from: Place<LINES>,
        open: &mut Open,
        mut field: impl FnMut(usize, usize),
    ) -> Result<Place<LINES>, Place<LINES>> {
        if from.depth != self.before(from.step) {
            return Ok(from);
        }
        let mut at = from.at;
        let mut steps = self.steps.get(from.step..).unwrap_or_default().iter();
        // What isn't plain is kept out of the inner loop: a call would cost it its registers.
        while let Some(step) = run_plain(&mut steps, bytes, &mut at, &mut field)
            .or_else(|| long(steps.as_slice().first()?, bytes, &at))
        {
            let Some(ends) = values(step, bytes, at, open) else {
                open.forget();
                let step = self.steps.len() - steps.len();
                return Err(Place { at, depth: self.before(step), step });
            };
            for (line, at) in at.iter().enumerate() {
                field(line, at + step.field);
            }
            at = ends;
            steps.next();
        }
        let step = self.steps.len() - steps.len();
        if let Some(last) = steps.as_slice().first().filter(|step| step.depth == 0) {
            let mut ends = [0; LINES];
            for line in 0..LINES {
                ends[line] = last.end(bytes, at[line], 0).unwrap_or_default();
            }
            if !ends.contains(&0) {
                for (line, at) in at.iter().enumerate() {
                    field(line, at + last.field);
                }
                return Ok(Place { at: ends, depth: 0, step: self.steps.len() });
            }
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
            let place = Place { at: [end], depth, step: step + 1 };
            if depth == 0 {
                return Ok(place);
            }
            let end = behind(&self.steps[step], bytes, end, open)?;
            return Ok(Place { at: [end], ..place });
        }
        let Place { at: [from], depth, step } = from;
        // A blank in front is none of the record's.
        let at = if depth == 0 { from } else { blanks(bytes, from) };
        let inside = blanks(bytes, at + 1);
        if let Some(fields) = &mut fields
            && depth <= 1
        {
            fields.push(at - start);
        }
        match (byte(bytes, at), depth) {
            (b'}', 1..) => {
                let step = self.closing(step, depth);
                in_line(bytes, from, at)?;
                return Ok(Place { at: [at + 1], depth: depth - 1, step });
            }
            (b'{', 0) if byte(bytes, inside) == b'}' => {
                in_line(bytes, at, inside)?;
                if let Some(fields) = fields {
                    fields.push(inside - start);
                }
                return Ok(Place { at: [inside + 1], depth: 0, step });
            }
            (b'{', 0) | (b',', 1..) => {}
            _ => return Err(Fault::new(at)),
        }
        let behind = colon(bytes, key(bytes, inside)?)?;
        in_line(bytes, from, behind)?;
        let end = rare(bytes, behind, depth.max(1), open)?;
        let added = self.insert(step, &bytes.all[from..behind], depth);
        Ok(Place { at: [end], depth: depth.max(1), step: step + usize::from(added) })
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
        let [at] = from.at;
        let block = bytes.chunk(at);
        for (place, step) in reached {
            if before == from.depth
                && let Some(block) = block
                && step.length > 0
            {
                if step.fits(bytes.simd, block) {
                    return Some((place, at + step.length()));
                }
                before = step.depth;
                continue;
            }
            let closed =
                before.checked_sub(from.depth).filter(|closed| *closed <= step.closes as usize);
            if let Some(end) = closed.and_then(|closed| step.end(bytes, at, closed)) {
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
            before >= depth && before - (self.steps[*step].closes as usize) < depth
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

/// Notes where a field begins, unless it is one of an inner object: those are out of reach.
#[inline(always)]
fn note<S: Simd>(bytes: Bytes<'_, S>, fields: &mut Vec<usize>, start: usize, field: usize) {
    if field < bytes.all.len() {
        fields.push(field - start);
    }
}
