//! Runs the target `variant`, and looks at how much memory that takes: only a program can count its allocations.

#![no_main]

use peak_alloc::PeakAlloc;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// For each byte of an input, and in any case. A value takes 32 bytes, may be as short as 4, and there are some copies of it.
const PER_BYTE: usize = 1024;
const ALWAYS: usize = 64 * 1024;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    websocket_peer::fuzz::run("variant", data);
    let taken = HEAP.peak_usage().saturating_sub(before);
    assert!(taken <= ALWAYS + PER_BYTE * data.len(), "{taken} bytes for {}", data.len());
});
