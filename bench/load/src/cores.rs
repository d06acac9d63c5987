//! Two cores, one for the load and one for the server, and enough file descriptors for both.

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
    /// # Errors
    /// There is only one core.
    pub fn find() -> Result<Self> {
        let allowed = sched_getaffinity(THIS).context("cannot ask which cores there are")?;
        let mut found = (0..CpuSet::count()).filter(|&core| allowed.is_set(core).unwrap_or(false));
        let (Some(load), Some(server)) = (found.next(), found.next()) else {
            anyhow::bail!("two cores are needed: one for the server, one for the load");
        };
        Ok(Self { load: only(load)?, server: only(server)? })
    }

    /// Keeps this thread, and what it starts from now on, to the load's core.
    ///
    /// # Errors
    /// The system refuses.
    pub fn take_load(self) -> Result<()> {
        sched_setaffinity(THIS, &self.load).context("cannot move to the load's core")
    }

    /// Likewise to the server's.
    ///
    /// # Errors
    /// The system refuses.
    pub fn take_server(self) -> Result<()> {
        sched_setaffinity(THIS, &self.server).context("cannot move to the server's core")
    }
}

fn only(core: usize) -> Result<CpuSet> {
    let mut set = CpuSet::new();
    set.set(core)?;
    Ok(set)
}

/// Lets this process, and what it starts from now on, have `connections` and some files beside.
///
/// # Errors
/// The system allows fewer.
pub fn allow_descriptors(connections: usize) -> Result<()> {
    const BESIDE: u64 = 64;
    let needed = connections as u64 + BESIDE;
    let (soft, hard) =
        getrlimit(Resource::RLIMIT_NOFILE).context("cannot ask for the limit of descriptors")?;
    if soft >= needed {
        return Ok(());
    }
    // Beyond the hard limit only the superuser may go.
    let raised = setrlimit(Resource::RLIMIT_NOFILE, needed.max(hard), needed.max(hard));
    ensure!(
        raised.is_ok(),
        "{needed} file descriptors are needed and {hard} are allowed: `ulimit -Hn` says the same"
    );
    Ok(())
}
