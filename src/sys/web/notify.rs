//! What wakes a page: the wake of its connection, and a timer for what is due. A page cannot sleep.

use std::{rc::Rc, task::Waker, time::Duration};

use super::{Socket, time::now, wake_signal::LocalHook};
use crate::{
    error::Error,
    link::Link,
    sys::{Notify, WakeHook},
};

/// The hook of a peer's program, for all its connections.
#[derive(Default)]
pub(crate) struct Notifier {
    hook: Option<LocalHook>,
    /// When the program has to poll, whatever happens.
    deadline: Option<Duration>,
}

impl Notify for Notifier {
    type Socket = Socket;

    fn set_hook(&mut self, hook: WakeHook, connection: Option<(&mut Socket, &Link)>) -> Result<(), Error> {
        // The old one may own anything, so it is dropped at the end.
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
