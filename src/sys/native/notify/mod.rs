//! Lets a peer's program sleep: the system's queue of ready sockets, made when the program first waits or sets a hook.
//!
//! [`interrupt`] wakes a sleeping thread. [`wake_queue`] has the queue, and the state that is shared with the
//! [`thread`] which calls the hook. [`wants`] describes the events that a connection waits for. A socket is registered
//! again before each sleep, so that the system reports its readiness again, and no event is missed.

mod errors;
mod interrupt;
mod thread;
mod wake_queue;
mod wants;

use std::{io, sync::Arc, task::Waker, time::Duration};

use self::{
    errors::ErrorLog,
    wake_queue::{Queue, SharedHook, WakeQueue, WakeTarget, WatchState},
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

/// The time that a program sleeps before it checks the socket, if the system does not report when a socket is ready.
const RETRY_INTERVAL: Duration = Duration::from_millis(10);

/// Wakes a peer's program.
#[derive(Debug, Default)]
pub(crate) struct Notifier {
    interrupt: Arc<Interrupt>,
    /// Made when it is first needed.
    wake_queue: Option<Arc<WakeQueue>>,
    has_hook: bool,
    /// The token of the last registration.
    token: usize,
    /// The program's own deadline for a poll, by the monotonic clock.
    deadline: Option<Duration>,
    /// The errors of registrations and of the program's own sleep.
    errors: ErrorLog,
}

impl Notify for Notifier {
    type Socket = Socket;

    fn set_hook(
        &mut self,
        hook: sys::WakeHook,
        connection: Option<(&mut Socket, &Link)>,
    ) -> Result<(), Error> {
        let wake_queue = Arc::clone(self.wake_queue()?);
        let mut state = wake_queue.lock();
        // A thread serves one hook, so a thread that is stuck in the old hook does not block the new one.
        state.generation += 1;
        match &connection {
            Some(_) => {
                if let Err(error) = thread::start(&wake_queue, &mut state) {
                    state.generation -= 1;
                    return Err(error);
                }
                state.watch = WatchState::Polling;
            }
            None => state.has_thread = false,
        }
        let old = state.hook.replace(SharedHook::new(hook));
        drop(state);
        wake_queue.wake_all();
        // The drop of the old hook may run any code, so nothing is locked then.
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
        let wake_queue = Arc::clone(self.wake_queue()?);
        let mut state = wake_queue.lock();
        if !state.has_thread {
            thread::start(&wake_queue, &mut state)?;
        }
        state.watch = WatchState::Polling;
        drop(state);
        self.watch(socket, link);
        Ok(())
    }

    fn detach(&mut self) {
        if let (true, Some(wake_queue)) = (self.has_hook, &self.wake_queue) {
            wake_queue.lock().watch = WatchState::Detached;
            wake_queue.wake_all();
        }
    }

    fn poll_begins(&mut self, socket: &mut Socket) {
        let Some(until) = self.watched_until(socket) else { return };
        socket.slept_until(until);
        if let Some(wake_queue) = &self.wake_queue {
            wake_queue.lock().watch = WatchState::Polling;
        }
    }

    fn poll_ends(&mut self, socket: &mut Socket, link: &Link) {
        if self.has_hook {
            self.watch(socket, link);
        }
    }

    fn changed(&mut self, socket: &mut Socket, link: &Link) {
        let (true, Some(wake_queue)) = (self.has_hook, &self.wake_queue) else { return };
        let wants = socket.wants(link);
        let due = self.due(&wants, socket);
        // If the hook was called, a poll follows, which checks everything.
        let is_missed =
            matches!(&wake_queue.lock().watch, WatchState::For(target) if target.misses(&wants, due));
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
        let token = self.next_token();
        let slept = self.wake_queue().cloned().and_then(|wake_queue| {
            wake_queue.with_queue(|queue| {
                // Now, because no event can go to the other sleeper any more.
                if let Some((socket, _)) = &mut connection {
                    socket.register(&wake_queue.registry, &wake_queue.interrupt, token, &wants)?;
                }
                sleep(queue, token, &wants, &wake_queue.interrupt, until)
            })
        });
        if self.errors.check(&slept) {
            until = until.min(begin + RETRY_INTERVAL);
            std::thread::sleep(until.saturating_sub(now()));
        }
        if let Some((socket, _)) = connection {
            // Time beyond the deadline counts as a pause.
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
        let (true, Some(wake_queue)) = (self.has_hook, &self.wake_queue) else { return None };
        match &wake_queue.lock().watch {
            WatchState::For(target) => Some(now().min(target.due)),
            WatchState::Called { at } => Some(*at),
            WatchState::Polling | WatchState::Detached => None,
        }
    }
}

impl Notifier {
    fn wake_queue(&mut self) -> io::Result<&Arc<WakeQueue>> {
        match self.wake_queue.take() {
            Some(wake_queue) => Ok(self.wake_queue.insert(wake_queue)),
            None => Ok(self.wake_queue.insert(Arc::new(WakeQueue::new(&self.interrupt)?))),
        }
    }

    fn next_token(&mut self) -> usize {
        self.token = (self.token + 1) % INTERRUPT.0;
        self.token
    }

    /// Returns when the program has to poll if no event occurs, by the monotonic clock.
    fn due(&self, wants: &Wants, socket: &mut Socket) -> Duration {
        socket.slept_until(self.watched_until(socket).unwrap_or_default());
        let due = now().saturating_add(socket.time_left(wants.due));
        due.min(self.deadline.unwrap_or(Duration::MAX))
    }

    /// Arranges that the hook is called when a poll can do something.
    fn watch(&mut self, socket: &mut Socket, link: &Link) {
        let Some(wake_queue) = self.wake_queue.clone() else { return };
        let (wants, token) = (socket.wants(link), self.next_token());
        let mut due = self.due(&wants, socket);
        // Locked, so that the thread does not take a new event for an old one.
        let state = wake_queue.lock();
        let registered = socket.register(&wake_queue.registry, &wake_queue.interrupt, token, &wants);
        if self.errors.check(&registered) {
            due = due.min(now().saturating_add(RETRY_INTERVAL));
        }
        wake_queue.watch(state, WakeTarget { token, wants, due }, now());
    }
}

impl Drop for Notifier {
    fn drop(&mut self) {
        if let (true, Some(wake_queue)) = (self.has_hook, &self.wake_queue) {
            thread::stop(wake_queue);
        }
    }
}

/// Sleeps until a poll can do something, or the waker is used.
fn sleep(
    queue: &mut Queue,
    token: usize,
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
            Ok(()) if queue.has(token) => break,
            Ok(()) => {}
            // A signal, which the program may want to handle.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
