//! States that speak for all streams at once: GLOBAL and LEGACY.

use super::blob;
use super::cuts::{Cut, Part};
use super::published::{Publication, Published};
use super::stream_spec::StreamSpec;

/// Where the runs of a read that are over have left the streams. A state for all streams goes on
/// saying it while a later run reads streams that have no position.
///
/// [`Tracker::standing`](super::Tracker::standing) gives it out, and
/// [`Tracker::after`](super::Tracker::after) takes it.
#[derive(Clone, Debug, Default)]
pub struct Standing(Option<Position>);

#[derive(Clone, Debug)]
enum Position {
    Cut(Box<GlobalCut>),
    Blob(Part),
}

/// The cut at which all streams that resume stand.
#[derive(Clone, Debug)]
struct GlobalCut {
    /// Its id, its rest and whether it is an end; never an own part.
    shared: Cut,
    alone: bool,
    /// By place among the streams that the plan was made for, rising: its own bookmark.
    own: Vec<(usize, Option<Part>)>,
}

impl Standing {
    /// All streams that resume stand at this cut.
    pub(super) fn at_cut(shared: Cut, alone: bool, own: Vec<(usize, Option<Part>)>) -> Standing {
        Standing(Some(Position::Cut(Box::new(GlobalCut { shared, alone, own }))))
    }

    /// The Singer state is this one.
    pub(super) fn at_blob(blob: Part) -> Standing {
        Standing(Some(Position::Blob(blob)))
    }

    /// Whether this is the Singer state that was published last.
    pub(super) fn is_blob(&self, blob: &Part) -> bool {
        matches!(&self.0, Some(Position::Blob(known)) if known == blob)
    }

    /// The GLOBAL state that says this. `number` was never used before, so no state ever repeats.
    pub(super) fn global(&self, streams: &[StreamSpec], number: &str) -> Published {
        let cut = match &self.0 {
            Some(Position::Cut(cut)) => Some(cut.as_ref()),
            _ => None,
        };
        let own_part = |cut: &GlobalCut, stream: usize, id: &str| {
            let at = cut.own.binary_search_by_key(&stream, |(known, _)| *known).ok()?;
            Some(blob::write_own(id, cut.alone, &cut.shared.id, cut.own[at].1.as_ref()))
        };
        let own = streams.iter().enumerate().filter_map(|(stream, spec)| {
            let id = spec.tap_stream_id.as_str();
            let blob = if spec.full_refresh {
                blob::write_full_refresh(id, number, spec.generation_id)
            } else {
                own_part(cut?, stream, id)?
            };
            Some(Publication { stream: spec.configured, blob })
        });
        let own = own.collect();
        let shared = blob::write_shared(number, cut.map(|cut| &cut.shared));
        Published::Global { shared, own }
    }

    /// The LEGACY state that says this.
    pub(super) fn legacy(&self) -> Published {
        let blob = match &self.0 {
            Some(Position::Blob(blob)) => blob.raw().to_owned(),
            _ => Part::empty().raw().to_owned(),
        };
        Published::Legacy(blob)
    }
}
