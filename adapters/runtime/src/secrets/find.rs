//! Finding secrets in a text, whatever line breaks stand in them.

use super::MASK;
use super::forms::{self, Shape};
use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Finds each form of each secret in one pass over a text.
#[derive(Debug)]
pub(super) struct Finder {
    automaton: AhoCorasick,
    shapes: Vec<Shape>,
    /// The forms that are found across line breaks.
    forms: Vec<Box<str>>,
    reach: usize,
}

/// So many characters of a secret's beginning at the end of a text may be one.
const BEGINNING: usize = 4;

impl Finder {
    /// A finder of every form of `values`; none when there is nothing to find.
    pub(super) fn new(values: &BTreeSet<String>) -> Option<Self> {
        let mut found = BTreeMap::new();
        values.iter().for_each(|value| forms::collect(value, &mut found));
        let reach = found.keys().map(String::len).max()?;
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            // What would be chosen for a few patterns takes 500 bytes for each byte of a long key.
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(found.keys())
            .ok()?;
        let long = found.iter().filter(|(_, shape)| **shape != Shape::Token);
        let forms = long.map(|(form, _)| form.as_str().into()).collect();
        Some(Self { automaton, shapes: found.into_values().collect(), forms, reach })
    }

    /// The bytes of the longest form.
    pub(super) fn reach(&self) -> usize {
        self.reach
    }

    /// `text` with what was found replaced, its line breaks kept. What lies within one of `spared` stays.
    pub(super) fn mask<'a>(&self, text: &'a str, spared: &[Range<usize>]) -> Cow<'a, str> {
        let mut spans = Vec::new();
        self.on_lines(text, &mut spans);
        if text.contains(['\n', '\r']) {
            self.across_lines(text, &mut spans);
        }
        spans.retain(|span| {
            !spared.iter().any(|kept| kept.start <= span.start && span.end <= kept.end)
        });
        if spans.is_empty() {
            return Cow::Borrowed(text);
        }
        spans.sort_unstable_by_key(|span| (span.start, span.end));
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for span in spans {
            if span.start >= at {
                out.push_str(&text[at..span.start]);
                out.push_str(MASK);
            }
            // Spans may overlap; what one leaves over of another is masked with it.
            let rest = at.max(span.start)..span.end.max(at);
            out.extend(text[rest].chars().filter(|c| *c == '\n'));
            at = at.max(span.end);
        }
        out.push_str(&text[at..]);
        Cow::Owned(out)
    }

    /// Where at the end of `text` the beginning of a secret stands whose rest may be to come.
    pub(super) fn unfinished(&self, text: &str) -> Option<usize> {
        let mut from = text.len().saturating_sub(2 * self.reach);
        while !text.is_char_boundary(from) {
            from -= 1;
        }
        let folded = Folded::of(&text[from..]);
        let begins = self.forms.iter().filter_map(|form| {
            let (end, _) = form.char_indices().nth(BEGINNING)?;
            let mut places = folded.text.match_indices(&form[..end]).map(|(at, _)| at);
            places.find(|at| {
                let tail = &folded.text[*at..];
                tail.len() < form.len() && form.starts_with(tail)
            })
        });
        begins.min().map(|at| from + folded.origin(at))
    }

    fn on_lines(&self, text: &str, spans: &mut Vec<Range<usize>>) {
        self.each(text, |span, shape| {
            // Of a base64 text that is full of a secret the whole is looked for only once.
            let is_found = spans.last().is_some_and(|last: &Range<usize>| last.end >= span.end);
            if !is_found && shape.fits(text, &span) {
                spans.push(shape.whole(text, span));
            }
        });
    }

    /// What a line break, an indentation or the frame of a box cuts in two.
    fn across_lines(&self, text: &str, spans: &mut Vec<Range<usize>>) {
        let folded = Folded::of(text);
        self.each(&folded.text, |span, shape| {
            let span = folded.origin(span.start)..folded.origin(span.end - 1) + 1;
            if shape != Shape::Token && text[span.clone()].contains(['\n', '\r']) {
                spans.push(shape.whole(text, span));
            }
        });
    }

    /// Every place where a form begins, with the longest that begins there.
    fn each(&self, text: &str, mut take: impl FnMut(Range<usize>, Shape)) {
        let mut at = 0;
        while let Some(found) = self.automaton.find(Input::new(text).range(at..)) {
            // The next may begin within this one.
            at = found.start() + text[found.start()..].chars().next().map_or(1, char::len_utf8);
            take(found.range(), self.shapes[found.pattern().as_usize()]);
        }
    }
}

impl Shape {
    fn fits(self, text: &str, span: &Range<usize>) -> bool {
        let word = |c: char| c.is_alphanumeric();
        self != Self::Token
            || !(text[..span.start].chars().next_back().is_some_and(word)
                || text[span.end..].chars().next().is_some_and(word))
    }

    /// The whole of what `span` is a part of: at the edges of a secret inside a longer base64 text
    /// stand characters that hold bits of it.
    fn whole(self, text: &str, span: Range<usize>) -> Range<usize> {
        if self != Self::Base64 {
            return span;
        }
        let digit = |b: &&u8| b.is_ascii_alphanumeric() || b"+/-_".contains(b);
        let before = text.as_bytes()[..span.start].iter().rev().take_while(digit).count();
        let behind = text.as_bytes()[span.end..].iter().take_while(|b| digit(b) || **b == b'=');
        let behind = behind.count();
        span.start - before..span.end + behind
    }
}

/// Where `names` stand in a text, as words of their own.
pub(super) fn names_in(text: &str, names: &BTreeSet<String>) -> Vec<Range<usize>> {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let mut found = Vec::new();
    for name in names {
        found.extend(text.match_indices(name.as_str()).map(|(at, _)| at..at + name.len()).filter(
            |span| !text[..span.start].ends_with(part) && !text[span.end..].starts_with(part),
        ));
    }
    found
}

/// A text without its blanks and the lines of boxes, in which terminals wrap tracebacks.
struct Folded {
    text: String,
    /// Where pieces begin: here, and in the text that they come from.
    pieces: Vec<(usize, usize)>,
}

impl Folded {
    fn of(text: &str) -> Self {
        let is_gap = |c: char| c.is_whitespace() || ('\u{2500}'..='\u{257f}').contains(&c);
        let mut folded = Self { text: String::with_capacity(text.len()), pieces: Vec::new() };
        for piece in text.split(is_gap).filter(|piece| !piece.is_empty()) {
            let at = piece.as_ptr() as usize - text.as_ptr() as usize;
            folded.pieces.push((folded.text.len(), at));
            folded.text.push_str(piece);
        }
        folded
    }

    /// Where a byte stood.
    fn origin(&self, at: usize) -> usize {
        let next = self.pieces.partition_point(|(start, _)| *start <= at);
        let (start, origin) = self.pieces[next - 1];
        origin + at - start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_key_takes_little_memory() {
        let key: String = (1000..6000).map(|n| n.to_string()).collect();
        let finder = Finder::new(&BTreeSet::from([key.clone()])).unwrap();
        let bytes = finder.automaton.memory_usage();
        assert!(bytes < 500 * key.len(), "{bytes} bytes for a key of {}", key.len());
    }
}
