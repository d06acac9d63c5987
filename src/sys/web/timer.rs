//! A timer of the browser, and the queue of its microtasks.

use std::{
    cell::{Cell, OnceCell},
    rc::Rc,
    time::Duration,
};

use js_sys::Function;
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};

use crate::sys::page::{Expiry, WakeDeadline, WakeSignal};

/// Wakes the program when a deadline has come.
pub(super) struct WakeTimer {
    wake: Rc<WakeSignal>,
    pub(super) deadline: WakeDeadline,
    running: Cell<Option<i32>>,
    callback: OnceCell<Closure<dyn Fn()>>,
}

impl WakeTimer {
    pub(super) fn new(wake: &Rc<WakeSignal>) -> Rc<Self> {
        Rc::new(Self {
            wake: Rc::clone(wake),
            deadline: WakeDeadline::new(),
            running: Cell::default(),
            callback: OnceCell::new(),
        })
    }

    /// Replaces the running timer.
    pub(super) fn start(self: &Rc<Self>, wait: Duration) {
        self.stop();
        let callback = self.callback.get_or_init(|| {
            let timer = Rc::downgrade(self);
            Closure::new(move || {
                if let Some(timer) = timer.upgrade() {
                    timer.fired();
                }
            })
        });
        // Rounded up, because a timer that fires too early has to be set again.
        let id = set_timeout(callback.as_ref().unchecked_ref(), wait.as_millis() as i32 + 1);
        self.running.set(Some(id));
    }

    fn stop(&self) {
        if let Some(id) = self.running.take() {
            clear_timeout(id);
        }
    }

    fn fired(self: &Rc<Self>) {
        self.running.set(None);
        match self.deadline.expire() {
            Expiry::None => {}
            Expiry::Early(wait) => self.start(wait),
            Expiry::Due => self.wake.notify(),
        }
    }
}

impl Drop for WakeTimer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Calls [`WakeSignal::notify_pending`] when the current task of the page has ended, unless the connection is gone.
pub(super) fn notify_later(wake: &Rc<WakeSignal>) {
    let wake = Rc::downgrade(wake);
    queue_microtask(&Closure::once_into_js(move || {
        if let Some(wake) = wake.upgrade() {
            wake.notify_pending();
        }
    }));
}

#[wasm_bindgen]
extern "C" {
    /// Pages and workers have these functions under the same names.
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, milliseconds: i32) -> i32;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: i32);

    #[wasm_bindgen(js_name = queueMicrotask)]
    fn queue_microtask(task: &JsValue);
}
