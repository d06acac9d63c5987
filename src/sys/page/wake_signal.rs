//! Calls the program's hook: once for all events since the last poll.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use send_wrapper::SendWrapper;

use crate::sys::now;

/// The program's hook. A peer keeps it for all its connections. It must not leave its thread.
pub(crate) type LocalHook = SendWrapper<Rc<dyn Fn()>>;

/// Wakes the program for one connection.
///
/// The hook may do anything with the peer, even drop it. So it is called as the last step of a callback, when nothing
/// is borrowed, and from a clone.
#[derive(Default)]
pub(crate) struct WakeSignal {
    hook: RefCell<Option<Rc<dyn Fn()>>>,
    state: Cell<WakeState>,
}

/// The events since the last poll.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum WakeState {
    /// Nothing.
    #[default]
    Idle,
    /// An event for which the hook was not called.
    Pending,
    /// An event for which the hook is being called. A hook that throws an exception leaves this.
    Calling,
    /// An event for which the hook was called, until this time.
    Called { until: Duration },
}

impl WakeSignal {
    /// Notes an event, and calls the hook unless it was called since the last poll.
    pub(crate) fn notify(&self) {
        if matches!(self.state.get(), WakeState::Calling | WakeState::Called { .. }) {
            return;
        }
        let hook = self.hook.borrow().clone();
        let Some(hook) = hook else { return self.set_pending() };
        self.state.set(WakeState::Calling);
        hook();
        // Most hooks poll, and then no time is needed: reading the clock takes a call into the browser.
        if self.state.get() == WakeState::Calling {
            self.state.set(WakeState::Called { until: now() });
        }
    }

    /// Notes that another poll is needed.
    pub(super) fn set_pending(&self) {
        self.state.set(WakeState::Pending);
    }

    /// Returns `true` if another poll is needed, and the hook was not called for that.
    pub(super) fn is_pending(&self) -> bool {
        self.state.get() == WakeState::Pending
    }

    /// Calls the hook, unless the connection was polled since [`set_pending`](Self::set_pending).
    pub(crate) fn notify_pending(&self) {
        if self.is_pending() {
            self.notify();
        }
    }

    /// Sets the hook. It is pending if events wait already.
    pub(crate) fn set_hook(&self, hook: &LocalHook) {
        // The drop of the old hook may run any code, so nothing is borrowed then.
        let _old = self.hook.replace(Some(Rc::clone(hook)));
        if self.state.get() != WakeState::Idle {
            self.set_pending();
        }
    }

    /// Returns when the call of the hook ended, if the program has not polled since; now, if the call has not ended.
    pub(super) fn called_until(&self) -> Option<Duration> {
        match self.state.get() {
            WakeState::Called { until } => Some(until),
            WakeState::Calling => Some(now()),
            WakeState::Idle | WakeState::Pending => None,
        }
    }

    /// Notes that the program polls, which reports all events.
    pub(crate) fn on_poll(&self) {
        self.state.set(WakeState::Idle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn the_hook_is_called_once_until_the_next_poll() {
        let wake = Rc::new(WakeSignal::default());
        let calls = Rc::new(Cell::new(0));
        let counted = Rc::clone(&calls);
        wake.set_hook(&LocalHook::new(Rc::new(move || counted.set(counted.get() + 1))));
        for round in 1..=3 {
            wake.notify();
            wake.notify();
            assert_eq!(calls.get(), round);
            wake.on_poll();
        }
    }

    #[wasm_bindgen_test]
    fn the_end_of_a_call_is_known_until_the_next_poll() {
        let wake = Rc::new(WakeSignal::default());
        let within = Rc::new(Cell::new(None));
        let (inner, seen) = (Rc::downgrade(&wake), Rc::clone(&within));
        let hook = move || seen.set(inner.upgrade().and_then(|wake| wake.called_until()));
        wake.set_hook(&LocalHook::new(Rc::new(hook)));
        assert_eq!(wake.called_until(), None);
        wake.notify();
        let until = wake.called_until();
        assert!(within.get().is_some() && within.get() <= until);
        while until.is_some_and(|until| now() == until) {}
        assert_eq!(wake.called_until(), until, "time passes, but the call has ended");
        wake.on_poll();
        assert_eq!(wake.called_until(), None);
    }

    #[wasm_bindgen_test]
    fn a_hook_that_polls_can_be_called_again_from_within() {
        let wake = Rc::new(WakeSignal::default());
        let calls = Rc::new(Cell::new(0));
        let (inner, counted) = (Rc::downgrade(&wake), Rc::clone(&calls));
        wake.set_hook(&LocalHook::new(Rc::new(move || {
            counted.set(counted.get() + 1);
            if let (Some(wake), 1..3) = (inner.upgrade(), counted.get()) {
                wake.on_poll();
                wake.notify();
            }
        })));
        wake.notify();
        assert_eq!(calls.get(), 3);
    }
}
