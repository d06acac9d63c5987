//! The game of bevy_replicon's example: clients pick cells, and the server replicates the board to them.

use bevy::prelude::*;
use bevy_replicon::prelude::*;
use serde::{Deserialize, Serialize};

use bevy_websocket_peer::WebSocketClient;

use crate::apps::{app, client_state, connect, count, listen, update_until};

/// Rows, columns and diagonals.
const LINES: [[u8; 3]; 8] =
    [[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6]];

#[derive(Component, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
enum Symbol {
    Cross,
    Nought,
}

/// A cell of the board, by its number.
#[derive(Component, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
struct Cell(u8);

/// The game, on an entity of its own.
#[derive(Component, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
enum Game {
    /// The symbol whose player picks next.
    Next(Symbol),
    Won(Symbol),
    Tie,
}

/// A client's event: it puts its symbol into this cell.
#[derive(Event, Serialize, Deserialize, Clone, Copy)]
struct Pick(u8);

/// A client's event: the board is emptied.
#[derive(Event, Serialize, Deserialize, Clone, Copy)]
struct Restart;

/// The server's event for a client: the symbol that it plays.
#[derive(Event, Serialize, Deserialize, Clone, Copy)]
struct Role(Symbol);

/// The symbol that the server gave to this client.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
struct Own(Symbol);

fn protocol(app: &mut App) {
    app.replicate::<Cell>()
        .replicate::<Symbol>()
        .replicate::<Game>()
        .add_client_event::<Pick>(Channel::Ordered)
        .add_client_event::<Restart>(Channel::Ordered)
        .add_server_event::<Role>(Channel::Ordered)
        .add_observer(|role: On<Role>, mut commands: Commands| commands.insert_resource(Own(role.0)));
}

fn rules(app: &mut App) {
    app.add_observer(give_symbol).add_observer(pick).add_observer(restart);
    let world = app.world_mut();
    world.spawn((Replicated, Game::Next(Symbol::Cross)));
    for number in 0..9 {
        world.spawn((Replicated, Cell(number)));
    }
}

/// Gives a new player the symbol that is free.
fn give_symbol(
    client: On<Add, AuthorizedClient>,
    players: Query<&Symbol, With<ConnectedClient>>,
    mut commands: Commands,
) {
    let is_taken = players.iter().any(|symbol| *symbol == Symbol::Cross);
    let symbol = if is_taken { Symbol::Nought } else { Symbol::Cross };
    commands.entity(client.entity).insert(symbol);
    let targets = SendTargets::Single(client.entity.into());
    commands.server_trigger(ToClients { targets, message: Role(symbol) });
}

fn pick(
    pick: On<FromClient<Pick>>,
    players: Query<&Symbol, With<ConnectedClient>>,
    cells: Query<(Entity, &Cell, Option<&Symbol>)>,
    mut game: Single<&mut Game>,
    mut commands: Commands,
) {
    let Some(Ok(symbol)) = pick.client_id.entity().map(|client| players.get(client)) else { return };
    let empty = cells.iter().find(|(_, cell, owner)| cell.0 == pick.0 && owner.is_none());
    let (Some((entity, cell, _)), Game::Next(next)) = (empty, **game) else { return };
    if next != *symbol {
        return;
    }
    commands.entity(entity).insert(*symbol);
    let owner = |number| match cells.iter().find(|(_, cell, _)| cell.0 == number) {
        _ if number == cell.0 => Some(*symbol),
        found => found.and_then(|(_, _, owner)| owner.copied()),
    };
    **game = if LINES.iter().any(|line| line.iter().all(|number| owner(*number) == Some(*symbol))) {
        Game::Won(*symbol)
    } else if (0..9).all(|number| owner(number).is_some()) {
        Game::Tie
    } else {
        Game::Next(if *symbol == Symbol::Cross { Symbol::Nought } else { Symbol::Cross })
    };
}

fn restart(
    _: On<FromClient<Restart>>,
    cells: Query<Entity, With<Cell>>,
    mut game: Single<&mut Game>,
    mut commands: Commands,
) {
    for cell in &cells {
        commands.entity(cell).remove::<Symbol>();
    }
    **game = Game::Next(Symbol::Cross);
}

/// The board as an app sees it: all cells in order, and the game.
fn board(app: &mut App) -> (Vec<Option<Symbol>>, Option<Game>) {
    let world = app.world_mut();
    let mut cells: Vec<_> = world
        .query::<(&Cell, Option<&Symbol>)>()
        .iter(world)
        .map(|(cell, symbol)| (cell.0, symbol.copied()))
        .collect();
    cells.sort_by_key(|(number, _)| *number);
    let game = world.query::<&Game>().iter(world).next().copied();
    (cells.into_iter().map(|(_, symbol)| symbol).collect(), game)
}

fn send(app: &mut App, event: impl Event) {
    app.world_mut().client_trigger(event);
}

/// Updates all apps until each has this game, and the same board.
fn play_until(apps: &mut [&mut App], game: Game) {
    update_until(apps, &format!("{game:?} on all boards"), |apps| {
        let boards: Vec<_> = apps.iter_mut().map(|app| board(app)).collect();
        boards.iter().all(|board| *board == boards[0] && board.1 == Some(game))
    });
}

#[test]
fn two_clients_play_a_game_to_its_end() {
    let mut server = app(|app| {
        protocol(app);
        rules(app);
    });
    let url = listen(&mut server);
    let (mut cross, mut nought) = (app(protocol), app(protocol));
    for (app, symbol) in [(&mut cross, Symbol::Cross), (&mut nought, Symbol::Nought)] {
        connect(app, &url);
        update_until(&mut [&mut server, app], "the client has its symbol", |apps| {
            apps[1].world().get_resource::<Own>() == Some(&Own(symbol))
        });
    }
    let mut apps = [&mut server, &mut cross, &mut nought];
    play_until(&mut apps, Game::Next(Symbol::Cross));

    // Cross has the upper row. Nought picks a cell that is taken, and out of turn, in between.
    for (player, cell, game) in [
        (1, 0, Game::Next(Symbol::Nought)),
        (2, 4, Game::Next(Symbol::Cross)),
        (1, 1, Game::Next(Symbol::Nought)),
        (2, 8, Game::Next(Symbol::Cross)),
        (1, 2, Game::Won(Symbol::Cross)),
    ] {
        if player == 2 {
            send(apps[2], Pick(0));
        }
        send(apps[player], Pick(cell));
        play_until(&mut apps, game);
    }
    use Symbol::{Cross, Nought};
    let won = [Some(Cross), Some(Cross), Some(Cross), None, Some(Nought), None, None, None, Some(Nought)];
    assert_eq!(board(apps[2]).0, won);

    // A removal is replicated as well.
    send(apps[2], Restart);
    play_until(&mut apps, Game::Next(Symbol::Cross));
    assert_eq!(board(apps[1]).0, [None; 9]);
}

#[test]
fn a_client_that_returns_sees_the_board_and_plays_on() {
    let mut server = app(|app| {
        protocol(app);
        rules(app);
    });
    let url = listen(&mut server);
    let (mut cross, mut nought) = (app(protocol), app(protocol));
    for app in [&mut cross, &mut nought] {
        connect(app, &url);
        update_until(&mut [&mut server, app], "the client has a symbol", |apps| {
            apps[1].world().contains_resource::<Own>()
        });
    }
    send(&mut cross, Pick(4));
    play_until(&mut [&mut server, &mut cross, &mut nought], Game::Next(Symbol::Nought));

    nought.world_mut().resource_mut::<WebSocketClient>().close();
    update_until(&mut [&mut server, &mut nought], "the client has left", |apps| {
        client_state(apps[1]) == ClientState::Disconnected && count::<ConnectedClient>(apps[0]) == 1
    });
    // A program removes what the server of an ended connection has replicated.
    let remote: Vec<_> =
        nought.world_mut().query_filtered::<Entity, With<Remote>>().iter(nought.world()).collect();
    assert_eq!(remote.len(), 10);
    for entity in remote {
        nought.world_mut().despawn(entity);
    }
    nought.world_mut().remove_resource::<Own>();

    connect(&mut nought, &url);
    let mut apps = [&mut server, &mut cross, &mut nought];
    play_until(&mut apps, Game::Next(Symbol::Nought));
    update_until(&mut apps, "the client has its symbol again", |apps| {
        apps[2].world().get_resource::<Own>() == Some(&Own(Symbol::Nought))
    });
    assert_eq!(board(apps[2]).0[4], Some(Symbol::Cross));
    send(apps[2], Pick(0));
    play_until(&mut apps, Game::Next(Symbol::Cross));
    assert_eq!(board(apps[1]).0[0], Some(Symbol::Nought));
}
