//! A connection of a server: requests, rate limits, memory, and its send queue.

use std::time::Duration;

use bytes::Bytes;

use super::{
    super::{poll_context::PollContext, reactor::Reactor},
    ConnectionStage, TcpConnection,
};
use crate::{
    admission::{Rejection, Response},
    close::{CloseCode, Limit},
    link::Link,
    packet::Outgoing,
    rate::Arrival,
    request::Request,
    shared_bytes::SharedBytes,
    sys::server::{Budget, MemoryUsage, PeerSettings, PollProgress, ServerConnection, Timestamps},
};

impl ServerConnection for TcpConnection {
    type Reactor = Reactor;

    fn set_ready(&mut self, readable: bool, writable: bool, ends: bool) {
        self.ends |= ends;
        if let Some(open) = self.open_mut() {
            open.ready(readable, writable, ends);
        }
    }

    fn arrived_after(&mut self, time: Duration) {
        if let Some(open) = self.open_mut() {
            open.arrived_after(time);
        }
    }

    fn poll(
        &mut self,
        reactor: &mut Reactor,
        times: Timestamps,
        budget: Budget,
        link: &mut Link,
    ) -> PollProgress {
        let arrival = Arrival::between(times.last, times.wall);
        let mut context =
            PollContext { now: times.now, arrival, scratch: reactor.scratch(), budget, read: 0 };
        let more = self.advance(&mut context, link);
        PollProgress { more, read: context.read }
    }

    fn is_handshaking(&self) -> bool {
        match &self.stage {
            ConnectionStage::Opening(opening) => {
                opening.stream().is_handshaking() && !opening.is_rejected_before_tls()
            }
            _ => false,
        }
    }

    fn request(&self) -> Option<&Request> {
        match &self.stage {
            ConnectionStage::Opening(opening) => opening.request(),
            _ => None,
        }
    }

    fn admit(
        &mut self,
        reactor: &mut Reactor,
        protocol: Option<String>,
        headers: &[(String, String)],
        settings: PeerSettings<'_>,
    ) {
        let nodelay = settings.options.nodelay;
        if nodelay != self.settings.nodelay {
            // If the client is gone already, the next poll reports that.
            let _ = self.set_nodelay(nodelay);
        }
        self.settings = reactor.settings(settings);
        self.accept_request(protocol, headers);
    }

    fn reject(&mut self, rejection: &Rejection, headers: &[(String, String)]) {
        if let Some(opening) = self.opening_mut() {
            opening.reject(rejection, headers);
        }
    }

    fn respond(&mut self, response: &Response, headers: &[(String, String)]) {
        if let Some(opening) = self.opening_mut() {
            opening.respond(response, headers);
        }
    }

    fn decline(&mut self) {
        if let Some(opening) = self.opening_mut() {
            opening.reject_plain();
        }
    }

    fn close(&mut self, code: CloseCode, reason: &str, now: Duration, link: &mut Link) {
        let due = now + self.settings.close_timeout;
        if let Some(open) = self.open_mut() {
            open.close(code, reason, due, link);
        }
    }

    fn expel(&mut self, limit: Limit, reason: &str, now: Duration, link: &mut Link) {
        match std::mem::replace(&mut self.stage, ConnectionStage::Over) {
            ConnectionStage::Open(mut open) => {
                open.expel(limit, reason, link);
                self.stage = ConnectionStage::after(*open, now + self.settings.close_timeout);
            }
            stage => self.stage = stage,
        }
    }

    fn abort(&mut self) {
        self.stage = ConnectionStage::Over;
    }

    fn next_deadline(&self) -> Duration {
        match &self.stage {
            ConnectionStage::Dialing(dialing) => dialing.due,
            ConnectionStage::Opening(opening) => opening.due,
            ConnectionStage::Open(open) => open.next_deadline(),
            ConnectionStage::Lingering(linger) => linger.until(),
            ConnectionStage::Over => Duration::MAX,
        }
    }

    fn is_stalled(&self) -> bool {
        self.open().is_some_and(|open| open.is_stalled())
    }

    #[inline(always)]
    fn memory_usage(&self) -> MemoryUsage {
        match &self.stage {
            ConnectionStage::Open(open) => {
                let outbound = &open.send_queue;
                MemoryUsage {
                    inbound: open.memory_usage(),
                    outbound: outbound.memory_usage(),
                    shared: outbound.shared_len(),
                }
            }
            ConnectionStage::Lingering(linger) => {
                MemoryUsage { inbound: 0, outbound: linger.memory_usage(), shared: linger.shared() }
            }
            ConnectionStage::Opening(opening) => {
                MemoryUsage { inbound: opening.memory_usage(), ..MemoryUsage::default() }
            }
            ConnectionStage::Dialing(_) | ConnectionStage::Over => MemoryUsage::default(),
        }
    }

    fn set_shared_bytes(&mut self, shared_bytes: &SharedBytes) {
        self.shared_bytes = Some(shared_bytes.clone());
        match &mut self.stage {
            ConnectionStage::Open(open) => open.send_queue.set_shared_bytes(shared_bytes),
            ConnectionStage::Lingering(linger) => linger.set_shared_bytes(shared_bytes),
            ConnectionStage::Dialing(_) | ConnectionStage::Opening(_) | ConnectionStage::Over => {}
        }
    }

    fn send_latest(&mut self, key: u64, packet: Outgoing<'_>, gather: bool, link: &mut Link) {
        if let Some(open) = self.open_mut() {
            open.send_latest(key, packet, gather, link);
        }
    }

    fn send_frames(&mut self, frames: &Bytes, payload: usize, gather: bool, link: &mut Link) {
        if let Some(open) = self.open_mut() {
            open.send_frames(frames, payload, gather, link);
        }
    }

    fn shrink(&mut self) {
        if let Some(open) = self.open_mut() {
            open.shrink();
        }
    }

    fn queued_under(&self, key: u64) -> Option<usize> {
        self.open()?.send_queue.waiting_under(key)
    }

    fn drop_oldest(&mut self, link: &mut Link) -> bool {
        self.open_mut().is_some_and(|open| open.send_queue.drop_oldest(&mut link.outbox))
    }

    fn on_queue_full(&mut self, now: Duration) {
        if let Some(open) = self.open_mut() {
            open.guard.queue_full(now);
        }
    }

    fn on_out_of_memory(&mut self, now: Duration, link: &Link) {
        if let Some(open) = self.open_mut() {
            open.guard.memory_denied(now, link.outbox.memory_usage());
        }
    }
}
