//! An HTTP head: collected up to a limit, and parsed once when it is complete.

use httparse::Header;

/// Collects bytes until an empty line. Nothing is parsed before, so a slow sender causes no repeated work.
#[derive(Debug)]
pub(super) struct HeadBuffer {
    bytes: Vec<u8>,
    /// The start of the incomplete line.
    line: usize,
    limit: usize,
    line_ends: LineEnds,
}

/// The accepted line ends (RFC 9112, 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineEnds {
    /// CR LF. Two readers of a request must not see different lines in it.
    Strict,
    /// CR LF, or LF alone.
    Lenient,
}

/// The result of the bytes so far.
pub(super) enum HeadOutcome {
    Incomplete,
    /// A line ends with LF alone, which is not accepted.
    BareLineFeed,
    /// The head with its empty line, and the bytes after it.
    Complete {
        head: Vec<u8>,
        rest: Vec<u8>,
    },
    TooLarge,
}

impl HeadBuffer {
    /// Returns a buffer for a head of at most `limit` bytes, including its empty line. For several heads in sequence
    /// the limit is their sum.
    pub(super) fn new(limit: usize, line_ends: LineEnds) -> Self {
        Self { bytes: Vec::new(), line: 0, limit, line_ends }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn push(&mut self, bytes: &[u8]) -> HeadOutcome {
        let mut from = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        while let Some(len) = self.bytes[from..].iter().position(|&byte| byte == b'\n') {
            let end = from + len + 1;
            if end > self.limit {
                return HeadOutcome::TooLarge;
            }
            let line = &self.bytes[self.line..end];
            if self.line_ends == LineEnds::Strict && !line.ends_with(b"\r\n") {
                return HeadOutcome::BareLineFeed;
            }
            // An empty line at the start does not end the head.
            if self.line > 0 && matches!(line, b"\n" | b"\r\n") {
                let rest = self.bytes.split_off(end);
                (self.line, self.limit) = (0, self.limit - end);
                return HeadOutcome::Complete { head: std::mem::take(&mut self.bytes), rest };
            }
            (self.line, from) = (end, end);
        }
        if self.bytes.len() < self.limit { HeadOutcome::Incomplete } else { HeadOutcome::TooLarge }
    }
}

/// The fields of a head.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a>(pub(super) &'a [Header<'a>]);

impl<'a> Fields<'a> {
    /// Returns the values of all fields of this name. They need not be text.
    pub(super) fn values(self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        self.0
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value.trim_ascii())
    }

    /// Returns the value of the only field of this name, or `Err` if there are several.
    pub(super) fn only(self, name: &'static str) -> Result<Option<&'a [u8]>, ()> {
        let mut values = self.values(name);
        let first = values.next();
        if values.next().is_some() { Err(()) } else { Ok(first) }
    }

    /// Returns the elements of a list, over all fields of this name (RFC 9110, 5.6.1).
    pub(super) fn list(self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        self.values(name)
            .flat_map(|value| value.split(|&byte| byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|part| !part.is_empty())
    }

    /// Returns `true` if a list has this token, in any case.
    pub(super) fn has_token(self, name: &'static str, token: &str) -> bool {
        self.list(name).any(|part| part.eq_ignore_ascii_case(token.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_head_is_found_wherever_the_bytes_are_split() {
        let whole = b"GET / HTTP/1.1\r\nA: b\r\n\r\nrest";
        for split in 0..whole.len() {
            let mut buffer = HeadBuffer::new(100, LineEnds::Strict);
            let found = match buffer.push(&whole[..split]) {
                HeadOutcome::Incomplete => buffer.push(&whole[split..]),
                found => found,
            };
            let HeadOutcome::Complete { head, rest } = found else { panic!("split at {split}") };
            assert!(head.ends_with(b"b\r\n\r\n"));
            assert!(b"rest".starts_with(&rest[..]));
        }
    }

    #[test]
    fn the_limit_includes_the_empty_line() {
        let head = |len: usize| [&vec![b'x'; len - 4][..], b"\r\n\r\n"].concat();
        let push = |bytes: &[u8]| HeadBuffer::new(10, LineEnds::Strict).push(bytes);
        assert!(matches!(push(&head(10)), HeadOutcome::Complete { .. }));
        assert!(matches!(push(&head(11)), HeadOutcome::TooLarge));
        assert!(matches!(push(b"0123456789"), HeadOutcome::TooLarge));
        assert!(matches!(push(b"012345678"), HeadOutcome::Incomplete));
    }

    #[test]
    fn the_limit_is_the_sum_of_several_heads() {
        let mut buffer = HeadBuffer::new(10, LineEnds::Strict);
        let HeadOutcome::Complete { rest, .. } = buffer.push(b"1\r\n\r\n2\r\n\r\n") else {
            panic!("no head")
        };
        assert!(matches!(buffer.push(&rest), HeadOutcome::Complete { .. }));
        assert!(matches!(buffer.push(b"3"), HeadOutcome::TooLarge));
    }

    #[test]
    fn a_bare_line_feed_ends_a_line_or_is_rejected_at_once() {
        for head in ["a\n\n", "a\n\r\n", "a\r\n\n", "a\r\n b\n\n", "\na\n\n"] {
            let push = |line_ends| HeadBuffer::new(100, line_ends).push(format!("{head}rest").as_bytes());
            let HeadOutcome::Complete { head: found, rest } = push(LineEnds::Lenient) else {
                panic!("{head:?}")
            };
            assert_eq!((&found[..], &rest[..]), (head.as_bytes(), &b"rest"[..]));
            assert!(matches!(push(LineEnds::Strict), HeadOutcome::BareLineFeed), "{head:?}");
        }
        let push = |bytes: &[u8]| HeadBuffer::new(100, LineEnds::Strict).push(bytes);
        assert!(matches!(push(b"a\n"), HeadOutcome::BareLineFeed));
        assert!(matches!(push(b"a\r"), HeadOutcome::Incomplete));
    }

    #[test]
    fn lists_run_over_fields_and_ignore_case_and_space() {
        let fields = [
            Header { name: "Connection", value: b"keep-alive, Upgrade" },
            Header { name: "connection", value: b" x,,y " },
        ];
        let fields = Fields(&fields);
        assert!(fields.has_token("connection", "upgrade"));
        assert!(fields.has_token("CONNECTION", "Y"));
        assert!(!fields.has_token("connection", "keep"));
        assert_eq!(fields.only("connection"), Err(()));
        assert_eq!(fields.only("host"), Ok(None));
    }
}
