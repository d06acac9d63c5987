//! The list of rooms in the forms in which it is sent: as an array of dictionaries, and as JSON.

use std::fmt::Write;

use websocket_peer::variant::{Array, Dictionary, Variant};

use crate::lobby::{ListedRoom, MAX_LISTED, MAX_TITLE};

/// Returns the list as the argument of the call `rooms`.
pub fn to_array(rooms: &[&ListedRoom]) -> Array {
    rooms.iter().map(|room| Variant::from(dictionary(room))).collect()
}

/// Reads the list from the argument of the call `rooms`. Entries that are not rooms are skipped, further ones than
/// [`MAX_LISTED`] are dropped, and titles are made safe to show: a client may be connected to a hostile server.
pub fn from_array(list: &Array) -> Vec<ListedRoom> {
    list.iter().filter_map(room).take(MAX_LISTED).collect()
}

/// Returns the list as a JSON array of objects, with the names of the call's dictionaries.
pub fn to_json(rooms: &[&ListedRoom]) -> String {
    let mut json = String::from("[");
    for (index, room) in rooms.iter().enumerate() {
        let ListedRoom { code, title, players, capacity } = room;
        let comma = if index == 0 { "" } else { "," };
        let title = json_string(title);
        // Writing to a string cannot fail.
        let _ = write!(
            json,
            r#"{comma}{{"code":"{code}","title":{title},"players":{players},"capacity":{capacity}}}"#
        );
    }
    json.push(']');
    json
}

fn dictionary(room: &ListedRoom) -> Dictionary {
    let number = |number: usize| Variant::Int(i64::try_from(number).unwrap_or(i64::MAX));
    [
        ("code", Variant::from(room.code.as_str())),
        ("title", Variant::from(room.title.as_str())),
        ("players", number(room.players)),
        ("capacity", number(room.capacity)),
    ]
    .into_iter()
    .collect()
}

fn room(entry: &Variant) -> Option<ListedRoom> {
    let Variant::Dictionary(entry) = entry else { return None };
    let text = |name| match entry.get_str(name) {
        Some(Variant::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let number = |name| match entry.get_str(name) {
        Some(Variant::Int(number)) => usize::try_from(*number).ok(),
        _ => None,
    };
    Some(ListedRoom {
        code: text("code")?.parse().ok()?,
        title: game::names::clean(text("title")?, MAX_TITLE),
        players: number("players")?,
        capacity: number("capacity")?,
    })
}

fn json_string(text: &str) -> String {
    let mut json = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            c if u32::from(c) < 0x20 => {
                let _ = write!(json, "\\u{:04x}", u32::from(c));
            }
            c => json.push(c),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rooms() -> Vec<ListedRoom> {
        let room = |code: &str, title: &str, players| ListedRoom {
            code: code.parse().expect("it is a code"),
            title: title.to_owned(),
            players,
            capacity: 16,
        };
        vec![room("ABCD", "Ann’s “game” \"\\</script>", 3), room("WXYZ", "👩", 0)]
    }

    #[test]
    fn a_list_is_the_same_at_the_other_end() {
        let rooms = rooms();
        let array = to_array(&rooms.iter().collect::<Vec<_>>());
        assert_eq!(from_array(&array), rooms);
    }

    #[test]
    fn a_list_of_a_hostile_server_is_bounded_and_safe_to_show() {
        let rooms = rooms();
        let mut entries: Vec<Variant> = vec![Variant::Nil, Variant::from("ABCD"), Dictionary::new().into()];
        let with = |name: &str, value: Variant| {
            let mut entry = dictionary(&rooms[0]);
            entry.insert(name, value).expect("the dictionary is not typed");
            Variant::from(entry)
        };
        entries.extend([
            with("code", Variant::from("ABIO")),
            with("code", Variant::Int(1)),
            with("players", Variant::Int(-1)),
            with("capacity", Variant::Nil),
        ]);
        assert_eq!(from_array(&entries.iter().cloned().collect()), []);
        entries.extend((0..2 * MAX_LISTED).map(|_| with("title", Variant::from("\u{202e}x\n".repeat(999)))));
        let list = from_array(&entries.into_iter().collect());
        assert_eq!(list.len(), MAX_LISTED);
        assert!(
            list.iter().all(|room| room.title.chars().count() <= MAX_TITLE && !room.title.contains('\n'))
        );
    }

    #[test]
    fn json_escapes_what_ends_a_string() {
        let rooms = rooms();
        assert_eq!(
            to_json(&rooms.iter().collect::<Vec<_>>()),
            concat!(
                r#"[{"code":"ABCD","title":"Ann’s “game” \"\\</script>","players":3,"capacity":16},"#,
                r#"{"code":"WXYZ","title":"👩","players":0,"capacity":16}]"#
            )
        );
        assert_eq!(
            (to_json(&[]), json_string("a\nb\0")),
            ("[]".to_owned(), r#""a\u000ab\u0000""#.to_owned())
        );
    }

    /// A response over HTTP has at most 64 KiB.
    #[test]
    fn the_longest_list_fits_into_a_response() {
        let room = ListedRoom { title: "👩".repeat(MAX_TITLE), players: usize::MAX, ..rooms().remove(0) };
        assert!(to_json(&vec![&room; MAX_LISTED]).len() < 64 * 1024);
    }
}
