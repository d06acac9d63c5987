//! What the scripted server saw of a connection.

use super::{open, receive_text};

/// The lines that the server recorded.
pub struct Seen(Vec<String>);

/// Asks the server about the connections with this key: once one of its lines holds `want`, or without that once they
/// have ended.
pub async fn seen(key: &str, want: Option<&str>) -> Seen {
    let path = match want {
        Some(want) => format!("/events/{key}?want={}", want.replace(' ', "%20")),
        None => format!("/events/{key}"),
    };
    let mut peer = open(&path).await;
    let seen = Seen(receive_text(&mut peer).await.lines().map(str::to_owned).collect());
    if let Some(want) = want {
        assert!(seen.0.iter().any(|line| line.contains(want)), "the server never saw `{want}`: {:?}", seen.0);
    }
    seen
}

impl Seen {
    /// All lines that begin with `start`.
    pub fn all(&self, start: &str) -> Vec<&str> {
        self.0.iter().map(String::as_str).filter(|line| line.starts_with(start)).collect()
    }

    /// The only line that begins with `start`.
    #[track_caller]
    pub fn only(&self, start: &str) -> &str {
        match self.all(start)[..] {
            [only] => only,
            _ => panic!("not exactly one `{start}` in {:?}", self.0),
        }
    }

    /// The value of a header of the request.
    pub fn header(&self, name: &str) -> Option<&str> {
        let start = format!("request {name}: ");
        self.0.iter().find_map(|line| {
            let head = line.get(..start.len())?;
            head.eq_ignore_ascii_case(&start).then(|| &line[start.len()..])
        })
    }
}
