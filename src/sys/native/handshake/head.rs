//! An HTTP head: gathered under a limit, and parsed once it is whole.

use httparse::Header;

/// How many header fields are read.
pub(super) const MAX_FIELDS: usize = 64;

const END: &[u8] = b"\r\n\r\n";

/// Gathers bytes until an empty line. Nothing is parsed before, so a slow sender causes no repeated work.
#[derive(Debug)]
pub(super) struct HeadBuffer {
    bytes: Vec<u8>,
    limit: usize,
}

/// What has been gathered.
pub(super) enum Gathered {
    Part,
    /// The head with its empty line, and what came behind it.
    Whole {
        head: Vec<u8>,
        rest: Vec<u8>,
    },
    TooLarge,
}

impl HeadBuffer {
    /// A head may have `limit` bytes, its empty line included.
    pub(super) fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn push(&mut self, bytes: &[u8]) -> Gathered {
        // The empty line may begin in what was there.
        let from = self.bytes.len().saturating_sub(END.len() - 1);
        self.bytes.extend_from_slice(bytes);
        let found = self.bytes[from..].windows(END.len()).position(|window| window == END);
        match found.map(|at| from + at + END.len()) {
            Some(end) if end <= self.limit => {
                let rest = self.bytes.split_off(end);
                Gathered::Whole { head: std::mem::take(&mut self.bytes), rest }
            }
            None if self.bytes.len() < self.limit => Gathered::Part,
            _ => Gathered::TooLarge,
        }
    }
}

/// The fields of a head.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a>(pub(super) &'a [Header<'a>]);

impl<'a> Fields<'a> {
    /// The values of all fields of this name, as bytes: what a stranger sends need not be text.
    pub(super) fn values(self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        self.0
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value.trim_ascii())
    }

    /// The value of the only field of this name; `Err` when there are several.
    pub(super) fn only(self, name: &'static str) -> Result<Option<&'a [u8]>, ()> {
        let mut values = self.values(name);
        let first = values.next();
        if values.next().is_some() { Err(()) } else { Ok(first) }
    }

    /// The parts of a list, over all fields of this name (RFC 9110, 5.6.1).
    pub(super) fn list(self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        self.values(name)
            .flat_map(|value| value.split(|&byte| byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|part| !part.is_empty())
    }

    /// Whether a list has this token, in whatever case.
    pub(super) fn has_token(self, name: &'static str, token: &str) -> bool {
        self.list(name).any(|part| part.eq_ignore_ascii_case(token.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_found_wherever_the_bytes_are_split() {
        let whole = b"GET / HTTP/1.1\r\nA: b\r\n\r\nrest";
        for split in 0..whole.len() {
            let mut buffer = HeadBuffer::new(100);
            let found = match buffer.push(&whole[..split]) {
                Gathered::Part => buffer.push(&whole[split..]),
                found => found,
            };
            let Gathered::Whole { head, rest } = found else { panic!("split at {split}") };
            assert!(head.ends_with(b"b\r\n\r\n"));
            assert!(b"rest".starts_with(&rest[..]));
        }
    }

    #[test]
    fn the_limit_counts_the_empty_line() {
        let head = |len: usize| [&vec![b'x'; len - 4][..], END].concat();
        assert!(matches!(HeadBuffer::new(10).push(&head(10)), Gathered::Whole { .. }));
        assert!(matches!(HeadBuffer::new(10).push(&head(11)), Gathered::TooLarge));
        assert!(matches!(HeadBuffer::new(10).push(b"0123456789"), Gathered::TooLarge));
        assert!(matches!(HeadBuffer::new(10).push(b"012345678"), Gathered::Part));
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
