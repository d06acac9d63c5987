//! The rules, as the host applies them: players in the order in which they joined, and one of them whose turn it is. It
//! is the game without I/O: what happened goes in, and calls to the players come out.

use std::fmt;

use websocket_peer::multiplayer::{PeerId, Target};

use crate::{
    messages::{Action, GameCall, NAMELESS},
    names::{clean, name_or_default, unique},
};

/// The number of requests without use that a player may send between two actions: further names, actions out of turn,
/// invalid actions. Each of them goes to all players, so a player that sends more is disconnected.
pub const MAX_USELESS_REQUESTS: u32 = 30;

/// The longest part of an invalid action that the log shows, in characters.
const MAX_SHOWN_ACTION: usize = 40;

/// The dice: returns a number, of which the last two digits count.
pub type Dice = Box<dyn FnMut() -> u32 + Send>;

/// Returns dice that show random numbers.
pub fn random_dice() -> Dice {
    Box::new(|| fastrand::u32(0..100))
}

/// The state of a game at its host.
pub struct Rules {
    players: Vec<RulesPlayer>,
    /// The index of the player whose turn it is. Without players 0.
    turn: usize,
    rounds: u32,
    dice: Dice,
}

/// What the host must do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Call these players.
    Call(Target, GameCall),
    /// Disconnect this player.
    Disconnect(PeerId),
}

#[derive(Debug)]
struct RulesPlayer {
    id: PeerId,
    /// `None` until it has sent one.
    name: Option<String>,
    useless_requests: u32,
}

impl Rules {
    /// Starts a game without players.
    pub fn new(dice: impl FnMut() -> u32 + Send + 'static) -> Self {
        Self { players: Vec::new(), turn: 0, rounds: 0, dice: Box::new(dice) }
    }

    /// Returns the ids of the players, in their order.
    pub fn players(&self) -> impl ExactSizeIterator<Item = PeerId> + '_ {
        self.players.iter().map(|player| player.id)
    }

    /// Returns the player whose turn it is. There is always one if there are players.
    pub fn current(&self) -> Option<PeerId> {
        self.players.get(self.turn).map(|player| player.id)
    }

    /// Returns the number of finished rounds: the last player of the list has acted, and it was not alone.
    pub fn rounds(&self) -> u32 {
        self.rounds
    }

    /// Adds the host itself as a player, before others join.
    pub fn join_host(&mut self, name: &str) -> Vec<Effect> {
        let name = self.free_name(PeerId::SERVER, name);
        self.players.push(RulesPlayer { id: PeerId::SERVER, name: Some(name.clone()), useless_requests: 0 });
        let id = PeerId::SERVER.get();
        vec![Effect::Call(Target::All, GameCall::AddPlayer { id, name: Some(name) })]
    }

    /// Adds a peer that has connected. It gets the list, all get the new player, and it gets the turn.
    pub fn join(&mut self, id: PeerId) -> Vec<Effect> {
        if self.index(id).is_some() {
            return Vec::new();
        }
        let known = self.players.iter().map(|player| {
            let name = Some(player.name().to_owned());
            Effect::Call(id.into(), GameCall::AddPlayer { id: player.id.get(), name })
        });
        let mut effects: Vec<Effect> = known.collect();
        self.players.push(RulesPlayer { id, name: None, useless_requests: 0 });
        effects.push(Effect::Call(Target::All, GameCall::AddPlayer { id: id.get(), name: None }));
        effects.push(Effect::Call(id.into(), self.turn_call()));
        effects
    }

    /// Removes a peer that is gone. If the peer had the turn, the next player gets it; after the last player, the first.
    ///
    /// The demo has no player's turn in the last case, and the game stops until another player joins.
    pub fn leave(&mut self, id: PeerId) -> Vec<Effect> {
        let Some(index) = self.index(id) else { return Vec::new() };
        self.players.remove(index);
        if self.turn > index {
            self.turn -= 1;
        }
        if self.turn >= self.players.len() {
            self.turn = 0;
        }
        let remove = GameCall::DelPlayer { id: id.get() };
        vec![Effect::Call(Target::All, remove), Effect::Call(Target::All, self.turn_call())]
    }

    /// Gives a player the name that it asks for, as far as it can be shown and no other player has it.
    pub fn set_name(&mut self, id: PeerId, name: &str) -> Vec<Effect> {
        let name = self.free_name(id, name);
        let Some(index) = self.index(id) else { return Vec::new() };
        let player = &mut self.players[index];
        let is_first = player.name.replace(name.clone()).is_none();
        if !is_first && player.is_useless() {
            return vec![Effect::Disconnect(id)];
        }
        vec![Effect::Call(Target::All, GameCall::UpdatePlayerName { id: id.get(), name })]
    }

    /// Handles the action that a player asks for.
    pub fn act(&mut self, id: PeerId, action: &str) -> Vec<Effect> {
        let Some(index) = self.index(id) else { return Vec::new() };
        let player = &mut self.players[index];
        let complaint = match Action::from_word(action) {
            _ if index != self.turn => format!("Someone is trying to cheat! {id}"),
            None => format!("Invalid action: {}", clean(action, MAX_SHOWN_ACTION)),
            Some(action) => {
                player.useless_requests = 0;
                let value = (self.dice)() % 100;
                // As the demo writes it, also for "pass".
                let message = format!("{}: {action}s {value}", self.players[index].name());
                self.advance_turn();
                return vec![log(message), Effect::Call(Target::All, self.turn_call())];
            }
        };
        if player.is_useless() { vec![Effect::Disconnect(id)] } else { vec![log(complaint)] }
    }

    fn advance_turn(&mut self) {
        self.turn += 1;
        if self.turn >= self.players.len() {
            self.turn = 0;
            self.rounds = self.rounds.saturating_add(u32::from(self.players.len() > 1));
        }
    }

    fn turn_call(&self) -> GameCall {
        GameCall::SetTurn { index: i32::try_from(self.turn).unwrap_or(i32::MAX) }
    }

    fn index(&self, id: PeerId) -> Option<usize> {
        self.players.iter().position(|player| player.id == id)
    }

    fn free_name(&self, id: PeerId, name: &str) -> String {
        let others = self.players.iter().filter(|player| player.id != id).map(RulesPlayer::name);
        unique(&name_or_default(name), others)
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Rules");
        shown.field("players", &self.players).field("turn", &self.turn).finish_non_exhaustive()
    }
}

impl RulesPlayer {
    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(NAMELESS)
    }

    /// Counts a request without use. Returns `true` if it is one too many.
    fn is_useless(&mut self) -> bool {
        self.useless_requests = self.useless_requests.saturating_add(1);
        self.useless_requests > MAX_USELESS_REQUESTS
    }
}

fn log(message: String) -> Effect {
    Effect::Call(Target::All, GameCall::Log { message })
}

#[cfg(test)]
mod tests;
