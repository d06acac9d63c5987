//! The terminal of a host or a player: what happened is printed above the line that a person types.

use std::{io, task::Waker};

use game::{
    Table, TableEvent,
    commands::{Command, HELP},
    lines,
};
use terminal::{Color, Input, Printer, Span, Terminal};

/// A terminal, or pipes in its place.
pub struct Console {
    terminal: Terminal,
    printer: Printer,
    prompt: String,
}

impl Console {
    /// Starts to read lines, and ends the program's sleep after each.
    pub fn start(waker: Waker) -> io::Result<Self> {
        let terminal = Terminal::start("", waker)?;
        let printer = terminal.printer();
        Ok(Self { terminal, printer, prompt: String::new() })
    }

    /// Returns the next command. The end of the input is [`Command::Quit`].
    pub fn next_command(&mut self) -> Option<Command> {
        Some(match self.terminal.next_input()? {
            Input::Line(line) => Command::read(&line),
            Input::End => Command::Quit,
        })
    }

    /// Prints a change of the table.
    pub fn show(&self, event: &TableEvent, table: &Table) -> io::Result<()> {
        let Some(line) = lines::line(event, table) else { return Ok(()) };
        match event {
            TableEvent::TurnChanged(_) if table.is_own_turn() => self.colored(line, Color::Bold),
            TableEvent::Logged(_) => self.print(line),
            _ => self.colored(line, Color::Dim),
        }
    }

    /// Prints the players.
    pub fn show_table(&self, table: &Table) -> io::Result<()> {
        if table.players().is_empty() {
            return self.print("there are no players");
        }
        lines::players(table).into_iter().try_for_each(|line| self.print(line))
    }

    /// Prints what can be typed.
    pub fn show_help(&self) -> io::Result<()> {
        HELP.into_iter().try_for_each(|line| self.print(line))
    }

    /// Prints a line.
    pub fn print(&self, line: impl Into<String>) -> io::Result<()> {
        self.printer.line(&[Span::from(line.into())])
    }

    /// Prints a line about something that is wrong.
    pub fn warn(&self, line: impl Into<String>) -> io::Result<()> {
        self.colored(line.into(), Color::Red)
    }

    /// Sets the text before the line that is typed, if it is another.
    pub fn set_prompt(&mut self, prompt: &str) -> io::Result<()> {
        if prompt != self.prompt {
            prompt.clone_into(&mut self.prompt);
            self.terminal.set_prompt(prompt)?;
        }
        Ok(())
    }

    fn colored(&self, line: String, color: Color) -> io::Result<()> {
        self.printer.line(&[Span::colored(line, color)])
    }
}
