//! What a tap reads and how its state governs it: eight kinds of units, fifteen kinds of taps.

use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A stream's name, which is its `tap_stream_id`.
pub(super) type Name = &'static str;

/// A row: the moment it was written; children carry their parent's moment and 1.
pub(super) type Row = (u64, u8);

/// The source behind the tap. Every row has its moment.
#[derive(Default)]
pub(super) struct World {
    pub(super) rows: BTreeMap<Name, Vec<Row>>,
    pub(super) now: u64,
}

impl World {
    /// Writes a row; `child` gets one that hangs on it.
    pub(super) fn add(&mut self, stream: Name, child: Option<Name>) {
        self.now += 1;
        self.rows.entry(stream).or_default().push((self.now, 0));
        if let Some(child) = child {
            self.rows.entry(child).or_default().push((self.now, 1));
        }
    }

    pub(super) fn of(&self, stream: Name) -> &[Row] {
        self.rows.get(stream).map_or(&[], Vec::as_slice)
    }
}

/// What a unit does next.
pub(super) enum Step {
    Row(Name, Row),
    /// Here the tap may write a STATE.
    Maybe,
    Set(Vec<String>, Value),
}

/// Where a stream of its own keeps its bookmark.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    Bookmarks,
    Top,
    Repo,
}

/// What a full-table stream writes as its bookmark.
#[derive(Clone, Copy)]
pub(super) enum FullMark {
    Nothing,
    Empty,
    Version,
}

/// Streams that a tap reads together.
pub(super) enum Unit {
    /// Incremental with a bookmark of its own; it may step back at the start.
    Indep { name: Name, shape: Shape, back: u64 },
    /// Full table.
    Full { name: Name, mark: FullMark },
    /// One top-level position governs several streams.
    Lsn { names: &'static [Name], snapshot: bool },
    /// The child's rows are governed by the parent's bookmark. `advances`: also when the parent is
    /// not selected. `child_first`: a child's rows come before its parent's.
    Parent { parent: Name, child: Name, marks_child: bool, advances: bool, child_first: bool },
    /// Two streams whose bookmark key is the message name that they share.
    SharedKey { names: &'static [Name] },
    /// A second bookmark, whose key is no stream, governs half of the rows.
    Events { name: Name, key: &'static str },
    /// A top-level phase changes what a bookmark means.
    Phase { names: &'static [Name] },
    /// Partitions inside a bookmark.
    Parts { name: Name },
}

/// Collects steps and plays them on a copy of the state at once.
struct Script {
    state: Value,
    steps: Vec<Step>,
}

impl Script {
    fn row(&mut self, name: Name, row: Row) {
        self.steps.push(Step::Row(name, row));
    }

    fn maybe(&mut self) {
        self.steps.push(Step::Maybe);
    }

    fn set(&mut self, path: &[&str], value: Value) {
        let path: Vec<String> = path.iter().map(|key| (*key).to_owned()).collect();
        put(&mut self.state, &path, value.clone());
        self.steps.push(Step::Set(path, value));
    }

    fn ensure(&mut self, path: &[&str], value: Value) {
        if self.get(path).is_none() {
            self.set(path, value);
        }
    }

    fn get(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(&self.state, |at, key| at.get(key))
    }

    fn number(&self, path: &[&str]) -> u64 {
        self.get(path).and_then(Value::as_u64).unwrap_or(0)
    }
}

/// Sets a value deep in a state, making objects on the way.
pub(super) fn put(state: &mut Value, path: &[String], value: Value) {
    let mut at = state;
    for key in path {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        at = &mut at[key.as_str()];
    }
    *at = value;
}

impl Unit {
    pub(super) fn streams(&self) -> Vec<Name> {
        match self {
            Unit::Indep { name, .. }
            | Unit::Full { name, .. }
            | Unit::Events { name, .. }
            | Unit::Parts { name } => vec![name],
            Unit::Lsn { names, .. } | Unit::SharedKey { names } | Unit::Phase { names } => {
                names.to_vec()
            }
            Unit::Parent { parent, child, .. } => vec![parent, child],
        }
    }

    /// Whether the catalog shows a database.
    pub(super) fn is_database(&self) -> bool {
        match self {
            Unit::Indep { shape, .. } => matches!(shape, Shape::Bookmarks),
            Unit::Full { .. } | Unit::SharedKey { .. } => true,
            _ => false,
        }
    }

    /// What the unit does when it starts from `state`.
    pub(super) fn script(
        &self,
        state: &Value,
        selected: &BTreeSet<Name>,
        world: &World,
    ) -> Vec<Step> {
        let mine: Vec<Name> =
            self.streams().into_iter().filter(|name| selected.contains(name)).collect();
        let mut script = Script { state: state.clone(), steps: Vec::new() };
        if mine.is_empty() {
            return script.steps;
        }
        match self {
            Unit::Indep { name, shape, back } => indep(&mut script, name, *shape, *back, world),
            Unit::Full { name, mark } => full(&mut script, name, *mark, world),
            Unit::Lsn { snapshot, .. } => lsn(&mut script, &mine, *snapshot, world),
            Unit::Parent { .. } => self.parent(&mut script, &mine, world),
            Unit::SharedKey { .. } => shared_key(&mut script, &mine, world),
            Unit::Events { name, key } => {
                for (key, parity) in [(*name, 0), (*key, 1)] {
                    events(&mut script, name, key, parity, world);
                }
            }
            Unit::Phase { .. } => phase(&mut script, &mine, world),
            Unit::Parts { name } => parts(&mut script, name, world),
        }
        script.steps
    }

    fn parent(&self, script: &mut Script, mine: &[Name], world: &World) {
        let Unit::Parent { parent, child, marks_child, advances, child_first } = self else {
            return;
        };
        let (has_parent, has_child) = (mine.contains(parent), mine.contains(child));
        let path = ["bookmarks", parent, "pos"];
        let from = script.number(&path);
        if *marks_child && has_child {
            script.set(&["bookmarks", child], json!({}));
        }
        for row in world.of(parent).iter().filter(|row| row.0 >= from) {
            if has_parent && !child_first {
                script.row(parent, *row);
            }
            if has_child {
                for own in world.of(child).iter().filter(|own| own.0 == row.0) {
                    script.row(child, *own);
                    script.maybe();
                }
            }
            if has_parent && *child_first {
                script.row(parent, *row);
            }
            if has_parent || *advances {
                script.set(&path, json!(row.0));
            }
            script.maybe();
        }
    }
}

fn indep(script: &mut Script, name: Name, shape: Shape, back: u64, world: &World) {
    let slot: Vec<&str> = match shape {
        Shape::Bookmarks => vec!["bookmarks", name],
        Shape::Top => vec![name],
        Shape::Repo => vec!["bookmarks", "acme/repo", name],
    };
    script.ensure(&slot, json!({}));
    let path = [slot.as_slice(), &["pos"]].concat();
    let mut from = script.number(&path);
    if back > 0 && from > 0 {
        from = from.saturating_sub(back);
        script.set(&path, json!(from));
        script.maybe();
    }
    for row in world.of(name).iter().filter(|row| row.0 >= from) {
        script.row(name, *row);
        script.set(&path, json!(row.0));
        script.maybe();
    }
}

fn full(script: &mut Script, name: Name, mark: FullMark, world: &World) {
    match mark {
        FullMark::Nothing => {}
        FullMark::Empty => script.set(&["bookmarks", name], json!({})),
        FullMark::Version => script.set(&["bookmarks", name], json!({"version": world.now})),
    }
    script.maybe();
    for row in world.of(name) {
        script.row(name, *row);
        script.maybe();
    }
}

/// The rows of several streams in the order in which they were written.
fn log(mine: &[Name], world: &World, wanted: impl Fn(u64) -> bool) -> Vec<(Row, Name)> {
    let rows = mine.iter().flat_map(|name| world.of(name).iter().map(|row| (*row, *name)));
    let mut log: Vec<(Row, Name)> = rows.filter(|(row, _)| wanted(row.0)).collect();
    log.sort_unstable();
    log
}

fn lsn(script: &mut Script, mine: &[Name], snapshot: bool, world: &World) {
    if snapshot {
        script.ensure(&["lsn"], json!(world.now));
    }
    let from = script.number(&["lsn"]);
    for name in mine.iter().filter(|_| snapshot) {
        if script.get(&["bookmarks", name, "snap"]) != Some(&Value::Bool(true)) {
            for row in world.of(name) {
                script.row(name, *row);
                script.maybe();
            }
            script.set(&["bookmarks", name], json!({"snap": true}));
            script.maybe();
        }
    }
    for (row, name) in log(mine, world, |at| at > from) {
        script.row(name, row);
        script.set(&["lsn"], json!(row.0));
        script.maybe();
    }
    let end = world.now.max(script.number(&["lsn"]));
    script.set(&["lsn"], json!(end));
    script.maybe();
}

fn shared_key(script: &mut Script, mine: &[Name], world: &World) {
    let from = script.number(&["bookmarks", "users", "pos"]);
    for (row, name) in log(mine, world, |at| at >= from) {
        script.row(name, row);
        script.set(&["bookmarks", "users"], json!({"pos": row.0}));
        script.maybe();
    }
}

fn events(script: &mut Script, name: Name, key: &str, parity: u64, world: &World) {
    let from = script.number(&["bookmarks", key, "pos"]);
    for row in world.of(name).iter().filter(|row| row.0 % 2 == parity && row.0 >= from) {
        script.row(name, *row);
        script.set(&["bookmarks", key], json!({"pos": row.0}));
        script.maybe();
    }
}

fn phase(script: &mut Script, mine: &[Name], world: &World) {
    let backfill = script.get(&["phase"]).is_none_or(|phase| phase == "backfill");
    if backfill {
        script.set(&["phase"], json!("backfill"));
        for name in mine {
            let done = script.number(&["bookmarks", name, "p"]) as usize;
            for (index, row) in world.of(name).iter().enumerate().skip(done) {
                script.row(name, *row);
                script.set(&["bookmarks", name], json!({"p": index + 1}));
                script.maybe();
            }
        }
        script.set(&["phase"], json!("live"));
        for name in mine {
            script.set(&["bookmarks", name], json!({"p": world.now}));
        }
        script.maybe();
    }
    for name in mine {
        let from = script.number(&["bookmarks", name, "p"]);
        for row in world.of(name).iter().filter(|row| row.0 > from) {
            script.row(name, *row);
            script.set(&["bookmarks", name], json!({"p": row.0}));
            script.maybe();
        }
    }
}

fn parts(script: &mut Script, name: Name, world: &World) {
    let path = ["bookmarks", name, "partitions"];
    script.ensure(&path, json!([]));
    for parity in [0, 1] {
        let mut slots = script.get(&path).and_then(Value::as_array).cloned().unwrap_or_default();
        let at = slots.iter().position(|slot| slot["context"] == json!(parity));
        let at = at.unwrap_or_else(|| {
            slots.push(json!({"context": parity}));
            slots.len() - 1
        });
        script.set(&path, json!(slots));
        let from = slots[at].get("pos").and_then(Value::as_u64).unwrap_or(0);
        for row in world.of(name).iter().filter(|row| row.0 % 2 == parity && row.0 >= from) {
            script.row(name, *row);
            slots[at]["pos"] = json!(row.0);
            script.set(&path, json!(slots));
            script.maybe();
        }
    }
}

/// The kinds of taps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Model {
    Indep,
    IndepTop,
    IndepRepo,
    Backwards,
    Full,
    Parts,
    Events,
    LsnSnapshot,
    LsnOfThree,
    LsnOnly,
    Parent,
    ParentAndIndep,
    SharedKey,
    Phase,
    Mix,
}

impl Model {
    pub(super) const ALL: [Model; 15] = [
        Model::Indep,
        Model::IndepTop,
        Model::IndepRepo,
        Model::Backwards,
        Model::Full,
        Model::Parts,
        Model::Events,
        Model::LsnSnapshot,
        Model::LsnOfThree,
        Model::LsnOnly,
        Model::Parent,
        Model::ParentAndIndep,
        Model::SharedKey,
        Model::Phase,
        Model::Mix,
    ];

    /// The units of such a tap; `option` is one of twelve variants where a kind has some.
    pub(super) fn units(self, option: usize) -> Vec<Unit> {
        let indep = |name, shape, back| Unit::Indep { name, shape, back };
        let family = |marks_child| Unit::Parent {
            parent: "P",
            child: "C",
            marks_child,
            advances: option % 3 != 1,
            child_first: option % 4 < 2,
        };
        let lsn = |names, snapshot| Unit::Lsn { names, snapshot };
        let odd = option % 2 == 1;
        match self {
            Model::Indep => {
                vec![indep("A", Shape::Bookmarks, 0), indep("B", Shape::Bookmarks, 0)]
            }
            Model::IndepTop => vec![indep("A", Shape::Top, 0), indep("B", Shape::Top, 0)],
            Model::IndepRepo => vec![indep("A", Shape::Repo, 0), indep("B", Shape::Repo, 0)],
            Model::Backwards => {
                vec![indep("A", Shape::Bookmarks, 2), indep("B", Shape::Bookmarks, 1)]
            }
            Model::Full => {
                let marks = [FullMark::Nothing, FullMark::Empty, FullMark::Version];
                let full = Unit::Full { name: "A", mark: marks[option % 3] };
                vec![full, indep("B", Shape::Bookmarks, 0)]
            }
            Model::Parts => vec![Unit::Parts { name: "A" }, Unit::Parts { name: "B" }],
            Model::Events => vec![
                Unit::Events { name: "A", key: "A_events" },
                Unit::Events { name: "B", key: "B_events" },
            ],
            Model::LsnSnapshot => vec![lsn(&["A", "B"], true)],
            Model::LsnOfThree => vec![lsn(&["A", "B", "D"], true)],
            Model::LsnOnly => vec![lsn(&["A", "B"], false)],
            Model::Parent => vec![family(odd)],
            Model::ParentAndIndep => vec![family(odd), indep("A", Shape::Bookmarks, 0)],
            Model::SharedKey => vec![Unit::SharedKey { names: &["A", "B"] }],
            Model::Phase => vec![Unit::Phase { names: &["A", "B"] }],
            Model::Mix => {
                vec![family(true), lsn(&["A", "B"], true), indep("E", Shape::Repo, 0)]
            }
        }
    }

    /// Whether wrong evidence ("this is a database") can't hurt: what is shared shows up as a
    /// remainder. A parent's hold on its child shows up nowhere.
    pub(super) fn betrays_itself(self) -> bool {
        !matches!(self, Model::Parent | Model::ParentAndIndep | Model::Mix)
    }
}
