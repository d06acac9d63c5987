// The JavaScript class `GamePlayer` of the pages: its events, values and errors. examples/game has the tests of the game
// itself. Each roll of this host shows 42.

import { GamePlayer } from "/pkg/websocket_peer.js";
import { address, equal, pause, test, throws, until } from "./harness.js";

const host = address("game");
const server = address("server");

test("players join, take turns and leave, as plain objects", async () => {
  const ann = await join("Ann");
  equal([ann.player.name, ann.player.isClosed], ["Ann", false]);
  await until(ann.player, "the turn", () => ann.read() && ann.player.view().canAct);
  equal(ann.player.view(), {
    players: [{ id: ann.id, name: "Ann", isNamed: true, isOwn: true, hasTurn: true }],
    canAct: true,
    isOwnTurn: true,
  });

  const bob = await join("Bob");
  equal(await ann.next("joined"), { type: "joined", player: { id: bob.id, name: "... connecting ...", isNamed: false } });
  const named = { id: bob.id, name: "Bob", isNamed: true };
  equal(await ann.next("renamed"), { type: "renamed", player: named, before: undefined });
  equal(bob.player.view().canAct, false);
  throws("NotYourTurn", "it is not your turn", () => bob.player.roll());

  ann.player.roll();
  equal([ann.player.view().canAct, ann.player.view().isOwnTurn], [false, true]);
  throws("NotYourTurn", "it is not your turn", () => ann.player.pass());
  const roll = { name: "Ann", player: ann.id, action: "roll", value: 42 };
  equal(withOrderedRoll(await bob.next("logged")), { type: "logged", text: "Ann: rolls 42", roll });
  equal(await bob.next("turn"), { type: "turn", player: named });
  equal((await ann.next("logged")).roll.value, 42);
  bob.player.pass();
  const { text, roll: pass } = await ann.next("logged");
  equal([pass.action, pass.player, text.startsWith("Bob: pass")], ["pass", bob.id, true]);

  bob.player.setName("Robert");
  const renamed = { id: bob.id, name: "Robert", isNamed: true };
  equal(await ann.next("renamed"), { type: "renamed", player: renamed, before: "Bob" });
  bob.player.close();
  const { clean, code, message } = await bob.next("closed");
  equal([clean, code, message.startsWith("closed by this end"), bob.player.isClosed], [true, 1000, true, true]);
  equal(await ann.next("left"), { type: "left", player: renamed });
  equal([bob.player.nextEvent(), bob.player.view().canAct, bob.player.view().isOwnTurn], [undefined, false, false]);
  throws("NotConnected", "no connection", () => bob.player.roll());
  throws("NotConnected", "no connection", () => bob.player.setName("late"));
  bob.player.free();
  ann.player.free();
});

test("names are one line of visible characters, and not too long", async () => {
  const longest = GamePlayer.maxName();
  for (const [name, shown] of [["", "Player"], [" \n\u200b", "Player"], ["a\nb", "a b"], ["😀".repeat(longest + 1), "😀".repeat(longest)]]) {
    const { player, id } = await join(name);
    equal([player.name, player.view().players.find((other) => other.id === id).name], [shown, shown]);
    player.free();
  }
});

test("wrong arguments throw, and so does what needs a connection", () => {
  throws("InvalidUrl", "scheme", () => GamePlayer.connect("http://127.0.0.1", "Ann"));
  throws("BlockedPort", "6667", () => GamePlayer.connect("ws://127.0.0.1:6667", "Ann"));
  throws("TypeError", "url must be a string", () => GamePlayer.connect(7, "Ann"));
  throws("TypeError", "name must be a string", () => GamePlayer.connect(host));

  const player = GamePlayer.connect(host, "Ann");
  equal(player.view(), { players: [], canAct: false, isOwnTurn: false });
  equal(player.nextEvent(), undefined);
  throws("NotConnected", "no connection", () => player.roll());
  throws("TypeError", "name must be a string", () => player.setName(7));
  throws("TypeError", "onwake must be", () => { player.onwake = 7; });
  player.free();
  throws("Error", "", () => player.poll());
});

test("a connection that does not open is an event", async () => {
  const player = GamePlayer.connect(`${server}/reject/403`, "Ann");
  const { type, clean, code, message } = await nextOf(player, "closed");
  equal([type, clean, code, message.includes("refused")], ["closed", false, undefined, true]);
  player.free();
});

test("onwake of a player is called when there is something to poll for", async () => {
  const player = GamePlayer.connect(host, "Ann");
  equal(player.onwake, null);
  const woken = new Promise((resolve) => { player.onwake = resolve; });
  await Promise.race([woken, pause(10_000).then(() => { throw new Error("onwake was not called"); })]);
  player.onwake = null;
  equal(player.onwake, null);
  await nextOf(player, "connected");
  player.free();
});

/** A player that is connected and has its name, with a function for its next event of a type. */
async function join(name) {
  const player = GamePlayer.connect(host, name);
  const next = (type) => nextOf(player, type);
  const { id } = await next("connected");
  await until(player, "the own name", () => {
    const event = player.nextEvent();
    return event?.type === "renamed" && event.player.id === id;
  });
  const read = () => {
    while (player.nextEvent() !== undefined);
    return true;
  };
  return { player, id, next, read };
}

/** The next event of this type. Other events are skipped. */
async function nextOf(player, type) {
  let event;
  await until(player, `the event ${type}`, () => {
    for (event = player.nextEvent(); event !== undefined && event.type !== type; event = player.nextEvent());
    return event !== undefined;
  });
  return event;
}

/** The fields of a roll in the order in which this test writes them. */
function withOrderedRoll({ type, text, roll: { name, player, action, value } }) {
  return { type, text, roll: { name, player, action, value } };
}
