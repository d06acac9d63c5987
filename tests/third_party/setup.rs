//! Fetches the packages, and starts programs that use them.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command},
    sync::OnceLock,
};

use crate::common::program::Program;

/// A WebSocket package of another language.
pub struct Package {
    interpreter: PathBuf,
    /// The folder of the package. The programs run here.
    folder: PathBuf,
    extension: &'static str,
}

impl Package {
    /// Starts `tests/third_party/NAME` with these arguments.
    pub fn start(&self, name: &str, arguments: &[&str]) -> Program {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/third_party").join(name);
        let mut command = Command::new(&self.interpreter);
        command.arg(script.with_extension(self.extension)).args(arguments).current_dir(&self.folder);
        // The output is UTF-8 and not buffered, whatever the settings of the machine.
        command.env("PYTHONUTF8", "1").env("PYTHONUNBUFFERED", "1");
        Program::start(command)
    }
}

/// Python with `websockets`.
pub fn python() -> &'static Package {
    const PACKAGE: &str = "websockets==15.0.1";
    static PYTHON: OnceLock<Package> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let name = if cfg!(windows) { "python" } else { "python3" };
        let inside = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
        let folder = fetch(PACKAGE, |folder| {
            let advice = "install Python 3 with its venv module (Debian: apt-get install python3-venv)";
            run(Command::new(name).args(["-m", "venv"]).arg(folder), advice);
            let mut pip = Command::new(folder.join(inside));
            pip.args([
                "-m",
                "pip",
                "--disable-pip-version-check",
                "--no-input",
                "install",
                "--quiet",
                PACKAGE,
            ]);
            run(&mut pip, "see what pip says above");
        });
        Package { interpreter: folder.join(inside), folder, extension: "py" }
    })
}

/// Node with `ws`.
pub fn node() -> &'static Package {
    const PACKAGE: &str = "ws@8.18.3";
    static NODE: OnceLock<Package> = OnceLock::new();
    NODE.get_or_init(|| {
        let folder = fetch(PACKAGE, |folder| {
            fs::create_dir_all(folder).expect("a folder under target can be made");
            let mut npm = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
            npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]);
            npm.arg("--prefix").arg(folder).arg(PACKAGE);
            run(&mut npm, "install Node 18 or later with npm (Debian: apt-get install nodejs npm)");
        });
        Package { interpreter: "node".into(), folder, extension: "mjs" }
    })
}

/// Returns the folder of a package under `target/third_party`. If there is none, `fill` makes it.
///
/// It is made under another name and moved when it is complete, so that parallel or interrupted test runs do not leave
/// an incomplete folder.
fn fetch(package: &str, fill: impl FnOnce(&Path)) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder");
    let name = package.replace("==", "-").replace('@', "-");
    let folder = target.join("third_party").join(&name);
    if folder.exists() {
        return folder;
    }
    let staging = folder.with_file_name(format!("{name}.unfinished-{}", process::id()));
    fill(&staging);
    if fs::rename(&staging, &folder).is_err() {
        assert!(folder.exists(), "{} cannot be moved", staging.display());
        // Another run has made it.
        fs::remove_dir_all(&staging).expect("our own folder can be removed");
    }
    folder
}

#[track_caller]
fn run(command: &mut Command, advice: &str) {
    let name = command.get_program().to_owned();
    let output = command.output().unwrap_or_else(|error| panic!("{name:?} cannot start ({error}): {advice}"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{stderr}\n{advice}");
}
