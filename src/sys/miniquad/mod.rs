//! The browser backend of programs without wasm-bindgen: miniquad, macroquad, and other programs that load
//! `websocket_peer.js`.
//!
//! The events wait in JavaScript, within limits, and `poll` takes them from there. [`page`](super::page) does the rest.

mod imports;
mod wakeups;

use std::{cell::Cell, rc::Rc, time::Duration};

use self::{
    imports::{Id, Message},
    wakeups::Wakeups,
};
use super::page::{self, BacklogError, End, LivenessStarter, PageSocket, WakeDeadline, WakeSignal};
use crate::{
    close::CloseCode,
    error::Error,
    link::Link,
    options::PeerOptions,
    packet::{Packet, PacketKind},
    url::Url,
};

pub(crate) type Socket = page::Socket<ImportedSocket>;
pub(crate) type Notifier = page::Notifier<ImportedSocket>;

/// Each `Liveness` refers to it.
pub(super) static LIVENESS_STARTER: LivenessStarter<ImportedSocket> = LivenessStarter::new();

/// A `WebSocket` that imported functions call.
pub(crate) struct ImportedSocket {
    id: Id,
    wakeups: Rc<Wakeups>,
    protocols: Vec<String>,
    max_message_size: usize,
    /// `true` if JavaScript has broken the interface. The connection counts as lost.
    is_broken: Cell<bool>,
}

impl PageSocket for ImportedSocket {
    fn connect(url: &Url, options: &PeerOptions) -> Result<Self, Error> {
        let id = imports::connect(
            url.text,
            &options.protocols.join(","),
            options.max_message_size,
            options.backlog_buffer_size,
            options.max_backlog_packets,
        );
        let id = id.ok_or(Error::Unsupported { what: "the page has not loaded websocket_peer.js" })?;
        Ok(Self {
            id,
            wakeups: wakeups::register(id),
            protocols: options.protocols.clone(),
            max_message_size: options.max_message_size,
            is_broken: Cell::new(false),
        })
    }

    fn is_open(&self) -> bool {
        imports::is_open(self.id)
    }

    fn protocol(&self) -> Option<String> {
        self.protocols.get(imports::protocol(self.id)?).cloned()
    }

    fn deliver(&self, link: &mut Link) -> bool {
        let mut moved = false;
        while let Some(packet) = self.take(link) {
            link.deliver(packet);
            moved = true;
        }
        moved
    }

    fn has_packets(&self) -> bool {
        !self.is_broken.get() && imports::next_size(self.id).is_some()
    }

    fn end(&self) -> Option<End> {
        match imports::end(self.id) {
            _ if self.is_broken.get() => Some(End::Gone),
            0 => None,
            1 => Some(End::BacklogError(BacklogError::MessageTooBig)),
            2 => Some(End::BacklogError(BacklogError::Overflow)),
            code => {
                let code = u16::try_from(code).unwrap_or_default();
                Some(End::from_event(code, || imports::end_reason(self.id)))
            }
        }
    }

    fn send_text(&self, text: &str) -> Result<(), Error> {
        taken(imports::send_text(self.id, text))
    }

    fn send_binary(&self, data: &[u8]) -> Result<(), Error> {
        taken(imports::send_binary(self.id, data))
    }

    fn buffered(&self) -> usize {
        imports::buffered(self.id)
    }

    fn close(&self, code: CloseCode, reason: &str) {
        imports::close(self.id, code.get(), reason);
    }

    fn listen_for_signals(&mut self) -> Result<(), Error> {
        imports::listen(self.id);
        Ok(())
    }

    fn take_signal(&self) -> bool {
        imports::take_signal(self.id)
    }

    fn wake(&self) -> &WakeSignal {
        &self.wakeups.signal
    }

    fn notify_later(&self) {
        imports::wake_later(self.id);
    }

    fn deadline(&self) -> &WakeDeadline {
        &self.wakeups.deadline
    }

    fn start_timer(&self, wait: Duration) {
        self.wakeups.start_timer(wait);
    }
}

impl ImportedSocket {
    /// Takes the next packet, if the inbox has room for it.
    fn take(&self, link: &Link) -> Option<Packet> {
        let size = imports::next_size(self.id).filter(|_| !self.is_broken.get())?;
        if size <= self.max_message_size && !link.has_room_for(size) {
            return None;
        }
        // The limit again, because nothing may make the program allocate more.
        let message = if size <= self.max_message_size { imports::take(self.id, size) } else { None };
        let packet = match message {
            Some(Message::Text(data)) => {
                std::str::from_utf8(&data).is_ok().then(|| Packet::from_vec(PacketKind::Text, data))
            }
            Some(Message::Binary(data)) => Some(Packet::from_vec(PacketKind::Binary, data)),
            None => None,
        };
        self.is_broken.set(packet.is_none());
        packet
    }
}

impl Drop for ImportedSocket {
    fn drop(&mut self) {
        imports::drop(self.id);
    }
}

/// Returns the time since this page began.
pub(crate) fn now() -> Duration {
    // The cast saturates, so no number can cause a panic.
    Duration::from_micros((imports::now() * 1000.0) as u64)
}

/// Returns the time since 1970. It advances while the machine sleeps.
pub(crate) fn calendar() -> Duration {
    Duration::from_millis(imports::calendar() as u64)
}

fn taken(is_taken: bool) -> Result<(), Error> {
    if is_taken { Ok(()) } else { Err(page::refused("the browser refused a packet".to_owned())) }
}
