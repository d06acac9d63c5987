//! Refused words: the terms to use instead of them are the field's.

use crate::code::is_word;
use crate::tree::File;

/// Words in any text and, between capitals or underscores, in any name.
const WORDS: [(&str, &str); 30] = [
    ("anybody", "any peer"),
    ("breach", "protocol error"),
    ("breaches", "protocol errors"),
    ("farewell", "drain"),
    ("farewells", "draining"),
    ("goodbye", "close"),
    ("hear", "receive"),
    ("heard", "received"),
    ("hearing", "receiving"),
    ("hears", "receives"),
    ("knock", "connect"),
    ("knocks", "connects"),
    ("neighbourhood", "ip prefix"),
    ("newcomer", "new client, new peer"),
    ("newcomers", "new clients, new peers"),
    ("nobody", "no peer, no client"),
    ("seat", "slot"),
    ("seated", "admitted"),
    ("seats", "slots"),
    ("somebody", "a peer, a client"),
    ("starved", "blocked on memory"),
    ("stranger", "untrusted client"),
    ("strangers", "untrusted clients"),
    ("tell", "report"),
    ("tells", "reports"),
    ("told", "reported, received"),
    ("whoever", "a peer that"),
    ("whom", "name the peer or the client"),
    ("whomever", "each peer that"),
    ("whosoever", "each peer that"),
];

/// Words in comments and in the prose of documents. Sockets and peers send and report.
const SAID: [(&str, &str); 2] = [("said", "sent, reported"), ("says", "sends, reports")];

const PHRASES: [(&str, &str); 24] = [
    ("at the least", "at least"),
    ("at the most", "at most"),
    ("comes first", "name the order"),
    ("for ever", "forever"),
    ("held against", "compared with"),
    ("hold against", "compare with"),
    ("holds against", "compares with"),
    ("in vain", "without effect"),
    ("is over but", "lingers"),
    ("let in", "admit"),
    ("lets in", "admits"),
    ("letting in", "admitting"),
    ("parted with", "disconnected"),
    ("see to", "handle"),
    ("sees to", "handles"),
    ("sends away", "disconnects"),
    ("sent away", "disconnected"),
    ("so long", "for this time"),
    ("so many", "this number of"),
    ("turn away", "reject"),
    ("turned away", "rejected"),
    ("turns away", "rejects"),
    ("what is told", "the report"),
    ("who is told", "the receiver"),
];

/// Names of types and fields that were replaced, in Rust code.
const NAMES: [(&str, &str); 43] = [
    ("Arrived", "AcceptOutcome"),
    ("Asked", "PendingPing, RequestOutcome"),
    ("Audience", "PathAcks"),
    ("BadArgument", "ArgumentError"),
    ("Beat", "HeartbeatAction"),
    ("Bell", "Notifier"),
    ("Bend", "BadUpgrade"),
    ("Breach", "FrameError"),
    ("Carrier", "Transport"),
    ("Deadline", "Timeout"),
    ("Departure", "DisconnectReason"),
    ("Door", "Acceptor"),
    ("Excess", "Limit"),
    ("Grain", "Chunking"),
    ("Guest", "ClientTransport"),
    ("Heard", "RemoteSynchronizer"),
    ("Letter", "Message"),
    ("Manner", "Behaviour"),
    ("Moment", "Timestamps"),
    ("Names", "PeerIdMap"),
    ("News", "WakeState"),
    ("Numbers", "RemoteIds"),
    ("Outbound", "SendQueue"),
    ("Outbox", "SendAccounting"),
    ("PeerLimits", "RateLimits"),
    ("Pump", "OpenConnection"),
    ("Ration", "Budget"),
    ("Refusal", "Rejection, PacketError"),
    ("ReplicationFault", "ReplicationError"),
    ("Scrap", "PartialBuf"),
    ("TlsIdentity", "TlsCertificate"),
    ("Told", "Reported"),
    ("Turn", "PollContext"),
    ("Visit", "ClientRun"),
    ("Way", "Direction"),
    ("WhenFull", "SendOverflow"),
    ("Written", "EncodedHeader"),
    ("WrongCall", "CallError"),
    ("max_memory", "max_buffered_bytes"),
    ("max_pending", "max_pending_handshakes"),
    ("max_time_full", "slow_reader_timeout"),
    ("set_identity", "set_certificate"),
    ("when_full", "send_overflow"),
];

/// The files that the rule reads. The changelog names what was renamed, and this file its own words.
pub fn applies_to(file: &File) -> bool {
    let kinds = [".rs", ".md", ".js", ".mjs", ".html", ".css", ".toml", ".gd"];
    kinds.iter().any(|kind| file.path.ends_with(kind))
        && !matches!(file.path.as_str(), "CHANGELOG.md" | "tests/tidy/words.rs")
}

pub fn refused(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    let mut offset = 0;
    let mut is_fenced = false;
    for line in file.text.split_inclusive('\n') {
        is_fenced ^= file.path.ends_with(".md") && line.trim_start().starts_with("```");
        let mut refuse = |word: &str, instead: &str| {
            found.push(file.at(offset, &format!("`{word}`: write {instead}")));
        };
        let code = if file.path.ends_with(".rs") { &file.code[offset..offset + line.len()] } else { "" };
        for name in code.split(|c| !is_word(c)) {
            find(&NAMES, name).into_iter().for_each(|instead| refuse(name, instead));
        }
        for name in line.split(|c| !is_word(c)) {
            for word in parts(name) {
                let word = word.to_lowercase();
                find(&WORDS, &word).into_iter().for_each(|instead| refuse(&word, instead));
                if is_prose(&file.path, line, is_fenced) {
                    find(&SAID, &word).into_iter().for_each(|instead| refuse(&word, instead));
                }
            }
        }
        // Phrases are in the text, or in one name.
        let names = line.split(|c| !is_word(c)).map(|name| parts(name).join(" "));
        let plain: Vec<&str> = line.split(|c| !is_word(c)).filter(|word| !word.is_empty()).collect();
        let text = names
            .chain([plain.join(" ")])
            .map(|text| format!(" {} |", text.to_lowercase()))
            .collect::<String>();
        for (phrase, instead) in PHRASES {
            if text.contains(&format!(" {phrase} ")) {
                refuse(phrase, instead);
            }
        }
        let comment = line.trim_start().trim_start_matches(['/', '!']).trim_start();
        if comment.starts_with("Whether ") && line.trim_start().starts_with("//") {
            refuse("Whether", "\"Returns `true` if …\"");
        }
        offset += line.len();
    }
    found
}

fn find(table: &[(&str, &'static str)], word: &str) -> Option<&'static str> {
    table.iter().find(|(refused, _)| *refused == word).map(|(_, instead)| *instead)
}

fn is_prose(path: &str, line: &str, is_fenced: bool) -> bool {
    let start = line.trim_start();
    match path.rsplit('.').next() {
        Some("md") => !is_fenced,
        Some("html") => true,
        Some("toml" | "gd") => start.starts_with('#'),
        _ => start.starts_with("//") || start.starts_with('*'),
    }
}

/// The words of a name, which begin at capitals and behind underscores.
fn parts(name: &str) -> Vec<&str> {
    let mut starts: Vec<usize> = name
        .char_indices()
        .zip(name.chars().skip(1).map(Some).chain([None]))
        .filter(|((_, c), next)| c.is_uppercase() && next.is_some_and(char::is_lowercase))
        .map(|((at, _), _)| at)
        .collect();
    starts.insert(0, 0);
    starts.push(name.len());
    starts.dedup();
    starts
        .windows(2)
        .flat_map(|pair| name[pair[0]..pair[1]].split('_'))
        .filter(|part| !part.is_empty())
        .collect()
}

#[cfg(test)]
mod planted {
    use super::*;

    #[test]
    fn names_have_parts() {
        assert_eq!(parts("is_told"), ["is", "told"]);
        assert_eq!(parts("ToldOff"), ["Told", "Off"]);
        assert_eq!(parts("HTTPServer"), ["HTTP", "Server"]);
    }

    #[test]
    fn refused_words_are_found() {
        for text in [
            "let told = 1;",
            "fn is_told() {}",
            "struct WasTold;",
            "/// Whoever comes.",
            "struct Door;",
            "// It says so.",
            "/// Whether it is.",
            "// so many of them",
            "fn at_the_most() {}",
        ] {
            assert_eq!(refused(&File::new("src/a.rs", &format!("{text}\n"))).len(), 1, "{text}");
        }
        for text in
            ["let retold = 1;", "println!(\"it says\");", "/// Says.md", "// some message", "struct Doors;"]
        {
            let expected = usize::from(text.contains("/// Says"));
            assert_eq!(refused(&File::new("src/a.rs", &format!("{text}\n"))).len(), expected, "{text}");
        }
        let document = File::new("a.md", "It says.\n```text\nit says\n```\n");
        assert_eq!(refused(&document).len(), 1);
        assert!(!applies_to(&File::new("CHANGELOG.md", "")) && !applies_to(&File::new("a.png", "")));
    }
}
