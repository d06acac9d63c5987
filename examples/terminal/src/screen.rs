//! What is on the terminal: printed lines, and the prompt in the row below them. Each change is one write, so that no
//! half of it is ever visible.

use std::io::{self, Stdout, Write};

use crossterm::{
    event::{DisableBracketedPaste, EnableBracketedPaste},
    execute, terminal,
};
use unicode_width::UnicodeWidthStr;

use crate::editor::Editor;

/// Goes to the start of the row, and clears it and all below (ECMA-48: CR, ED).
const CLEAR: &str = "\r\x1b[J";

/// The columns of a terminal that does not report them.
const COLUMNS: u16 = 80;

/// Where lines are printed.
pub(crate) enum Output {
    Screen(Screen<Stdout>),
    Plain(Stdout),
}

/// A terminal with a prompt.
pub(crate) struct Screen<W: Write> {
    out: W,
    prompt: String,
    pub(crate) editor: Editor,
    columns: u16,
    /// The column in which the cursor was left.
    cursor: usize,
    is_closed: bool,
}

impl Output {
    pub(crate) fn print(&mut self, line: &str) -> io::Result<()> {
        match self {
            Self::Screen(screen) => screen.print(line),
            Self::Plain(out) => {
                out.write_all(format!("{line}\n").as_bytes())?;
                out.flush()
            }
        }
    }

    pub(crate) fn set_prompt(&mut self, prompt: &str) -> io::Result<()> {
        match self {
            Self::Screen(screen) => screen.set_prompt(prompt),
            Self::Plain(_) => Ok(()),
        }
    }

    /// Restores the terminal.
    pub(crate) fn close(&mut self) {
        if let Self::Screen(screen) = self {
            screen.close();
        }
    }
}

impl Screen<Stdout> {
    /// Sets the terminal to read single keys, and shows the prompt.
    pub(crate) fn open(mut out: Stdout, prompt: &str) -> io::Result<Self> {
        terminal::enable_raw_mode()?;
        let columns = terminal::size().map_or(COLUMNS, |(columns, _)| columns);
        let opened = execute!(out, EnableBracketedPaste).and_then(|()| Self::on(out, prompt, columns));
        if opened.is_err() {
            terminal::disable_raw_mode()?;
        }
        opened
    }

    fn close(&mut self) {
        if self.is_closed {
            return;
        }
        self.is_closed = true;
        // A terminal that is gone needs nothing.
        let _ = self.write(CLEAR);
        let _ = execute!(self.out, DisableBracketedPaste);
        let _ = terminal::disable_raw_mode();
    }
}

impl<W: Write> Screen<W> {
    fn on(out: W, prompt: &str, columns: u16) -> io::Result<Self> {
        let prompt = prompt.to_owned();
        let mut this = Self { out, prompt, editor: Editor::default(), columns, cursor: 0, is_closed: false };
        this.draw()?;
        Ok(this)
    }

    /// Prints a line above the prompt.
    pub(crate) fn print(&mut self, line: &str) -> io::Result<()> {
        if self.is_closed {
            return self.write(&format!("{line}\r\n"));
        }
        let prompt = self.prompt_row();
        self.write(&format!("{CLEAR}{line}\r\n{prompt}"))
    }

    /// Draws the prompt again, after a change of the editor.
    pub(crate) fn draw(&mut self) -> io::Result<()> {
        if self.is_closed {
            return Ok(());
        }
        let prompt = self.prompt_row();
        self.write(&format!("{CLEAR}{prompt}"))
    }

    pub(crate) fn set_prompt(&mut self, prompt: &str) -> io::Result<()> {
        prompt.clone_into(&mut self.prompt);
        self.draw()
    }

    /// Draws the prompt in a terminal of another size.
    pub(crate) fn resize(&mut self, columns: u16, rows_above: u16) -> io::Result<()> {
        self.columns = columns;
        if rows_above > 0 && !self.is_closed {
            self.write(&format!("\x1b[{rows_above}A"))?;
        }
        self.draw()
    }

    /// Clears the whole screen (ECMA-48: ED, CUP), and draws the prompt.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.write("\x1b[2J\x1b[H")?;
        self.draw()
    }

    /// Returns `true` if the terminal was restored.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Returns the column in which the cursor was left.
    pub(crate) fn cursor(&self) -> usize {
        self.cursor
    }

    /// Returns the prompt and the visible part of the line. They fit into one row, and leave its last column free, so
    /// that the terminal never wraps them.
    fn prompt_row(&mut self) -> String {
        let columns = usize::from(self.columns);
        let prompt = if self.prompt.width() < columns / 2 { self.prompt.as_str() } else { "" };
        let visible = self.editor.visible(columns.saturating_sub(prompt.width()));
        self.cursor = prompt.width() + visible.cursor;
        // ECMA-48, CHA: columns are counted from 1.
        format!("{prompt}{}\x1b[{}G", visible.text, self.cursor + 1)
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZero;

    use tui_input::InputRequest;

    use super::*;

    /// A screen, and the terminal that shows it.
    struct Shown {
        screen: Screen<Vec<u8>>,
        terminal: vt100::Parser,
    }

    impl Shown {
        fn new(rows: u16, columns: u16) -> Self {
            let screen = Screen::on(Vec::new(), "> ", columns).expect("memory can be written to");
            Self { screen, terminal: vt100::Parser::new(cells(rows), cells(columns), 0) }
        }

        fn type_text(&mut self, text: &str) {
            for c in text.chars() {
                self.screen.editor.edit(InputRequest::InsertChar(c));
                self.screen.draw().expect("memory can be written to");
            }
        }

        fn print(&mut self, line: &str) {
            self.screen.print(line).expect("memory can be written to");
        }

        /// Returns the rows down to the cursor, below which all are empty, and the column of the cursor.
        fn rows(&mut self) -> (Vec<String>, u16) {
            self.terminal.process(&std::mem::take(&mut self.screen.out));
            let screen = self.terminal.screen();
            let (row, column) = screen.cursor_position();
            let mut rows: Vec<String> =
                screen.rows(0, screen.size().1.get()).map(|row| row.trim_end().to_owned()).collect();
            let below = rows.split_off(usize::from(row) + 1);
            assert!(below.iter().all(String::is_empty), "{below:?}");
            (rows, column)
        }
    }

    fn cells(number: u16) -> NonZero<u16> {
        NonZero::new(number).expect("a terminal has a cell")
    }

    #[track_caller]
    fn assert_rows(shown: &mut Shown, rows: &[&str], cursor: u16) {
        let (actual, column) = shown.rows();
        assert_eq!((actual.iter().map(String::as_str).collect::<Vec<_>>(), column), (rows.to_vec(), cursor));
    }

    #[test]
    fn lines_are_printed_above_a_half_typed_line() {
        let mut shown = Shown::new(5, 20);
        shown.type_text("hal");
        shown.print("one");
        shown.print("two");
        assert_rows(&mut shown, &["one", "two", "> hal"], 5);
        shown.type_text("f");
        assert_rows(&mut shown, &["one", "two", "> half"], 6);
        for _ in 0..10 {
            shown.print("more");
        }
        assert_rows(&mut shown, &["more", "more", "more", "more", "> half"], 6);
    }

    #[test]
    fn a_line_of_exactly_one_row_leaves_no_empty_row() {
        let mut shown = Shown::new(6, 10);
        shown.print("0123456789");
        shown.print("01234567890");
        shown.print("日本語日本語");
        assert_rows(&mut shown, &["0123456789", "0123456789", "0", "日本語日本", "語", ">"], 2);
    }

    #[test]
    fn a_long_typed_line_stays_in_its_row() {
        let mut shown = Shown::new(4, 10);
        shown.type_text("abcdefghijklm");
        shown.print("one");
        assert_rows(&mut shown, &["one", "> ghijklm"], 9);
        shown.screen.editor.edit(InputRequest::GoToStart);
        shown.print("two");
        assert_rows(&mut shown, &["one", "two", "> abcdefg"], 2);
    }

    #[test]
    fn another_size_draws_the_prompt_to_fit() {
        let mut shown = Shown::new(4, 10);
        shown.print("one");
        shown.type_text("abcdefghijklm");
        shown.rows();
        shown.terminal.screen_mut().set_size(cells(4), cells(6));
        shown.screen.resize(6, 0).expect("memory can be written to");
        assert_rows(&mut shown, &["one", "> klm"], 5);
        shown.terminal.screen_mut().set_size(cells(4), cells(30));
        shown.screen.resize(30, 0).expect("memory can be written to");
        assert_rows(&mut shown, &["one", "> abcdefghijklm"], 15);
    }

    #[test]
    fn rows_that_the_terminal_has_wrapped_are_cleared() {
        let mut shown = Shown::new(5, 20);
        shown.print("one");
        shown.type_text("abcdefgh");
        shown.rows();
        // What a terminal of 4 columns shows after it has wrapped the row of the prompt.
        shown.terminal = vt100::Parser::new(cells(5), cells(4), 0);
        shown.terminal.process(b"one\r\n> abcdefgh");
        shown.screen.resize(4, 2).expect("memory can be written to");
        assert_rows(&mut shown, &["one", "fgh"], 3);
    }

    #[test]
    fn a_prompt_without_room_is_left_out() {
        let mut shown = Shown::new(3, 4);
        shown.type_text("abcdef");
        assert_rows(&mut shown, &["def"], 3);
        shown.screen.set_prompt("a long prompt ").expect("memory can be written to");
        assert_rows(&mut shown, &["def"], 3);
    }

    #[test]
    fn the_screen_can_be_cleared() {
        let mut shown = Shown::new(4, 10);
        shown.print("one");
        shown.type_text("ab");
        shown.screen.clear().expect("memory can be written to");
        assert_rows(&mut shown, &["> ab"], 4);
    }
}
