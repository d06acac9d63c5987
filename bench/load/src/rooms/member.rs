//! One client of a session: a raw socket with just enough of the protocol.

use std::{
    io::{ErrorKind, Read, Write},
    net::SocketAddr,
};

use anyhow::{Context, Result, bail, ensure};
use mio::{Interest, Registry, Token, net::TcpStream};

use crate::{
    frame::{self, BINARY, PING, PONG},
    handshake,
};

/// The first bytes of packets of the session: SYS with ADD_PEER, DEL_PEER or RELAY, and SIMPLIFY_PATH.
const ADD_PEER: [u8; 2] = [7, 1];
const DEL_PEER: [u8; 2] = [7, 2];
const RELAY: [u8; 2] = [7, 3];
const SIMPLIFY_PATH: u8 = 1;
/// The first bytes of the answer to SIMPLIFY_PATH: CONFIRM_PATH, valid.
const CONFIRM_PATH: [u8; 2] = [2, 1];
/// The size of the methods' checksum in SIMPLIFY_PATH, with the zero byte behind it.
const CHECKSUM: usize = 33;

/// One connection.
pub struct Member {
    stream: TcpStream,
    /// Bytes that the kernel has not taken yet.
    unsent: Vec<u8>,
    /// The received part of the server's response, or of a frame.
    partial: Vec<u8>,
    is_open: bool,
    id: Option<i32>,
    /// The number of other clients in the session.
    others: usize,
    is_gone: bool,
}

impl Member {
    /// Starts connecting.
    ///
    /// # Errors
    /// The system has no socket left.
    pub fn begin(addr: SocketAddr, path: &str, registry: &Registry, token: Token) -> Result<Self> {
        let mut stream = TcpStream::connect(addr).context("cannot connect")?;
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        let unsent = handshake::request(addr, path);
        Ok(Self { stream, unsent, partial: Vec::new(), is_open: false, id: None, others: 0, is_gone: false })
    }

    /// The id, once the server has sent it.
    pub fn id(&self) -> Option<i32> {
        self.id
    }

    /// Returns the number of other clients that have been announced and have not left.
    pub fn others(&self) -> usize {
        self.others
    }

    /// Returns `true` if the connection has ended.
    pub fn is_gone(&self) -> bool {
        self.is_gone
    }

    /// Checks the connection when the socket is writable before the handshake, and sends what waits.
    ///
    /// # Errors
    /// The connection was refused.
    pub fn on_writable(&mut self) -> Result<()> {
        if !self.is_open {
            if let Some(error) = self.stream.take_error()? {
                return Err(error).context("cannot connect");
            }
            self.stream.set_nodelay(true)?;
        }
        self.flush();
        Ok(())
    }

    /// Sends a frame. What the kernel does not take waits.
    pub fn send(&mut self, frame: &[u8]) {
        let written = if self.unsent.is_empty() { self.write(frame) } else { 0 };
        if !self.is_gone {
            self.unsent.extend(&frame[written..]);
        }
    }

    /// Reads all available bytes, and passes each relayed packet to `on_relayed`.
    ///
    /// # Errors
    /// The server sent something else than a session's packets, or `on_relayed` fails. The end of the connection is not
    /// an error.
    pub fn read(&mut self, buffer: &mut [u8], mut on_relayed: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        while !self.is_gone {
            let start = self.partial.len();
            buffer[..start].copy_from_slice(&self.partial);
            let space = buffer.len() - start;
            let len = match self.stream.read(&mut buffer[start..]) {
                Ok(len) => len,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if is_temporary(error.kind()) => return Ok(()),
                Err(_) => 0,
            };
            if len == 0 {
                self.is_gone = true;
                return Ok(());
            }
            let used = self.take(&buffer[..start + len], &mut on_relayed)?;
            self.partial.clear();
            self.partial.extend(&buffer[used..start + len]);
            // A short read has emptied the socket. More data causes another event.
            if len < space {
                break;
            }
        }
        Ok(())
    }

    /// Handles the whole frames at the start of these bytes. Returns their size.
    fn take(&mut self, bytes: &[u8], on_relayed: &mut impl FnMut(&[u8]) -> Result<()>) -> Result<usize> {
        let mut used = 0;
        if !self.is_open {
            let Some(len) = handshake::response_len(bytes)? else { return Ok(0) };
            (self.is_open, used) = (true, len);
        }
        while let Some((first, payload, len)) = next_frame(&bytes[used..])? {
            used += len;
            match first {
                // The first packet is an id, which may have the same bytes.
                BINARY if payload.starts_with(&RELAY) && self.id.is_some() => on_relayed(payload)?,
                BINARY => self.take_packet(payload)?,
                PING => self.send(&masked(PONG, payload)),
                frame::CLOSE => self.is_gone = true,
                other => bail!("the server sent a frame that starts with {other:#04x}"),
            }
        }
        Ok(used)
    }

    fn take_packet(&mut self, packet: &[u8]) -> Result<()> {
        if self.id.is_none() {
            let id = packet.try_into().ok().map(i32::from_le_bytes);
            self.id = Some(id.with_context(|| format!("the first packet is not an id: {packet:02x?}"))?);
        } else if packet.starts_with(&ADD_PEER) {
            self.others += 1;
        } else if packet.starts_with(&DEL_PEER) {
            self.others = self.others.checked_sub(1).context("a client left that had not been announced")?;
        } else if packet.first() == Some(&SIMPLIFY_PATH) {
            let number = packet.get(1 + CHECKSUM..).and_then(|rest| rest.first_chunk::<4>());
            let number = number.context("SIMPLIFY_PATH is too short")?;
            self.send(&masked(BINARY, &[&CONFIRM_PATH[..], number].concat()));
        } else {
            bail!("the server sent an unexpected packet: {packet:02x?}");
        }
        Ok(())
    }

    fn flush(&mut self) {
        if !self.unsent.is_empty() {
            let unsent = std::mem::take(&mut self.unsent);
            let written = self.write(&unsent);
            self.unsent = unsent;
            self.unsent.drain(..written);
        }
    }

    /// Returns the number of bytes that the kernel has taken.
    fn write(&mut self, bytes: &[u8]) -> usize {
        let mut written = 0;
        while written < bytes.len() && !self.is_gone {
            match self.stream.write(&bytes[written..]) {
                Ok(len) => written += len,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_temporary(error.kind()) => break,
                Err(_) => self.is_gone = true,
            }
        }
        written
    }
}

fn is_temporary(error: ErrorKind) -> bool {
    matches!(error, ErrorKind::WouldBlock | ErrorKind::NotConnected)
}

/// A masking key of zeros leaves the payload unchanged.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = frame::header(first, payload.len() as u64, Some([0; 4]));
    frame.extend(payload);
    frame
}

/// Returns the first byte, the payload and the length of the frame at the start, if it is complete.
fn next_frame(bytes: &[u8]) -> Result<Option<(u8, &[u8], usize)>> {
    let [first, length, rest @ ..] = bytes else { return Ok(None) };
    ensure!(*length < 127, "the server sent a frame that is larger than 64 KiB, or masked");
    let (length, header) = match length {
        126 => match rest.first_chunk() {
            Some(length) => (usize::from(u16::from_be_bytes(*length)), 4),
            None => return Ok(None),
        },
        length => (usize::from(*length), 2),
    };
    let payload = bytes.get(header..header + length);
    Ok(payload.map(|payload| (*first, payload, header + length)))
}

#[cfg(test)]
mod tests {
    use std::{
        net::TcpListener,
        thread,
        time::{Duration, Instant},
    };

    use mio::Poll;

    use super::*;

    #[test]
    fn a_frame_is_read_once_it_is_complete() {
        for length in [0, 1, 125, 126, 1000] {
            let payload = vec![9; length];
            let frame = frame::server_frame(BINARY, &payload);
            let followed = [&frame[..], &[0x82]].concat();
            for end in 0..frame.len() {
                assert_eq!(next_frame(&followed[..end]).unwrap(), None, "{end} of {length}");
            }
            assert_eq!(next_frame(&followed).unwrap(), Some((BINARY, &payload[..], frame.len())));
        }
        assert!(next_frame(&masked(BINARY, b"x")).is_err());
    }

    const RESPONSE: &str =
        "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

    #[test]
    fn the_first_packet_is_the_id_also_if_it_looks_like_a_relayed_one() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let poll = Poll::new().unwrap();
        let addr = listener.local_addr().unwrap();
        let mut member = Member::begin(addr, "/room/1", poll.registry(), Token(0)).unwrap();
        let mut server = listener.accept().unwrap().0;
        let packets: [&[u8]; 4] =
            [&[7, 3, 1, 0], &[7, 1, 9, 0, 0, 0], &[7, 3, 9, 0, 0, 0, 3, 5], &[7, 2, 9, 0, 0, 0]];
        let frames = packets.map(|packet| frame::server_frame(BINARY, packet)).concat();
        // Byte by byte, so that the client has parts of the response and of frames.
        let mut relayed = Vec::new();
        for byte in [RESPONSE.as_bytes(), &frames].concat() {
            server.write_all(&[byte]).unwrap();
            let take = |packet: &[u8]| {
                relayed.push(packet.to_vec());
                Ok(())
            };
            member.read(&mut [0; 1024], take).unwrap();
        }
        drop(server);
        let deadline = Instant::now() + Duration::from_secs(60);
        while !member.is_gone() {
            assert!(Instant::now() < deadline, "the end of the connection is not noticed");
            let take = |packet: &[u8]| {
                relayed.push(packet.to_vec());
                Ok(())
            };
            member.read(&mut [0; 1024], take).unwrap();
            thread::sleep(Duration::from_millis(1));
        }
        assert_eq!((member.id(), member.others()), (Some(0x0001_0307), 0));
        assert_eq!(relayed, [packets[2]]);
    }
}
