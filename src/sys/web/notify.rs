//! Wakes a page: by the events of its connection, and by a timer for deadlines. A page cannot sleep.

use std::{rc::Rc, task::Waker, time::Duration};

use super::{Socket, time::now, wake_signal::LocalHook};
use crate::{
    error::Error,
    link::Link,
    sys::{Notify, WakeHook},
};

/// Has the hook of a peer's program, for all its connections.
#[derive(Default)]
pub(crate) struct Notifier {
    hook: Option<LocalHook>,
    /// The program's own deadline for a poll.
    deadline: Option<Duration>,
}

impl Notify for Notifier {
    type Socket = Socket;

    fn set_hook(&mut self, hook: WakeHook, connection: Option<(&mut Socket, &Link)>) -> Result<(), Error> {
        // The drop of the old hook may run any code, so it comes last.
        let _old = self.hook.replace(LocalHook::new(Rc::from(hook as Box<dyn Fn()>)));
        match connection {
            Some((socket, link)) => self.attach(socket, link),
            None => Ok(()),
        }
    }

    fn attach(&mut self, socket: &mut Socket, _: &Link) -> Result<(), Error> {
        if let Some(hook) = &self.hook {
            socket.handles.bridge.wake.set_hook(hook);
            socket.watch(self.deadline);
        }
        Ok(())
    }

    fn detach(&mut self) {}

    fn poll_begins(&mut self, socket: &mut Socket) {
        if let Some(until) = self.watched_until(socket) {
            socket.slept_until(until);
        }
    }

    fn poll_ends(&mut self, socket: &mut Socket, link: &Link) {
        self.changed(socket, link);
    }

    fn changed(&mut self, socket: &mut Socket, _: &Link) {
        if let Some(until) = self.watched_until(socket) {
            socket.slept_until(until);
            socket.watch(self.deadline);
        }
    }

    fn wait(&mut self, _: Option<(&mut Socket, &Link)>, _: Duration) {}

    fn waker(&mut self) -> Waker {
        Waker::noop().clone()
    }

    fn set_deadline(&mut self, within: Option<Duration>) {
        if self.hook.is_some() {
            self.deadline = within.map(|within| now().saturating_add(within));
        }
    }

    fn watched_until(&self, socket: &Socket) -> Option<Duration> {
        self.hook.as_ref()?;
        Some(socket.handles.bridge.wake.called_at().unwrap_or_else(|| now().min(socket.handles.timer.due())))
    }
}
