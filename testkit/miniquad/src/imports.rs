//! The functions of `page/run.js` that the tests import, and the function that they export.

/// Reports a failure of the test.
pub fn fail(message: &str) {
    // SAFETY: the range is a borrowed string, which the function only reads.
    unsafe { contract_fail(message.as_ptr(), message.len()) }
}

/// Returns the time since 1970, in milliseconds.
pub fn calendar() -> f64 {
    contract_calendar()
}

/// Returns a random number from 0 to 1.
pub fn random() -> f64 {
    contract_random()
}

/// Dispatches an event to the page, or to its document.
pub fn dispatch(event: &str) {
    // SAFETY: the range is a borrowed string, which the function only reads.
    unsafe { contract_dispatch(event.as_ptr(), event.len()) }
}

#[link(wasm_import_module = "env")]
// SAFETY: WebAssembly has only numbers here, which JavaScript converts to these types. The functions without an address
// touch no memory of the module.
unsafe extern "C" {
    fn contract_fail(message: *const u8, len: usize);
    fn contract_dispatch(event: *const u8, len: usize);
    safe fn contract_calendar() -> f64;
    safe fn contract_random() -> f64;
}

/// Lets the test run until it waits. Returns 1 if it has ended.
// SAFETY: no other function has this name.
#[unsafe(no_mangle)]
extern "C" fn contract_step() -> u32 {
    u32::from(crate::run::step())
}
