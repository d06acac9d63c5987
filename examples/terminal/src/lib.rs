//! Typed lines and printed lines at once, for programs that wait for the network.
//!
//! In a terminal, [`Terminal`] shows a prompt in the last row, in which a person edits a line while a [`Printer`] prints
//! lines above it. Without a terminal, with pipes, lines are read and printed as they are, so that programs are
//! scriptable.
//!
//! ```no_run
//! use std::time::Duration;
//! use terminal::{Input, Terminal};
//! use websocket_peer::WebSocketPeer;
//!
//! let mut peer = WebSocketPeer::new();
//! peer.connect("ws://127.0.0.1:9080")?;
//! // A line that was typed ends the peer's `wait`.
//! let mut terminal = Terminal::start("> ", peer.waker())?;
//! let printer = terminal.printer();
//! loop {
//!     peer.wait(Duration::from_secs(60));
//!     while let Some(input) = terminal.next_input() {
//!         match input {
//!             Input::Line(line) => peer.send_text(&line)?,
//!             Input::End => return Ok(()),
//!         }
//!     }
//!     while let Some(packet) = peer.recv() {
//!         printer.line(&[format!("{packet:?}").into()])?;
//!     }
//! }
//! # #[allow(unreachable_code)]
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod editor;
mod keyboard;
mod pipe;
mod screen;
mod span;

use std::{
    io::{self, IsTerminal},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, SyncSender, TryRecvError, sync_channel},
    },
    task::Waker,
};

use self::screen::{Output, Screen};
pub use self::span::{Color, Span};

/// The lines that may wait to be read. Reading the input pauses while there are more.
const MAX_LINES: usize = 256;

/// What a person typed, or what came through a pipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A line, without its end.
    Line(String),
    /// The end: of the input, or by Ctrl-C, or by Ctrl-D in an empty line. It comes once, and nothing follows.
    End,
}

/// A terminal, or the pipes in its place. Dropping it restores the terminal.
///
/// A line that was typed disappears from the prompt. Print it if it should stay.
///
/// Keys as in a shell: arrows, Home, End, Ctrl-A, E, B, F, W, U, K, Y; the arrows up and down for earlier lines; Ctrl-L
/// clears the screen. A pasted text is one line. A program that is ended by a signal does not restore the terminal.
pub struct Terminal {
    shared: Arc<Shared>,
    inputs: Receiver<Input>,
    is_interactive: bool,
    has_ended: bool,
}

/// Prints lines from any thread. Clones print to the same terminal.
#[derive(Clone)]
pub struct Printer(Arc<Shared>);

/// What the threads share.
struct Shared {
    output: Mutex<Output>,
    waker: Mutex<Waker>,
    has_color: bool,
}

/// The sending half of the inputs, for the thread that reads.
struct Inputs {
    sender: SyncSender<Input>,
    shared: Arc<Shared>,
}

impl Terminal {
    /// Starts to read, in a thread, which calls the waker after each [`Input`].
    ///
    /// An input that is no terminal, pipe or file, such as the null device of a service, is not read, and has no end.
    ///
    /// # Errors
    /// If the terminal cannot be set to read single keys, or the thread cannot start.
    pub fn start(prompt: &str, waker: Waker) -> io::Result<Self> {
        let is_interactive = io::stdin().is_terminal() && io::stdout().is_terminal() && !is_dumb();
        let output = match is_interactive {
            true => Output::Screen(Screen::open(io::stdout(), prompt)?),
            false => Output::Plain(io::stdout()),
        };
        let (sender, inputs) = sync_channel(MAX_LINES);
        let shared =
            Arc::new(Shared { output: Mutex::new(output), waker: Mutex::new(waker), has_color: has_color() });
        let reader = Inputs { sender, shared: Arc::clone(&shared) };
        let this = Self { shared, inputs, is_interactive, has_ended: false };
        let thread = std::thread::Builder::new().name("terminal".to_owned());
        thread.spawn(move || if is_interactive { keyboard::read(&reader) } else { pipe::read(&reader) })?;
        Ok(this)
    }

    /// Returns the next input, if there is one.
    pub fn next_input(&mut self) -> Option<Input> {
        if self.has_ended {
            return None;
        }
        let input = match self.inputs.try_recv() {
            Ok(input) => input,
            // The terminal of a closed window is none any more. The thread does not notice: crossterm does not report it.
            Err(TryRecvError::Empty) if self.is_interactive && !io::stdin().is_terminal() => Input::End,
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => Input::End,
        };
        self.has_ended = input == Input::End;
        Some(input)
    }

    /// Returns a handle that prints.
    pub fn printer(&self) -> Printer {
        Printer(Arc::clone(&self.shared))
    }

    /// Sets the waker for later inputs, such as that of another connection.
    pub fn set_waker(&self, waker: Waker) {
        *lock(&self.shared.waker) = waker;
    }

    /// Sets the prompt, which is shown in a terminal only.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    pub fn set_prompt(&self, prompt: &str) -> io::Result<()> {
        lock(&self.shared.output).set_prompt(prompt)
    }

    /// Returns `true` if a person types in a terminal.
    pub fn is_interactive(&self) -> bool {
        self.is_interactive
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        lock(&self.shared.output).close();
    }
}

impl Printer {
    /// Prints a line, made of spans. Control characters in them are not printed, so text from the network cannot change
    /// the terminal.
    ///
    /// # Errors
    /// If the output is closed.
    pub fn line(&self, spans: &[Span<'_>]) -> io::Result<()> {
        lock(&self.0.output).print(&span::render(spans, self.0.has_color))
    }
}

impl Inputs {
    /// Passes an input on. Returns `false` if the program has dropped the terminal.
    fn send(&self, input: Input) -> bool {
        let is_sent = self.sender.send(input).is_ok();
        lock(&self.shared.waker).wake_by_ref();
        is_sent
    }
}

/// Locks. A thread that panicked while it printed leaves a screen that can be printed to.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns `true` if the terminal understands no sequences.
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// Returns `true` if the output shows colours, and the user has not turned them off (no-color.org).
fn has_color() -> bool {
    let is_off = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    io::stdout().is_terminal() && !is_dumb() && !is_off
}
