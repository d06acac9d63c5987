//! The place of the engine, and its process with a folder of its own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use super::log::Log;
use crate::certificates;

/// The folders of programs.
const PROGRAMS: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// The folder of the project, inside the engine's root folder.
const PROJECTS: &str = "srv";

/// The place of an engine.
#[derive(Debug)]
pub enum Place {
    /// A program of this system.
    Installed(PathBuf),
    /// A root folder with the engine and its libraries.
    Chroot(PathBuf),
}

impl Place {
    /// Starts an engine whose agent connects to this port.
    pub fn start_agent(&self, port: u16) -> io::Result<Process> {
        let lay_down = |project: &Path| certificates::lay_down(&project.join("tls"));
        self.start("interop/agent", lay_down, &[&format!("--control={port}")])
    }

    /// Starts an engine that runs an example of `examples/godot`, with these arguments.
    pub fn start_example(&self, arguments: &[&str]) -> io::Result<Process> {
        self.start("examples/godot", |_| Ok(()), arguments)
    }

    /// Starts an engine with a copy of a project of this repository.
    fn start(
        &self,
        project: &str,
        prepare: impl FnOnce(&Path) -> io::Result<()>,
        arguments: &[&str],
    ) -> io::Result<Process> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("interop-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let (folder, inside) = match self {
            Self::Installed(_) => {
                let folder = std::env::temp_dir().join(name);
                (folder.clone(), folder)
            }
            Self::Chroot(root) => {
                (root.join(PROJECTS).join(&name), Path::new("/").join(PROJECTS).join(&name))
            }
        };
        let folder = Folder(folder);
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        copy(&root.join(project), &folder.0.join("project"))?;
        prepare(&folder.0.join("project"))?;
        fs::create_dir_all(folder.0.join("user"))?;

        // `chroot` becomes the engine, without a shell: killing the process kills the engine.
        let mut command = match self {
            Self::Installed(program) => Command::new(program),
            Self::Chroot(root) => {
                let mut command = Command::new("chroot");
                command.arg(root).arg("godot");
                command
            }
        };
        // Without settings of this machine and of other engines.
        command.env_clear().env("PATH", PROGRAMS).env("HOME", inside.join("user")).env("LC_ALL", "C.UTF-8");
        command.arg("--headless").arg("--path").arg(inside.join("project")).arg("--").args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;

        let log = Log::default();
        log.follow(child.stdout.take().expect("a pipe"));
        log.follow(child.stderr.take().expect("a pipe"));
        Ok(Process { child, log, _folder: folder })
    }
}

/// An engine's process. Dropping it kills the process.
pub struct Process {
    child: Child,
    log: Log,
    /// Removed after the process.
    _folder: Folder,
}

impl Process {
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Returns the exit code, if the process has ended by itself.
    pub fn exit_code(&mut self) -> Option<i32> {
        self.child.try_wait().ok().flatten()?.code()
    }

    pub fn log(&self) -> &Log {
        &self.log
    }

    pub fn kill(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A folder that is removed when this is dropped.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("cannot remove {}: {error}", self.0.display());
        }
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}
