// Why a room or the lobby could not be joined, in sentences for people. A browser reports only that a connection failed; the
// list of rooms has the rest.

/** Returns why a room could not be joined by its link, from the list that the lobby sent after that. */
export function whyNotJoined(code, rooms, listIsWhole) {
  const room = rooms.find((room) => room.code === code);
  if (room?.isFull) return `Room ${code} is full.`;
  if (room !== undefined) return `Room ${code} could not be joined. Try again.`;
  return listIsWhole ? `There is no room ${code}. It may have been closed.` : `Room ${code} could not be joined: it is full, or closed.`;
}

/** Returns why the lobby could not be joined. It asks the server over HTTP, which answers also when it is full. */
export async function whyNotConnected(server) {
  try {
    const url = new URL("rooms", `${server.replace(/^ws/, "http").replace(/\/+$/, "")}/`);
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    if (response.ok) return "The server is full: it accepts no further players now. Try again later.";
  } catch {
    // It is not there, or does not allow this page.
  }
  return "There is no server at this address, or it does not allow this page.";
}
