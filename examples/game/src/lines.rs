//! Lines for people about what happened at the table, for programs that write text.

use crate::{
    messages::{Action, NAMELESS},
    table::{Roll, Table, TableEvent, TablePlayer},
};

/// Returns a line about a change of the table. There is none about a player that has not sent its name.
pub fn line(event: &TableEvent, table: &Table) -> Option<String> {
    let line = match event {
        TableEvent::Joined(player) if player.name == NAMELESS => return None,
        TableEvent::Joined(player) => format!("+ {}", player.name),
        TableEvent::Renamed { player, before } if before == NAMELESS => format!("+ {}", player.name),
        TableEvent::Renamed { player, before } if player.name == *before => return None,
        TableEvent::Renamed { player, before } => format!("* {before} is now {}", player.name),
        TableEvent::Left(player) => format!("- {}", player.name),
        TableEvent::TurnChanged(None) if table.players().is_empty() => return None,
        TableEvent::TurnChanged(None) => "* it is the turn of no player".to_owned(),
        TableEvent::TurnChanged(Some(_)) if table.is_own_turn() => "* it is your turn".to_owned(),
        TableEvent::TurnChanged(Some(player)) => format!("* it is the turn of {}", player.name),
        TableEvent::Logged(line) => match &line.roll {
            // Hosts write "passs", with the number that was not used.
            Some(Roll { name, action: Action::Pass, .. }) => format!("{name}: passes"),
            _ => line.text.clone(),
        },
    };
    Some(line)
}

/// Returns the players, one a line. A star marks the one whose turn it is.
pub fn players(table: &Table) -> Vec<String> {
    let own = table.own_id().map(|id| id.get());
    let line = |(index, player): (usize, &TablePlayer)| {
        let star = if table.turn() == Some(index) { '*' } else { ' ' };
        let you = if Some(player.id) == own { " (you)" } else { "" };
        format!("  {star} {}{you}", player.name)
    };
    table.players().iter().enumerate().map(line).collect()
}

#[cfg(test)]
mod tests {
    use websocket_peer::multiplayer::PeerId;

    use super::*;
    use crate::messages::GameCall;

    #[test]
    fn changes_of_the_table_are_lines() {
        let mut table = Table::default();
        table.set_own_id(PeerId::new(3).expect("it is positive"));
        let mut shown = Vec::new();
        for call in [
            GameCall::SetTurn { index: 0 },
            GameCall::AddPlayer { id: 2, name: Some("Ann".to_owned()) },
            GameCall::SetTurn { index: 5 },
            GameCall::AddPlayer { id: 3, name: None },
            GameCall::UpdatePlayerName { id: 3, name: "Bob".to_owned() },
            GameCall::UpdatePlayerName { id: 2, name: "Zoe".to_owned() },
            GameCall::UpdatePlayerName { id: 2, name: "Zoe".to_owned() },
            GameCall::SetTurn { index: 0 },
            GameCall::SetTurn { index: 1 },
            GameCall::Log { message: "Bob: rolls 3".to_owned() },
            GameCall::Log { message: "Zoe: passs 8".to_owned() },
        ] {
            let event = table.apply(&call).expect("it changes the table");
            shown.extend(line(&event, &table));
        }
        assert_eq!(
            shown,
            [
                "+ Ann",
                "* it is the turn of no player",
                "+ Bob",
                "* Ann is now Zoe",
                "* it is the turn of Zoe",
                "* it is your turn",
                "Bob: rolls 3",
                "Zoe: passes",
            ]
        );
        assert_eq!(players(&table), ["    Zoe", "  * Bob (you)"]);
        let event = table.apply(&GameCall::DelPlayer { id: 2 }).expect("it changes the table");
        assert_eq!(line(&event, &table).as_deref(), Some("- Zoe"));
        assert_eq!(players(&table), ["  * Bob (you)"]);
    }
}
