//! The scripts: what each path does.
//!
//! Any path takes `?key=K`, which makes the server record the connection ([`crate::events`]), and `?wait=message`: the
//! script then begins when the client has sent its first message, so that the client has certainly opened (some
//! browsers do not report to a page that a connection opened if it ends at once). Segments may be percent-encoded.
//! Every script selects the first offered subprotocol, except where noted. An unknown path is answered with 404.
//!
//! | well-behaved | does |
//! |---|---|
//! | `/echo`, `/protocols` | echoes text as text and binary as binary, answers pings and the close |
//! | `/count` | takes messages until the close, then records `count N` |
//! | `/close/CODE/REASON` | closes right after opening; CODE may be `empty` for a close frame without a payload, REASON may be missing |
//! | `/send-then-close/N/CODE/REASON` | sends the texts `0` to `N-1`, then closes at once |
//! | `/late-close/MS` | echoes, but answers the client's close only after MS milliseconds |
//! | `/burst/N` | sends the texts `0` to `N-1`, then echoes |
//! | `/burst-binary/N/SIZE` | sends N binary messages of SIZE bytes (byte `i` is `i % 251`), then echoes |
//! | `/packets/HEX/HEX…` | sends these binary messages, then echoes |
//! | `/flood`, `/flood/N` | sends binary messages of 1 KiB, each starting with its number (u64, big endian), N of them or an unlimited number, until the client closes; records `sent N` |
//! | `/fragments` | sends the text `fragmented` in three frames with a ping between, then echoes |
//! | `/ping` | sends a ping with the payload `beat`, waits for the pong, sends the text `pong ` and its payload, then echoes |
//! | `/pong` | sends an unsolicited pong, then the text `after`, then echoes |
//! | `/huge/N` | sends one binary message of N bytes, then echoes |
//! | `/events/K` | answers with one text, the lines recorded for key K, then closes with 1000; waits up to 5 s until K's connections have ended, or with `?want=PART` until a line holds PART |
//! | `/refused` | answers with one text, a port that refuses connections, then closes with 1000 |
//!
//! | slow or silent | does |
//! |---|---|
//! | `/slow/MS` | answers the upgrade after MS milliseconds, then echoes |
//! | `/drip` | sends the head of the answer and then the text `dripped` byte by byte, then echoes |
//! | `/stall` | upgrades, then neither reads nor sends |
//! | `/silent` | upgrades, then reads everything and answers nothing, not even pings or the close |
//! | `/stall-before` | never answers the request; ends TCP after 3 s |
//! | `/stall-within` | sends half of the answer's head; ends TCP after 3 s |
//! | `/interim-forever` | answers 100 over and over, and nothing else; ends TCP after 3 s |
//!
//! | ends without a close frame | does |
//! |---|---|
//! | `/cut` | ends TCP right after the upgrade |
//! | `/cut-before` | ends TCP instead of answering the request |
//! | `/cut-mid-frame` | sends half of a frame and ends TCP |
//! | `/send-then-cut/N` | sends the texts `0` to `N-1`, then ends TCP |
//! | `/reset` | resets TCP (RST) right after the upgrade, which may overtake the answer |
//! | `/reset-before` | resets TCP instead of answering the request |
//! | `/half-close` | ends its own direction right after the upgrade, and continues to read |
//!
//! | breaks the protocol | does |
//! |---|---|
//! | `/raw/HEX` | upgrades, sends these bytes, reads until a close frame and ends TCP without answering it |
//! | `/huge-declared/N` | sends a binary frame's header for N bytes and nothing more |
//!
//! | answers the upgrade oddly, but must open | does (then echoes) |
//! |---|---|
//! | `/with-head` | sends the text `with the head` together with the head |
//! | `/connection-list` | `Connection: keep-alive, Upgrade` |
//! | `/no-protocol` | selects no subprotocol |
//! | `/many-headers` | 400 additional header fields, within 16 KiB |
//! | `/folded` | two folded header fields, one of them `Connection` |
//! | `/space-before-colon` | a space between a header field's name and its colon |
//! | `/bare-feeds` | lines that end with LF alone |
//! | `/interim/N` | N responses with 100 or 103 before the final one |
//!
//! | answers the upgrade wrongly | does |
//! |---|---|
//! | `/reject/STATUS` | answers with this status and a short body; 301 with `Location: /echo` |
//! | `/wrong-accept`, `/no-accept`, `/no-upgrade-header` | that header is wrong or missing |
//! | `/protocol/NAME` | selects this subprotocol, offered or not (correct if it was) |
//! | `/two-protocols` | names two subprotocols |
//! | `/extension` | accepts an extension that was not offered, `x-unasked` |
//! | `/deflate` | accepts `permessage-deflate`, which only browsers offer |
//! | `/http10` | answers 101 as HTTP/1.0 |
//! | `/garbage` | answers with something that is not HTTP |
//! | `/big-head` | a correct answer with a head of over 16 KiB |

use std::time::Duration;

/// A script with its arguments.
#[derive(Debug, PartialEq)]
pub(crate) enum Script {
    Echo,
    Count,
    Close { code: Option<u16>, reason: String },
    SendThenClose { count: usize, code: Option<u16>, reason: String },
    LateClose(Duration),
    Burst { count: usize },
    BurstBinary { count: usize, size: usize },
    Packets(Vec<Vec<u8>>),
    Flood { count: u64 },
    Fragments,
    Ping,
    Pong,
    Huge { size: usize },
    Events { key: String, want: Option<String> },
    Refused,

    Stall,
    Silent,
    StallBefore,
    StallWithin,
    InterimForever,
    Drip,
    Slow(Duration),

    Cut,
    CutBefore,
    CutMidFrame,
    SendThenCut { count: usize },
    Reset,
    ResetBefore,
    HalfClose,

    Raw(Vec<u8>),
    HugeDeclared { size: u64 },

    Reject { status: u16 },
    WithHead,
    BadUpgrade(BadUpgrade),
}

/// An unusual or wrong answer to an upgrade request.
#[derive(Debug, PartialEq)]
pub(crate) enum BadUpgrade {
    WrongAccept,
    NoAccept,
    NoUpgradeHeader,
    ConnectionList,
    Protocol(String),
    NoProtocol,
    TwoProtocols,
    Extension,
    Deflate,
    Http10,
    Garbage,
    BigHead,
    ManyHeaders,
    Folded,
    SpaceBeforeColon,
    BareLineFeeds,
    Interim { count: usize },
}

/// The parsed target of a request.
pub(crate) struct Target {
    /// The key to record under.
    pub(crate) key: Option<String>,
    /// `true` if the script begins with the client's first message.
    pub(crate) waits: bool,
    /// `None` for an unknown path.
    pub(crate) script: Option<Script>,
}

impl Target {
    pub(crate) fn parse(target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let parameter = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            let value = pairs.find(|(candidate, _)| *candidate == name)?.1;
            percent_decode(value)
        };
        let segments: Option<Vec<String>> =
            path.trim_start_matches('/').split('/').map(percent_decode).collect();
        let segments = segments.unwrap_or_default();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let waits = parameter("wait").as_deref() == Some("message");
        Self { key: parameter("key"), waits, script: script(&segments, parameter("want")) }
    }
}

fn script(segments: &[&str], want: Option<String>) -> Option<Script> {
    Some(match segments {
        ["echo" | "protocols"] => Script::Echo,
        ["count"] => Script::Count,
        ["close", code, reason @ ..] => {
            let (code, reason) = (close_code(code)?, optional(reason)?);
            Script::Close { code, reason }
        }
        ["send-then-close", count, code, reason @ ..] => {
            let (code, reason) = (close_code(code)?, optional(reason)?);
            let count = count.parse().ok()?;
            Script::SendThenClose { count, code, reason }
        }
        ["late-close", ms] => Script::LateClose(milliseconds(ms)?),
        ["burst", count] => Script::Burst { count: count.parse().ok()? },
        ["burst-binary", count, size] => {
            let (count, size) = (count.parse().ok()?, size.parse().ok()?);
            Script::BurstBinary { count, size }
        }
        ["packets", packets @ ..] => {
            Script::Packets(packets.iter().map(|packet| hex_decode(packet)).collect::<Option<_>>()?)
        }
        ["flood"] => Script::Flood { count: u64::MAX },
        ["flood", count] => Script::Flood { count: count.parse().ok()? },
        ["fragments"] => Script::Fragments,
        ["ping"] => Script::Ping,
        ["pong"] => Script::Pong,
        ["huge", size] => Script::Huge { size: size.parse().ok()? },
        ["events", key] => Script::Events { key: (*key).to_owned(), want },
        ["refused"] => Script::Refused,

        ["stall"] => Script::Stall,
        ["silent"] => Script::Silent,
        ["stall-before"] => Script::StallBefore,
        ["stall-within"] => Script::StallWithin,
        ["interim-forever"] => Script::InterimForever,
        ["drip"] => Script::Drip,
        ["slow", ms] => Script::Slow(milliseconds(ms)?),

        ["cut"] => Script::Cut,
        ["cut-before"] => Script::CutBefore,
        ["cut-mid-frame"] => Script::CutMidFrame,
        ["send-then-cut", count] => Script::SendThenCut { count: count.parse().ok()? },
        ["reset"] => Script::Reset,
        ["reset-before"] => Script::ResetBefore,
        ["half-close"] => Script::HalfClose,

        ["raw", hex] => Script::Raw(hex_decode(hex)?),
        ["huge-declared", size] => {
            let size = size.parse().ok().filter(|size| i64::try_from(*size).is_ok())?;
            Script::HugeDeclared { size }
        }

        ["reject", status] => Script::Reject { status: status.parse().ok()? },
        ["with-head"] => Script::WithHead,
        bad => Script::BadUpgrade(bad_upgrade(bad)?),
    })
}

fn bad_upgrade(segments: &[&str]) -> Option<BadUpgrade> {
    Some(match segments {
        ["wrong-accept"] => BadUpgrade::WrongAccept,
        ["no-accept"] => BadUpgrade::NoAccept,
        ["no-upgrade-header"] => BadUpgrade::NoUpgradeHeader,
        ["connection-list"] => BadUpgrade::ConnectionList,
        ["protocol", name] => BadUpgrade::Protocol((*name).to_owned()),
        ["no-protocol"] => BadUpgrade::NoProtocol,
        ["two-protocols"] => BadUpgrade::TwoProtocols,
        ["extension"] => BadUpgrade::Extension,
        ["deflate"] => BadUpgrade::Deflate,
        ["http10"] => BadUpgrade::Http10,
        ["garbage"] => BadUpgrade::Garbage,
        ["big-head"] => BadUpgrade::BigHead,
        ["many-headers"] => BadUpgrade::ManyHeaders,
        ["folded"] => BadUpgrade::Folded,
        ["space-before-colon"] => BadUpgrade::SpaceBeforeColon,
        ["bare-feeds"] => BadUpgrade::BareLineFeeds,
        ["interim", count] => BadUpgrade::Interim { count: count.parse().ok()? },
        _ => return None,
    })
}

fn close_code(segment: &str) -> Option<Option<u16>> {
    match segment {
        "empty" => Some(None),
        code => code.parse().ok().map(Some),
    }
}

fn optional(segments: &[&str]) -> Option<String> {
    match segments {
        [] => Some(String::new()),
        [one] => Some((*one).to_owned()),
        _ => None,
    }
}

fn milliseconds(segment: &str) -> Option<Duration> {
    segment.parse().ok().map(Duration::from_millis)
}

fn hex_decode(hex: &str) -> Option<Vec<u8>> {
    let digit = |digit: char| Some(digit.to_digit(16)? as u8);
    let digits: Vec<u8> = hex.chars().map(digit).collect::<Option<_>>()?;
    let pairs = digits.chunks(2);
    pairs.map(|pair| Some(pair[0] << 4 | *pair.get(1)?)).collect()
}

fn percent_decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => hex_decode(std::str::from_utf8(&[bytes.next()?, bytes.next()?]).ok()?)?[0],
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(target: &str) -> Option<Script> {
        Target::parse(target).script
    }

    #[test]
    fn paths_are_parsed_to_scripts_with_arguments() {
        let close = |code, reason: &str| Some(Script::Close { code, reason: reason.to_owned() });
        assert_eq!(parse("/echo"), Some(Script::Echo));
        assert_eq!(parse("/close/4001/bye%20bye%2F%E2%9C%93"), close(Some(4001), "bye bye/✓"));
        assert_eq!(parse("/close/empty"), close(None, ""));
        assert_eq!(parse("/raw/8800fF"), Some(Script::Raw(vec![0x88, 0, 0xff])));
        assert_eq!(parse("/packets/00ff/2a"), Some(Script::Packets(vec![vec![0, 0xff], vec![0x2a]])));
        assert_eq!(
            parse("/huge-declared/9223372036854775807"),
            Some(Script::HugeDeclared { size: i64::MAX as u64 })
        );
        assert_eq!(
            parse("/protocol/chat"),
            Some(Script::BadUpgrade(BadUpgrade::Protocol("chat".to_owned())))
        );
    }

    #[test]
    fn the_query_sets_key_want_and_wait() {
        let target = Target::parse("/events/a?want=close%201000&key=b&wait=message");
        let (key, want) = ("a".to_owned(), Some("close 1000".to_owned()));
        assert_eq!(target.script, Some(Script::Events { key, want }));
        assert_eq!((target.key.as_deref(), target.waits), (Some("b"), true));
    }

    #[test]
    fn unknown_paths_have_no_script() {
        for target in [
            "/",
            "/nonsense",
            "/echo/more",
            "/burst",
            "/burst/many",
            "/close/70000",
            "/close/1000/a/b",
            "/raw/8",
            "/raw/zz",
            "/raw/é",
            "/huge-declared/9223372036854775808",
            "/close/1000/%FF",
            "/echo%",
        ] {
            assert_eq!(parse(target), None, "{target}");
        }
    }
}
