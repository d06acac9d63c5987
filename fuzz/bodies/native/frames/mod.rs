//! A stream of frames: what is read in it does not depend on how it is split, is what tungstenite reads in it, takes no more
//! memory than it may, and is the same again when it is written and read once more.

mod compose;
mod reading;
mod reference;
#[path = "../../../../testkit/src/frame.rs"]
#[allow(dead_code, reason = "the fuzz target only writes frames")]
mod writer;

use arbitrary::{Arbitrary, Result, Unstructured};
use tungstenite::protocol::frame::Frame;

use self::reading::{Reading, Seen, Way};
use super::{
    super::frames::{Encoder, MessageLimits},
    pieces::Cuts,
};

/// The frames of a client, as a server reads them.
pub(super) fn of_client(data: &[u8]) {
    run(data, End::Client);
}

/// The frames of a server, as a client reads them.
pub(super) fn of_server(data: &[u8]) {
    run(data, End::Server);
}

/// Who sends the frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Client,
    Server,
}

/// The rest of an input, behind its settings.
struct Case<'a> {
    cuts: Cuts,
    way: Way,
    limits: MessageLimits,
    is_composed: bool,
    rest: Unstructured<'a>,
}

impl<'a> Arbitrary<'a> for Case<'a> {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        let cuts = input.arbitrary()?;
        let message = *input.choose(&[128 * 1024, 1, 10, 125, 126, 1000, 65_535, 65_536])?;
        let fragments = *input.choose(&[0, 1, 2, 7])?;
        let way = *input.choose(&[Way::Copied, Way::Direct, Way::DirectInPart])?;
        let is_composed = input.arbitrary()?;
        let rest = Unstructured::new(input.bytes(input.len())?);
        Ok(Self { cuts, way, limits: MessageLimits { message, fragments }, is_composed, rest })
    }
}

fn run(data: &[u8], sender: End) {
    let Ok(Case { cuts, way, limits, is_composed, mut rest }) = Unstructured::new(data).arbitrary() else {
        return;
    };
    let stream = if is_composed { compose::frames(&mut rest, sender) } else { rest.take_rest().to_vec() };
    let whole = Reading::of([&stream[..]].into_iter(), sender, limits, Way::Copied);
    let split = Reading::of(cuts.of(&stream), sender, limits, way);
    assert_eq!(split, whole, "what is read depends on {cuts:?}, or on {way:?}");
    reference::agrees(&stream, sender, limits, &whole);
    is_read_again(whole, sender, limits);
}

/// What one end of ours writes the other reads.
fn is_read_again(Reading { mut seen, .. }: Reading, sender: End, limits: MessageLimits) {
    seen.retain(|seen| *seen != Seen::EmptyFragment);
    let encoder = match sender {
        End::Client => Encoder::CLIENT,
        End::Server => Encoder::SERVER,
    };
    let mut wire = Vec::new();
    for seen in &seen {
        let start = wire.len();
        let len = match seen {
            Seen::Packet(packet) => {
                let len = encoder.encode(packet.kind(), packet, &mut wire);
                if encoder.is_plain() {
                    let header = encoder.plain_header(packet.kind(), packet.len());
                    assert!(wire[start..].starts_with(header.get()), "there are two headers for one frame");
                }
                len
            }
            Seen::Ping(payload) => encoder.encode_control(Frame::ping(payload.clone()), &mut wire),
            Seen::Pong(payload) => encoder.encode_control(Frame::pong(payload.clone()), &mut wire),
            Seen::Close(frame) => encoder.encode_control(Frame::close(frame.clone()), &mut wire),
            Seen::EmptyFragment => continue,
        };
        assert_eq!(wire.len() - start, len, "the encoder returns another length than it writes");
    }
    let again = Reading::of([&wire[..]].into_iter(), sender, limits, Way::Copied);
    assert_eq!(again, Reading { seen, end: Ok(()) });
}
