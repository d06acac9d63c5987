//! Events of the chat as lines of a terminal.

use chat::{ChatClient, ChatEvent};
use terminal::{Color, Span};
use websocket_peer::multiplayer::PeerId;

/// Returns the commands, for a person to read.
pub fn help() -> &'static [&'static str] {
    &[
        "Type a line to send it to all others.",
        "/name NAME  takes a name",
        "/who        shows who is here, as far as the server reports it",
        "/quit       leaves the chat, as Ctrl-C and Ctrl-D do",
        "//TEXT      sends a line that begins with a slash",
    ]
}

/// Returns the line for an event. `name` is the own one.
pub fn show(event: &ChatEvent, name: Option<&str>, is_leaving: bool) -> Vec<Span<'static>> {
    match event {
        ChatEvent::Connected => note("Connected. /help shows the commands.".to_owned()),
        ChatEvent::Line { from, name, text } => {
            vec![member(*from, name.as_deref()), Span::plain(format!(": {text}"))]
        }
        ChatEvent::OwnLine { text } => {
            let name = name.unwrap_or("You").to_owned();
            vec![Span::colored(name, Color::Bold), Span::plain(format!(": {text}"))]
        }
        ChatEvent::Joined { id } => change(*id, None, " joined"),
        ChatEvent::Left { id, name } => change(*id, name.as_deref(), " left"),
        ChatEvent::Present { id, name } => change(*id, Some(name), " is here"),
        ChatEvent::Renamed { id, name, before } => {
            let mut line = change(*id, before.as_deref(), " is called ");
            line.push(member(*id, Some(name)));
            line
        }
        ChatEvent::NameAccepted { name } => note(format!("You are called {name}.")),
        ChatEvent::NameRefused { reason } => warning(format!("Your name was refused: {reason}.")),
        ChatEvent::ServerLine { text } => {
            vec![Span::colored("Server", Color::Bold), Span::plain(format!(": {text}"))]
        }
        ChatEvent::Closed { why, .. } if !is_leaving => warning(why.clone()),
        ChatEvent::Closed { why: text, .. } | ChatEvent::Notice { text } => note(text.clone()),
        // The library may report more.
        _ => Vec::new(),
    }
}

/// Returns the line for `/who`.
pub fn who(client: &ChatClient) -> Vec<Span<'static>> {
    let own = client.name().map_or("you".to_owned(), |name| format!("{name} (you)"));
    let mut line = vec![Span::colored("Here: ", Color::Dim), Span::colored(own, Color::Bold)];
    for (id, name) in client.members() {
        line.push(Span::plain(", "));
        line.push(member(id, name));
    }
    line
}

/// Returns the name of a member, or else its id, in its colour.
fn member(id: PeerId, name: Option<&str>) -> Span<'static> {
    let label = name.map_or_else(|| format!("[{id}]"), str::to_owned);
    Span::colored(label, Color::Numbered(id.get().unsigned_abs()))
}

fn change(id: PeerId, name: Option<&str>, what: &'static str) -> Vec<Span<'static>> {
    vec![member(id, name), Span::colored(what, Color::Dim)]
}

fn note(text: String) -> Vec<Span<'static>> {
    vec![Span::colored(text, Color::Dim)]
}

fn warning(text: String) -> Vec<Span<'static>> {
    vec![Span::colored(text, Color::Red)]
}
