//! Each client sends to all others of its room at a fixed rate, independent of what arrives. Every received message is
//! compared, counted and timed.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use nix::time::{ClockId, clock_gettime};

use super::{
    members::Members,
    message::{Message, Template, check_sender},
};

/// The time for messages to arrive after the last one was sent.
const DRAIN: Duration = Duration::from_secs(5);

/// The clients' messages, sent and expected.
pub struct Traffic {
    template: Template,
    /// The messages per second of each client.
    hz: u32,
    /// The beginning of the load's clock.
    epoch: Instant,
    ids: Vec<i32>,
    /// The number of messages that each client has sent.
    sent: Vec<u32>,
    /// For each client and each sender of its room, the sequence number that follows.
    expected: Vec<u32>,
}

/// What was measured.
#[derive(Debug, Default)]
pub struct Timed {
    /// The time of sending.
    pub time: Duration,
    /// The number of messages sent.
    pub sent: usize,
    /// The times from sending a message to its receipt, for each receiver.
    pub latencies: Vec<Duration>,
    /// The delays of the load itself: how long after its due time a message was sent.
    pub delays: Vec<Duration>,
    /// The number of messages that did not arrive, counted for each receiver.
    pub lost: usize,
    /// The CPU time of the load while it sent.
    pub load_cpu: Duration,
    /// The CPU time of the servers while it sent.
    pub server_cpu: Duration,
}

impl Traffic {
    /// Makes the messages of these clients, which have joined.
    ///
    /// # Errors
    /// The size of the messages is too small, or two clients have the same id in one session.
    pub fn new(members: &Members, bytes: usize, hz: u32) -> Result<Self> {
        let ids = members.ids();
        for room in ids.chunks(members.each()) {
            let distinct: HashSet<_> = room.iter().collect();
            ensure!(distinct.len() == room.len(), "two clients of a room have the same id: {room:?}");
        }
        Ok(Self {
            template: Template::new(bytes)?,
            hz,
            epoch: Instant::now(),
            sent: vec![0; ids.len()],
            expected: vec![0; ids.len() * members.each()],
            ids,
        })
    }

    /// Sends for `time`, evenly spread over each period, and waits until everything has arrived. `server_cpu` is called
    /// when the last message has been sent.
    ///
    /// # Errors
    /// A received message is wrong, or is received twice.
    pub fn run(
        &mut self,
        members: &mut Members,
        time: Duration,
        server_cpu: impl FnOnce() -> Result<Duration>,
    ) -> Result<Timed> {
        let count = members.len();
        let step = Duration::from_secs(1) / self.hz / count as u32;
        let total = (time.as_nanos() / step.as_nanos()) as usize;
        let receivers = members.each() - 1;
        let mut timed = Timed::default();
        timed.latencies.reserve(total * receivers);
        timed.delays.reserve(total);
        let mut server_cpu = Some(server_cpu);
        let (start, cpu) = (Instant::now(), cpu_time()?);
        let mut deadline = None;
        loop {
            let now = Instant::now();
            while timed.sent < total && start + step * timed.sent as u32 <= now {
                let sent = Instant::now();
                timed.delays.push(sent - (start + step * timed.sent as u32));
                self.send(members, timed.sent % count, sent);
                timed.sent += 1;
            }
            if timed.sent == total
                && let Some(server_cpu) = server_cpu.take()
            {
                (timed.time, timed.load_cpu) = (start.elapsed(), cpu_time()? - cpu);
                timed.server_cpu = server_cpu()?;
                deadline = Some(Instant::now() + DRAIN);
            }
            let is_drained = timed.sent == total && timed.latencies.len() >= total * receivers;
            if is_drained || deadline.is_some_and(|deadline| now > deadline) {
                break;
            }
            let wait = match timed.sent < total {
                true => (start + step * timed.sent as u32).saturating_duration_since(Instant::now()),
                false => Duration::from_millis(10),
            };
            self.receive(members, wait, start, &mut timed)?;
        }
        timed.lost = total * receivers - timed.latencies.len();
        Ok(timed)
    }

    fn send(&mut self, members: &mut Members, index: usize, now: Instant) {
        let message = Message {
            sent: (now - self.epoch).as_nanos() as u64,
            room: members.room_of(index) as u32,
            slot: (index % members.each()) as u32,
            sequence: self.sent[index],
        };
        self.sent[index] += 1;
        members.send(index, self.template.frame(message));
    }

    fn receive(
        &mut self,
        members: &mut Members,
        wait: Duration,
        start: Instant,
        timed: &mut Timed,
    ) -> Result<()> {
        let (each, start) = (members.each(), (start - self.epoch).as_nanos() as u64);
        let Self { template, epoch, ids, expected, .. } = self;
        members.poll_once(wait, |receiver, packet| {
            let (from, message) = template.read(packet)?;
            let room = receiver / each;
            let slot = check_sender(&ids[room * each..][..each], room, from, message)?;
            let next = &mut expected[receiver * each + slot];
            ensure!(message.sequence >= *next, "message {message:?} came twice, or late: {next} follows");
            *next = message.sequence + 1;
            // Messages of a former run may be late.
            if message.sent >= start {
                let now = epoch.elapsed().as_nanos() as u64;
                timed.latencies.push(Duration::from_nanos(now - message.sent));
            }
            Ok(())
        })
    }
}

/// Returns the CPU time of this process.
fn cpu_time() -> Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?.into())
}
