// The chat: joins a server, shows what happens there, and sends what is typed.

import { linkPages } from "../shared/addresses.js";
import { connectCopyButtons } from "../shared/copy.js";
import { element } from "../shared/form.js";
import { Composer } from "./composer.js";
import { Ending } from "./ending.js";
import { JoinForm } from "./join.js";
import { Lines } from "./lines.js";
import { People } from "./people.js";
import { Reporter } from "./reporter.js";
import { Session } from "./session.js";
import { showTerminalLine } from "./terminal.js";
import { followKeyboard } from "./viewport.js";

/** What the page needs from the library. */
export const CLASSES = ["ChatClient"];

const STATE_NAMES = { connecting: "Connecting…", open: "Connected", closing: "Leaving…", closed: "Not connected" };

const HELP = "Type a line and press Enter. /name and a name changes your name, /quit leaves. //TEXT sends a line that begins with a slash.";

/** Starts the page. `stopped` is called with an error that no call should throw; the page then stops. */
export function start({ ChatClient }, stopped) {
  linkPages();
  connectCopyButtons();
  followKeyboard();
  new Chat(ChatClient, stopped);
}

class Chat {
  #session;
  #lines = new Lines();
  #reporter = new Reporter(this.#lines);
  #join;
  #composer;
  #people;
  #ending;
  /** The address, the name and the mode: as the form had them, with the name of today. */
  #settings;
  #isLeaving = false;

  constructor(ChatClient, stopped) {
    const limits = ChatClient.limits();
    this.#session = new Session(ChatClient, (events) => this.#show(events), stopped);
    this.#join = new JoinForm(limits.name, (settings) => this.#connectOrCancel(settings));
    this.#composer = new Composer(limits.line, (text) => this.#send(text));
    this.#people = new People((name) => this.#session.act((client) => client.setName(name)), () => this.#leave());
    this.#ending = new Ending(() => this.#connectAgain(), () => this.#change());
    // Browsers may keep a page that was left, with its connection, for the button "Back".
    addEventListener("pagehide", () => this.#leave());
    this.#refresh();
    // The form is enabled when the page has started, right after this.
    queueMicrotask(() => this.#join.focus());
  }

  // What the person does

  /** Throws what the library says about the settings. */
  #connectOrCancel(settings) {
    if (this.#session.state !== "closed") return this.#leave();
    this.#session.connect(settings);
    this.#settings = settings;
    this.#isLeaving = false;
    this.#join.remember(settings);
    showTerminalLine(settings);
    this.#refresh();
  }

  #connectAgain() {
    // The settings worked before, and so did the name.
    this.#connectOrCancel(this.#settings);
    this.#composer.focus();
  }

  #change() {
    this.#leave();
    this.#goTo("join");
    this.#join.focus();
  }

  #leave() {
    this.#isLeaving = true;
    this.#session.act((client) => client.close());
  }

  /** Throws if nothing was sent. */
  #send(text) {
    this.#lines.goToNewest();
    const line = text.trim();
    const [command] = line.split(/\s/);
    if (command === "/quit") this.#leave();
    else if (command === "/help") this.#show([{ type: "notice", text: HELP }]);
    else if (command === "//name") throw new Error("a line cannot begin with /name, which changes a name");
    else if (command.startsWith("//")) this.#session.act((client) => client.send(line.slice(1)));
    else if (command.startsWith("/") && command !== "/name") throw new Error(`there is no command ${command}. /help shows the commands`);
    else this.#session.act((client) => client.send(text));
  }

  // What happens in the chat

  #show(events) {
    for (const event of events) {
      if (event.type === "connected") this.#enter();
      if (event.type === "closed") this.#end(event);
      else this.#reporter.add(event, this.#session.name ?? this.#settings?.name);
    }
    this.#lines.draw();
    this.#refresh();
  }

  #enter() {
    const isFirst = this.#view === "join";
    this.#goTo("chat");
    // Only from the form: a person who types, or reads, is not moved.
    if (isFirst) this.#composer.focus();
  }

  #end(event) {
    if (this.#view === "chat") {
      this.#reporter.add(event);
      this.#ending.show(event.why);
    } else if (!this.#isLeaving) {
      this.#join.showEnd(event.why);
    }
  }

  /** Brings everything but the lines up to date. */
  #refresh() {
    const { state, name, members } = this.#session;
    if (name !== undefined) this.#settings.name = name;
    document.documentElement.dataset.state = state;
    element("state").textContent = STATE_NAMES[state];
    this.#join.setState(state);
    this.#ending.setState(state);
    this.#people.show({ state, name, members, mode: this.#settings?.mode });
  }

  get #view() {
    return document.documentElement.dataset.view;
  }

  #goTo(view) {
    document.documentElement.dataset.view = view;
    if (view === "chat") this.#lines.settle();
  }
}
