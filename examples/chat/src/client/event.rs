//! What a client reports.

use websocket_peer::{CloseInfo, multiplayer::PeerId};

/// An event of a [`ChatClient`](crate::ChatClient). Its text is safe to show as one line, except in
/// [`Closed::info`](Self::Closed).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChatEvent {
    /// The connection is open.
    Connected,
    /// A line of another member.
    Line {
        /// The id of the member.
        from: PeerId,
        /// The name of the member, if it is known.
        name: Option<String>,
        /// The line.
        text: String,
    },
    /// A line that this client sent.
    OwnLine {
        /// The line.
        text: String,
    },
    /// A member joined.
    Joined {
        /// The id of the member.
        id: PeerId,
    },
    /// A member left.
    Left {
        /// The id of the member.
        id: PeerId,
        /// The name that it had.
        name: Option<String>,
    },
    /// A member was there before this client, and has this name.
    Present {
        /// The id of the member.
        id: PeerId,
        /// Its name.
        name: String,
    },
    /// A member took a name, or another name.
    Renamed {
        /// The id of the member.
        id: PeerId,
        /// Its name now.
        name: String,
        /// The name that it had.
        before: Option<String>,
    },
    /// The server accepted the name of this client. Godot's demo does not answer.
    NameAccepted {
        /// The name.
        name: String,
    },
    /// The server refused the name of this client, which keeps the name that it had.
    NameRefused {
        /// Why.
        reason: String,
    },
    /// A line of the server to all members.
    ServerLine {
        /// The line.
        text: String,
    },
    /// Any other line from the server, for example that it did not accept a packet.
    Notice {
        /// The line.
        text: String,
    },
    /// The connection has ended, or did not open. It is the last event.
    Closed {
        /// Why, as a sentence for people, in which the server's reason is safe to show.
        why: String,
        /// How it ended. Its reason is untrusted.
        info: CloseInfo,
    },
}
