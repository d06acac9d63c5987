//! The scripted server's record of a connection.

use super::{open, receive_text};

/// The lines of the record.
pub struct Seen(Vec<String>);

/// Requests the record of the connections with this key. The server answers when a line contains `want`, or, without
/// it, when the connections have ended.
pub async fn seen(key: &str, want: Option<&str>) -> Seen {
    let path = match want {
        Some(want) => format!("/events/{key}?want={}", want.replace(' ', "%20")),
        None => format!("/events/{key}"),
    };
    let mut peer = open(&path).await;
    let seen = Seen(receive_text(&mut peer).await.lines().map(str::to_owned).collect());
    if let Some(want) = want {
        assert!(
            seen.0.iter().any(|line| line.contains(want)),
            "the server did not record `{want}`: {:?}",
            seen.0
        );
    }
    seen
}

impl Seen {
    /// Returns all lines that begin with `start`.
    pub fn all(&self, start: &str) -> Vec<&str> {
        self.0.iter().map(String::as_str).filter(|line| line.starts_with(start)).collect()
    }

    /// Returns the only line that begins with `start`.
    #[track_caller]
    pub fn only(&self, start: &str) -> &str {
        match self.all(start)[..] {
            [only] => only,
            _ => panic!("not exactly one `{start}` in {:?}", self.0),
        }
    }

    /// Returns the value of a header field of the request.
    pub fn header(&self, name: &str) -> Option<&str> {
        let start = format!("request {name}: ");
        self.0.iter().find_map(|line| {
            let head = line.get(..start.len())?;
            head.eq_ignore_ascii_case(&start).then(|| &line[start.len()..])
        })
    }
}
