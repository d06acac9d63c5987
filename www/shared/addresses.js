// The servers of the demo: their addresses from the query of the page's URL, the links that pass them on,
// and the lines to type in a terminal.
//
// The first page has `?echo=ws://…&chat=ws://…&game=ws://…&rooms=ws://…`. Each page has its own server as `?server=ws://…`,
// and the others under their names, so that its links work, too.

const ROOT = new URL("..", import.meta.url);

const SERVERS = {
  echo: { page: "console/", port: 9080, path: "", command: "cargo run --example minimal_client --" },
  chat: { page: "chat/", port: 8000, path: "/test/", command: "cargo run -p chat --bin chat --" },
  game: { page: "game/", port: 8080, path: "", command: "cargo run -p game --bin game_player --" },
  // The list of rooms, over HTTP. A room is joined by the game's line, with the path of the room.
  rooms: { page: "rooms/", port: 9090, path: "", command: "curl", typed: (address) => `${address.replace(/^ws/, "http").replace(/\/+$/, "")}/rooms` },
};

/** An address of these characters means the same in a shell, in a URL's query and on the screen. */
const PLAIN = /^wss?:\/\/[\w.\-:[\]]+(\/[\w.\-~/]*)?$/;

/** Returns `true` if an address can be shown as a part of a line for a terminal. Anyone may have written the page's URL. */
export const isPlain = (address) => PLAIN.test(address);

/** The address of a server: as the query has it, otherwise on the page's own host, at the usual port. */
export function addressOf(name) {
  return given(name) ?? usual(name);
}

/** The line that joins a server from a terminal, or asks it for its rooms, or `undefined` if the address does not belong in one. */
export function terminalLine(name, address = addressOf(name)) {
  const { command, typed = (address) => address } = SERVERS[name];
  return isPlain(address) ? `${command} ${typed(address)}` : undefined;
}

/** Shows a line for a terminal in words that do not break, so that it breaks only between them. */
export function showLine(place, line) {
  const words = line.split(" ").map((text) => {
    const word = document.createElement("span");
    word.textContent = text;
    return word;
  });
  place.replaceChildren(...words.flatMap((word, at) => (at === 0 ? [word] : [" ", word])));
}

/** The URL of a server's page, or of the first page for `index`. The addresses of the query go along. */
export function pageUrl(name) {
  const query = Object.keys(SERVERS)
    .filter((server) => isPlain(given(server) ?? ""))
    .map((server) => `${server === name ? "server" : server}=${given(server)}`);
  const url = new URL(name === "index" ? "" : SERVERS[name].page, ROOT);
  url.search = query.join("&");
  return url.href;
}

/** Completes the page's links to other pages, which have `data-demo="echo"`, `"chat"`, `"game"`, `"rooms"` or `"index"`. */
export function linkPages() {
  for (const link of document.querySelectorAll("a[data-demo]")) link.href = pageUrl(link.dataset.demo);
}

function given(name) {
  const query = new URLSearchParams(location.search);
  const own = document.documentElement.dataset.server === name;
  return (own && query.get("server")) || query.get(name) || undefined;
}

function usual(name) {
  const { port, path } = SERVERS[name];
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return `${scheme}://${location.hostname || "127.0.0.1"}:${port}${path}`;
}
