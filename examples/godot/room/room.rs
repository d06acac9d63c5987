//! The methods of the room, and its state at each end: `room.gd` for Rust programs.

use std::collections::BTreeMap;

use websocket_peer::{multiplayer::PeerId, rpc, variant::Vector2};

/// The path of the node in Godot's tree, below the root.
pub const PATH: &str = "Main/Room";

/// The size of the room, in which positions are measured.
pub const SIZE: Vector2 = Vector2::new(640.0, 400.0);

rpc! {
    /// The methods of the room: all `@rpc` methods of `room.gd`, with their parameters. `call_local` is missing, because each
    /// end decides about that alone.
    #[derive(Debug, Clone, PartialEq)]
    pub enum Room {
        // Every peer may call these.
        Enter { player_name: String } = "enter" [any_peer];
        Chat { text: String } = "chat" [any_peer];
        MoveMarker { to: Vector2 } = "move_marker" [any_peer, unreliable];

        // Only the host may call these.
        AddPlayer { id: i32, player_name: String, score: Option<i64> } = "add_player" [authority];
        RemovePlayer { id: i32 } = "remove_player" [authority];
        Say { text: String, from: Option<i32> } = "say" [authority];
        StartRound { number: i64, seconds: f64, coin_at: Vector2 } = "start_round" [authority];
        PlaceCoin { at: Vector2 } = "place_coin" [authority];
        SetScore { id: i32, score: i64 } = "set_score" [authority];
        EndRound { number: i64, ranking: Vec<String> } = "end_round" [authority];
        Refuse { reason: String } = "refuse" [authority];
    }
}

/// A player.
pub struct Player {
    pub name: String,
    pub score: i64,
    pub position: Vector2,
}

/// The state that all ends share.
#[derive(Default)]
pub struct View {
    /// The players, by their peer ids.
    pub players: BTreeMap<i32, Player>,
    /// The coin, during a round.
    pub coin: Option<Vector2>,
}

impl View {
    /// Applies a call, and returns a line about it for people.
    pub fn apply(&mut self, from: PeerId, call: &Room) -> Option<String> {
        match call {
            Room::MoveMarker { to } => {
                self.move_marker(from, *to);
                None
            }
            Room::AddPlayer { id, player_name, score } => {
                let player = Player {
                    name: player_name.clone(),
                    score: score.unwrap_or(0),
                    position: Vector2::new(SIZE.x / 2.0, SIZE.y / 2.0),
                };
                self.players.insert(*id, player).is_none().then(|| format!("+ {player_name}"))
            }
            Room::RemovePlayer { id } => {
                let player = self.players.remove(id)?;
                Some(format!("- {}", player.name))
            }
            Room::Say { text, from } => Some(match from.and_then(|id| self.players.get(&id)) {
                Some(player) => format!("{}: {text}", player.name),
                None => format!("* {text}"),
            }),
            Room::StartRound { number, coin_at, .. } => {
                self.players.values_mut().for_each(|player| player.score = 0);
                self.coin = Some(*coin_at);
                Some(format!("round {number} begins"))
            }
            Room::PlaceCoin { at } => {
                self.coin = Some(*at);
                None
            }
            Room::SetScore { id, score } => {
                let player = self.players.get_mut(id)?;
                player.score = *score;
                Some(format!("{} has {score}", player.name))
            }
            Room::EndRound { number, ranking } => {
                self.coin = None;
                Some(format!("round {number} ends: {}", ranking.join(", ")))
            }
            // These are only for one end and the host.
            Room::Enter { .. } | Room::Chat { .. } | Room::Refuse { .. } => None,
        }
    }

    /// Every peer may call this with any arguments.
    fn move_marker(&mut self, id: PeerId, to: Vector2) {
        let player = self.players.get_mut(&id.get()).filter(|_| to.x.is_finite() && to.y.is_finite());
        if let Some(player) = player {
            player.position = Vector2::new(to.x.clamp(0.0, SIZE.x), to.y.clamp(0.0, SIZE.y));
        }
    }
}
