// How others join the room: its code, a link to this page, and a line for a terminal. The link is the page's own URL, so that
// a reload joins the room again.

import { isPlain, showLine, terminalLine } from "../shared/addresses.js";
import { element, setText } from "../shared/form.js";

/** The code in the page's URL, if there is one. Anyone may have written it. */
export const codeInUrl = () => new URLSearchParams(location.search).get("room") ?? undefined;

/** Shows how others join this room of this server, or, without a code, how they list the rooms. */
export function showInvite(server, code) {
  const url = new URL(location.href);
  // Set in the text, because `URLSearchParams` would escape the address, and the links of the demo do not.
  const others = url.search.slice(1).split("&").filter((part) => part !== "" && !/^(room|server)=/.test(part));
  const own = [...(isPlain(server) ? [`server=${server}`] : []), ...(code === undefined ? [] : [`room=${code}`])];
  url.search = [...own, ...others].join("&");
  history.replaceState(null, "", url.href);
  const room = `${server.replace(/\/+$/, "")}/room/${code}`;
  const line = code === undefined ? terminalLine("rooms", server) : terminalLine("game", room);
  setText("terminal-label", code === undefined ? "List the rooms in a terminal:" : "From a terminal:");
  if (line !== undefined) showLine(element("terminal-line"), line);
  if (code === undefined) return;

  // Others need only the server and the room.
  url.search = own.join("&");
  setText("room-code", code);
  setText("room-link", url.href);
}
