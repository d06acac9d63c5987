//! Runs the target `variant`, and bounds its memory: only a program can count its allocations.

#![no_main]

use peak_alloc::PeakAlloc;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// The bytes of memory for each byte of an input. A value takes 32 bytes and is encoded in as few as 4, and there are
/// some copies.
const PER_BYTE: usize = 1024;
/// The bytes of memory for any input.
const FIXED: usize = 64 * 1024;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    websocket_peer::fuzz::run("variant", data);
    let used = HEAP.peak_usage().saturating_sub(before);
    assert!(used <= FIXED + PER_BYTE * data.len(), "{used} bytes for {}", data.len());
});
