//! Reading keys from a terminal.

use std::{
    io::{self, Write},
    time::Duration,
};

use crossterm::{
    cursor,
    event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers},
};
use tui_input::{InputRequest, backend::crossterm::to_input_request};

use crate::{
    Input, Inputs, lock,
    screen::{Output, Screen},
};

/// The time after which the thread checks if the terminal was dropped.
const PATIENCE: Duration = Duration::from_millis(100);

/// Reads keys until the program has dropped the terminal, or the input ends.
pub(crate) fn read(inputs: &Inputs) {
    // A terminal that cannot be read or written is gone.
    let _ = read_keys(inputs);
    inputs.send(Input::End);
}

fn read_keys(inputs: &Inputs) -> io::Result<()> {
    loop {
        // While it waits for a key, other threads print.
        let has_event = event::poll(PATIENCE)?;
        let input = {
            let Output::Screen(screen) = &mut *lock(&inputs.shared.output) else { return Ok(()) };
            if screen.is_closed() {
                return Ok(());
            }
            if has_event { handle(&event::read()?, screen)? } else { None }
        };
        let is_going_on = match input {
            None => true,
            Some(Input::End) => false,
            Some(line) => inputs.send(line),
        };
        if !is_going_on {
            return Ok(());
        }
    }
}

/// Changes the line. Returns what the program gets.
fn handle<W: Write>(event: &Event, screen: &mut Screen<W>) -> io::Result<Option<Input>> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => {
            if let Some(input) = handle_key(*key, screen)? {
                return Ok(Some(input));
            }
            if let Some(request) = to_input_request(event) {
                screen.editor.edit(request);
            }
        }
        Event::Paste(text) => screen.editor.paste(text),
        Event::Resize(columns, _) => {
            return screen.resize(*columns, wrapped_rows(*columns, screen)?).map(|()| None);
        }
        _ => return Ok(None),
    }
    screen.draw()?;
    Ok(None)
}

/// Handles the keys that the editor does not know.
fn handle_key<W: Write>(key: KeyEvent, screen: &mut Screen<W>) -> io::Result<Option<Input>> {
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Enter => {
            let line = screen.editor.submit();
            screen.draw()?;
            return Ok(Some(Input::Line(line)));
        }
        KeyCode::Char('c') if is_control => return Ok(Some(Input::End)),
        KeyCode::Char('d') if is_control && screen.editor.is_empty() => return Ok(Some(Input::End)),
        KeyCode::Char('d') if is_control => screen.editor.edit(InputRequest::DeleteNextChar),
        KeyCode::Char('l') if is_control => screen.clear()?,
        KeyCode::Up => screen.editor.previous(),
        KeyCode::Down => screen.editor.next(),
        _ => {}
    }
    Ok(None)
}

/// Returns the number of rows that the terminal has put above the cursor when it became narrower.
///
/// Many terminals wrap rows that have become too long, and others cut them. The cursor's column shows which.
fn wrapped_rows<W: Write>(columns: u16, screen: &Screen<W>) -> io::Result<u16> {
    let (before, columns) = (screen.cursor(), usize::from(columns.max(1)));
    if before < columns {
        return Ok(0);
    }
    // A terminal that does not answer is one that cuts.
    let Ok((column, _)) = cursor::position() else { return Ok(0) };
    let is_wrapped = usize::from(column) == before % columns;
    Ok(if is_wrapped { u16::try_from(before / columns).unwrap_or(u16::MAX) } else { 0 })
}
