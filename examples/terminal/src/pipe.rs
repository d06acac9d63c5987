//! Reading lines without a terminal.

use std::io::{self, BufRead, Read};

use crate::{Input, Inputs};

/// The longest line, in bytes. A longer one arrives in parts.
const MAX_LINE: u64 = 64 * 1024;

/// Reads the standard input until it ends, or the program has dropped the terminal.
pub(crate) fn read(inputs: &Inputs) {
    while is_null_device() {
        // The program gets no input while this thread holds the other end of the channel.
        std::thread::park();
    }
    // What cannot be read has ended.
    let _ = read_from(&mut io::stdin().lock(), |line| inputs.send(Input::Line(line)));
    inputs.send(Input::End);
}

/// Reads lines, until `take` returns `false`.
fn read_from(from: &mut impl BufRead, mut take: impl FnMut(String) -> bool) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if from.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&line);
        if !take(text.trim_end_matches(['\n', '\r']).to_owned()) {
            return Ok(());
        }
    }
}

/// Returns `true` if the standard input is a device that is no terminal, such as the null device.
#[cfg(unix)]
fn is_null_device() -> bool {
    use std::{
        fs::File,
        io::IsTerminal,
        os::{fd::AsFd, unix::fs::FileTypeExt},
    };

    let stdin = io::stdin();
    let is_device = || {
        let file = File::from(stdin.as_fd().try_clone_to_owned().ok()?);
        Some(file.metadata().ok()?.file_type().is_char_device())
    };
    !stdin.is_terminal() && is_device() == Some(true)
}

/// Other systems do not report what the standard input is.
#[cfg(not(unix))]
fn is_null_device() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(mut bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        let read = read_from(&mut bytes, |line| {
            lines.push(line);
            lines.len() < 4
        });
        assert!(read.is_ok());
        lines
    }

    #[test]
    fn lines_end_with_any_line_end_or_with_the_input() {
        assert_eq!(lines(b"one\ntwo\r\n\nfour"), ["one", "two", "", "four"]);
        assert_eq!(lines(b"\xff\n"), ["\u{fffd}"]);
        assert_eq!(lines(b""), [""; 0]);
        assert_eq!(lines(b"1\n2\n3\n4\n5\n").len(), 4, "the reader stops when nothing takes its lines");
    }

    #[test]
    fn a_line_without_end_arrives_in_parts() {
        let long = vec![b'x'; MAX_LINE as usize + 10];
        let lengths: Vec<usize> = lines(&long).iter().map(String::len).collect();
        assert_eq!(lengths, [MAX_LINE as usize, 10]);
    }
}
