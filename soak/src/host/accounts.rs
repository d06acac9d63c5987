//! Compares the events of the server with what may happen, and sends its messages.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use websocket_peer::{
    CloseCause, CloseInfo, Error, Limit, Packet, PeerKey, ServerEvent, ServerStats, Timeout, WebSocketServer,
};

use crate::message::{FLOOD, last_message, last_message_of, number_of, numbered, tick};

/// The time between two broadcasts.
const TICK: Duration = Duration::from_secs(1);

/// The flood that a client may request: more than the kernel and the send queue hold.
const FLOOD_MESSAGES: u32 = 2048;
const FLOOD_LEN: usize = 2048;

/// The messages of it in one frame.
const FLOOD_AT_ONCE: u32 = 128;

/// The most faults that are kept.
const MAX_FAULTS: usize = 20;

/// The accounts of one wave.
pub struct Accounts {
    accounts: HashMap<PeerKey, Account>,
    /// The peers with messages to send.
    pending: Vec<PeerKey>,
    next_tick: Instant,
    ticks: u64,
    begin: ServerStats,
    counts: Counts,
    ends: BTreeMap<String, u64>,
    faults: Vec<String>,
}

/// The messages of one peer.
#[derive(Default)]
struct Account {
    received: u64,
    sent: u64,
    flood_left: u32,
    owes_last_message: bool,
    /// No message follows it.
    has_sent_last_message: bool,
}

/// The expected counters of the server.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    opened: u64,
    closed: u64,
    packets_received: u64,
    packets_sent: u64,
    bytes_received: u64,
    bytes_sent: u64,
}

impl Accounts {
    pub fn new(begin: ServerStats) -> Self {
        Self {
            accounts: HashMap::new(),
            pending: Vec::new(),
            next_tick: Instant::now(),
            ticks: 0,
            begin,
            counts: Counts::default(),
            ends: BTreeMap::new(),
            faults: Vec::new(),
        }
    }

    /// Returns `true` if every opened peer has closed.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    pub fn handle(&mut self, server: &mut WebSocketServer, event: ServerEvent) {
        match event {
            ServerEvent::Opened(key) => {
                self.counts.opened += 1;
                if self.accounts.insert(key, Account::default()).is_some() {
                    self.fault(format!("{key} opened twice"));
                }
            }
            ServerEvent::Packet(key, packet) => {
                self.counts.packets_received += 1;
                self.counts.bytes_received += packet.len() as u64;
                self.packet(server, key, &packet);
            }
            ServerEvent::Closed(key, info) => {
                self.counts.closed += 1;
                match self.accounts.remove(&key) {
                    Some(account) => self.closed(key, &account, &info),
                    None => self.fault(format!("{key} closed without having been open")),
                }
            }
            other => self.fault(format!("unknown event {other:?}")),
        }
    }

    /// Sends the broadcasts, floods and last messages that are due.
    pub fn send(&mut self, server: &mut WebSocketServer) {
        if Instant::now() >= self.next_tick {
            self.next_tick += TICK;
            self.ticks += 1;
            let tick = Packet::text(tick(self.ticks));
            let taken = server.broadcast(&tick, None) as u64;
            self.counts.packets_sent += taken;
            self.counts.bytes_sent += taken * tick.len() as u64;
        }
        for key in std::mem::take(&mut self.pending) {
            let Some(mut account) = self.accounts.remove(&key) else { continue };
            for _ in 0..FLOOD_AT_ONCE.min(account.flood_left) {
                if !self.send_numbered(server, key, &mut account, FLOOD_LEN) {
                    break;
                }
                account.flood_left -= 1;
            }
            if account.owes_last_message {
                account.flood_left = 0;
                let text = last_message(account.sent);
                if self.count(key, text.len(), server.send_text(key, &text)) {
                    account.owes_last_message = false;
                    account.has_sent_last_message = true;
                }
            }
            if account.flood_left > 0 || account.owes_last_message {
                self.pending.push(key);
            }
            self.accounts.insert(key, account);
        }
    }

    /// Compares the server's counters with its events, and adds all faults.
    pub fn conclude(mut self, end: &ServerStats, faults: &mut Vec<String>) {
        let begin = &self.begin;
        let counted = Counts {
            opened: end.opened - begin.opened,
            closed: end.closed - begin.closed,
            packets_received: end.packets_received - begin.packets_received,
            packets_sent: end.packets_sent - begin.packets_sent,
            bytes_received: end.bytes_received - begin.bytes_received,
            bytes_sent: end.bytes_sent - begin.bytes_sent,
        };
        let refused = end.rejected - begin.rejected;
        let accepted = end.accepted - begin.accepted;
        println!("  {accepted} accepted, {refused} never open; {counted:?}");
        for (end, count) in &self.ends {
            println!("  {count:>8}  {end}");
        }
        if counted != self.counts {
            self.fault(format!("the counters do not match the events: {:?}", self.counts));
        }
        if accepted != refused + counted.opened {
            self.fault("some connections were neither opened nor rejected".to_owned());
        }
        if counted.opened != counted.closed {
            self.fault("not every opened peer has closed".to_owned());
        }
        faults.append(&mut self.faults);
    }

    fn packet(&mut self, server: &mut WebSocketServer, key: PeerKey, packet: &Packet) {
        let Some(mut account) = self.accounts.remove(&key) else {
            return self.fault(format!("{key} sent a packet without being open"));
        };
        match packet.as_text() {
            None => {
                if number_of(packet) != Some(account.received) {
                    let number = number_of(packet);
                    self.fault(format!("{key} sent {number:?} instead of {}", account.received));
                }
                account.received += 1;
                if !account.has_sent_last_message && !account.owes_last_message {
                    // A full queue takes no answer.
                    self.send_numbered(server, key, &mut account, packet.len());
                }
            }
            Some(FLOOD) => {
                account.flood_left = FLOOD_MESSAGES;
                self.pending.push(key);
            }
            Some(text) => {
                if last_message_of(text) != Some(account.received) {
                    self.fault(format!("{key} sent {text:?} after {} messages", account.received));
                }
                account.owes_last_message = true;
                self.pending.push(key);
            }
        }
        self.accounts.insert(key, account);
    }

    /// Sends the next numbered message. Returns `false` if there was no room.
    fn send_numbered(
        &mut self,
        server: &mut WebSocketServer,
        key: PeerKey,
        account: &mut Account,
        len: usize,
    ) -> bool {
        let message = numbered(account.sent, len);
        let was_taken = self.count(key, message.len(), server.send(key, &message));
        account.sent += u64::from(was_taken);
        was_taken
    }

    /// Counts a sent message. A full queue and a closed peer are not faults.
    fn count(&mut self, key: PeerKey, len: usize, sent: Result<(), Error>) -> bool {
        match sent {
            Ok(()) => {
                self.counts.packets_sent += 1;
                self.counts.bytes_sent += len as u64;
                return true;
            }
            Err(Error::SendQueueFull { .. } | Error::NotOpen { .. }) => {}
            Err(error) => self.fault(format!("cannot send to {key}: {error}")),
        }
        false
    }

    fn closed(&mut self, key: PeerKey, account: &Account, info: &CloseInfo) {
        *self.ends.entry(info.to_string()).or_default() += 1;
        let is_right = match &info.cause {
            // A client closes after the last message.
            CloseCause::Remote => info.code == Some(1000) && account.has_sent_last_message,
            // It was lost, or stalled.
            CloseCause::ConnectionLost | CloseCause::TimedOut(Timeout::Heartbeat) => true,
            CloseCause::LimitExceeded(Limit::SlowReader) => true,
            _ => false,
        };
        if !is_right {
            self.fault(format!("{key} ended unexpectedly: {info}"));
        }
    }

    fn fault(&mut self, what: String) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(what);
        }
    }
}
