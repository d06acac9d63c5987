//! Wakes the program when a deadline has come.

use std::{
    cell::{Cell, OnceCell},
    rc::Rc,
    time::Duration,
};

use js_sys::Function;
use wasm_bindgen::{JsCast, closure::Closure, prelude::wasm_bindgen};

use super::{time::now, wake_signal::WakeSignal};

/// A time that every browser can count in milliseconds.
const LONGEST_TIMER: Duration = Duration::from_secs(60 * 60);

/// Has one deadline, by the browser's clock. A deadline often moves and seldom expires, so a running browser
/// timer is kept, and set again if it fires too early.
pub(super) struct WakeTimer {
    wake: Rc<WakeSignal>,
    due: Cell<Duration>,
    timer: Cell<Option<Timer>>,
    callback: OnceCell<Closure<dyn Fn()>>,
}

#[derive(Clone, Copy)]
struct Timer {
    id: i32,
    at: Duration,
}

impl WakeTimer {
    pub(super) fn new(wake: &Rc<WakeSignal>) -> Rc<Self> {
        Rc::new(Self {
            wake: Rc::clone(wake),
            due: Cell::new(Duration::MAX),
            timer: Cell::default(),
            callback: OnceCell::new(),
        })
    }

    /// Returns the deadline.
    pub(super) fn due(&self) -> Duration {
        self.due.get()
    }

    /// Replaces the deadline.
    pub(super) fn set(self: &Rc<Self>, due: Duration) {
        self.due.set(due);
        if due < self.timer.get().map_or(Duration::MAX, |timer| timer.at) {
            self.start();
        }
    }

    fn start(self: &Rc<Self>) {
        self.stop();
        let callback = self.callback.get_or_init(|| {
            let timer = Rc::downgrade(self);
            Closure::new(move || {
                if let Some(timer) = timer.upgrade() {
                    timer.fired();
                }
            })
        });
        let (now, due) = (now(), self.due.get());
        let wait = due.saturating_sub(now).min(LONGEST_TIMER);
        // Rounded up, because a timer that fires too early has to be set again.
        let id = set_timeout(callback.as_ref().unchecked_ref(), wait.as_millis() as i32 + 1);
        self.timer.set(Some(Timer { id, at: now + wait }));
    }

    fn stop(&self) {
        if let Some(timer) = self.timer.take() {
            clear_timeout(timer.id);
        }
    }

    fn fired(self: &Rc<Self>) {
        self.timer.set(None);
        match self.due.get() {
            Duration::MAX => {}
            due if now() < due => self.start(),
            _ => self.wake.notify(),
        }
    }
}

impl Drop for WakeTimer {
    fn drop(&mut self) {
        self.stop();
    }
}

#[wasm_bindgen]
extern "C" {
    /// Pages and workers have these functions under the same names.
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, milliseconds: i32) -> i32;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: i32);
}
