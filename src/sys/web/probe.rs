//! The program's probe, in a browser: when it is sent, and what hurries it.

use std::{rc::Rc, time::Duration};

use wasm_bindgen::JsValue;

use super::{
    signals::Signals,
    time::{calendar, now},
    wake_signal::WakeSignal,
};
use crate::{
    clock::PatientClock,
    link::Link,
    options::Liveness,
    packet::Packet,
    sys::liveness::{ClockTimes, LivenessAction, LivenessTimer},
};

/// Watches one connection. Only those that have a probe ask the browser for the time while they are open.
pub(super) struct LivenessProbe {
    liveness: Liveness,
    signals: Signals,
    clock: PatientClock,
    /// Runs while the connection is open.
    watch: Option<LivenessTimer>,
}

/// What the watch finds.
pub(super) enum ProbeAction {
    None,
    /// The probe is to be sent.
    Send(Packet),
    /// The other end is gone.
    GiveUp,
}

impl LivenessProbe {
    pub(super) fn new(liveness: &Liveness, wake: &Rc<WakeSignal>) -> Result<Self, JsValue> {
        let (liveness, signals) = (liveness.clone(), Signals::listen(wake)?);
        Ok(Self { liveness, signals, clock: PatientClock::start(now()), watch: None })
    }

    /// The connection has opened.
    pub(super) fn start(&mut self) {
        // What happened before says nothing about it.
        self.signals.take();
        let times = self.times();
        self.watch = Some(LivenessTimer::start(self.liveness.clone(), times));
    }

    /// The program was to be woken until then: that time counts in full.
    pub(super) fn slept_until(&mut self, until: Duration) {
        self.clock.sleep(until);
    }

    /// Looks at a connection that was just read; `has_more` says that packets are left in the backlog.
    pub(super) fn look(&mut self, link: &Link, has_more: bool) -> ProbeAction {
        let times = self.times();
        let Some(watch) = &mut self.watch else { return ProbeAction::None };
        match watch.check(link, times, has_more, self.signals.take()) {
            LivenessAction::None => ProbeAction::None,
            LivenessAction::SendProbe => ProbeAction::Send(watch.probe()),
            LivenessAction::GiveUp => ProbeAction::GiveUp,
        }
    }

    /// Returns when it has something to do, by the browser's clock, if no pause follows.
    pub(super) fn due(&mut self) -> Option<Duration> {
        let now = now();
        let since = self.clock.advance(now);
        Some(now + self.watch.as_ref()?.due().saturating_sub(since))
    }

    fn times(&mut self) -> ClockTimes {
        let wall = now();
        ClockTimes { now: self.clock.advance(wall), wall, calendar: calendar() }
    }
}
