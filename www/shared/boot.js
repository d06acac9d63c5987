// Brings a page from "loading" to "ready" or "failed", shows how far the loading is, and why it failed.
//
// A page has this script with the name of its own module: `<script src="../shared/boot.js" data-page="console.js" defer>`.
// That module exports `CLASSES`, the names of the classes that it needs from the library, and `start(library, stopped)`.
// `stopped` is to be called with an error that no call should throw, such as a trap in the library: the page is over then.
//
// A classic script on purpose: it must run when modules cannot be loaded.

(() => {
  const DEMO = "Run `cargo xtask demo` in the repository";

  const script = document.currentScript;
  const pageUrl = new URL(script.dataset.page, document.baseURI).href;
  const libraryUrl = new URL("../pkg/websocket_peer.js", script.src).href;
  const wasmUrl = new URL("../pkg/websocket_peer_bg.wasm", script.src).href;

  /** What the person at the page can do about a failure, and the error of the browser. */
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
    const page = await orFail(import(pageUrl), "A script of this page did not load. Check that the whole `www` directory is served, then reload.");
    const library = await orFail(import(libraryUrl), `The library is not built yet: \`pkg/websocket_peer.js\` did not load. ${DEMO}: it builds the library and serves this page.`);
    const module = await orFail(download(wasmUrl), `The library's WebAssembly did not load. ${DEMO}: it builds the library and serves this page.`);
    await orFail(library.default({ module_or_path: module }), `The library's WebAssembly did not start. ${DEMO} to build it afresh, then reload.`);
    const missing = page.CLASSES.filter((name) => typeof library[name] !== "function");
    if (missing.length > 0) {
      throw new Failure(`The library was built without the class \`${missing.join("`, `")}\`, which this page needs. ${DEMO}: it builds the library with all classes.`);
    }
    page.start(library, (cause) => {
      fail(new Failure("The library's WebAssembly stopped in the middle of its work. What is on the page is from before that. Reload the page to start again.", cause));
    });
    show("ready");
  }

  /** The module, whose bytes move the progress bar while the browser compiles what has arrived. */
  async function download(url) {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${response.status} ${response.statusText} for ${url}`);
    // Of a compressed body the length is known, but what arrives here is unpacked.
    const total = response.headers.has("content-encoding") ? NaN : Number(response.headers.get("content-length") ?? NaN);
    let loaded = 0;
    const counter = new TransformStream({
      transform(chunk, controller) {
        loaded += chunk.length;
        showProgress(loaded, total);
        controller.enqueue(chunk);
      },
    });
    // With its type, whatever the server calls it, so that the browser compiles it as it arrives.
    return new Response(response.body.pipeThrough(counter), { headers: { "content-type": "application/wasm" } });
  }

  function showProgress(loaded, total) {
    const progress = document.getElementById("progress");
    if (progress === null || !(total > 0)) return;
    progress.max = total;
    progress.value = Math.min(loaded, total);
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

  /** Every second part of an advice is code: it stood between backticks. */
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
