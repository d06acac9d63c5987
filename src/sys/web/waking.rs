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
pub(crate) type Waker = SendWrapper<Rc<dyn Fn()>>;

/// What wakes the program for one connection.
///
/// The hook may do anything with the peer, drop it too. So it is called when nothing is borrowed, from a copy of its own,
/// as the last thing that a callback does.
#[derive(Default)]
pub(super) struct Bell {
    hook: RefCell<Option<Rc<dyn Fn()>>>,
    news: Cell<News>,
}

/// What the program knows of what has happened since the last poll.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum News {
    /// Nothing has.
    #[default]
    None,
    /// It was not called for it yet.
    Untold,
    /// It was called, at this time.
    Told { at: Duration },
}

impl Bell {
    /// Something has happened.
    pub(super) fn ring(&self) {
        if matches!(self.news.get(), News::Told { .. }) {
            return;
        }
        let hook = self.hook.borrow().clone();
        self.news.set(if hook.is_some() { News::Told { at: now() } } else { News::Untold });
        if let Some(hook) = hook {
            hook();
        }
    }

    /// There is something to poll for. Rings when the program has come to the end of what it is doing now.
    pub(super) fn ring_soon(self: &Rc<Self>) {
        self.news.set(News::Untold);
        if self.hook.borrow().is_none() {
            return;
        }
        let bell = Rc::downgrade(self);
        queue_microtask(&Closure::once_into_js(move || {
            // Unless the connection is gone, or was polled meanwhile.
            if let Some(bell) = bell.upgrade().filter(|bell| bell.news.get() == News::Untold) {
                bell.ring();
            }
        }));
    }

    /// Calls this hook from now on, also for what waits already.
    pub(super) fn set_hook(self: &Rc<Self>, hook: &Waker) {
        // The old one may own anything, so it is dropped when nothing is borrowed.
        let _old = self.hook.replace(Some(Rc::clone(hook)));
        if self.news.get() != News::None {
            self.ring_soon();
        }
    }

    /// Returns when the hook was called, if the program has not polled since.
    pub(super) fn told_at(&self) -> Option<Duration> {
        match self.news.get() {
            News::Told { at } => Some(at),
            News::None | News::Untold => None,
        }
    }

    /// The program knows all there is to know.
    pub(super) fn polled(&self) {
        self.news.set(News::None);
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
        let bell = Rc::new(Bell::default());
        let calls = Rc::new(Cell::new(0));
        let counted = Rc::clone(&calls);
        bell.set_hook(&Waker::new(Rc::new(move || counted.set(counted.get() + 1))));
        for round in 1..=3 {
            bell.ring();
            bell.ring();
            assert_eq!(calls.get(), round);
            bell.polled();
        }
    }

    #[wasm_bindgen_test]
    fn a_hook_may_poll_and_be_called_again_from_within() {
        let bell = Rc::new(Bell::default());
        let calls = Rc::new(Cell::new(0));
        let (inner, counted) = (Rc::downgrade(&bell), Rc::clone(&calls));
        bell.set_hook(&Waker::new(Rc::new(move || {
            counted.set(counted.get() + 1);
            if let (Some(bell), 1..3) = (inner.upgrade(), counted.get()) {
                bell.polled();
                bell.ring();
            }
        })));
        bell.ring();
        assert_eq!(calls.get(), 3);
    }
}
