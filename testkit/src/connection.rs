//! One connection: bytes, frames and messages in, bytes out, everything recorded, every wait bounded.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::events::Recorder;
use crate::frame::{self, BINARY, CLOSE, CONTINUATION, FINAL, Frame, OPCODE, PING, PONG, TEXT};
use crate::handshake::{Answer, MAX_HEAD, Request};
use crate::stream::Stream;

/// The longest time that a connection lasts, whatever its script waits for.
const LIFE: Duration = Duration::from_secs(20);
/// The time that the client has to end TCP after the server has ended its direction.
const LINGER: Duration = Duration::from_secs(2);

/// The largest frame that is accepted, in bytes. No client under test sends a larger one.
const MAX_FRAME: usize = 64 << 20;

/// Why a script cannot go on.
#[derive(Debug)]
pub(crate) enum End {
    Eof,
    Reset,
    /// The server is being dropped.
    Stopped,
    /// The connection has lasted too long.
    Expired,
    Broken(String),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Eof => f.write_str("eof"),
            Self::Reset => f.write_str("reset"),
            Self::Stopped => f.write_str("stopped"),
            Self::Expired => f.write_str("expired"),
            Self::Broken(reason) => write!(f, "broken {reason}"),
        }
    }
}

/// A message or control frame of a client.
pub(crate) enum Message {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Vec<u8>),
}

pub(crate) struct Connection {
    stream: Stream,
    /// Received bytes that are not yet parsed.
    bytes: Vec<u8>,
    /// The first byte of an incomplete message, and its payload so far.
    partial: Option<(u8, Vec<u8>)>,
    recorder: Recorder,
    stop: Arc<AtomicBool>,
    expires: Instant,
}

impl Connection {
    pub(crate) fn new(stream: Stream, recorder: Recorder, stop: Arc<AtomicBool>) -> Self {
        Self { stream, bytes: Vec::new(), partial: None, recorder, stop, expires: Instant::now() + LIFE }
    }

    /// Lets the connection last as long as its client and the server: for the echo, which people use by hand, too.
    pub(crate) fn keep(&mut self) {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        self.expires = Instant::now() + DAY;
    }

    pub(crate) fn stream(&self) -> &Stream {
        &self.stream
    }

    pub(crate) fn record(&self, line: impl fmt::Display) {
        self.recorder.line(line);
    }

    /// Records later events there.
    pub(crate) fn record_into(&mut self, recorder: Recorder) {
        self.recorder = recorder;
    }

    /// Reads the upgrade request.
    pub(crate) fn request(&mut self) -> Result<Request, End> {
        loop {
            if let Some(request) = Request::take(&mut self.bytes).map_err(End::Broken)? {
                return Ok(request);
            }
            if self.bytes.len() > MAX_HEAD {
                return Err(broken("a request head over the limit"));
            }
            self.read()?;
        }
    }

    pub(crate) fn answer(&mut self, answer: &Answer) -> Result<(), End> {
        self.write(&answer.to_bytes())
    }

    /// Waits for the next message or control frame.
    pub(crate) fn message(&mut self) -> Result<Message, End> {
        loop {
            if let Some(message) = self.take_message()? {
                return Ok(message);
            }
            self.read()?;
        }
    }

    /// Returns the next message or control frame if it has arrived.
    pub(crate) fn message_now(&mut self) -> Result<Option<Message>, End> {
        self.read_now()?;
        self.take_message()
    }

    /// Sends a frame. An echoed text may be invalid UTF-8.
    pub(crate) fn send(&mut self, first: u8, payload: impl AsRef<[u8]>) -> Result<(), End> {
        self.write(&frame::server_frame(first, payload))
    }

    /// Sends a close frame and waits for the client's. Without a code the close frame is empty.
    pub(crate) fn close(&mut self, code: Option<u16>, reason: &str) -> Result<(), End> {
        self.send(CLOSE, code.map_or_else(Vec::new, |code| frame::close_payload(code, reason)))?;
        while !matches!(self.message()?, Message::Close(_)) {}
        Ok(())
    }

    /// Writes all bytes, however long that takes.
    pub(crate) fn write(&mut self, mut bytes: &[u8]) -> Result<(), End> {
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
                Ok(0) => return Err(End::Reset),
                Ok(written) => bytes = &bytes[written..],
                Err(error) => self.wait_on(error)?,
            }
        }
        loop {
            match self.stream.flush() {
                Ok(()) => return Ok(()),
                Err(error) => self.wait_on(error)?,
            }
        }
    }

    /// Neither sends nor reads for this time.
    pub(crate) fn pause(&mut self, pause: Duration) -> Result<(), End> {
        let until = Instant::now() + pause;
        loop {
            self.check_life()?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(Duration::from_millis(25)));
        }
    }

    /// Ends the connection after this time at the latest.
    pub(crate) fn expire_in(&mut self, time: Duration) {
        self.expires = self.expires.min(Instant::now() + time);
    }

    /// Neither sends nor reads until the client has ended TCP.
    pub(crate) fn stall(&mut self) -> End {
        loop {
            // Peeking shows the end of TCP only if no bytes wait to be read; it always shows a reset.
            let looked = match self.stream.tcp().peek(&mut [0]) {
                Ok(0) => Err(End::Eof),
                Ok(_) => self.pause(Duration::from_millis(25)),
                Err(error) => self.wait_on(error),
            };
            if let Err(end) = looked {
                return end;
            }
        }
    }

    /// Reads and records messages until something ends the connection.
    pub(crate) fn ignore_everything(&mut self) -> End {
        loop {
            if let Err(end) = self.message() {
                return end;
            }
        }
    }

    /// Ends this direction of TCP.
    pub(crate) fn shutdown_write(&mut self) -> Result<(), End> {
        self.stream.shutdown_write().map_err(|error| end_of(&error))
    }

    /// Ends TCP without losing sent bytes: ends this direction, then reads until the client ends the other.
    pub(crate) fn leave(mut self) {
        self.expire_in(LINGER);
        let end = match self.shutdown_write() {
            Ok(()) => self.ignore_bytes(),
            Err(end) => end,
        };
        self.record(end);
    }

    fn ignore_bytes(&mut self) -> End {
        loop {
            self.bytes.clear();
            if let Err(end) = self.read() {
                return end;
            }
        }
    }

    fn take_message(&mut self) -> Result<Option<Message>, End> {
        while let Some(frame) = self.take_frame()? {
            self.record(mask_line(&frame));
            if let Some(message) = self.assemble(frame)? {
                self.record(message_line(&message));
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    fn take_frame(&mut self) -> Result<Option<Frame>, End> {
        let Some((frame, length)) = Frame::parse(&self.bytes) else {
            let is_too_long = self.bytes.len() > MAX_FRAME;
            return if is_too_long { Err(broken("a frame over the limit")) } else { Ok(None) };
        };
        self.bytes.drain(..length);
        Ok(Some(frame))
    }

    /// Returns the message that the frame completes, or the control frame.
    fn assemble(&mut self, frame: Frame) -> Result<Option<Message>, End> {
        let (kind, payload) = match (frame.first & OPCODE | FINAL, frame.payload) {
            (CLOSE, payload) => return Ok(Some(Message::Close(payload))),
            (PING, payload) => return Ok(Some(Message::Ping(payload))),
            (PONG, payload) => return Ok(Some(Message::Pong(payload))),
            (CONTINUATION, payload) => match self.partial.take() {
                Some((kind, start)) => (kind, [start, payload].concat()),
                None => return Err(broken("a continuation without a message")),
            },
            (TEXT | BINARY, _) if self.partial.is_some() => return Err(broken("a message inside a message")),
            (kind @ (TEXT | BINARY), payload) => (kind, payload),
            _ => return Err(broken("a reserved opcode")),
        };
        if frame.first & FINAL == 0 {
            self.partial = Some((kind, payload));
            return Ok(None);
        }
        Ok(Some(if kind == TEXT { Message::Text(payload) } else { Message::Binary(payload) }))
    }

    /// Waits for more bytes.
    fn read(&mut self) -> Result<(), End> {
        loop {
            match self.read_once() {
                Ok(()) => return Ok(()),
                Err(error) => self.wait_on(error)?,
            }
        }
    }

    /// Reads what has arrived, without waiting.
    fn read_now(&mut self) -> Result<(), End> {
        let non_blocking = |on| self.stream.tcp().set_nonblocking(on).map_err(|error| end_of(&error));
        non_blocking(true)?;
        let result = self.read_once();
        let non_blocking = |on| self.stream.tcp().set_nonblocking(on).map_err(|error| end_of(&error));
        non_blocking(false)?;
        match result {
            Ok(()) => Ok(()),
            Err(error) => self.wait_on(error),
        }
    }

    fn read_once(&mut self) -> io::Result<()> {
        let mut block = [0; 16 * 1024];
        let length = self.stream.read(&mut block)?;
        if length == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.bytes.extend_from_slice(&block[..length]);
        Ok(())
    }

    /// Every error but a timeout ends the connection.
    fn wait_on(&self, error: io::Error) -> Result<(), End> {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => self.check_life(),
            _ => Err(end_of(&error)),
        }
    }

    fn check_life(&self) -> Result<(), End> {
        if self.stop.load(Ordering::Relaxed) {
            Err(End::Stopped)
        } else if Instant::now() >= self.expires {
            Err(End::Expired)
        } else {
            Ok(())
        }
    }
}

fn end_of(error: &io::Error) -> End {
    match error.kind() {
        ErrorKind::UnexpectedEof => End::Eof,
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::NotConnected => End::Reset,
        _ => End::Broken(error.to_string()),
    }
}

fn broken(reason: &str) -> End {
    End::Broken(reason.to_owned())
}

fn mask_line(frame: &Frame) -> String {
    match frame.masked {
        true => format!("frame masked=yes mask={}", hex(&frame.key)),
        false => "frame masked=no".to_owned(),
    }
}

fn message_line(message: &Message) -> String {
    match message {
        Message::Text(text) => format!("text {}", text.len()),
        Message::Binary(bytes) => format!("binary {}", bytes.len()),
        Message::Ping(payload) => format!("ping {}", payload.len()),
        Message::Pong(payload) => format!("pong {}", hex(payload)),
        Message::Close(payload) => match payload.as_slice() {
            [high, low, reason @ ..] => {
                let code = u16::from_be_bytes([*high, *low]);
                format!("close {code} {}", String::from_utf8_lossy(reason)).trim_end().to_owned()
            }
            [] => "close -".to_owned(),
            [_] => "close with half a code".to_owned(),
        },
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
