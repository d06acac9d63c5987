//! The built programs in a pseudo-terminal, and what a person sees in it.

use std::{
    fmt::Write as _,
    io::{Read, Write},
    num::NonZero,
    process::Child,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use pty_process::{
    Size,
    blocking::{Command, Pts, Pty, open},
};

use super::PATIENCE;

/// A program in a pseudo-terminal. Dropping it kills the program.
pub struct Terminal {
    pty: Arc<Pty>,
    /// Open, so that the terminal outlives the program.
    _pts: Pts,
    child: Child,
    shown: Arc<Mutex<vt100::Parser<Events>>>,
}

/// What programs ask of a terminal, apart from text in colours.
#[derive(Debug, Default)]
pub struct Events {
    /// Answers to write to the program.
    answers: Vec<u8>,
    /// Bells, titles, and sequences that no program of this chat writes.
    pub unexpected: Vec<String>,
    /// The number of times that the program asked for the cursor's position.
    pub asked: usize,
}

impl Terminal {
    /// Starts a program in a terminal of this size.
    #[track_caller]
    pub fn start(
        program: &str,
        arguments: &[&str],
        variables: &[(&str, &str)],
        rows: u16,
        columns: u16,
    ) -> Self {
        let (pty, pts) = open().expect("a pseudo-terminal");
        pty.resize(Size::new(rows, columns)).expect("a pseudo-terminal has a size");
        let command =
            Command::new(program).args(arguments).env("TERM", "xterm-256color").env_remove("NO_COLOR");
        let mut command = command.envs(variables.iter().copied());
        let child = command.spawn_borrowed(&pts).expect("the program starts");
        let parser = vt100::Parser::new_with_callbacks(cells(rows), cells(columns), 0, Events::default());
        let (pty, shown) = (Arc::new(pty), Arc::new(Mutex::new(parser)));
        let (reader, parser) = (Arc::clone(&pty), Arc::clone(&shown));
        thread::spawn(move || follow(&reader, &parser));
        Self { pty, _pts: pts, child, shown }
    }

    /// Types keys.
    #[track_caller]
    pub fn keys(&mut self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).expect("an open terminal");
    }

    /// Changes the size, as a person does with a window.
    #[track_caller]
    pub fn resize(&mut self, rows: u16, columns: u16) {
        lock(&self.shown).screen_mut().set_size(cells(rows), cells(columns));
        self.pty.resize(Size::new(rows, columns)).expect("an open terminal");
    }

    /// Waits until the screen fits.
    #[track_caller]
    pub fn until(&mut self, what: &str, fits: impl Fn(&vt100::Screen) -> bool) {
        let start = Instant::now();
        while !fits(lock(&self.shown).screen()) {
            assert!(start.elapsed() < PATIENCE, "{what}; the screen shows\n{}", self.picture());
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until the rows with text are these, and the cursor is behind the last one.
    #[track_caller]
    pub fn shows(&mut self, expected: &[&str]) {
        self.until(&format!("expected {expected:#?}"), |screen| {
            rows(screen) == expected && is_cursor_at_end(screen)
        });
    }

    /// Waits until the last rows with text are these.
    #[track_caller]
    pub fn ends_with(&mut self, expected: &[&str]) {
        self.until(&format!("expected at the end {expected:#?}"), |screen| {
            rows(screen).ends_with(&expected.iter().map(|row| (*row).to_owned()).collect::<Vec<_>>())
        });
    }

    /// Returns what the program asked for so far.
    pub fn events(&self) -> MutexGuard<'_, vt100::Parser<Events>> {
        lock(&self.shown)
    }

    /// Waits until the program ends, and returns its exit code.
    #[track_caller]
    pub fn ended(&mut self) -> Option<i32> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("the child can be asked") {
                return status.code();
            }
            assert!(start.elapsed() < PATIENCE, "it runs, and the screen shows\n{}", self.picture());
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Returns the screen, with the place of the cursor.
    pub fn picture(&self) -> String {
        let shown = lock(&self.shown);
        let (row, column) = shown.screen().cursor_position();
        let mut picture = format!("cursor: row {row}, column {column}; {:?}\n", shown.callbacks());
        for row in rows(shown.screen()) {
            // Writing to a string does not fail.
            let _ = writeln!(picture, "|{row}");
        }
        picture
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Fails if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl vt100::Callbacks for Events {
    fn audible_bell(&mut self, _: &mut vt100::Screen) {
        self.unexpected.push("bell".to_owned());
    }

    fn set_window_title(&mut self, _: &mut vt100::Screen, title: &[u8]) {
        self.unexpected.push(format!("title {title:?}"));
    }

    fn unhandled_control(&mut self, _: &mut vt100::Screen, byte: u8) {
        self.unexpected.push(format!("control {byte}"));
    }

    fn unhandled_escape(&mut self, _: &mut vt100::Screen, _: Option<u8>, _: Option<u8>, byte: u8) {
        self.unexpected.push(format!("escape {byte}"));
    }

    fn unhandled_csi(
        &mut self,
        screen: &mut vt100::Screen,
        private: Option<u8>,
        _: Option<u8>,
        parameters: &[&[u16]],
        last: char,
    ) {
        if (private, parameters, last) == (None, &[&[6]], 'n') {
            let (row, column) = screen.cursor_position();
            self.answers.extend(format!("\x1b[{};{}R", row + 1, column + 1).bytes());
            self.asked += 1;
        } else {
            self.unexpected.push(format!("{private:?} {parameters:?} {last}"));
        }
    }
}

/// Returns the rows down to the last one with text or the cursor, without spaces at their ends.
pub fn rows(screen: &vt100::Screen) -> Vec<String> {
    let rows = screen.rows(0, screen.size().1.get());
    let mut rows: Vec<String> = rows.map(|row| row.trim_end().to_owned()).collect();
    while rows.last().is_some_and(String::is_empty)
        && rows.len() > usize::from(screen.cursor_position().0) + 1
    {
        rows.pop();
    }
    rows
}

fn is_cursor_at_end(screen: &vt100::Screen) -> bool {
    usize::from(screen.cursor_position().0) + 1 == rows(screen).len()
}

/// Shows what the program prints, and answers what it asks.
fn follow(pty: &Pty, shown: &Mutex<vt100::Parser<Events>>) {
    let mut bytes = [0; 4096];
    // The read fails when the terminal is closed.
    while let Ok(read @ 1..) = { pty }.read(&mut bytes) {
        let mut shown = lock(shown);
        shown.process(&bytes[..read]);
        let answers = std::mem::take(&mut shown.callbacks_mut().answers);
        if { pty }.write_all(&answers).is_err() {
            return;
        }
    }
}

fn cells(number: u16) -> NonZero<u16> {
    NonZero::new(number).expect("a terminal has a cell")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
