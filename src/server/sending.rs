//! What a program sends: to one peer, or to all.

use super::{PeerKey, WebSocketServer, is_known};
use crate::{
    error::Error,
    options::WhenFull,
    packet::{Outgoing, Packet},
    state::ReadyState,
    sys::{Accept, Accepted, Reactor},
};

impl WebSocketServer {
    pub(super) fn send_any(
        &mut self,
        to: PeerKey,
        packet: Outgoing<'_>,
        key: Option<u64>,
    ) -> Result<(), Error> {
        // While events wait to be read, the replies to them are gathered.
        let gather = !self.news.is_empty();
        let member = self.members.get_mut(to).filter(|member| is_known(member)).ok_or(Error::UnknownPeer)?;
        if member.link.state() != ReadyState::Open {
            return Err(Error::NotOpen { state: member.link.state() });
        }
        let now = self.times.now();
        let has_memory = packet.len() <= self.memory.room(member.held);
        // Nothing is dropped for a packet that is refused in the end.
        let policy = if has_memory { self.options.when_full } else { WhenFull::Refuse };
        let mut result = member.make_room(packet.len(), key, policy, now);
        if result.is_ok() && !has_memory {
            member.connection.found_no_memory(now, &member.link);
            result = Err(Error::OutboundFull { room: 0 });
        }
        if result.is_ok() {
            member.connection.send(packet, key, gather, &mut member.link);
            member.link.count_sent(packet.len());
            if gather && !std::mem::replace(&mut member.is_gathered, true) {
                self.gathered.push(to);
            }
        }
        self.memory.recount(member);
        // It may have been found full, even where the packet was taken in the place of others.
        if result.is_err() || policy == WhenFull::DropOldest {
            let due = member.connection.next_deadline();
            self.deadlines.note(to, member, due);
        }
        result
    }

    pub(super) fn send_to_all(&mut self, packet: &Packet, except: Option<PeerKey>) -> usize {
        let frame = Reactor::encode(packet);
        let mut taken = 0;
        for slot in 0..self.members.width() {
            let Some(key) = self.members.at(slot).filter(|key| Some(*key) != except) else { continue };
            taken += usize::from(self.send_any(key, Outgoing::Encoded(packet, &frame), None).is_ok());
        }
        taken
    }

    /// Sends a packet to several peers, as a broadcast does to all; tells who could not take it, and why.
    pub(crate) fn send_to_many(
        &mut self,
        packet: &Packet,
        to: impl IntoIterator<Item = PeerKey>,
        mut missed: impl FnMut(PeerKey, Error),
    ) {
        let frame = Reactor::encode(packet);
        for key in to {
            if let Err(error) = self.send_any(key, Outgoing::Encoded(packet, &frame), None) {
                missed(key, error);
            }
        }
    }

    /// Lets go what was gathered.
    pub(super) fn flush_gathered(&mut self) {
        for key in std::mem::take(&mut self.gathered) {
            if let Some(member) = self.members.get_mut(key) {
                member.is_gathered = false;
                member.connection.flush(&mut member.link);
                self.memory.recount(member);
            }
        }
    }
}
