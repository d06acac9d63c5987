//! The thread that calls a hook. It runs while there is a connection, and does nothing but sleep and call.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, MutexGuard},
    thread,
    time::Duration,
};

use super::{
    super::now,
    alarm::{Alarm, Hook, State, Watch},
};
use crate::error::Error;

/// Starts the thread that serves the hook of this generation.
pub(super) fn start(alarm: &Arc<Alarm>, state: &mut State) -> Result<(), Error> {
    let (alarm, generation) = (Arc::clone(alarm), state.generation);
    let thread = thread::Builder::new().name("websocket-peer: waker".into());
    state.thread = Some(thread.spawn(move || run(&alarm, generation))?);
    state.has_thread = true;
    state.is_calling = false;
    state.sleeps_until = None;
    Ok(())
}

/// Ends the thread, whatever it does. It is gone when this returns, unless it is within the hook: that may wait for its
/// caller, or be its caller.
pub(super) fn stop(alarm: &Alarm) {
    let mut state = alarm.lock();
    state.generation += 1;
    let hook = state.hook.take();
    let thread = state.thread.take().filter(|_| !state.is_calling);
    drop(state);
    alarm.rouse();
    // It may own anything, so it is dropped when nothing is locked.
    drop(hook);
    if let Some(Err(panic)) = thread.map(thread::JoinHandle::join) {
        debug_assert!(false, "the thread outlives the hook's panics: {panic:?}");
    }
}

fn run(alarm: &Alarm, generation: u64) {
    let mut state = alarm.lock();
    while state.generation == generation {
        let now = now();
        let State { watch, is_waiting, hook, .. } = &*state;
        state = match (watch, hook) {
            (Watch::Over, _) => {
                state.has_thread = false;
                return;
            }
            (Watch::For(target), Some(hook)) if !is_waiting && target.is_due(now) => {
                let (hook, at) = (hook.clone(), now.min(target.due));
                state.watch = Watch::Told { at };
                ring(alarm, state, hook, generation)
            }
            (Watch::For(target), _) if !is_waiting => {
                let until = target.due;
                sleep(alarm, state, until, until.saturating_sub(now), generation)
            }
            _ => alarm.park(state),
        };
    }
}

/// Calls the hook. It may do anything, and take any time.
fn ring<'a>(
    alarm: &'a Alarm,
    mut state: MutexGuard<'a, State>,
    hook: Hook,
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
    let mut state = alarm.lock();
    if state.generation == generation {
        state.is_calling = false;
    }
    state
}

/// Sleeps until something is ready.
fn sleep<'a>(
    alarm: &'a Alarm,
    mut state: MutexGuard<'a, State>,
    until: Duration,
    at_most: Duration,
    generation: u64,
) -> MutexGuard<'a, State> {
    state.sleeps_until = Some(until);
    drop(state);
    let mut queue = alarm.queue();
    let slept = queue.sleep(at_most);
    let mut state = alarm.lock();
    if state.generation != generation {
        return state;
    }
    state.sleeps_until = None;
    match (slept, &mut state.watch) {
        (Ok(()), Watch::For(target)) if queue.has(target.ticket) => target.wants.now = true,
        (Err(error), Watch::For(target)) if error.kind() != std::io::ErrorKind::Interrupted => {
            log::error!("the system does not tell when a socket is ready: {error}");
            target.wants.now = true;
        }
        _ => {}
    }
    state
}
