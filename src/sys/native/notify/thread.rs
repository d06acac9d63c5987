//! The thread that calls a hook. It runs while there is a connection, and only sleeps and calls.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, MutexGuard},
    thread,
};

use super::{
    super::now,
    wake_queue::{HookState, SharedHook, WakeQueue, WatchState},
};
use crate::error::Error;

/// Starts the thread for the hook of this generation.
pub(super) fn start(wake_queue: &Arc<WakeQueue>, state: &mut HookState) -> Result<(), Error> {
    let (wake_queue, generation) = (Arc::clone(wake_queue), state.generation);
    let thread = thread::Builder::new().name("websocket-peer: waker".into());
    state.thread = Some(thread.spawn(move || run(&wake_queue, generation))?);
    state.has_thread = true;
    state.is_calling = false;
    Ok(())
}

/// Stops the thread. It has ended when this returns, unless it is within the hook, which may wait for the caller, or be
/// the caller.
pub(super) fn stop(wake_queue: &WakeQueue) {
    let mut state = wake_queue.lock();
    state.generation += 1;
    let hook = state.hook.take();
    let thread = state.thread.take().filter(|_| !state.is_calling);
    drop(state);
    wake_queue.wake_all();
    // The drop of the hook may run any code, so nothing is locked then.
    drop(hook);
    if let Some(Err(panic)) = thread.map(thread::JoinHandle::join) {
        debug_assert!(false, "a panic of the hook ended the thread: {panic:?}");
    }
}

fn run(wake_queue: &WakeQueue, generation: u64) {
    let mut state = wake_queue.lock();
    while state.generation == generation {
        let now = now();
        let HookState { watch, is_waiting, hook, .. } = &*state;
        state = match (watch, hook) {
            (WatchState::Detached, _) => {
                state.has_thread = false;
                return;
            }
            (WatchState::For(target), Some(hook)) if !is_waiting && target.is_due(now) => {
                let (hook, at) = (hook.clone(), now.min(target.due));
                state.watch = WatchState::Called { at };
                call_hook(wake_queue, state, hook, generation)
            }
            (WatchState::For(_), _) if !is_waiting => {
                drop(state);
                sleep(wake_queue, generation);
                wake_queue.lock()
            }
            _ => wake_queue.park(state),
        };
    }
}

/// Calls the hook, which may do anything and take any time.
fn call_hook<'a>(
    wake_queue: &'a WakeQueue,
    mut state: MutexGuard<'a, HookState>,
    hook: SharedHook,
    generation: u64,
) -> MutexGuard<'a, HookState> {
    state.is_calling = true;
    drop(state);
    let called = catch_unwind(AssertUnwindSafe(move || {
        hook.call();
        drop(hook);
    }));
    if called.is_err() {
        log::error!("the hook of `on_wake` panicked");
    }
    let mut state = wake_queue.lock();
    if state.generation == generation {
        state.is_calling = false;
    }
    state
}

/// Sleeps until something is ready, if it still has to.
///
/// It decides while it holds the queue, so that a later nudge wakes this sleeper and no other. While it slept, another
/// thread may have taken its place: events are for the connection, not for the thread.
fn sleep(wake_queue: &WakeQueue, generation: u64) {
    let mut queue = wake_queue.queue();
    let mut state = wake_queue.lock();
    let now = now();
    let until = match &state.watch {
        WatchState::For(target) if !target.is_due(now) => target.due,
        _ => return,
    };
    if state.is_waiting || state.generation != generation {
        return;
    }
    state.sleeps_until = Some(until);
    drop(state);
    let slept = match queue.sleep(until.saturating_sub(now)) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
        slept => slept,
    };
    let mut state = wake_queue.lock();
    state.sleeps_until = None;
    // If the system failed, a poll finds out what is ready.
    let has_failed = queue.errors.check(&slept);
    if let WatchState::For(target) = &mut state.watch {
        target.wants.now |= has_failed || queue.has(target.token);
    }
}
