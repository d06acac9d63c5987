// A client of the rooms in TypeScript, compiled against the declarations that the build of the pages makes: `tsc -p tests/js`.

import init, { RoomsClient, type GameView, type ListedRoom, type RoomsEvent } from "websocket-peer";

/** Returns the line for an event of the lobby. Those of the game are handled as in game.ts. */
function line(event: RoomsEvent): string {
  switch (event.type) {
    case "lobby":
      return "in the lobby";
    case "list":
      return event.rooms.map(room).join();
    case "created":
    case "room":
      return event.code;
    case "refused":
      return event.message;
    case "closed":
      return event.clean ? event.message : `${event.code ?? "no code"}: ${event.message}`;
    default:
      return event.type;
  }
}

function room({ code, title, players, capacity, isFull }: ListedRoom): string {
  return `${code} ${title} ${players.toFixed()} ${capacity.toFixed()} ${isFull ? "full" : ""}`;
}

export async function main(): Promise<void> {
  await init();
  using client = RoomsClient.connect("ws://127.0.0.1:9090", "x".repeat(RoomsClient.maxName()));
  client.onwake = () => {
    client.poll();
    for (let event = client.nextEvent(); event !== undefined; event = client.nextEvent()) console.log(line(event));
    const { players, canAct }: GameView = client.view();
    console.log(players);
    if (canAct) client.roll();
    if (client.isInLobby) client.createRoom("x".repeat(RoomsClient.maxTitle()));
  };
  const place: "connecting" | "lobby" | "room" | "closed" = client.place;
  const code: string | undefined = client.code;
  console.log(place, code, client.name);
  client.joinRoom("ABCD");
  client.leaveRoom();
  client.setName("Ann");
  client.pass();
  client.close();
  using other = RoomsClient.connectToRoom("ws://127.0.0.1:9090", "ABCD", "Bob");
  // @ts-expect-error The place is the server's decision.
  other.place = "lobby";
}
