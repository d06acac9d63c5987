//! The program's probe, in a browser: when it is sent, and what hurries it.

use std::{rc::Rc, time::Duration};

use wasm_bindgen::JsValue;

use super::{
    signals::Signals,
    time::{calendar, now},
    waking::Bell,
};
use crate::{
    clock::PatientClock,
    link::Link,
    options::Liveness,
    packet::Packet,
    sys::liveness::{Times, Vital, Watch},
};

/// Watches one connection. Only those that have a probe ask the browser for the time while they are open.
pub(super) struct Pulse {
    liveness: Liveness,
    signals: Signals,
    clock: PatientClock,
    /// Runs while the connection is open.
    watch: Option<Watch>,
}

/// What the watch finds.
pub(super) enum Found {
    Nothing,
    /// The probe is to be sent.
    Silence(Packet),
    /// The other end is gone.
    Death,
}

impl Pulse {
    pub(super) fn new(liveness: &Liveness, bell: &Rc<Bell>) -> Result<Self, JsValue> {
        let (liveness, signals) = (liveness.clone(), Signals::listen(bell)?);
        Ok(Self { liveness, signals, clock: PatientClock::start(now()), watch: None })
    }

    /// The connection has opened.
    pub(super) fn start(&mut self) {
        // What happened before says nothing about it.
        self.signals.take();
        let times = self.times();
        self.watch = Some(Watch::start(self.liveness.clone(), times));
    }

    /// The program was to be woken until then: that time counts in full.
    pub(super) fn slept_until(&mut self, until: Duration) {
        self.clock.sleep(until);
    }

    /// Looks at a connection that was just read; `has_more` says that packets are left in the backlog.
    pub(super) fn look(&mut self, link: &Link, has_more: bool) -> Found {
        let times = self.times();
        let Some(watch) = &mut self.watch else { return Found::Nothing };
        match watch.look(link, times, has_more, self.signals.take()) {
            Vital::Fine => Found::Nothing,
            Vital::Probe => Found::Silence(watch.probe()),
            Vital::Dead => Found::Death,
        }
    }

    /// Returns when it has something to do, by the browser's clock, if no pause follows.
    pub(super) fn due(&mut self) -> Option<Duration> {
        let now = now();
        let since = self.clock.advance(now);
        Some(now + self.watch.as_ref()?.due().saturating_sub(since))
    }

    fn times(&mut self) -> Times {
        let wall = now();
        Times { now: self.clock.advance(wall), wall, calendar: calendar() }
    }
}
