// Brings the page from "loading" to "ready" or "failed", and shows why it failed.
//
// A classic script on purpose: it must run when modules cannot be loaded.

(() => {
  const DEMO = "Run `cargo xtask demo` in the repository";

  /** What the person at the page can do about a failure, and what the browser said. */
  class Failure {
    constructor(advice, cause) {
      this.advice = advice;
      this.cause = cause;
    }
  }

  const orFail = (promise, advice) => promise.catch((cause) => Promise.reject(new Failure(advice, cause)));

  async function boot() {
    if (location.protocol === "file:") {
      throw new Failure(`The page was opened as a file, and browsers load modules only from a server. ${DEMO}, then open the address it prints.`);
    }
    if (typeof WebAssembly !== "object") {
      throw new Failure("This browser has no WebAssembly, or it is turned off, as strict privacy settings do. Allow it for this address, or open the page in a current Chrome, Edge, Firefox or Safari.");
    }
    const page = await orFail(import("./console.js"), "A script of this page did not load. Check that the whole `www` directory is served, then reload.");
    const library = await orFail(import("./pkg/websocket_peer.js"), `The peer is not built yet: \`pkg/websocket_peer.js\` did not load. ${DEMO}: it builds the peer and serves this page.`);
    await orFail(library.default(), `The peer's WebAssembly did not start. ${DEMO} to build it afresh, then reload.`);
    if (typeof library.WebSocketPeer !== "function") {
      throw new Failure(`The peer was built without its JavaScript class, the crate's feature \`js\`. ${DEMO}: it builds the peer with it.`);
    }
    page.start(library.WebSocketPeer, (cause) => {
      fail(new Failure("The peer's WebAssembly stopped in the middle of its work; the log shows how far it came. Reload the page to start again.", cause));
    });
    show("ready");
  }

  function show(phase) {
    document.getElementById("phase").textContent = `WebAssembly ${phase}`;
    document.getElementById("controls").disabled = phase !== "ready";
    document.documentElement.dataset.phase = phase;
  }

  function fail({ advice, cause }) {
    document.getElementById("failure").replaceChildren(...advice.split("`").map(textOrCode));
    document.getElementById("failure-detail").textContent = cause === undefined ? "" : String(cause);
    show("failed");
  }

  /** Every second part of an advice stood between backticks. */
  function textOrCode(part, at) {
    if (at % 2 === 0) return part;
    const code = document.createElement("code");
    code.textContent = part;
    return code;
  }

  boot().catch((reason) => {
    fail(reason instanceof Failure ? reason : new Failure(`This page did not start. ${DEMO} to build it afresh, then reload.`, reason));
  });
})();
