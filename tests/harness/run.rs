use super::{Exit, Output, Tap, judge, tap};
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// No command of any test takes longer than this unless something hangs.
const LIMIT: Duration = Duration::from_secs(240);

/// The folder that one test works in. It is its own TMPDIR too, so that what the program leaves
/// behind can be seen.
pub(crate) struct Work {
    folder: tempfile::TempDir,
}

impl Work {
    pub(crate) fn new() -> Self {
        let work = Self { folder: tempfile::tempdir().expect("a work folder") };
        std::fs::create_dir(work.path("tmp")).expect("a folder in it");
        work
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file (and the folders above it).
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("below the work folder")).expect("a folder");
        std::fs::write(&path, content).expect("a file in the work folder");
        path
    }

    /// What is left of the program's private folders.
    pub(crate) fn leftovers(&self) -> Vec<OsString> {
        let entries = std::fs::read_dir(self.path("tmp")).expect("the folder is there");
        entries.map(|entry| entry.expect("readable").file_name()).collect()
    }

    /// What the tap was given, run by run.
    pub(crate) fn given(&self) -> Vec<tap::Given> {
        let text = std::fs::read_to_string(self.path("report")).unwrap_or_default();
        text.lines().map(tap::Given::parse).collect()
    }

    /// The flags of the bundled tap for reads that ask it nothing, each STATE published.
    pub(crate) fn sample_without_probes(&self) -> Vec<String> {
        let about = self.spec().tap_sample().ok().spec();
        let spec = self.file("spec.json", serde_json::json!({"spec": about}).to_string());
        let program = Path::new(env!("CARGO_BIN_EXE_tap-sample"));
        let singer = Command::new(program).arg("--discover").output().expect("runs");
        let singer = self.file("singer.json", singer.stdout);
        let path = |path: &Path| path.to_str().expect("a path").to_owned();
        let flags = ["--tap", "tap-sample", "--catalog-flag", "catalog", "--state-interval", "0"];
        let files = ["--tap-spec", &path(&spec), "--tap-catalog", &path(&singer)];
        flags.iter().chain(&files).map(|flag| (*flag).to_owned()).collect()
    }

    pub(crate) fn spec(&self) -> Run<'_> {
        self.run("spec")
    }

    pub(crate) fn check(&self) -> Run<'_> {
        self.run("check").with_config("{}")
    }

    pub(crate) fn discover(&self) -> Run<'_> {
        self.run("discover").with_config("{}")
    }

    pub(crate) fn read(&self, catalog: &Value) -> Run<'_> {
        let mut run = self.run("read").with_config("{}");
        run.catalog = Some(catalog.clone());
        let file = self.file("configured.json", catalog.to_string());
        run.arg("--catalog").arg(file)
    }

    /// The program with a command, in an environment that says nothing.
    pub(crate) fn run(&self, command: &str) -> Run<'_> {
        Run::new(self, Path::new(env!("CARGO_BIN_EXE_airbyte-singer"))).arg(command)
    }

    /// A converter.
    pub(crate) fn convert(&self, what: &str) -> Run<'_> {
        self.run("convert").arg(what)
    }

    /// Another program, for links and copies.
    pub(crate) fn program(&self, path: &Path) -> Run<'_> {
        Run::new(self, path)
    }
}

/// A command, before it runs.
pub(crate) struct Run<'w> {
    work: &'w Work,
    command: Command,
    catalog: Option<Value>,
    config: Option<PathBuf>,
}

impl<'w> Run<'w> {
    fn new(work: &'w Work, program: &Path) -> Self {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TMPDIR", work.path("tmp"))
            .env("TAP_REPLAY_REPORT", work.path("report"))
            .current_dir(work.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // The coverage of a run that is measured is the program's too.
        if let Some(profile) = std::env::var_os("LLVM_PROFILE_FILE") {
            command.env("LLVM_PROFILE_FILE", profile);
        }
        Self { work, command, catalog: None, config: None }
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// What comes in on its stdin.
    pub(crate) fn stdin(mut self, input: impl Into<Stdio>) -> Self {
        self.command.stdin(input);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs `tap-replay` on a scenario.
    pub(crate) fn tap(self, tap: &Tap) -> Self {
        self.arg("--tap").arg(Tap::program()).tap_args(tap)
    }

    fn tap_args(self, tap: &Tap) -> Self {
        self.arg("--tap-arg").arg("--scenario").arg("--tap-arg").arg(tap.folder())
    }

    /// Runs the bundled tap.
    pub(crate) fn tap_sample(self) -> Self {
        self.arg("--tap").arg("tap-sample")
    }

    /// The config; `{}` if nothing else is said.
    pub(crate) fn with_config(mut self, config: impl AsRef<[u8]>) -> Self {
        let path = self.work.file("config.json", config);
        if self.config.is_none() {
            self.config = Some(path.clone());
            self = self.arg("--config").arg(path);
        }
        self
    }

    pub(crate) fn with_state(self, state: &Value) -> Self {
        let file = self.work.file("state.json", state.to_string());
        self.arg("--state").arg(file)
    }

    /// A read of every STATE that the tap writes.
    pub(crate) fn every_state(self) -> Self {
        self.arg("--state-interval").arg("0")
    }

    /// Runs it to its end. A read is judged, whatever it was run for; and nothing may be left in
    /// the temporary folder.
    pub(crate) fn go(self) -> Output {
        let catalog = self.catalog.clone();
        let work = self.work;
        let output = self.start().end();
        let left = work.leftovers();
        assert!(left.is_empty(), "left in the temporary folder: {left:?}\n{output}");
        if let Some(catalog) = catalog {
            let faults = judge::faults(&output, &catalog);
            assert!(faults.is_empty(), "the judge found {faults:#?}\n{output}");
        }
        output
    }

    /// Runs it and expects it to succeed.
    pub(crate) fn ok(self) -> Output {
        let output = self.go();
        assert_eq!(output.exit, Exit::Code(0), "{output}");
        output
    }

    /// Runs it and expects it to fail with an ERROR trace and exit code 1.
    pub(crate) fn fails(self) -> Output {
        let output = self.go();
        assert_eq!(output.exit, Exit::Code(1), "{output}");
        assert_eq!(output.errors().len(), 1, "one ERROR trace\n{output}");
        output
    }

    /// Starts it and lets go of it.
    pub(crate) fn start(mut self) -> Live {
        self.command.process_group(0);
        let mut child = self.command.spawn().expect("the program starts");
        let out = reader(child.stdout.take().expect("a pipe"));
        let err = reader(child.stderr.take().expect("a pipe"));
        let began = millis();
        Live { child, out: Some(out), err: Some(err), began }
    }

    /// Starts it and gives its stdout to the caller, who may close it.
    pub(crate) fn start_with_stdout(mut self) -> (Child, std::process::ChildStdout) {
        self.command.process_group(0);
        let mut child = self.command.spawn().expect("the program starts");
        let out = child.stdout.take().expect("a pipe");
        (child, out)
    }
}

/// A command that runs.
pub(crate) struct Live {
    child: Child,
    out: Option<JoinHandle<Vec<u8>>>,
    err: Option<JoinHandle<Vec<u8>>>,
    began: i64,
}

impl Live {
    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a pid")
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(self.pid()).expect("a pid");
        rustix::process::kill_process(pid, signal).expect("it still runs");
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Output {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                break status;
            }
            if began.elapsed() > LIMIT {
                let _ = self.child.kill();
                panic!("it didn't end within {LIMIT:?}");
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let exit = match (status.code(), status.signal()) {
            (Some(code), _) => Exit::Code(code),
            (None, signal) => Exit::Signal(signal.unwrap_or(0)),
        };
        let join = |handle: Option<JoinHandle<Vec<u8>>>| {
            let handle = handle.expect("joined once");
            let ended = Instant::now();
            while !handle.is_finished() {
                assert!(ended.elapsed() < LIMIT, "somebody else holds its output open");
                std::thread::sleep(Duration::from_millis(1));
            }
            handle.join().expect("a reader")
        };
        let stdout = join(self.out.take());
        let stderr = join(self.err.take());
        Output::new(exit, &stdout, &stderr, self.began..millis() + 1)
    }
}

fn reader(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("a pipe can be read");
        bytes
    })
}

fn millis() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(now.expect("after 1970").as_millis()).expect("not that late")
}

/// Waits until something is so.
pub(crate) fn eventually(what: &str, mut test: impl FnMut() -> bool) {
    let began = Instant::now();
    while !test() {
        assert!(began.elapsed() < LIMIT, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
