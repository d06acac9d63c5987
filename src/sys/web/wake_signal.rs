//! The program's hook, and when it is called: once for whatever has happened since the last poll.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use send_wrapper::SendWrapper;
use wasm_bindgen::{JsValue, closure::Closure, prelude::wasm_bindgen};

use super::time::now;

/// The program's hook. It goes with the peer from one connection to the next, and stays on its thread.
pub(crate) type LocalHook = SendWrapper<Rc<dyn Fn()>>;

/// What wakes the program for one connection.
///
/// The hook may do anything with the peer, drop it too. So it is called when nothing is borrowed, from a copy of its own,
/// as the last thing that a callback does.
#[derive(Default)]
pub(super) struct WakeSignal {
    hook: RefCell<Option<Rc<dyn Fn()>>>,
    state: Cell<WakeState>,
}

/// What the program knows of what has happened since the last poll.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum WakeState {
    /// Nothing has.
    #[default]
    Idle,
    /// It was not called for it yet.
    Pending,
    /// It was called, at this time.
    Called { at: Duration },
}

impl WakeSignal {
    /// Something has happened.
    pub(super) fn notify(&self) {
        if matches!(self.state.get(), WakeState::Called { .. }) {
            return;
        }
        let hook = self.hook.borrow().clone();
        self.state.set(if hook.is_some() { WakeState::Called { at: now() } } else { WakeState::Pending });
        if let Some(hook) = hook {
            hook();
        }
    }

    /// There is something to poll for. Rings when the program has come to the end of what it is doing now.
    pub(super) fn notify_later(self: &Rc<Self>) {
        self.state.set(WakeState::Pending);
        if self.hook.borrow().is_none() {
            return;
        }
        let wake = Rc::downgrade(self);
        queue_microtask(&Closure::once_into_js(move || {
            // Unless the connection is gone, or was on_poll meanwhile.
            if let Some(wake) = wake.upgrade().filter(|wake| wake.state.get() == WakeState::Pending) {
                wake.notify();
            }
        }));
    }

    /// Calls this hook from now on, also for what waits already.
    pub(super) fn set_hook(self: &Rc<Self>, hook: &LocalHook) {
        // The old one may own anything, so it is dropped when nothing is borrowed.
        let _old = self.hook.replace(Some(Rc::clone(hook)));
        if self.state.get() != WakeState::Idle {
            self.notify_later();
        }
    }

    /// Returns when the hook was called, if the program has not on_poll since.
    pub(super) fn called_at(&self) -> Option<Duration> {
        match self.state.get() {
            WakeState::Called { at } => Some(at),
            WakeState::Idle | WakeState::Pending => None,
        }
    }

    /// The program knows all there is to know.
    pub(super) fn on_poll(&self) {
        self.state.set(WakeState::Idle);
    }
}

#[wasm_bindgen]
extern "C" {
    /// The same name in a page and in a worker.
    #[wasm_bindgen(js_name = queueMicrotask)]
    fn queue_microtask(task: &JsValue);
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn it_rings_once_until_the_next_poll() {
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
    fn a_hook_may_poll_and_be_called_again_from_within() {
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
