//! Runs one test: the page calls `step` until it has ended.

use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    task::{Context, Poll, Waker},
};

use crate::imports;

thread_local! {
    /// The test that runs. Each has a module of its own.
    static TEST: RefCell<Option<Pin<Box<dyn Future<Output = ()>>>>> = const { RefCell::new(None) };
}

/// Begins a test.
pub fn begin(test: impl Future<Output = ()> + 'static) {
    // Without unwinding, a panic ends the call into the module, and with it the test.
    std::panic::set_hook(Box::new(|panic| imports::fail(&panic.to_string())));
    TEST.set(Some(Box::pin(test)));
}

/// Lets the test run until it waits. Returns `true` if it has ended.
pub fn step() -> bool {
    // The page calls a hook of the test only between two steps, so nothing else borrows the test.
    let Some(mut test) = TEST.take() else { return true };
    let has_ended = test.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
    if !has_ended {
        TEST.set(Some(test));
    }
    has_ended
}

/// Waits until the next step.
pub async fn next_step() {
    let has_waited = Cell::new(false);
    std::future::poll_fn(|_| if has_waited.replace(true) { Poll::Ready(()) } else { Poll::Pending }).await;
}
