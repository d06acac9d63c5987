//! What a peer's program sleeps by: the system's queue of ready sockets, made when the program first waits or sets a hook.
//!
//! [`interrupt`] wakes whatever sleeps; [`alarm`] is the queue and what is shared with the [`thread`] that calls the hook;
//! [`wants`] is what a connection waits for. A socket is registered anew each time, so that the system tells again what
//! it has told before: nothing that was read or left unread in between is missed.

mod alarm;
mod interrupt;
mod report;
mod thread;
mod wants;

use std::{io, sync::Arc, task::Waker, time::Duration};

use self::{
    alarm::{Alarm, Hook, Queue, Target, Watch},
    report::Report,
};
pub(super) use self::{
    interrupt::{INTERRUPT, Interrupt},
    wants::Wants,
};
use super::{Socket, now};
use crate::{
    error::Error,
    link::Link,
    sys::{self, Notify},
};

/// How long a program sleeps at a time if the system does not tell it when a socket is ready.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// What wakes a peer's program.
#[derive(Debug, Default)]
pub(crate) struct Notifier {
    interrupt: Arc<Interrupt>,
    /// Made on demand.
    alarm: Option<Arc<Alarm>>,
    has_hook: bool,
    /// The token of the last registration.
    ticket: usize,
    /// When the program has to poll, whatever happens; by the wall's time.
    deadline: Option<Duration>,
    /// Of registrations and of the program's own sleep.
    report: Report,
}

impl Notify for Notifier {
    type Socket = Socket;

    fn set_hook(&mut self, hook: sys::Hook, connection: Option<(&mut Socket, &Link)>) -> Result<(), Error> {
        let alarm = Arc::clone(self.alarm()?);
        let mut state = alarm.lock();
        // A thread serves one hook: one that is stuck in the old hook must not keep the program from the new one.
        state.generation += 1;
        match &connection {
            Some(_) => {
                if let Err(error) = thread::start(&alarm, &mut state) {
                    state.generation -= 1;
                    return Err(error);
                }
                state.watch = Watch::Nothing;
            }
            None => state.has_thread = false,
        }
        let old = state.hook.replace(Hook::new(hook));
        drop(state);
        alarm.rouse();
        // It may own anything, so it is dropped when nothing is locked.
        drop(old);
        self.has_hook = true;
        if let Some((socket, link)) = connection {
            self.watch(socket, link);
        }
        Ok(())
    }

    fn attach(&mut self, socket: &mut Socket, link: &Link) -> Result<(), Error> {
        if !self.has_hook {
            return Ok(());
        }
        let alarm = Arc::clone(self.alarm()?);
        let mut state = alarm.lock();
        if !state.has_thread {
            thread::start(&alarm, &mut state)?;
        }
        state.watch = Watch::Nothing;
        drop(state);
        self.watch(socket, link);
        Ok(())
    }

    fn detach(&mut self) {
        if let (true, Some(alarm)) = (self.has_hook, &self.alarm) {
            alarm.lock().watch = Watch::Over;
            alarm.rouse();
        }
    }

    fn poll_begins(&mut self, socket: &mut Socket) {
        let Some(until) = self.watched_until(socket) else { return };
        socket.slept_until(until);
        if let Some(alarm) = &self.alarm {
            alarm.lock().watch = Watch::Nothing;
        }
    }

    fn poll_ends(&mut self, socket: &mut Socket, link: &Link) {
        if self.has_hook {
            self.watch(socket, link);
        }
    }

    fn changed(&mut self, socket: &mut Socket, link: &Link) {
        let (true, Some(alarm)) = (self.has_hook, &self.alarm) else { return };
        let wants = socket.wants(link);
        let due = self.due(&wants, socket);
        // After the hook was called a poll follows, which looks at it all.
        let is_missed = matches!(&alarm.lock().watch, Watch::For(target) if target.misses(&wants, due));
        if is_missed {
            self.watch(socket, link);
        }
    }

    fn wait(&mut self, mut connection: Option<(&mut Socket, &Link)>, at_most: Duration) {
        let begin = now();
        let mut until = begin.saturating_add(at_most);
        let wants = match &mut connection {
            Some((socket, link)) => {
                let wants = socket.wants(link);
                until = until.min(self.due(&wants, socket));
                wants
            }
            None => Wants::default(),
        };
        let ticket = self.next_ticket();
        let slept = self.alarm().cloned().and_then(|alarm| {
            alarm.with_queue(|queue| {
                // Now, when no event can go to the other sleeper any more.
                if let Some((socket, _)) = &mut connection {
                    socket.register(&alarm.registry, &alarm.interrupt, ticket, &wants)?;
                }
                sleep(queue, ticket, &wants, &alarm.interrupt, until)
            })
        });
        if self.report.look(&slept) {
            until = until.min(begin + LOOK_AGAIN);
            std::thread::sleep(until.saturating_sub(now()));
        }
        if let Some((socket, _)) = connection {
            // What it overslept is a pause like any other.
            socket.slept_until(until);
        }
    }

    fn waker(&mut self) -> Waker {
        Arc::clone(&self.interrupt).into()
    }

    fn set_deadline(&mut self, within: Option<Duration>) {
        if self.has_hook {
            self.deadline = within.map(|within| now().saturating_add(within));
        }
    }

    fn watched_until(&self, _: &Socket) -> Option<Duration> {
        let (true, Some(alarm)) = (self.has_hook, &self.alarm) else { return None };
        match &alarm.lock().watch {
            Watch::For(target) => Some(now().min(target.due)),
            Watch::Told { at } => Some(*at),
            Watch::Nothing | Watch::Over => None,
        }
    }
}

impl Notifier {
    fn alarm(&mut self) -> io::Result<&Arc<Alarm>> {
        match self.alarm.take() {
            Some(alarm) => Ok(self.alarm.insert(alarm)),
            None => Ok(self.alarm.insert(Arc::new(Alarm::new(&self.interrupt)?))),
        }
    }

    fn next_ticket(&mut self) -> usize {
        self.ticket = (self.ticket + 1) % INTERRUPT.0;
        self.ticket
    }

    /// Returns when the program has to poll, whatever happens; by the wall's time.
    fn due(&self, wants: &Wants, socket: &mut Socket) -> Duration {
        socket.slept_until(self.watched_until(socket).unwrap_or_default());
        let due = now().saturating_add(socket.time_left(wants.due));
        due.min(self.deadline.unwrap_or(Duration::MAX))
    }

    /// Calls the hook when a poll can move the connection on.
    fn watch(&mut self, socket: &mut Socket, link: &Link) {
        let Some(alarm) = self.alarm.clone() else { return };
        let (wants, ticket) = (socket.wants(link), self.next_ticket());
        let mut due = self.due(&wants, socket);
        // Locked, so that the thread takes no event for one that is out of date.
        let state = alarm.lock();
        let registered = socket.register(&alarm.registry, &alarm.interrupt, ticket, &wants);
        if self.report.look(&registered) {
            due = due.min(now().saturating_add(LOOK_AGAIN));
        }
        alarm.watch(state, Target { ticket, wants, due }, now());
    }
}

impl Drop for Notifier {
    fn drop(&mut self) {
        if let (true, Some(alarm)) = (self.has_hook, &self.alarm) {
            thread::stop(alarm);
        }
    }
}

/// Sleeps until a poll can move the connection on, or the program asks for it.
fn sleep(
    queue: &mut Queue,
    ticket: usize,
    wants: &Wants,
    interrupt: &Interrupt,
    until: Duration,
) -> io::Result<()> {
    while !wants.is_now() && !interrupt.take() {
        let left = until.saturating_sub(now());
        if left.is_zero() {
            break;
        }
        match queue.sleep(left) {
            Ok(()) if queue.has(ticket) => break,
            Ok(()) => {}
            // A signal, which the program may want to look at.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
