//! Wakes a page: by the events of its connection, and by a timer for deadlines. A page cannot sleep.

use std::{rc::Rc, task::Waker, time::Duration};

use super::{LocalHook, PageSocket, Socket};
use crate::{
    error::Error,
    link::Link,
    sys::{Notify, WakeHook, now},
};

/// Has the hook of a peer's program, for all its connections.
pub(crate) struct Notifier<S> {
    /// A [`HookCaller`], to which only `set_hook` refers: a page that sets no hook need not contain its code.
    hook: Option<Box<dyn CallHook<S>>>,
}

/// Calls the hook at the events and deadlines of the connection that it is attached to.
trait CallHook<S>: Send + Sync {
    /// Begins with a new connection.
    fn attach(&self, socket: &mut Socket<S>);

    /// Counts the time in which the hook was set.
    fn poll_begins(&self, socket: &mut Socket<S>);

    /// Has the hook called if the poll that has ended left some work.
    fn poll_ends(&self, socket: &mut Socket<S>);

    /// Sets the timer again, because the connection may have another deadline.
    fn changed(&self, socket: &mut Socket<S>);

    /// Returns the last time since the last poll at which the hook would have been called.
    fn watched_until(&self, socket: &Socket<S>) -> Duration;

    fn deadline(&self) -> Option<Duration>;

    fn set_deadline(&mut self, within: Option<Duration>);
}

impl<S> Default for Notifier<S> {
    fn default() -> Self {
        Self { hook: None }
    }
}

impl<S: PageSocket> Notify for Notifier<S> {
    type Socket = Socket<S>;

    fn set_hook(&mut self, hook: WakeHook, connection: Option<(&mut Socket<S>, &Link)>) -> Result<(), Error> {
        let deadline = self.hook.as_ref().and_then(|hook| hook.deadline());
        let caller = HookCaller { hook: LocalHook::new(Rc::from(hook as Box<dyn Fn()>)), deadline };
        // The drop of the old hook may run any code, so it comes last.
        let _old = self.hook.replace(Box::new(caller));
        match connection {
            Some((socket, link)) => self.attach(socket, link),
            None => Ok(()),
        }
    }

    fn attach(&mut self, socket: &mut Socket<S>, _: &Link) -> Result<(), Error> {
        if let Some(hook) = &self.hook {
            hook.attach(socket);
        }
        Ok(())
    }

    fn detach(&mut self) {}

    fn poll_begins(&mut self, socket: &mut Socket<S>) {
        if let Some(hook) = &self.hook {
            hook.poll_begins(socket);
        }
    }

    fn poll_ends(&mut self, socket: &mut Socket<S>, _: &Link) {
        if let Some(hook) = &self.hook {
            hook.poll_ends(socket);
        }
    }

    fn changed(&mut self, socket: &mut Socket<S>, _: &Link) {
        if let Some(hook) = &self.hook {
            hook.changed(socket);
        }
    }

    fn wait(&mut self, _: Option<(&mut Socket<S>, &Link)>, _: Duration) {}

    fn waker(&mut self) -> Waker {
        Waker::noop().clone()
    }

    fn set_deadline(&mut self, within: Option<Duration>) {
        if let Some(hook) = &mut self.hook {
            hook.set_deadline(within);
        }
    }

    fn watched_until(&self, socket: &Socket<S>) -> Option<Duration> {
        Some(self.hook.as_ref()?.watched_until(socket))
    }
}

struct HookCaller {
    hook: LocalHook,
    /// The program's own deadline for a poll.
    deadline: Option<Duration>,
}

impl<S: PageSocket> CallHook<S> for HookCaller {
    fn attach(&self, socket: &mut Socket<S>) {
        socket.set_hook(&self.hook);
        socket.watch(self.deadline);
    }

    fn poll_begins(&self, socket: &mut Socket<S>) {
        socket.count_sleep();
    }

    fn poll_ends(&self, socket: &mut Socket<S>) {
        socket.notify_if_pending();
        self.changed(socket);
    }

    fn changed(&self, socket: &mut Socket<S>) {
        socket.count_sleep();
        socket.watch(self.deadline);
    }

    fn watched_until(&self, socket: &Socket<S>) -> Duration {
        socket.watched_until()
    }

    fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    fn set_deadline(&mut self, within: Option<Duration>) {
        self.deadline = within.map(|within| now().saturating_add(within));
    }
}
