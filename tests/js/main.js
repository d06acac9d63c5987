// All tests of the page.

import init from "/pkg/websocket_peer.js";
import { conclude, report, run } from "./harness.js";
import "./websocket_peer.js";
import "./variant.js";
import "./mid_level.js";
import "./scene_multiplayer.js";
import "./chat_client.js";
import "./game_player.js";
import "./rooms_client.js";
import "./pages.js";

try {
  await init();
  await run();
} catch (error) {
  report(`FAILED  the module does not load: ${error.stack ?? error}`);
  conclude(false);
}
