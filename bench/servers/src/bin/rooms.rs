//! Our server of rooms, with built-in behaviour only: it admits clients to the room of their path, and relays packets
//! within rooms. With `--hz` it polls once per frame; without, it sleeps until data arrives.
//!
//! It reads requests from its standard input, and answers each with `done COUNT SECONDS`: `open ROOMS NODES` opens rooms,
//! each with this number of nodes, and `move` moves each peer to the next room.

use std::{
    io,
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use servers::{Args, Outcome, announce};
use websocket_peer::{
    PeerOptions, RateLimits, ServerOptions,
    multiplayer::{
        Event, PeerId, Placement, RoomEvent, RoomKey, RoomOptions, RoomServer, RoomServerOptions,
        SessionOptions,
    },
    rpc,
    variant::Vector3,
};

rpc! {
    /// The calls of each node.
    #[derive(Debug, Clone, PartialEq)]
    pub enum Game {
        /// A player has moved.
        Move {
            /// The new position.
            to: Vector3,
        } = "move" [any_peer];
        /// A player has written.
        Say {
            /// The text.
            text: String,
        } = "say" [any_peer];
    }
}

fn main() -> Outcome {
    let args = Args::parse_for_events()?;
    let mut rooms = RoomServer::bind(args.addr.as_str(), options())?;
    rooms.on_request(|request| {
        Placement::room_or_open(request.path().trim_start_matches("/room/"), RoomOptions::default())
    });
    let requests = read_requests(&rooms);
    announce(rooms.local_addr()?);
    let mut moves = Moves::default();
    let mut next = Instant::now();
    loop {
        match args.frame {
            None => rooms.wait(Duration::from_millis(500)),
            Some(frame) => {
                rooms.poll();
                // A late frame is not made up for.
                next = (next + frame).max(Instant::now());
                thread::sleep(next.saturating_duration_since(Instant::now()));
            }
        }
        while let Some(event) = rooms.next_event() {
            if let RoomEvent::Session(_, Event::PeerConnected(_)) = event {
                moves.arrived();
            }
        }
        while let Ok(request) = requests.try_recv() {
            answer(&mut rooms, &mut moves, &request)?;
        }
    }
}

/// As in an engine: no pings and no rate limits. All clients connect at once, from one address.
fn options() -> RoomServerOptions {
    let limits = RateLimits::default()
        .max_packets_per_second(0)
        .max_bytes_per_second(0)
        .max_control_frames_per_second(0)
        .max_fragments(0);
    let server = ServerOptions::default()
        .connection(PeerOptions::for_server().heartbeat_interval(Duration::ZERO))
        .rate_limits(limits)
        .max_peers(10_000)
        .max_pending_handshakes(10_000)
        .max_pending_handshakes_per_address(10_000)
        .max_peers_per_address(10_000)
        .max_connections_per_address_per_second(0)
        .max_buffered_bytes(4 << 30);
    RoomServerOptions::default().server(server).max_rooms(10_000)
}

/// Reads the requests on another thread, which wakes the server.
fn read_requests(rooms: &RoomServer) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    let waker = rooms.waker();
    thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
            waker.wake_by_ref();
        }
    });
    receiver
}

fn answer(rooms: &mut RoomServer, moves: &mut Moves, request: &str) -> Outcome {
    match request.split(' ').collect::<Vec<_>>()[..] {
        ["open", count, nodes] => open(rooms, count.parse()?, nodes.parse()?),
        ["move"] => moves.start(rooms),
        _ => Err(format!("unknown request: {request}").into()),
    }
}

fn open(rooms: &mut RoomServer, count: usize, nodes: usize) -> Outcome {
    let options = RoomOptions::default().session(SessionOptions::default()).empty_timeout(Duration::ZERO);
    let paths: Vec<String> = (0..nodes).map(|node| format!("World/Node{node}")).collect();
    let start = Instant::now();
    for room in 0..count {
        let room = rooms.open(&room.to_string(), options.clone())?;
        let mut session = rooms.session(room)?;
        for path in &paths {
            session.register_node::<Game>(path)?;
        }
    }
    print_done(count, start);
    Ok(())
}

/// The moves that were requested.
#[derive(Default)]
struct Moves {
    count: usize,
    pending: usize,
    start: Option<Instant>,
}

impl Moves {
    /// Moves each peer to the next room.
    fn start(&mut self, rooms: &mut RoomServer) -> Outcome {
        let keys: Vec<RoomKey> = rooms.rooms().map(|room| room.key()).collect();
        let members: Vec<Vec<PeerId>> = rooms.rooms().map(|room| room.peers().collect()).collect();
        let next = keys.iter().cycle().skip(1);
        self.count = members.iter().map(Vec::len).sum();
        self.pending = self.count;
        self.start = Some(Instant::now());
        for (peers, room) in members.into_iter().zip(next) {
            for peer in peers {
                rooms.move_peer(peer, *room)?;
            }
        }
        Ok(())
    }

    /// Counts a peer that has arrived in its room.
    fn arrived(&mut self) {
        self.pending = self.pending.saturating_sub(1);
        if self.pending == 0
            && let Some(start) = self.start.take()
        {
            print_done(self.count, start);
        }
    }
}

fn print_done(count: usize, start: Instant) {
    println!("done {count} {}", start.elapsed().as_secs_f64());
}
