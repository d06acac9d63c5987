//! The line that a person edits, and the lines before it. No terminal, no drawing.

use std::collections::VecDeque;

use tui_input::{Input as Text, InputRequest};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The most characters of a line. More are not inserted.
const MAX_CHARACTERS: usize = 4096;

/// The lines that the arrows bring back.
const MAX_HISTORY: usize = 100;

/// A line that is edited.
#[derive(Debug, Default)]
pub(crate) struct Editor {
    text: Text,
    history: VecDeque<String>,
    /// The line of the history that is shown, counted from the newest, and the line that was typed before it.
    recalled: Option<(usize, String)>,
}

/// The part of a line that is visible in a row.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Visible {
    pub(crate) text: String,
    /// The column of the cursor in it.
    pub(crate) cursor: usize,
}

impl Editor {
    /// Changes the line, or moves the cursor.
    pub(crate) fn edit(&mut self, request: InputRequest) {
        match request {
            InputRequest::InsertChar(c) => self.insert(c),
            _ => {
                self.text.handle(request);
            }
        }
    }

    /// Inserts a text. Line ends and tabs become spaces, and control characters are left out.
    pub(crate) fn paste(&mut self, text: &str) {
        text.trim_end().replace("\r\n", "\n").chars().for_each(|c| self.insert(c));
    }

    /// Takes the line, and keeps it for the history.
    pub(crate) fn submit(&mut self) -> String {
        let line = self.text.value_and_reset();
        self.recalled = None;
        if !line.trim().is_empty() && self.history.back() != Some(&line) {
            self.history.push_back(line.clone());
            if self.history.len() > MAX_HISTORY {
                self.history.pop_front();
            }
        }
        line
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.value().is_empty()
    }

    /// Shows the line before.
    pub(crate) fn previous(&mut self) {
        let next = self.recalled.as_ref().map_or(0, |(at, _)| at + 1);
        let Some(line) = self.at(next) else { return };
        let typed = self.recalled.take().map_or_else(|| self.text.value().to_owned(), |(_, typed)| typed);
        self.recalled = Some((next, typed));
        self.text = Text::new(line);
    }

    /// Shows the line after, and at last the line that was typed.
    pub(crate) fn next(&mut self) {
        let Some((at, typed)) = self.recalled.take() else { return };
        let newer = at.checked_sub(1).and_then(|at| Some((at, self.at(at)?)));
        match newer {
            None => self.text = Text::new(typed),
            Some((at, line)) => {
                self.recalled = Some((at, typed));
                self.text = Text::new(line);
            }
        }
    }

    /// Returns the part of the line that is visible in this number of columns, with the cursor in it.
    pub(crate) fn visible(&self, columns: usize) -> Visible {
        // A column for the cursor at the end.
        let room = columns.saturating_sub(1).max(1);
        let scroll = self.text.visual_scroll(room);
        let (mut column, mut text) = (0, String::new());
        for grapheme in self.text.value().graphemes(true) {
            let width = grapheme.width();
            if column >= scroll && column + width <= scroll + room {
                text.push_str(grapheme);
            }
            column += width;
        }
        Visible { text, cursor: self.text.visual_cursor().saturating_sub(scroll).min(room) }
    }

    fn insert(&mut self, c: char) {
        let c = if c.is_whitespace() { ' ' } else { c };
        if !c.is_control() && self.text.value().chars().count() < MAX_CHARACTERS {
            self.text.handle(InputRequest::InsertChar(c));
        }
    }

    /// Returns a line of the history, counted from the newest.
    fn at(&self, from_newest: usize) -> Option<String> {
        let index = self.history.len().checked_sub(from_newest + 1)?;
        self.history.get(index).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Editor {
        let mut editor = Editor::default();
        text.chars().for_each(|c| editor.edit(InputRequest::InsertChar(c)));
        editor
    }

    fn visible(editor: &Editor, columns: usize) -> (String, usize) {
        let visible = editor.visible(columns);
        assert!(visible.text.width() < columns.max(2), "{visible:?}");
        (visible.text, visible.cursor)
    }

    #[test]
    fn the_cursor_stays_in_view() {
        let mut editor = typed("abcdefgh");
        assert_eq!(visible(&editor, 20), ("abcdefgh".into(), 8));
        assert_eq!(visible(&editor, 9), ("abcdefgh".into(), 8));
        assert_eq!(visible(&editor, 5), ("efgh".into(), 4));
        editor.edit(InputRequest::GoToStart);
        assert_eq!(visible(&editor, 5), ("abcd".into(), 0));
        assert_eq!(visible(&editor, 0).1, 0);
    }

    #[test]
    fn wide_characters_are_never_cut() {
        let editor = typed("日本語");
        assert_eq!(visible(&editor, 7), ("日本語".into(), 6));
        assert_eq!(visible(&editor, 6), ("本語".into(), 4));
        assert_eq!(visible(&editor, 4), ("語".into(), 2));
        let mut editor = typed("a👩\u{200d}🚀");
        assert_eq!(visible(&editor, 9), ("a👩\u{200d}🚀".into(), 3));
        editor.edit(InputRequest::DeletePrevChar);
        assert_eq!(editor.submit(), "a");
    }

    #[test]
    fn the_history_is_bounded_and_keeps_the_line_that_was_typed() {
        let mut editor = Editor::default();
        for number in 0..150 {
            editor.paste(&format!("line {number}"));
            editor.submit();
            editor.submit();
        }
        editor.paste("new");
        editor.previous();
        assert_eq!(visible(&editor, 20).0, "line 149");
        editor.previous();
        editor.next();
        editor.next();
        assert_eq!(visible(&editor, 20).0, "new");
        editor.next();
        (0..200).for_each(|_| editor.previous());
        assert_eq!(editor.submit(), "line 50");
        editor.previous();
        assert_eq!(editor.submit(), "line 50");
    }

    #[test]
    fn a_paste_is_one_line_without_control_characters() {
        let mut editor = Editor::default();
        editor.paste("one\r\ntwo\t\u{1b}[2Jthree\n");
        assert_eq!(editor.submit(), "one two [2Jthree");
        editor.paste(&"x".repeat(2 * MAX_CHARACTERS));
        assert_eq!(editor.submit().len(), MAX_CHARACTERS);
    }
}
