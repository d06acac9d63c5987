//! What the server tells of its peers, held against what it may tell; and what it says to them.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use websocket_peer::{
    CloseCause, CloseInfo, Error, Limit, Packet, PeerKey, ServerEvent, ServerStats, Timeout, WebSocketServer,
};

use crate::message::{POUR, farewell, farewell_of, number_of, numbered, tick};

/// How often something is called out to all.
const TICK: Duration = Duration::from_secs(1);

/// What a client is poured that asks for it: more than the kernel and the outbound buffer hold.
const POURED: u32 = 2048;
const POURED_LEN: usize = 2048;

/// How much of that in a frame.
const POURED_AT_ONCE: u32 = 128;

/// More faults than this say nothing new.
const MAX_FAULTS: usize = 20;

/// The accounts of one wave.
pub struct Ledger {
    accounts: HashMap<PeerKey, Account>,
    /// Those to whom something is owed.
    owing: Vec<PeerKey>,
    next_tick: Instant,
    ticks: u64,
    begin: ServerStats,
    counts: Counts,
    ends: BTreeMap<String, u64>,
    faults: Vec<String>,
}

/// What has passed between the server and a peer.
#[derive(Default)]
struct Account {
    received: u64,
    sent: u64,
    to_pour: u32,
    owes_farewell: bool,
    /// Nothing more is said after that.
    has_said_farewell: bool,
}

/// What the server's own counters must say.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    opened: u64,
    closed: u64,
    packets_received: u64,
    packets_sent: u64,
    bytes_received: u64,
    bytes_sent: u64,
}

impl Ledger {
    pub fn new(begin: ServerStats) -> Self {
        Self {
            accounts: HashMap::new(),
            owing: Vec::new(),
            next_tick: Instant::now(),
            ticks: 0,
            begin,
            counts: Counts::default(),
            ends: BTreeMap::new(),
            faults: Vec::new(),
        }
    }

    /// Whether everybody who has opened has closed.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    pub fn take(&mut self, server: &mut WebSocketServer, event: ServerEvent) {
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
            other => self.fault(format!("{other:?} is not known")),
        }
    }

    /// Says what is to be said unasked.
    pub fn speak(&mut self, server: &mut WebSocketServer) {
        if Instant::now() >= self.next_tick {
            self.next_tick += TICK;
            self.ticks += 1;
            let tick = Packet::text(tick(self.ticks));
            let taken = server.broadcast(&tick, None) as u64;
            self.counts.packets_sent += taken;
            self.counts.bytes_sent += taken * tick.len() as u64;
        }
        for key in std::mem::take(&mut self.owing) {
            let Some(mut account) = self.accounts.remove(&key) else { continue };
            for _ in 0..POURED_AT_ONCE.min(account.to_pour) {
                if !self.say(server, key, &mut account, POURED_LEN) {
                    break;
                }
                account.to_pour -= 1;
            }
            if account.owes_farewell {
                account.to_pour = 0;
                let text = farewell(account.sent);
                if self.count(key, text.len(), server.send_text(key, &text)) {
                    account.owes_farewell = false;
                    account.has_said_farewell = true;
                }
            }
            if account.to_pour > 0 || account.owes_farewell {
                self.owing.push(key);
            }
            self.accounts.insert(key, account);
        }
    }

    /// Holds the server's counters against what it has told, and tells what was wrong in all.
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
        let refused = end.refused - begin.refused;
        let accepted = end.accepted - begin.accepted;
        println!("  {accepted} accepted, {refused} never open; {counted:?}");
        for (end, count) in &self.ends {
            println!("  {count:>8}  {end}");
        }
        if counted != self.counts {
            self.fault(format!("the server counts otherwise than it tells: {:?}", self.counts));
        }
        if accepted != refused + counted.opened {
            self.fault("some have neither opened nor been refused".to_owned());
        }
        if counted.opened != counted.closed {
            self.fault("not everybody who opened has closed".to_owned());
        }
        faults.append(&mut self.faults);
    }

    fn packet(&mut self, server: &mut WebSocketServer, key: PeerKey, packet: &Packet) {
        let Some(mut account) = self.accounts.remove(&key) else {
            return self.fault(format!("{key} said something without being open"));
        };
        match packet.as_text() {
            None => {
                if number_of(packet) != Some(account.received) {
                    let number = number_of(packet);
                    self.fault(format!("{key} said {number:?} when {} was due", account.received));
                }
                account.received += 1;
                if !account.has_said_farewell && !account.owes_farewell {
                    // Whoever does not read gets no answer.
                    self.say(server, key, &mut account, packet.len());
                }
            }
            Some(POUR) => {
                account.to_pour = POURED;
                self.owing.push(key);
            }
            Some(text) => {
                if farewell_of(text) != Some(account.received) {
                    self.fault(format!("{key} took leave with {text:?} after {} messages", account.received));
                }
                account.owes_farewell = true;
                self.owing.push(key);
            }
        }
        self.accounts.insert(key, account);
    }

    /// Sends the next numbered message; whether it was taken.
    fn say(&mut self, server: &mut WebSocketServer, key: PeerKey, account: &mut Account, len: usize) -> bool {
        let message = numbered(account.sent, len);
        let was_taken = self.count(key, message.len(), server.send(key, &message));
        account.sent += u64::from(was_taken);
        was_taken
    }

    /// Counts what was taken; a full queue, and an end that is still to be told, are no faults.
    fn count(&mut self, key: PeerKey, len: usize, sent: Result<(), Error>) -> bool {
        match sent {
            Ok(()) => {
                self.counts.packets_sent += 1;
                self.counts.bytes_sent += len as u64;
                return true;
            }
            Err(Error::SendQueueFull { .. } | Error::NotOpen { .. }) => {}
            Err(error) => self.fault(format!("to {key} nothing could be sent: {error}")),
        }
        false
    }

    fn closed(&mut self, key: PeerKey, account: &Account, info: &CloseInfo) {
        *self.ends.entry(info.to_string()).or_default() += 1;
        let is_right = match &info.cause {
            // Only whoever has heard the farewell closes.
            CloseCause::Remote => info.code == Some(1000) && account.has_said_farewell,
            // It vanished, or stalled.
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
