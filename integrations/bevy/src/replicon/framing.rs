//! The form of a message of bevy_replicon in a packet: the number of its channel, then its bytes.
//!
//! The number is a LEB128 integer, so it takes one byte for the first 128 channels. Every message is one binary packet.

use bevy_replicon::bytes::Bytes;
use websocket_peer::{Packet, PacketKind};

/// The most bytes that the number of a channel takes: enough for 2,097,152 channels, which is more than a program can
/// register.
const MAX_PREFIX: usize = 3;

/// Returns a packet with a message of this channel.
pub(super) fn pack(channel: usize, message: &[u8]) -> Packet {
    let mut data = Vec::with_capacity(MAX_PREFIX + message.len());
    let mut rest = channel;
    while rest >= 0x80 {
        data.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    data.push(rest as u8);
    data.extend_from_slice(message);
    Packet::binary(data)
}

/// Returns the channel and the message of a packet. `None` if it is text, or if it does not begin with the number of
/// one of the first `channels` channels in its shortest form.
pub(super) fn unpack(packet: &Packet, channels: usize) -> Option<(usize, Bytes)> {
    if packet.kind() != PacketKind::Binary {
        return None;
    }
    let data = packet.as_bytes();
    let length = data.iter().take(MAX_PREFIX).position(|byte| byte & 0x80 == 0)? + 1;
    let (prefix, message) = data.split_at(length);
    if length > 1 && prefix[length - 1] == 0 {
        return None;
    }
    let channel = prefix.iter().rev().fold(0, |number, byte| number << 7 | usize::from(byte & 0x7f));
    (channel < channels).then(|| (channel, Bytes::copy_from_slice(message)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_the_same_after_the_way_through_a_packet() {
        for (channel, prefix) in
            [(0, 1), (127, 1), (128, 2), (300, 2), (16_383, 2), (16_384, 3), (2_097_151, 3)]
        {
            for message in [&b""[..], b"\0", b"\x80\xff message"] {
                let packet = pack(channel, message);
                assert_eq!(packet.len(), prefix + message.len());
                let (unpacked, bytes) = unpack(&packet, channel + 1).expect("the channel exists");
                assert_eq!((unpacked, &*bytes), (channel, message));
            }
        }
    }

    #[test]
    fn a_channel_that_does_not_exist_is_rejected() {
        assert_eq!(unpack(&pack(3, b"message"), 3), None);
        assert_eq!(unpack(&pack(0, b"message"), 0), None);
        assert_eq!(unpack(&pack(200, b"message"), 3), None);
    }

    #[test]
    fn packets_without_a_channel_are_rejected() {
        for data in
            [&b""[..], b"\x80", b"\x80\x80", b"\x80\x80\x80", b"\xff\xff\xff\x01", b"\x80\0", b"\x81\x80\0"]
        {
            assert_eq!(unpack(&Packet::binary(data), usize::MAX), None, "{data:?}");
        }
        assert_eq!(unpack(&Packet::text("\0message"), usize::MAX), None, "a text");
    }
}
