//! Plays a folder as a Singer tap, for tests of whoever runs taps.
//!
//! `tap-replay --scenario DIR` answers `--discover` with `discover.json`, `--about` with
//! `about.json`, a sync with `stdout.jsonl` and a sync that is given a state with
//! `resume.stdout.jsonl` where there is one. `stderr.txt` (`discover.stderr.txt` for discovery, `about.stderr.txt`)
//! is said beside it, `exit_codes.json` says how each ends. Under `tap` in `scenario.json` stands how
//! this tap behaves otherwise: see [`Manner`].
//!
//! Where the environment names a file in `TAP_REPLAY_REPORT`, a line of JSON is added to it for
//! every run: what the tap was given, so that a test can look at it.

use rustix::process::{Signal, getpid, kill_process};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

/// How a tap behaves beside what it says.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Manner {
    /// The folder that holds what it says, if that isn't the scenario's own.
    plays: Option<PathBuf>,
    /// The text of `--help`.
    help: Option<String>,
    /// The flags that it knows, where it refuses all others; its help lists them.
    knows: Option<Vec<String>>,
    /// A flag that it can't sync without.
    insists_on: Option<String>,
    /// Takes `--discover` for nothing and syncs.
    overhears_discover: bool,
    /// Dies at every call as a program without one of its modules does.
    lacks_module: Option<String>,
    /// Whose selection it follows; without it every line is said, as by a tap that ignores its
    /// catalog.
    obeys: Option<Obeys>,
    /// The ids in the catalog of names in messages, where they differ.
    names: HashMap<String, String>,
    /// Says everything so many times.
    repeats: Option<usize>,
    /// The runs in which it hangs once it has said everything.
    hangs: Vec<Mode>,
    /// What it makes of SIGTERM.
    on_term: OnTerm,
    /// The signal that a sync dies by at its end.
    dies_by: Option<i32>,
    /// Closes stdout at the end of a sync and exits so many milliseconds later.
    lingers_ms: Option<u64>,
    /// A file that it writes into its working directory.
    writes: Option<PathBuf>,
    /// A folder whose files it writes into its working directory, which is `$PWD` in what it says.
    batches: Option<PathBuf>,
    /// Starts a process of its own that outlives it.
    grandchild: bool,
    /// The setting whose value it can't keep to itself.
    leaks: Option<String>,
}

impl Manner {
    /// Refuses what it doesn't know or can't do without.
    fn mind(&self, args: &Args, mode: Mode) -> Result<()> {
        let given = args.files.keys().chain(&args.flags);
        let unknown: Vec<&str> = match &self.knows {
            Some(known) => given.filter(|flag| !known.contains(flag)).map(String::as_str).collect(),
            None => Vec::new(),
        };
        if !unknown.is_empty() {
            return Err(format!("unrecognized arguments: {}", unknown.join(" ")).into());
        }
        match &self.insists_on {
            Some(flag)
                if matches!(mode, Mode::Sync | Mode::Resume) && !args.files.contains_key(flag) =>
            {
                Err(format!("the following arguments are required: {flag}").into())
            }
            _ => Ok(()),
        }
    }

    fn help(&self) -> String {
        let usual = "[--help] [--config FILE] [--discover] [--catalog FILE] [--state FILE]";
        match (&self.help, &self.knows) {
            (Some(help), _) => help.clone(),
            (None, Some(known)) => format!("usage: tap [{}]", known.join("] [")),
            (None, None) => format!("usage: tap {usual}"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Obeys {
    /// Reads what `--catalog` selects.
    Catalog,
    /// Reads what `--properties` selects, and says nothing at all when it isn't given.
    Properties,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OnTerm {
    #[default]
    Dies,
    ExitsWith0,
    ExitsWith1,
    Ignores,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Help,
    About,
    Discover,
    Sync,
    Resume,
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Self::Help => "help",
            Self::About => "about",
            Self::Discover => "discover",
            Self::Sync => "sync",
            Self::Resume => "resume",
        }
    }
}

#[derive(Debug, Default)]
struct Args {
    scenario: PathBuf,
    flags: Vec<String>,
    files: HashMap<String, PathBuf>,
    all: Vec<String>,
}

impl Args {
    fn parse() -> Result<Self> {
        let all: Vec<String> = std::env::args().skip(1).collect();
        let mut args = Self { all: all.clone(), ..Self::default() };
        let mut rest = all.into_iter();
        while let Some(arg) = rest.next() {
            match arg.as_str() {
                "--scenario" => {
                    args.scenario = rest.next().ok_or("--scenario needs a value")?.into()
                }
                "--config" | "--catalog" | "--properties" | "--state" => {
                    let file = rest.next().ok_or_else(|| format!("{arg} needs a value"))?;
                    args.files.insert(arg, file.into());
                }
                "--help" | "--about" | "--discover" | "--format=json" => args.flags.push(arg),
                _ => return Err(format!("unrecognized arguments: {arg}").into()),
            }
        }
        Ok(args)
    }

    fn mode(&self, manner: &Manner) -> Mode {
        let has = |flag: &str| self.flags.iter().any(|f| f == flag);
        match () {
            () if has("--help") => Mode::Help,
            () if has("--about") => Mode::About,
            () if has("--discover") && !manner.overhears_discover => Mode::Discover,
            () if self.files.contains_key("--state") => Mode::Resume,
            () => Mode::Sync,
        }
    }
}

fn main() -> ExitCode {
    let played = Args::parse().and_then(|args| play(&args));
    match played {
        Ok(code) => ExitCode::from(code),
        // Whoever read our stdout is gone; there is nobody left to tell.
        Err(error) if is_broken_pipe(&*error) => ExitCode::FAILURE,
        Err(error) => {
            // As Python's argparse says it.
            let _ = writeln!(io::stderr(), "usage: tap [--help] ...\ntap: error: {error}");
            ExitCode::from(2)
        }
    }
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
}

fn play(args: &Args) -> Result<u8> {
    let manner = manner(&args.scenario)?;
    let mode = args.mode(&manner);
    let folder = match &manner.plays {
        Some(other) => args.scenario.join(other),
        None => args.scenario.clone(),
    };
    if let Some(module) = &manner.lacks_module {
        let says = format!(
            "Traceback (most recent call last):\n  File \"tap\", line 3, in <module>\n    \
             import {module}\nModuleNotFoundError: No module named '{module}'\n"
        );
        io::stderr().write_all(says.as_bytes())?;
        return Ok(1);
    }
    mind_term(manner.on_term);
    let grandchild = if manner.grandchild && matches!(mode, Mode::Sync | Mode::Resume) {
        Some(
            Command::new("sleep")
                .arg("600")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .spawn()?
                .id(),
        )
    } else {
        None
    };
    report(args, mode, grandchild)?;
    manner.mind(args, mode)?;
    if let Some(file) = &manner.writes {
        fs::write(file, "written by the tap\n")?;
    }
    if let (Some(batches), Mode::Sync | Mode::Resume) = (&manner.batches, mode) {
        for file in fs::read_dir(folder.join(batches))? {
            let file = file?;
            fs::copy(file.path(), file.file_name())?;
        }
    }
    complain(args, &manner, &folder, mode)?;
    say(args, &manner, &folder, mode)?;
    if manner.hangs.contains(&mode) {
        loop {
            std::thread::sleep(Duration::from_secs(600));
        }
    }
    if matches!(mode, Mode::Sync | Mode::Resume) {
        if let Some(time) = manner.lingers_ms {
            rustix::stdio::dup2_stdout(fs::File::open("/dev/null")?)?;
            std::thread::sleep(Duration::from_millis(time));
        }
        if let Some(signal) = manner.dies_by.and_then(Signal::from_named_raw) {
            kill_process(getpid(), signal)?;
            std::thread::sleep(Duration::from_secs(600));
        }
    }
    exit_code(&folder, mode)
}

/// What stands under `tap` in the scenario's file.
fn manner(scenario: &Path) -> Result<Manner> {
    let Ok(text) = fs::read(scenario.join("scenario.json")) else { return Ok(Manner::default()) };
    let mut file: Map<String, Value> = serde_json::from_slice(&text)?;
    Ok(match file.remove("tap") {
        Some(tap) => serde_json::from_value(tap)?,
        None => Manner::default(),
    })
}

fn mind_term(on_term: OnTerm) {
    if on_term == OnTerm::Dies {
        return;
    }
    let (ready, wait) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            use tokio::signal::unix::{SignalKind, signal};
            let mut term = signal(SignalKind::terminate())?;
            let _ = ready.send(());
            while term.recv().await.is_some() {
                match on_term {
                    OnTerm::ExitsWith0 => std::process::exit(0),
                    OnTerm::ExitsWith1 => std::process::exit(1),
                    OnTerm::Dies | OnTerm::Ignores => {}
                }
            }
            io::Result::Ok(())
        })
    });
    let _ = wait.recv_timeout(Duration::from_secs(10));
}

/// Tells the test what this run was given.
fn report(args: &Args, mode: Mode, grandchild: Option<u32>) -> Result<()> {
    let Some(file) = std::env::var_os("TAP_REPLAY_REPORT") else { return Ok(()) };
    let mode_of = |path: &Path| -> Result<String> {
        Ok(format!("{:o}", fs::metadata(path)?.permissions().mode() & 0o777))
    };
    let here = std::env::current_dir()?;
    let mut given = Map::new();
    for (flag, path) in &args.files {
        let text = fs::read_to_string(path).unwrap_or_default();
        given.insert(flag.clone(), json!({"mode": mode_of(path)?, "text": text}));
    }
    let ours = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let ours: Vec<String> = ours.filter(|name| name.starts_with("AIRBYTE_SINGER")).collect();
    let line = json!({
        "run": mode.name(),
        "pid": std::process::id(),
        "grandchild": grandchild,
        "args": args.all,
        "given": given,
        "folder": here,
        "folder_mode": mode_of(&here)?,
        "environment": ours,
    });
    let mut file = fs::OpenOptions::new().create(true).append(true).open(file)?;
    file.write_all(format!("{line}\n").as_bytes())?;
    Ok(())
}

/// What it says on stderr.
fn complain(args: &Args, manner: &Manner, folder: &Path, mode: Mode) -> Result<()> {
    let name = match mode {
        Mode::Help => return Ok(()),
        Mode::About => "about.stderr.txt",
        Mode::Discover => "discover.stderr.txt",
        Mode::Sync | Mode::Resume => "stderr.txt",
    };
    if let Ok(text) = fs::read(folder.join(name)) {
        io::stderr().write_all(&text)?;
    }
    let (Some(setting), Some(config)) = (&manner.leaks, args.files.get("--config")) else {
        return Ok(());
    };
    let config: Map<String, Value> = serde_json::from_slice(&fs::read(config)?)?;
    let value = config.get(setting).and_then(Value::as_str).unwrap_or_default();
    let words = format!(
        "INFO GET https://example.com/?token={value}&again={}\nCRITICAL the login with {value} was refused\n",
        value.replace('/', "%2F").replace('@', "%40")
    );
    io::stderr().write_all(words.as_bytes())?;
    Ok(())
}

/// What it says on stdout.
fn say(args: &Args, manner: &Manner, folder: &Path, mode: Mode) -> Result<()> {
    let mut out = io::stdout().lock();
    match mode {
        Mode::Help => {
            out.write_all(manner.help().as_bytes())?;
        }
        Mode::About => {
            let about = fs::read(folder.join("about.json"));
            out.write_all(&about.map_err(|_| "unrecognized arguments: --about --format=json")?)?;
        }
        Mode::Discover => out.write_all(&fs::read(folder.join("discover.json"))?)?,
        Mode::Sync | Mode::Resume => {
            let mut said = sync_output(folder, mode)?;
            if manner.batches.is_some() {
                let here = std::env::current_dir()?.display().to_string();
                said = String::from_utf8(said)?.replace("$PWD", &here).into_bytes();
            }
            for _ in 0..manner.repeats.unwrap_or(1) {
                said.split_inclusive(|byte| *byte == b'\n')
                    .filter(|line| is_asked_for(line, args, manner))
                    .try_for_each(|line| out.write_all(line))?;
            }
        }
    }
    out.flush()?;
    Ok(())
}

fn sync_output(folder: &Path, mode: Mode) -> Result<Vec<u8>> {
    let resumed = folder.join("resume.stdout.jsonl");
    if mode == Mode::Resume && resumed.exists() {
        return Ok(fs::read(resumed)?);
    }
    Ok(fs::read(folder.join("stdout.jsonl")).unwrap_or_default())
}

/// Whether the selection that the tap obeys asks for a line; STATEs and logs always come along.
fn is_asked_for(line: &[u8], args: &Args, manner: &Manner) -> bool {
    let flag = match manner.obeys {
        None => return true,
        Some(Obeys::Catalog) => "--catalog",
        Some(Obeys::Properties) => "--properties",
    };
    let Some(catalog) = args.files.get(flag) else { return false };
    #[derive(Deserialize)]
    struct Named {
        stream: Option<String>,
    }
    let named = serde_json::from_slice::<Named>(line).ok().and_then(|line| line.stream);
    let Some(name) = named else { return true };
    let id = manner.names.get(&name).unwrap_or(&name);
    let Some(catalog) =
        fs::read(catalog).ok().and_then(|b| singer_protocol::Catalog::parse(&b).ok())
    else {
        return false;
    };
    catalog.stream(id).is_some_and(singer_protocol::Entry::is_selected)
}

fn exit_code(folder: &Path, mode: Mode) -> Result<u8> {
    let Ok(codes) = fs::read(folder.join("exit_codes.json")) else { return Ok(0) };
    let codes: HashMap<String, u8> = serde_json::from_slice(&codes)?;
    let as_sync = (mode == Mode::Resume).then(|| codes.get("sync")).flatten();
    Ok(codes.get(mode.name()).or(as_sync).copied().unwrap_or(0))
}
