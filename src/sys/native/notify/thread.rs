//! The thread that calls a hook. It runs while there is a connection, and does nothing but sleep and call.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, MutexGuard},
    thread,
};

use super::{
    super::now,
    wake_queue::{SharedHook, State, WakeQueue, WatchState},
};
use crate::error::Error;

/// Starts the thread that serves the hook of this generation.
pub(super) fn start(wake_queue: &Arc<WakeQueue>, state: &mut State) -> Result<(), Error> {
    let (wake_queue, generation) = (Arc::clone(wake_queue), state.generation);
    let thread = thread::Builder::new().name("websocket-peer: waker".into());
    state.thread = Some(thread.spawn(move || run(&wake_queue, generation))?);
    state.has_thread = true;
    state.is_calling = false;
    Ok(())
}

/// Ends the thread, whatever it does. It is gone when this returns, unless it is within the hook: that may wait for its
/// caller, or be its caller.
pub(super) fn stop(wake_queue: &WakeQueue) {
    let mut state = wake_queue.lock();
    state.generation += 1;
    let hook = state.hook.take();
    let thread = state.thread.take().filter(|_| !state.is_calling);
    drop(state);
    wake_queue.wake_all();
    // It may own anything, so it is dropped when nothing is locked.
    drop(hook);
    if let Some(Err(panic)) = thread.map(thread::JoinHandle::join) {
        debug_assert!(false, "the thread outlives the hook's panics: {panic:?}");
    }
}

fn run(wake_queue: &WakeQueue, generation: u64) {
    let mut state = wake_queue.lock();
    while state.generation == generation {
        let now = now();
        let State { watch, is_waiting, hook, .. } = &*state;
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

/// Calls the hook. It may do anything, and take any time.
fn call_hook<'a>(
    wake_queue: &'a WakeQueue,
    mut state: MutexGuard<'a, State>,
    hook: SharedHook,
    generation: u64,
) -> MutexGuard<'a, State> {
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

/// Sleeps until something is ready, if there is still a reason to.
///
/// It decides so while it holds the queue, so a nudge that is sent afterwards wakes this sleeper and no other. While it
/// slept another thread may have taken its place: what it has found is for the connection, not for the thread.
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
    // The poll finds out what the system does not tell.
    let has_failed = queue.errors.check(&slept);
    if let WatchState::For(target) = &mut state.watch {
        target.wants.now |= has_failed || queue.has(target.token);
    }
}
