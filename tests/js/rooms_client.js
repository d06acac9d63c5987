// The JavaScript class `RoomsClient` of the pages: its events, values and errors. examples/rooms has the tests of the rooms
// themselves.

import { RoomsClient } from "/pkg/websocket_peer.js";
import { address, equal, test, throws, until } from "./harness.js";

const host = address("rooms");

test("a client creates a room, another joins it, and both are in the lobby again", async () => {
  const ann = await enter("Ann");
  const bob = await enter("Bob");
  equal([ann.client.place, ann.client.code, ann.client.name, ann.client.isInLobby], ["lobby", undefined, "Ann", true]);
  ann.client.createRoom("Friday\nnight");
  const { code } = await ann.next("created");
  equal(await ann.next("room"), { type: "room", code });
  equal([ann.client.place, ann.client.code, ann.client.isInLobby], ["room", code, false]);
  await ann.next("renamed");

  const list = await bob.next("list", ({ rooms }) => rooms.some((room) => room.code === code && room.players === 1));
  const room = list.rooms.find((room) => room.code === code);
  equal(room, { code, title: "Friday night", players: 1, capacity: 2, isFull: false });
  bob.client.joinRoom(code.toLowerCase());
  await bob.next("room");
  await bob.next("renamed", ({ player }) => player.name === "Bob");
  equal(bob.client.view().players.map(({ name, isOwn }) => [name, isOwn]), [["Ann", false], ["Bob", true]]);
  await until(ann.client, "the turn", () => ann.read() && ann.client.view().canAct);
  ann.client.roll();
  equal((await bob.next("logged")).roll.action, "roll");

  const cid = await enter("Cid");
  cid.client.joinRoom(code);
  equal(await cid.next("refused"), { type: "refused", message: `Room ${code} is full` });
  const byPath = RoomsClient.connectToRoom(host, code, "Dora");
  equal((await reader(byPath).next("closed")).clean, false);
  equal([byPath.place, byPath.code], ["closed", undefined]);
  byPath.free();

  bob.client.leaveRoom();
  await bob.next("lobby");
  await bob.next("list");
  equal([bob.client.place, bob.client.view().players], ["lobby", []]);
  await ann.next("left");
  bob.client.close();
  equal((await bob.next("closed")).code, 1000);
  for (const { client } of [ann, bob, cid]) client.free();
});

test("mistakes in calls throw, and change nothing", async () => {
  throws("InvalidUrl", "", () => RoomsClient.connect("http://a", "Ann"));
  throws("TypeError", "server must be a string", () => RoomsClient.connect(1, "Ann"));
  throws("InvalidCode", "four letters", () => RoomsClient.connectToRoom(host, "AB1D", "Ann"));
  const ann = await enter("Ann");
  throws("InvalidCode", "four letters", () => ann.client.joinRoom("lobby"));
  throws("NotThere", "", () => ann.client.leaveRoom());
  throws("NotConnected", "", () => ann.client.roll());
  throws("TypeError", "title must be a string", () => ann.client.createRoom());
  throws("TypeError", "onwake must be", () => {
    ann.client.onwake = 1;
  });
  equal([ann.client.place, RoomsClient.maxTitle(), RoomsClient.maxName()], ["lobby", 40, 24]);
  ann.client.free();
});

test("a client wakes the page", async () => {
  const ann = await enter("Ann");
  let isWoken = false;
  ann.client.onwake = () => {
    isWoken = true;
  };
  ann.client.poll();
  ann.read();
  const bob = await enter("Bob");
  bob.client.createRoom("");
  await until(bob.client, "a wake-up by the new list", () => isWoken);
  for (const { client } of [ann, bob]) client.free();
});

/** A client that is in the lobby, and has its list. */
async function enter(name) {
  const client = RoomsClient.connect(host, name);
  const one = reader(client);
  await one.next("connected");
  await one.next("lobby");
  await one.next("list");
  return one;
}

/** A client, and its events: `next` waits for one of a type, and drops those before it. */
function reader(client) {
  const events = [];
  const read = () => {
    for (let event = client.nextEvent(); event !== undefined; event = client.nextEvent()) events.push(event);
    return true;
  };
  const next = async (type, is = () => true) => {
    let found;
    await until(client, `the event ${type}`, () => {
      read();
      while (found === undefined && events.length > 0) {
        const event = events.shift();
        if (event.type === type && is(event)) found = event;
      }
      return found !== undefined;
    });
    return found;
  };
  return { client, read, next };
}
