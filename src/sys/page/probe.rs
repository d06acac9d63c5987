//! Decides when the program's probe is sent in a browser: after a silence, or an event of the page.

use std::{any::Any, time::Duration};

use super::{PageSocket, Socket};
use crate::{
    clock::PatientClock,
    close::{CloseCause, CloseInfo, Timeout},
    error::Error,
    link::Link,
    options::Liveness,
    packet::{Outgoing, Packet},
    sys::{
        Connection, calendar,
        liveness::{ClockTimes, LivenessAction, LivenessTimer},
        now,
    },
};

/// Begins to watch a connection. Each [`Liveness`] refers to it, and nothing else refers to [`LivenessProbe`]: a page
/// that sets no liveness need not contain that.
pub(crate) struct LivenessStarter<S>(Start<S>);

type Start<S> = fn(&Liveness, &mut S) -> Result<Box<dyn Probe<S>>, Error>;

/// Watches one connection: a [`LivenessProbe`].
pub(crate) trait Probe<S>: Send + Sync {
    /// Begins when the connection opens.
    fn start(&mut self, page: &S);

    /// Notes that the hook was set until this time: the time counts in full.
    fn slept_until(&mut self, until: Duration);

    /// Checks a connection that was just read. Sends the probe when it is due, and ends the connection if no answer came.
    fn check(&mut self, socket: &mut Socket<S>, link: &mut Link);

    /// Returns when the next check is needed if no pause follows, by the browser's clock.
    fn due(&mut self) -> Option<Duration>;
}

impl<S: PageSocket> LivenessStarter<S> {
    /// Creates the starter of a backend.
    pub(crate) const fn new() -> Self {
        Self(start)
    }
}

/// Begins to watch a connection with these settings, by the starter to which they refer.
pub(super) fn watch<S: PageSocket>(liveness: &Liveness, page: &mut S) -> Result<Box<dyn Probe<S>>, Error> {
    let starter: &dyn Any = liveness.starter.value;
    match starter.downcast_ref::<LivenessStarter<S>>() {
        Some(LivenessStarter(start)) => start(liveness, page),
        None => Err(Error::Unsupported { what: "the liveness of another backend" }),
    }
}

fn start<S: PageSocket>(liveness: &Liveness, page: &mut S) -> Result<Box<dyn Probe<S>>, Error> {
    page.listen_for_signals()?;
    Ok(Box::new(LivenessProbe::new(liveness)))
}

/// Without a probe, an open connection never reads the clock.
struct LivenessProbe {
    liveness: Liveness,
    clock: PatientClock,
    /// Runs while the connection is open.
    timer: Option<LivenessTimer>,
}

impl LivenessProbe {
    fn new(liveness: &Liveness) -> Self {
        Self { liveness: liveness.clone(), clock: PatientClock::start(now()), timer: None }
    }

    fn times(&mut self) -> ClockTimes {
        let wall = now();
        ClockTimes { now: self.clock.advance(wall), wall, calendar: calendar() }
    }
}

impl<S: PageSocket> Probe<S> for LivenessProbe {
    fn start(&mut self, page: &S) {
        // Earlier events do not concern this connection.
        page.take_signal();
        let times = self.times();
        self.timer = Some(LivenessTimer::start(self.liveness.clone(), times));
    }

    fn slept_until(&mut self, until: Duration) {
        self.clock.sleep(until);
    }

    fn check(&mut self, socket: &mut Socket<S>, link: &mut Link) {
        let (has_more, is_doubtful) = (socket.page().has_packets(), socket.page().take_signal());
        let times = self.times();
        let Some(timer) = &mut self.timer else { return };
        match timer.check(link, times, has_more, is_doubtful) {
            LivenessAction::None => {}
            LivenessAction::SendProbe => send(socket, &timer.probe(), link),
            LivenessAction::GiveUp => {
                link.set_closed(CloseInfo::new(CloseCause::TimedOut(Timeout::Liveness)));
            }
        }
    }

    fn due(&mut self) -> Option<Duration> {
        let now = now();
        let since = self.clock.advance(now);
        Some(now + self.timer.as_ref()?.due().saturating_sub(since))
    }
}

fn send<S: PageSocket>(socket: &mut Socket<S>, probe: &Packet, link: &mut Link) {
    match socket.send(Outgoing::Shared(probe), false, link) {
        Ok(()) => link.count_sent(probe.len()),
        Err(error) => log::error!("the browser did not send the probe: {error}"),
    }
}
