// A chat client in TypeScript, compiled against the declarations that the build of the pages makes: `tsc -p tests/js`.

import init, { ChatClient, type ChatEvent, type ChatLimits, type ChatMember, type ChatMode, type ChatOptions } from "websocket-peer";

const mode: ChatMode = "multiplayer";
const options: ChatOptions = { name: "Ann", mode };
// @ts-expect-error There is no such mode.
export const wrong: ChatOptions = { mode: "fast" };

/** Returns the line for an event. Each type of event is handled: otherwise this does not compile. */
function line(event: ChatEvent): string {
  switch (event.type) {
    case "connected":
      return "connected";
    case "line":
      return `${event.name ?? event.from}: ${event.text}`;
    case "own-line":
    case "server-line":
    case "notice":
      return event.text;
    case "joined":
      return event.id.toFixed();
    case "left":
      return event.name ?? event.id.toFixed();
    case "present":
    case "renamed":
      return event.type === "renamed" ? `${event.before ?? event.id}: ${event.name}` : event.name;
    case "name-accepted":
      return event.name;
    case "name-refused":
      return event.reason;
    case "closed":
      return event.clean ? event.why : `${event.code ?? "no code"}: ${event.why}`;
  }
}

export async function main(): Promise<void> {
  await init();
  const limits: ChatLimits = ChatClient.limits();
  using client = ChatClient.connect("ws://127.0.0.1:8000/test/", options);
  client.onwake = () => {
    client.poll();
    for (let event = client.nextEvent(); event !== undefined; event = client.nextEvent()) console.log(line(event));
  };
  client.setName("x".repeat(limits.name));
  client.send("x".repeat(limits.line));
  const members: ChatMember[] = client.members;
  const own: string | undefined = client.name;
  const id: number | undefined = client.id;
  console.log(client.state === "open", members, own, id);
  client.close();
  // @ts-expect-error The state has four names.
  console.log(client.state === "gone");
}
