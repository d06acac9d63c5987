//! The check of a server's answers: valid HTTP for any request and any result of the hook.

/// Checks that an answer has this status and these fields, and no body for the method HEAD.
pub(super) fn check(reply: &[u8], status: u16, is_head: bool, given: &[(String, String)]) {
    let mut fields = vec![httparse::EMPTY_HEADER; given.len() + 8];
    let mut parsed = httparse::Response::new(&mut fields);
    let shown = reply.escape_ascii();
    let Ok(httparse::Status::Complete(end)) = parsed.parse(reply) else {
        panic!("not HTTP: {shown}");
    };
    assert_eq!((parsed.version, parsed.code), (Some(1), Some(status)), "{shown}");
    let (head, body) = reply.split_at(end);
    let lines: Vec<&[u8]> = head.split(|&byte| byte == b'\n').collect();
    assert_eq!(lines.len(), parsed.headers.len() + 3, "a line is not a field: {shown}");
    let is_text = |line: &[u8]| line.iter().all(|&byte| byte == b'\t' || (b' '..=b'~').contains(&byte));
    for line in &lines[..lines.len() - 1] {
        assert!(line.strip_suffix(b"\r").is_some_and(is_text), "a line is not text: {shown}");
    }
    for (name, value) in given {
        let is_there =
            parsed.headers.iter().any(|field| field.name == name && field.value == value.as_bytes());
        assert!(is_there, "{name}: {value} is missing in {shown}");
    }
    let values = |name: &str| -> Vec<&[u8]> {
        parsed
            .headers
            .iter()
            .filter(|field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value)
            .collect()
    };
    if status == 101 {
        assert_eq!(values("connection"), [b"Upgrade"], "{shown}");
        assert!(body.is_empty() && values("content-length").is_empty(), "{shown}");
    } else {
        assert_eq!(values("connection"), [b"close"], "{shown}");
        let length = body.len().to_string();
        match values("content-length")[..] {
            [] => assert!(matches!(status, 204 | 304) && body.is_empty(), "{shown}"),
            [field] => assert!(field == length.as_bytes() || is_head && body.is_empty(), "{shown}"),
            _ => panic!("more than one length: {shown}"),
        }
    }
}
