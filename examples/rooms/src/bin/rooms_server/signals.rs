//! Signals: SIGTERM and SIGINT (on Windows Ctrl-C and the end of the session) end the server, SIGHUP reads the
//! certificate again. A second signal to end it does so at once, without the main thread.

use std::{
    io, process,
    sync::mpsc::{self, Receiver, SyncSender, TrySendError},
    task::Waker,
};

/// The signals that wait to be read. More of them are dropped, as systems do.
const MAX_PENDING: usize = 16;

/// A signal to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// End: close everything first.
    Stop,
    /// Read the certificate again.
    Reload,
}

/// The signals that arrived.
#[derive(Debug)]
pub struct Signals {
    received: Receiver<Signal>,
}

impl Signals {
    /// Starts to receive signals. Each ends the sleep of the server that the waker belongs to.
    ///
    /// # Errors
    /// If the system refuses it.
    pub fn start(waker: Waker) -> io::Result<Self> {
        let (sender, received) = mpsc::sync_channel(MAX_PENDING);
        system::start(Deliverer { sender, waker, has_stopped: false })?;
        Ok(Self { received })
    }

    /// Returns the next signal.
    pub fn next(&self) -> Option<Signal> {
        // It fails if none waits. The sender lives as long as the process.
        self.received.try_recv().ok()
    }
}

/// The end of the channel at the thread that receives signals.
struct Deliverer {
    sender: SyncSender<Signal>,
    waker: Waker,
    has_stopped: bool,
}

impl Deliverer {
    fn deliver(&mut self, signal: Signal) {
        if signal == Signal::Stop && std::mem::replace(&mut self.has_stopped, true) {
            log::warn!("a second signal: the server ends at once");
            process::exit(1);
        }
        match self.sender.try_send(signal) {
            Ok(()) | Err(TrySendError::Disconnected(_)) => {}
            Err(TrySendError::Full(_)) => log::warn!("{signal:?} is dropped: {MAX_PENDING} signals wait"),
        }
        self.waker.wake_by_ref();
    }
}

#[cfg(unix)]
mod system {
    use std::{io, thread};

    use signal_hook::{
        consts::{SIGHUP, SIGINT, SIGTERM},
        iterator::Signals,
    };

    use super::{Deliverer, Signal};

    pub fn start(mut deliverer: Deliverer) -> io::Result<()> {
        let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            for signal in signals.forever() {
                deliverer.deliver(if signal == SIGHUP { Signal::Reload } else { Signal::Stop });
            }
        })?;
        Ok(())
    }
}

#[cfg(windows)]
mod system {
    use std::io;

    use super::{Deliverer, Signal};

    pub fn start(mut deliverer: Deliverer) -> io::Result<()> {
        ctrlc::set_handler(move || deliverer.deliver(Signal::Stop)).map_err(io::Error::other)
    }
}

#[cfg(not(any(unix, windows)))]
mod system {
    use std::io;

    pub fn start(_: super::Deliverer) -> io::Result<()> {
        Ok(())
    }
}
