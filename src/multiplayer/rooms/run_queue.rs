//! The order in which rooms get the events of their connections. Rooms take turns, one event each, and so do the
//! connections of a room. In each poll a room has a budget: a room whose peers send without pause takes no more time
//! than its part, and the others go first in the next poll.

use std::{
    collections::{HashMap, VecDeque},
    hash::BuildHasherDefault,
};

use super::key::RoomKey;
use crate::multiplayer::id_hasher::IdHasher;

/// The work that one room may cause in a poll, in events and packets: an event counts one, and each packet that is sent
/// because of it counts one for each receiver.
pub(super) const ROOM_BUDGET: usize = 4 * 1024;

/// The work that all rooms together may cause in a poll: what is sent must not delay the program's frame.
pub(super) const POLL_BUDGET: usize = 16 * 1024;

/// Connections with events, by room. `C` is the key of a connection.
#[derive(Debug)]
pub(super) struct RunQueue<C> {
    /// The rooms that have connections with events and budget left, in the order of their turns.
    turns: VecDeque<RoomKey>,
    /// The rooms that have used up their budgets.
    exhausted: Vec<RoomKey>,
    rooms: HashMap<RoomKey, Waiting<C>, BuildHasherDefault<IdHasher>>,
    /// The work in this poll so far.
    work: usize,
}

/// The connections of a room that have events.
#[derive(Debug)]
struct Waiting<C> {
    connections: VecDeque<C>,
    /// The work of the room in this poll.
    work: usize,
    /// `true` if the room is in one of the lists.
    is_listed: bool,
}

impl<C> Default for RunQueue<C> {
    fn default() -> Self {
        Self { turns: VecDeque::new(), exhausted: Vec::new(), rooms: HashMap::default(), work: 0 }
    }
}

impl<C> RunQueue<C> {
    /// Begins a poll: all budgets are full again.
    pub(super) fn begin_poll(&mut self) {
        self.work = 0;
        self.turns.extend(self.exhausted.drain(..));
        self.rooms.retain(|_, waiting| {
            waiting.work = 0;
            waiting.is_listed
        });
    }

    /// Adds a connection that has events.
    pub(super) fn add(&mut self, room: RoomKey, connection: C) {
        let waiting = self.rooms.entry(room).or_insert_with(|| Waiting {
            connections: VecDeque::new(),
            work: 0,
            is_listed: false,
        });
        waiting.connections.push_back(connection);
        if std::mem::replace(&mut waiting.is_listed, true) {
            return;
        }
        if waiting.work < ROOM_BUDGET {
            self.turns.push_back(room);
        } else {
            self.exhausted.push(room);
        }
    }

    /// Returns the connection whose turn it is, and its room. If it has more events, [`add`](Self::add) it again.
    /// `None` if no room has a connection with events and budget left.
    pub(super) fn next(&mut self) -> Option<(RoomKey, C)> {
        if self.work >= POLL_BUDGET {
            return None;
        }
        while let Some(room) = self.turns.pop_front() {
            let Some(waiting) = self.rooms.get_mut(&room) else { continue };
            if waiting.work >= ROOM_BUDGET {
                self.exhausted.push(room);
                continue;
            }
            let connection = waiting.connections.pop_front();
            waiting.is_listed = !waiting.connections.is_empty();
            if waiting.is_listed {
                self.turns.push_back(room);
            }
            if let Some(connection) = connection {
                return Some((room, connection));
            }
        }
        None
    }

    /// Counts work of a room.
    pub(super) fn charge(&mut self, room: RoomKey, work: usize) {
        self.work += work;
        if let Some(waiting) = self.rooms.get_mut(&room) {
            waiting.work += work;
        }
    }

    /// Returns `true` if no connection has events.
    pub(super) fn is_empty(&self) -> bool {
        self.turns.is_empty() && self.exhausted.is_empty()
    }

    /// Returns `true` if a connection of this room has events.
    pub(super) fn has(&self, room: RoomKey) -> bool {
        self.rooms.get(&room).is_some_and(|waiting| waiting.is_listed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: u64 = 1;
    const FLOOD: u64 = 2;

    fn room(number: u64) -> RoomKey {
        RoomKey::new(number)
    }

    /// Takes turns until the poll ends. Each costs `work`, and each connection has more events. Returns the rooms.
    fn poll(queue: &mut RunQueue<u32>, work: usize) -> Vec<u64> {
        queue.begin_poll();
        let mut turns = Vec::new();
        while let Some((room, connection)) = queue.next() {
            turns.push(room.as_u64());
            queue.charge(room, work);
            queue.add(room, connection);
        }
        turns
    }

    fn count(turns: &[u64], room: u64) -> usize {
        turns.iter().filter(|turn| **turn == room).count()
    }

    #[test]
    fn rooms_take_turns_however_many_connections_they_have() {
        let mut queue = RunQueue::default();
        (0..100).for_each(|connection| queue.add(room(FLOOD), connection));
        queue.add(room(QUIET), 100);
        let turns = poll(&mut queue, 1);
        assert_eq!(turns[..4], [FLOOD, QUIET, FLOOD, QUIET]);
    }

    #[test]
    fn connections_of_a_room_take_turns() {
        let mut queue = RunQueue::default();
        (0..3).for_each(|connection| queue.add(room(QUIET), connection));
        let mut seen = Vec::new();
        for _ in 0..6 {
            let (room, connection) = queue.next().expect("they have events");
            seen.push(connection);
            queue.add(room, connection);
        }
        assert_eq!(seen, [0, 1, 2, 0, 1, 2]);
    }

    #[test]
    fn a_room_has_its_budget_in_each_poll_and_no_more() {
        let mut queue = RunQueue::default();
        queue.add(room(FLOOD), 1);
        for _ in 0..3 {
            assert_eq!(poll(&mut queue, 8).len(), ROOM_BUDGET / 8);
            assert!(queue.has(room(FLOOD)) && !queue.is_empty());
        }
    }

    #[test]
    fn a_room_that_used_its_budget_gets_none_by_new_connections() {
        let mut queue = RunQueue::default();
        queue.begin_poll();
        queue.add(room(FLOOD), 1);
        queue.next();
        queue.charge(room(FLOOD), ROOM_BUDGET);
        queue.add(room(FLOOD), 2);
        assert_eq!(queue.next(), None);
        queue.begin_poll();
        assert_eq!(queue.next(), Some((room(FLOOD), 2)));
    }

    #[test]
    fn the_work_of_a_poll_is_bounded_and_the_next_one_begins_with_the_others() {
        let mut queue = RunQueue::default();
        (1..=10).for_each(|number| queue.add(room(number), 0));
        let work = POLL_BUDGET.div_ceil(5);
        let (first, second) = (poll(&mut queue, work), poll(&mut queue, work));
        assert_eq!((first, second), (vec![1, 2, 3, 4, 5], vec![6, 7, 8, 9, 10]));
        assert_eq!(count(&poll(&mut queue, 1), 7), ROOM_BUDGET.min(POLL_BUDGET / 10));
    }

    #[test]
    fn a_room_without_events_costs_no_memory() {
        let mut queue = RunQueue::default();
        (0..1000).for_each(|number| queue.add(room(number), 0));
        while queue.next().is_some() {}
        assert!(queue.is_empty() && !queue.has(room(5)));
        queue.begin_poll();
        assert!(queue.rooms.is_empty() && queue.turns.is_empty());
    }
}
