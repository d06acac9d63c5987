//! Reads recorded exchanges, and replays them.

use std::time::Duration;

use websocket_peer::{
    CloseCause, Packet,
    multiplayer::{Output, PeerId, Session},
};

use crate::world::SERVER;

/// An action, and what was sent because of it.
pub struct Step {
    pub name: &'static str,
    lines: Vec<Line>,
}

/// A packet, or the end of a connection.
struct Line {
    client: char,
    kind: char,
    message: Message,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    Packet(Vec<u8>),
    Close,
}

/// Parses a recording. Its format is described in the file.
pub fn read(text: &'static str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with(';')) {
        match line.strip_prefix("# ") {
            Some(name) => steps.push(Step { name, lines: Vec::new() }),
            None => steps.last_mut().expect("the first line is a step").lines.push(Line::read(line)),
        }
    }
    assert!(!steps.is_empty());
    steps
}

impl Line {
    fn read(line: &str) -> Self {
        let (header, content) = line.split_once(' ').expect("a header and bytes");
        let [client, kind] = header.chars().collect::<Vec<_>>()[..] else { panic!("{line}") };
        let byte = |at| u8::from_str_radix(&content[at..at + 2], 16).expect("two digits");
        let message = match content {
            "close" => Message::Close,
            _ => Message::Packet((0..content.len()).step_by(2).map(byte).collect()),
        };
        Self { client, kind, message }
    }
}

impl Step {
    /// Returns the messages of one client whose lines have one of these marks.
    fn messages(&self, client: char, kinds: &str) -> Vec<Message> {
        let lines = self.lines.iter().filter(|line| line.client == client && kinds.contains(line.kind));
        lines.map(|line| line.message.clone()).collect()
    }

    /// Gives our server what the clients sent. It must send what the engine's server sent.
    #[track_caller]
    pub fn play_server(&self, server: &mut Session, clients: [(char, PeerId); 2], now: Duration) {
        for line in self.lines.iter().filter(|line| ">~".contains(line.kind)) {
            let from = clients.iter().find(|(name, _)| *name == line.client).expect("a client").1;
            match &line.message {
                Message::Packet(bytes) => server.receive(from, Packet::binary(&bytes[..]), now),
                Message::Close => server.peer_left(from, CloseCause::ConnectionLost.into()),
            }
        }
        let outputs: Vec<Output> = std::iter::from_fn(|| server.next_output()).collect();
        for (name, id) in clients {
            let mut expected = self.messages(name, "<");
            // The transport sends the id.
            expected.retain(|message| *message != Message::Packet(id.get().to_le_bytes().into()));
            assert_eq!(messages_to(&outputs, id), expected, "to {name}: {}", self.name);
        }
    }

    /// Gives our client what the server sent. It must send what the engine's client sent.
    #[track_caller]
    pub fn play_client(&self, client: &mut Session, name: char, now: Duration) {
        for message in self.messages(name, "<") {
            match message {
                Message::Packet(bytes) => match assigned_id(client, &bytes) {
                    Some(id) => client.connected(id, now),
                    None => client.receive(SERVER, Packet::binary(bytes), now),
                },
                Message::Close => client.peer_left(SERVER, CloseCause::Remote.into()),
            }
        }
        let outputs: Vec<Output> = std::iter::from_fn(|| client.next_output()).collect();
        let expected = self.messages(name, ">+");
        // Engines close the connection at once when a session has ended.
        let expected: Vec<Message> =
            expected.into_iter().filter(|message| *message != Message::Close).collect();
        assert_eq!(messages_to(&outputs, SERVER), expected, "from {name}: {}", self.name);
    }
}

/// Returns the id in the first packet to a client, which its transport reads.
fn assigned_id(client: &Session, packet: &[u8]) -> Option<PeerId> {
    let is_first = client.id().is_none();
    packet.try_into().ok().map(i32::from_le_bytes).and_then(PeerId::new).filter(|_| is_first)
}

fn messages_to(outputs: &[Output], peer: PeerId) -> Vec<Message> {
    let packets = |packets: &[Packet]| -> Vec<Message> {
        packets.iter().map(|packet| Message::Packet(packet.as_bytes().to_vec())).collect()
    };
    let messages = |output: &Output| match output {
        Output::Send { to, packet, .. } if to.as_slice().contains(&peer) => {
            packets(std::slice::from_ref(packet))
        }
        Output::SendAll { to, packets: all, .. } if to.as_slice().contains(&peer) => packets(all),
        Output::Disconnect { peer: other, .. } if *other == peer => vec![Message::Close],
        _ => Vec::new(),
    };
    outputs.iter().flat_map(messages).collect()
}
