//! Linked streams that have a cut in common form a family and resume together.

use super::blob::StoredCuts;
use super::cuts::{EMPTY_ID, assemble};
use super::notes::Note;
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::sync::Arc;

/// How many runs of the tap linked streams may need; more, and the smallest families start over.
pub(super) const MAX_RUNS: usize = 3;

/// Streams that run together, and the cut they resume at.
pub(super) struct Family {
    /// Indices of the streams, rising.
    pub(super) members: Vec<usize>,
    /// The id of the cut they resume at; [`EMPTY_ID`] when they start from nothing.
    pub(super) base: Arc<str>,
    /// Whether that cut was the end of a run that ended well.
    pub(super) base_is_end: bool,
    /// The Singer state at that cut.
    pub(super) state: Map<String, Value>,
}

/// A family while it is being formed.
struct Group<'a> {
    members: Vec<usize>,
    /// The cuts that all members hold.
    common: HashSet<&'a str>,
}

/// Groups the linked streams. `held` has a place for every configured stream; `donors` are all
/// states that may tell a part of a cut, also those of streams that don't resume.
pub(super) fn form(
    linked: &[usize],
    held: &[Option<&StoredCuts>],
    donors: &[&StoredCuts],
    name: &dyn Fn(usize) -> String,
    notes: &mut Vec<Note>,
) -> Vec<Family> {
    let names = |streams: &[usize]| streams.iter().map(|i| name(*i)).collect::<Vec<_>>();
    let (mut groups, mut fresh) = group(linked, held);
    if !fresh.is_empty() && !groups.is_empty() {
        // Who has no state in a first run that was cut short holds the empty state as well as the
        // others do: it is their base.
        let cut_short = groups.iter().position(|group| {
            group.common.contains(EMPTY_ID) && newest_common(group, held).is_some_and(|cut| !cut.1)
        });
        if let Some(at) = cut_short {
            fresh.extend(groups.remove(at).members);
            fresh.sort_unstable();
            notes.push(Note::FirstRunCutShort { streams: names(&fresh) });
        } else {
            notes.push(Note::NoSavedPosition { streams: names(&fresh) });
        }
    }
    let mut given_up = Vec::new();
    while groups.len() + usize::from(!fresh.is_empty()) > MAX_RUNS {
        let Some(smallest) = groups.pop() else { break };
        given_up.extend_from_slice(&smallest.members);
        fresh.extend(smallest.members);
    }
    if !given_up.is_empty() {
        notes.push(Note::TooManyRuns { streams: names(&given_up) });
    }
    if groups.len() > 1 {
        notes.push(Note::SeveralRuns { runs: groups.len() });
    }
    let mut families = Vec::new();
    for group in &groups {
        match resume(group, held, donors, notes) {
            Some(family) => families.push(family),
            None => fresh.extend_from_slice(&group.members),
        }
    }
    if !fresh.is_empty() {
        fresh.sort_unstable();
        let (base, state) = (EMPTY_ID.into(), Map::new());
        families.push(Family { members: fresh, base, base_is_end: false, state });
    }
    families
}

/// One family of all linked streams, for a state that speaks for all of them: resumed together at a
/// cut that all hold, or else all from nothing. `None` when no stream is linked.
pub(super) fn together(
    linked: &[usize],
    held: &[Option<&StoredCuts>],
    donors: &[&StoredCuts],
    name: &dyn Fn(usize) -> String,
    notes: &mut Vec<Note>,
) -> Option<Family> {
    if linked.is_empty() {
        return None;
    }
    let (groups, fresh) = group(linked, held);
    if let ([one], []) = (groups.as_slice(), fresh.as_slice())
        && let Some(family) = resume(one, held, donors, notes)
    {
        return Some(family);
    }
    if !groups.is_empty() {
        let without = fresh.iter().map(|stream| name(*stream)).collect();
        notes.push(Note::AllStartOver { without });
    }
    let (members, base, state) = (linked.to_vec(), EMPTY_ID.into(), Map::new());
    Some(Family { members, base, base_is_end: false, state })
}

/// Streams with a cut in common, the largest group first; and the streams that hold none.
fn group<'a>(linked: &[usize], held: &[Option<&'a StoredCuts>]) -> (Vec<Group<'a>>, Vec<usize>) {
    let (mut groups, mut fresh) = (Vec::<Group<'a>>::new(), Vec::new());
    for &stream in linked {
        let Some(stored) = held[stream] else {
            fresh.push(stream);
            continue;
        };
        let ids: HashSet<&str> = stored.cuts.iter().map(|cut| &*cut.id).collect();
        match groups.iter_mut().find(|group| !group.common.is_disjoint(&ids)) {
            Some(group) => {
                group.members.push(stream);
                group.common.retain(|id| ids.contains(id));
            }
            None => groups.push(Group { members: vec![stream], common: ids }),
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.members.len()));
    (groups, fresh)
}

/// The newest cut that all members hold, and whether it is an end. Every stream holds its cuts in
/// the order in which they were published, so the first member's order is everyone's.
fn newest_common(group: &Group<'_>, held: &[Option<&StoredCuts>]) -> Option<(Arc<str>, bool)> {
    let first = held[*group.members.first()?]?;
    let cut = first.cuts.iter().rev().find(|cut| group.common.contains(&*cut.id))?;
    Some((cut.id.clone(), cut.end))
}

/// Puts the state of a group's newest common cut together.
fn resume(
    group: &Group<'_>,
    held: &[Option<&StoredCuts>],
    donors: &[&StoredCuts],
    notes: &mut Vec<Note>,
) -> Option<Family> {
    let (base, base_is_end) = newest_common(group, held)?;
    let members: Vec<&StoredCuts> =
        group.members.iter().filter_map(|stream| held[*stream]).collect();
    let rest = &members.first()?.at(&base)?.rest;
    // Whoever holds this cut tells its part of it, also a stream that doesn't run: the closer to
    // what the tap said, the better.
    let own = donors.iter().filter_map(|donor| {
        let part = donor.at(&base)?.own.as_ref()?;
        Some((donor.tap_stream_id.as_str(), part))
    });
    if members.iter().all(|stored| *stored.cuts[0].id == *base && stored.cuts.len() > 1) {
        notes.push(Note::NoCommonCut);
    }
    let state = if *base == *EMPTY_ID { Map::new() } else { assemble(rest, own) };
    Some(Family { members: group.members.clone(), base, base_is_end, state })
}
