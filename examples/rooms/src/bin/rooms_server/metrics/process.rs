//! The memory of this process, as the system counts it.

/// Returns the resident memory in bytes. `None` where the system does not report it in a file.
pub fn resident_memory() -> Option<u64> {
    parse(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn parse(status: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_memory_is_a_line_of_the_status() {
        assert_eq!(parse("Name:\tx\nVmRSS:\t    1234 kB\nVmLib:\t 9 kB\n"), Some(1234 * 1024));
        for status in ["", "VmRSS:", "VmRSS: x kB", "VmRSS: 5", "VmRSS: 18446744073709551615 kB"] {
            assert_eq!(parse(status), None, "{status}");
        }
    }
}
