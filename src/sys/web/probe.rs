//! Decides when the program's probe is sent in a browser: after a silence, or an event of the page.

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

/// Watches one connection. Without a probe, an open connection never reads the clock.
pub(super) struct LivenessProbe {
    liveness: Liveness,
    signals: Signals,
    clock: PatientClock,
    /// Runs while the connection is open.
    timer: Option<LivenessTimer>,
}

/// The result of a check.
pub(super) enum ProbeAction {
    None,
    /// Send this probe.
    Send(Packet),
    /// The other end is gone.
    GiveUp,
}

impl LivenessProbe {
    pub(super) fn new(liveness: &Liveness, wake: &Rc<WakeSignal>) -> Result<Self, JsValue> {
        let (liveness, signals) = (liveness.clone(), Signals::listen(wake)?);
        Ok(Self { liveness, signals, clock: PatientClock::start(now()), timer: None })
    }

    /// Begins when the connection opens.
    pub(super) fn start(&mut self) {
        // Earlier events do not concern this connection.
        self.signals.take();
        let times = self.times();
        self.timer = Some(LivenessTimer::start(self.liveness.clone(), times));
    }

    /// Notes that the hook was set until this time: the time counts in full.
    pub(super) fn slept_until(&mut self, until: Duration) {
        self.clock.sleep(until);
    }

    /// Checks a connection that was just read. `has_more`: packets are left in the backlog.
    pub(super) fn check(&mut self, link: &Link, has_more: bool) -> ProbeAction {
        let times = self.times();
        let Some(timer) = &mut self.timer else { return ProbeAction::None };
        match timer.check(link, times, has_more, self.signals.take()) {
            LivenessAction::None => ProbeAction::None,
            LivenessAction::SendProbe => ProbeAction::Send(timer.probe()),
            LivenessAction::GiveUp => ProbeAction::GiveUp,
        }
    }

    /// Returns when the next check is needed if no pause follows, by the browser's clock.
    pub(super) fn due(&mut self) -> Option<Duration> {
        let now = now();
        let since = self.clock.advance(now);
        Some(now + self.timer.as_ref()?.due().saturating_sub(since))
    }

    fn times(&mut self) -> ClockTimes {
        let wall = now();
        ClockTimes { now: self.clock.advance(wall), wall, calendar: calendar() }
    }
}
