//! Pins the load and the server to one core each, and raises the limit of file descriptors for both.

use anyhow::{Context, Result, ensure};
use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    sys::resource::{Resource, getrlimit, setrlimit},
    unistd::Pid,
};

/// The calling thread.
const THIS: Pid = Pid::from_raw(0);

/// The first two cores that this process may use.
#[derive(Clone, Copy)]
pub struct Cores {
    load: CpuSet,
    server: CpuSet,
}

impl Cores {
    /// Finds the cores.
    ///
    /// # Errors
    /// There is only one core.
    pub fn find() -> Result<Self> {
        let allowed = sched_getaffinity(THIS).context("cannot read the allowed cores")?;
        let mut found = (0..CpuSet::count()).filter(|&core| allowed.is_set(core).unwrap_or(false));
        let (Some(load), Some(server)) = (found.next(), found.next()) else {
            anyhow::bail!("two cores are needed: one for the server, one for the load");
        };
        Ok(Self { load: only(load)?, server: only(server)? })
    }

    /// Pins this thread, and the threads and processes that it starts from now on, to the load's core.
    ///
    /// # Errors
    /// The system call fails.
    pub fn pin_to_load(self) -> Result<()> {
        sched_setaffinity(THIS, &self.load).context("cannot move to the load's core")
    }

    /// Pins them to the server's core.
    ///
    /// # Errors
    /// The system call fails.
    pub fn pin_to_server(self) -> Result<()> {
        sched_setaffinity(THIS, &self.server).context("cannot move to the server's core")
    }
}

fn only(core: usize) -> Result<CpuSet> {
    let mut set = CpuSet::new();
    set.set(core)?;
    Ok(set)
}

/// Raises the descriptor limit of this process, and of those that it starts from now on, for this many connections.
///
/// # Errors
/// The system allows fewer.
pub fn allow_descriptors(connections: usize) -> Result<()> {
    const OTHER_FILES: u64 = 64;
    let needed = connections as u64 + OTHER_FILES;
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).context("cannot read the limit of descriptors")?;
    if soft >= needed {
        return Ok(());
    }
    // Only the superuser may exceed the hard limit.
    let raised = setrlimit(Resource::RLIMIT_NOFILE, needed.max(hard), needed.max(hard));
    ensure!(raised.is_ok(), "{needed} file descriptors are needed and {hard} are allowed (`ulimit -Hn`)");
    Ok(())
}
