// The JavaScript class `ChatClient` of the pages: its events, values and errors. examples/chat has the tests of the chat itself.

import { ChatClient } from "/pkg/websocket_peer.js";
import { address, equal, pause, test, throws, until } from "./harness.js";

const servers = { plain: address("chat"), multiplayer: address("chat-multiplayer") };

for (const [mode, url] of Object.entries(servers)) {
  test(`clients exchange lines as plain objects (${mode})`, async () => {
    const ann = await join(url, { name: "Ann", mode });
    equal([ann.client.name, ann.client.state, ann.client.members], ["Ann", "open", []]);
    const bob = await join(url, { name: "Bob", mode, accepted: false });
    equal((await bob.next("present")).name, "Ann");
    equal(await bob.next("name-accepted"), { type: "name-accepted", name: "Bob" });
    const { id } = await ann.next("joined");
    equal(await ann.next("renamed"), { type: "renamed", id, name: "Bob", before: undefined });
    equal(ann.client.members, [{ id, name: "Bob" }]);
    equal(bob.client.id, mode === "multiplayer" ? id : undefined);

    bob.client.send("  one\nline  ");
    equal(await bob.next("own-line"), { type: "own-line", text: "one line" });
    equal(await ann.next("line"), { type: "line", from: id, name: "Bob", text: "one line" });
    bob.client.setName("Robert");
    equal(await bob.next("name-accepted"), { type: "name-accepted", name: "Robert" });
    equal(await ann.next("renamed"), { type: "renamed", id, name: "Robert", before: "Bob" });

    bob.client.close();
    equal(await bob.next("closed"), { type: "closed", why: "You left the chat.", code: 1000, clean: true });
    equal(await ann.next("left"), { type: "left", id, name: "Robert" });
    equal([ann.client.members, bob.client.state], [[], "closed"]);
    ann.client.free();
    bob.client.free();
  });
}

test("a client that the server removes gets the reason", async () => {
  const { client, next } = await join(servers.plain, { name: "Flood" });
  for (let line = 0; line < 100; line += 1) {
    client.send(`line ${line}`);
    client.nextEvent();
  }
  const { code, clean, why } = await next("closed");
  equal([code, clean], [4000, true]);
  equal(why.startsWith("The server removed you from the chat: "), true);
  equal(client.nextEvent(), undefined);
  throws("NotConnected", "there is no connection", () => client.send("late"));
  client.free();
});

test("a name that is taken is refused", async () => {
  const zoe = await join(servers.plain, { name: "Zoë" });
  const other = await join(servers.plain, { name: "ZOË", accepted: false });
  equal((await other.next("name-refused")).reason, "this name is taken");
  throws("InvalidName", "this name is taken", () => other.client.setName("Zoë"));
  equal(other.client.name, undefined);
  zoe.client.free();
  other.client.free();
});

test("wrong arguments and texts throw", async () => {
  throws("InvalidUrl", "ws://", () => ChatClient.connect("nonsense"));
  throws("TypeError", "url must be a string", () => ChatClient.connect(7));
  throws("TypeError", "options must be an object", () => ChatClient.connect(servers.plain, "Ann"));
  throws("TypeError", "name must be a string", () => ChatClient.connect(servers.plain, { name: 7 }));
  throws("TypeError", "mode must be", () => ChatClient.connect(servers.plain, { mode: "fast" }));
  throws("InvalidName", "square brackets", () => ChatClient.connect(servers.plain, { name: "[7]" }));
  const getter = { get name() { throw new RangeError("from the page"); } };
  throws("RangeError", "from the page", () => ChatClient.connect(servers.plain, getter));

  const { client } = await join(servers.plain, { name: "Carl" });
  const limits = ChatClient.limits();
  equal(limits, { name: 20, line: 500 });
  throws("Empty", "the line is empty", () => client.send(" \n "));
  throws("TooLong", "501 characters", () => client.send("😀".repeat(limits.line + 1)));
  throws("InvalidName", "1 to 20 characters", () => client.setName("x".repeat(limits.name + 1)));
  throws("InvalidName", "", () => client.send("/name"));
  throws("TypeError", "text must be a string", () => client.send(7));
  throws("TypeError", "onwake must be", () => { client.onwake = 7; });
  client.poll();
  equal(client.nextEvent(), undefined);
  client.free();
});

test("onwake is called when there is something to poll for", async () => {
  const eve = await join(servers.plain, { name: "Eve" });
  const finn = await join(servers.plain, { name: "Finn" });
  await eve.next("renamed");
  equal(eve.client.onwake, null);
  const woken = new Promise((resolve) => { eve.client.onwake = resolve; });
  finn.client.send("wake up");
  await Promise.race([woken, pause(10_000).then(() => { throw new Error("onwake was not called"); })]);
  equal((await eve.next("line")).text, "wake up");
  eve.client.onwake = null;
  equal(eve.client.onwake, null);
  eve.client.free();
  finn.client.free();
});

/** A client that is connected and has its name, and a function for its next event of a type. Other events are skipped. */
async function join(url, { name, mode, accepted = true }) {
  const client = ChatClient.connect(url, { name, mode });
  const next = async (type) => {
    let event;
    await until(client, `the event ${type}`, () => {
      for (event = client.nextEvent(); event !== undefined && event.type !== type; event = client.nextEvent());
      return event !== undefined;
    });
    return event;
  };
  await next("connected");
  if (accepted) await next("name-accepted");
  return { client, next };
}
