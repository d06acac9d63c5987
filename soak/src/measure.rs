//! The resources of this process: allocated memory, resident memory, and descriptors.

use std::fmt;
use std::fs;
use std::io;

use peak_alloc::PeakAlloc;

/// Counts allocated bytes exactly, whatever the allocator keeps for later.
#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// The descriptors that the program needs beside its connections.
const OTHERS: usize = 64;

/// The resources at one time.
#[derive(Debug, Clone, Copy)]
pub struct Resources {
    pub heap: usize,
    /// On Linux only.
    pub resident: Option<usize>,
    pub descriptors: Option<usize>,
}

impl Resources {
    pub fn now() -> Self {
        // The listing has a descriptor of its own.
        let descriptors = fs::read_dir("/proc/self/fd").map(|entries| entries.count() - 1).ok();
        Self { heap: HEAP.current_usage(), resident: resident(), descriptors }
    }
}

impl fmt::Display for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} allocated", Bytes(self.heap))?;
        if let Some(resident) = self.resident {
            write!(f, ", {} resident", Bytes(resident))?;
        }
        if let Some(descriptors) = self.descriptors {
            write!(f, ", {descriptors} descriptors")?;
        }
        Ok(())
    }
}

/// An amount of memory, written for people.
pub struct Bytes(pub usize);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0..10_240 => write!(f, "{} B", self.0),
            10_240..10_485_760 => write!(f, "{} KiB", self.0 >> 10),
            _ => write!(f, "{} MiB", self.0 >> 20),
        }
    }
}

fn resident() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: usize = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}

/// Raises the limit of descriptors for this number of connections.
pub fn allow_descriptors(connections: usize) -> io::Result<()> {
    #[cfg(unix)]
    {
        let needed = (connections + OTHERS) as u64;
        let allowed = rlimit::increase_nofile_limit(needed)?;
        if allowed < needed {
            return Err(io::Error::other(format!(
                "{connections} connections need {needed} descriptors, and the system allows {allowed}: raise `ulimit -n`, or \
                 ask for fewer connections"
            )));
        }
    }
    #[cfg(not(unix))]
    let _ = (connections, OTHERS);
    Ok(())
}
