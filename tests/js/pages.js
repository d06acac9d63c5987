// The scripts of the pages in `www` that need no page: addresses, echoes, rates, graphs. `cargo xtask demo --check` uses the
// pages themselves.

import { addressOf, isPlain, pageUrl, terminalLine } from "/www/shared/addresses.js";
import { fromHex, milliseconds, perSecond, toHex } from "/www/shared/bytes.js";
import { LOWER_HALF, UP, paths } from "/www/console/chart.js";
import { whyNotJoined } from "/www/rooms/reasons.js";
import { Echoes } from "/www/console/echoes.js";
import { Meter, WINDOW_MILLISECONDS, axisEnd, median } from "/www/console/meter.js";
import { equal, test, throws } from "./harness.js";

/** Calls `body` as if the page had this query, and the server of this name as its own. */
function withQuery(query, own, body) {
  const before = location.href;
  history.replaceState(null, "", `?${query}`);
  if (own) document.documentElement.dataset.server = own;
  try {
    body();
  } finally {
    delete document.documentElement.dataset.server;
    history.replaceState(null, "", before);
  }
}

test("the addresses of the servers come from the query, or are the usual ones", () => {
  const host = location.hostname;
  withQuery("", undefined, () => {
    equal(["echo", "chat", "game"].map(addressOf), [`ws://${host}:9080`, `ws://${host}:8000/test/`, `ws://${host}:8080`]);
    equal(addressOf("rooms"), `ws://${host}:9090`);
  });
  withQuery("echo=ws://a:1&game=ws://b", undefined, () => {
    equal(["echo", "game"].map(addressOf), ["ws://a:1", "ws://b"]);
  });
  withQuery("server=ws://own:1&game=ws://b&chat=ws://c", "game", () => {
    equal(["game", "chat"].map(addressOf), ["ws://own:1", "ws://c"]);
  });
});

test("links pass the addresses on, and each page has its own as its server", () => {
  const query = (name) => new URL(pageUrl(name)).search;
  withQuery("server=ws://own:1&chat=ws://c/test/", "echo", () => {
    equal(query("index"), "?echo=ws://own:1&chat=ws://c/test/");
    equal(query("chat"), "?echo=ws://own:1&server=ws://c/test/");
    equal(query("echo"), "?server=ws://own:1&chat=ws://c/test/");
    equal(new URL(pageUrl("game")).pathname.endsWith("/game/"), true);
  });
});

test("an address that a shell would read otherwise is in no link, and in no line for a terminal", () => {
  for (const plain of ["ws://127.0.0.1:8000/test/", "wss://a-b.example/x_y.z", "ws://[::1]:80"]) equal(isPlain(plain), true);
  for (const bad of ["", "http://a", "javascript:alert(1)", "ws://a;rm", "ws://a b", "ws://a\nb", "ws://$(x)", "ws://a/'", "ws://a?b&c", "ws://a#`"]) {
    equal([bad, isPlain(bad)], [bad, false]);
    withQuery(`game=${encodeURIComponent(bad)}`, undefined, () => {
      equal(new URL(pageUrl("game")).search, "");
      if (bad !== "") equal(terminalLine("game"), undefined);
    });
  }
  equal(terminalLine("game", "ws://a:1"), "cargo run -p game --bin game_player -- ws://a:1");
  equal(["ws://a:1", "wss://a/"].map((url) => terminalLine("rooms", url)), ["curl http://a:1/rooms", "curl https://a/rooms"]);
});

test("an echo is the same packet, and is timed once", () => {
  const echoes = new Echoes();
  echoes.sent("a", 100);
  echoes.sent(Uint8Array.of(97), 110, true);
  equal(echoes.received("b", 120), undefined);
  equal(echoes.waitingProbes, 1);
  equal(echoes.received(Uint8Array.of(97), 125), { roundTrip: 15, isProbe: true });
  equal(echoes.received("a", 130), { roundTrip: 30, isProbe: false });
  equal(echoes.received("a", 131), undefined);
  echoes.sent("late", 0);
  equal(echoes.received("late", 60_001), undefined);
});

test("packets without an echo do not pile up", () => {
  const echoes = new Echoes();
  for (let number = 0; number < 1_000; number += 1) echoes.sent(`${number}`, number, true);
  equal([echoes.waitingProbes, echoes.received("0", 1_000)], [64, undefined]);
  equal(echoes.received("999", 1_000).roundTrip, 1);
  echoes.sent("x".repeat(5_000), 0);
  equal(echoes.received("x".repeat(5_000), 1), undefined);
});

test("rates are per second, and a pause leaves a gap", () => {
  const meter = new Meter();
  meter.sample({ bytesSent: 0, bytesReceived: 10 }, 1_000);
  meter.sample({ bytesSent: 50, bytesReceived: 30 }, 1_500);
  equal(meter.window(1_500).rates, [{ time: 1_500, sent: 100, received: 40 }]);
  meter.interrupt();
  meter.sample({ bytesSent: 9_000, bytesReceived: 0 }, 9_000);
  meter.sample({ bytesSent: 9_000, bytesReceived: 0 }, 9_500);
  equal(meter.window(9_500).rates.slice(1), [undefined, { time: 9_500, sent: 0, received: 0 }]);
  equal(meter.window(1_501 + WINDOW_MILLISECONDS).rates.filter((rate) => rate?.time === 1_500), []);
});

test("a flood of round trips keeps the newest", () => {
  const meter = new Meter();
  for (let number = 0; number < 10_000; number += 1) meter.roundTrip(number, 0);
  const { roundTrips } = meter.window(0);
  equal([roundTrips.length, roundTrips.at(-1).value], [600, 9_999]);
});

test("axes end at a round number above the highest value", () => {
  for (const [highest, end] of [[0, 1], [1, 1], [1.1, 2], [3, 5], [5, 5], [7, 10], [101, 200], [0.3, 1]]) equal(axisEnd(highest, 1), end);
  equal([median([]), median([3, 1, 2]), median([5])], [undefined, 2, 5]);
});

test("graphs are lines with gaps, the areas below them, and dots", () => {
  const samples = [{ time: 0, value: 1 }, { time: 30_000, value: 4 }, undefined, { time: 60_000, value: 2 }];
  const scale = { now: 60_000, end: 4 };
  const { line, area, dots } = paths(samples, (sample) => sample.value, { ...scale, place: UP });
  equal(line, "M0.0 75.0L300.0 0.0M600.0 50.0");
  equal(area, "M0.0 100L0.0 75.0L300.0 0.0V100ZM600.0 100L600.0 50.0V100Z");
  equal(dots, "M0.0 75.0h0M300.0 0.0h0M600.0 50.0h0");
  equal(paths(samples, (sample) => sample.value, { ...scale, place: LOWER_HALF, longest: 10 }).line, "M0.0 62.5M300.0 100.0M600.0 75.0");
  equal(paths([], () => 0, { ...scale, place: UP }), { line: "", area: "", dots: "" });
});

test("numbers are short, with their units", () => {
  equal([0, 920, 1_234, 999_600, 5e9].map(perSecond), ["0 B/s", "920 B/s", "1.23 kB/s", "1 MB/s", "5 GB/s"]);
  equal([undefined, 0.04, 0.42, 12.34, 1_500].map(milliseconds), ["–", "0 ms", "0.4 ms", "12.3 ms", "1.5 s"]);
  equal(toHex(fromHex("00 ff,0x7F")), "00 ff 7f");
  throws("InvalidHex", "second digit", () => fromHex("00 f"));
});

test("a link that does not work has a reason, as far as the list has it", () => {
  const rooms = [{ code: "ABCD", isFull: true }, { code: "EFGH", isFull: false }];
  equal(whyNotJoined("ABCD", rooms, true), "Room ABCD is full.");
  equal(whyNotJoined("EFGH", rooms, true), "Room EFGH could not be joined. Try again.");
  equal(whyNotJoined("WXYZ", rooms, true), "There is no room WXYZ. It may have been closed.");
  equal(whyNotJoined("WXYZ", rooms, false), "Room WXYZ could not be joined: it is full, or closed.");
});
