//! The recorded exchanges, as scripts.

use std::time::Duration;

use websocket_peer::{
    CloseCause, Packet,
    multiplayer::{Output, PeerId, Session},
};

use crate::world::SERVER;

/// Something that somebody did, and what was sent because of it.
pub struct Step {
    pub name: &'static str,
    lines: Vec<Line>,
}

/// One packet, or the end of a connection.
struct Line {
    client: char,
    kind: char,
    said: Said,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Packet(Vec<u8>),
    Close,
}

/// The recording in a text, as described there.
pub fn read(text: &'static str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with(';')) {
        match line.strip_prefix("# ") {
            Some(name) => steps.push(Step { name, lines: Vec::new() }),
            None => steps.last_mut().expect("a step comes first").lines.push(Line::read(line)),
        }
    }
    assert!(!steps.is_empty());
    steps
}

impl Line {
    fn read(line: &str) -> Self {
        let (head, said) = line.split_once(' ').expect("a head and bytes");
        let [client, kind] = head.chars().collect::<Vec<_>>()[..] else { panic!("{line}") };
        let byte = |at| u8::from_str_radix(&said[at..at + 2], 16).expect("two digits");
        let said = match said {
            "close" => Said::Close,
            _ => Said::Packet((0..said.len()).step_by(2).map(byte).collect()),
        };
        Self { client, kind, said }
    }
}

impl Step {
    /// What was sent one way or the other: `kinds` are the signs of its lines.
    fn said(&self, client: char, kinds: &str) -> Vec<Said> {
        let lines = self.lines.iter().filter(|line| line.client == client && kinds.contains(line.kind));
        lines.map(|line| line.said.clone()).collect()
    }

    /// A server of ours in place of the engine's hears what the clients said, and must answer what the engine did.
    #[track_caller]
    pub fn play_server(&self, server: &mut Session, clients: [(char, PeerId); 2], now: Duration) {
        for line in self.lines.iter().filter(|line| ">~".contains(line.kind)) {
            let from = clients.iter().find(|(name, _)| *name == line.client).expect("a client").1;
            match &line.said {
                Said::Packet(bytes) => server.receive(from, Packet::binary(&bytes[..]), now),
                Said::Close => server.peer_left(from, CloseCause::ConnectionLost.into()),
            }
        }
        let outputs: Vec<Output> = std::iter::from_fn(|| server.next_output()).collect();
        for (name, id) in clients {
            assert_eq!(said_to(&outputs, id), self.said(name, "<"), "to {name}: {}", self.name);
        }
    }

    /// A client of ours in the place of the engine's hears what the server said.
    #[track_caller]
    pub fn play_client(&self, client: &mut Session, name: char, now: Duration) {
        for said in self.said(name, "<") {
            match said {
                Said::Packet(bytes) => client.receive(SERVER, Packet::binary(bytes), now),
                Said::Close => client.peer_left(SERVER, CloseCause::Remote.into()),
            }
        }
        let outputs: Vec<Output> = std::iter::from_fn(|| client.next_output()).collect();
        let expected = self.said(name, ">+");
        // Engines close at once when they are done with a session.
        let expected: Vec<Said> = expected.into_iter().filter(|said| *said != Said::Close).collect();
        assert_eq!(said_to(&outputs, SERVER), expected, "from {name}: {}", self.name);
    }
}

fn said_to(outputs: &[Output], peer: PeerId) -> Vec<Said> {
    let packets = |packets: &[Packet]| -> Vec<Said> {
        packets.iter().map(|packet| Said::Packet(packet.as_bytes().to_vec())).collect()
    };
    let said = |output: &Output| match output {
        Output::Send { to, packet, .. } if to.as_slice().contains(&peer) => {
            packets(std::slice::from_ref(packet))
        }
        Output::SendAll { to, packets: all, .. } if to.as_slice().contains(&peer) => packets(all),
        Output::Disconnect { peer: other, .. } if *other == peer => vec![Said::Close],
        _ => Vec::new(),
    };
    outputs.iter().flat_map(said).collect()
}
