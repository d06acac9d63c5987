// A player of the game in TypeScript, compiled against the declarations that the build of the pages makes: `tsc -p tests/js`.

import init, { GamePlayer, type GameEvent, type GamePerson, type GameRoll, type GameView } from "websocket-peer";

/** Returns the line for an event. Each type of event is handled: otherwise this does not compile. */
function line(event: GameEvent): string {
  switch (event.type) {
    case "connected":
      return event.id.toFixed();
    case "joined":
    case "left":
      return event.player.name;
    case "renamed":
      return `${event.before ?? "a new player"} is ${event.player.name}`;
    case "turn":
      return event.player?.name ?? "no player";
    case "logged":
      return event.roll === undefined ? event.text : roll(event.roll);
    case "warning":
      return event.message;
    case "closed":
      return event.clean ? event.message : `${event.code ?? "no code"}: ${event.message}`;
  }
}

function roll({ name, player, action, value }: GameRoll): string {
  // @ts-expect-error An action is to roll or to pass.
  if (action === "cheat") return "";
  return `${name} (${player ?? "unknown"}) ${action} ${value.toFixed()}`;
}

export async function main(): Promise<void> {
  await init();
  using player = GamePlayer.connect("ws://127.0.0.1:8080", "x".repeat(GamePlayer.maxName()));
  player.onwake = () => {
    player.poll();
    for (let event = player.nextEvent(); event !== undefined; event = player.nextEvent()) console.log(line(event));
    const { players, canAct, isOwnTurn }: GameView = player.view();
    const people: readonly GamePerson[] = players;
    console.log(people, isOwnTurn, players.find(({ isOwn, hasTurn }) => isOwn && hasTurn)?.isNamed);
    if (canAct) player.roll();
  };
  player.setName("Ann");
  player.pass();
  const name: string = player.name;
  console.log(name, player.isClosed);
  player.close();
  // @ts-expect-error A name is changed by a call.
  player.name = "Bob";
}
