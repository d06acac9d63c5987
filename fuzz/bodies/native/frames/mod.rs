//! A stream of frames: the decoded items do not depend on how it is split, are the same as tungstenite's, take bounded
//! memory, and are the same after encoding and decoding.

mod compose;
mod reading;
mod reference;
#[path = "../../../../testkit/src/frame.rs"]
#[allow(dead_code, reason = "the fuzz target only writes frames")]
mod writer;

use arbitrary::{Arbitrary, Result, Unstructured};
use tungstenite::protocol::frame::Frame;

use self::reading::{DecodedItem, InputMode, Reading};
use super::{
    super::frames::{Encoder, MessageLimits},
    pieces::Cuts,
};

/// The frames of a client, as a server reads them.
pub(super) fn of_client(data: &[u8]) {
    run(data, Sender::Client);
}

/// The frames of a server, as a client reads them.
pub(super) fn of_server(data: &[u8]) {
    run(data, Sender::Server);
}

/// The sender of the frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sender {
    Client,
    Server,
}

/// The parts of an input.
struct Case<'a> {
    cuts: Cuts,
    input_mode: InputMode,
    limits: MessageLimits,
    is_composed: bool,
    rest: Unstructured<'a>,
}

impl<'a> Arbitrary<'a> for Case<'a> {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        let cuts = input.arbitrary()?;
        let message = *input.choose(&[128 * 1024, 1, 10, 125, 126, 1000, 65_535, 65_536])?;
        let fragments = *input.choose(&[0, 1, 2, 7])?;
        let input_mode = *input.choose(&[InputMode::Copied, InputMode::Direct, InputMode::DirectInPart])?;
        let is_composed = input.arbitrary()?;
        let rest = Unstructured::new(input.bytes(input.len())?);
        Ok(Self { cuts, input_mode, limits: MessageLimits { message, fragments }, is_composed, rest })
    }
}

fn run(data: &[u8], sender: Sender) {
    let Ok(Case { cuts, input_mode, limits, is_composed, mut rest }) = Unstructured::new(data).arbitrary()
    else {
        return;
    };
    let stream = if is_composed { compose::frames(&mut rest, sender) } else { rest.take_rest().to_vec() };
    let whole = Reading::of([&stream[..]].into_iter(), sender, limits, InputMode::Copied);
    let split = Reading::of(cuts.of(&stream), sender, limits, input_mode);
    assert_eq!(split, whole, "the items depend on {cuts:?}, or on {input_mode:?}");
    reference::assert_agrees(&stream, sender, limits, &whole);
    assert_round_trip(whole, sender, limits);
}

/// Checks that the other end decodes what one end encodes.
fn assert_round_trip(Reading { mut items, .. }: Reading, sender: Sender, limits: MessageLimits) {
    items.retain(|item| *item != DecodedItem::EmptyFragment);
    let encoder = match sender {
        Sender::Client => Encoder::CLIENT,
        Sender::Server => Encoder::SERVER,
    };
    let mut wire = Vec::new();
    for item in &items {
        let start = wire.len();
        let len = match item {
            DecodedItem::Packet(packet) => {
                let len = encoder.encode(packet.kind(), packet, &mut wire);
                if encoder.is_plain() {
                    let header = encoder.plain_header(packet.kind(), packet.len());
                    assert!(
                        wire[start..].starts_with(header.get()),
                        "the two encodings of the header differ"
                    );
                }
                len
            }
            DecodedItem::Ping(payload) => encoder.encode_control(Frame::ping(payload.clone()), &mut wire),
            DecodedItem::Pong(payload) => encoder.encode_control(Frame::pong(payload.clone()), &mut wire),
            DecodedItem::Close(frame) => encoder.encode_control(Frame::close(frame.clone()), &mut wire),
            DecodedItem::EmptyFragment => continue,
        };
        assert_eq!(wire.len() - start, len, "the returned length differs from the written one");
    }
    let again = Reading::of([&wire[..]].into_iter(), sender, limits, InputMode::Copied);
    assert_eq!(again, Reading { items, end: Ok(()) });
}
