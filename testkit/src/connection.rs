//! One connection: bytes, frames and messages in, bytes out, everything recorded, every wait bounded.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::events::Recorder;
use crate::frame::{self, Control, Data, Frame, OpCode};
use crate::handshake::{Answer, MAX_HEAD, Request};
use crate::stream::Stream;

/// No connection lives longer than this, whatever its script waits for.
const LIFE: Duration = Duration::from_secs(20);
/// How long the client has to end TCP after the server has ended its direction.
const FAREWELL: Duration = Duration::from_secs(2);

/// Why a script cannot go on.
#[derive(Debug)]
pub(crate) enum End {
    Eof,
    Reset,
    /// The server is being dropped.
    Stopped,
    /// The connection has lived too long.
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
            Self::Broken(why) => write!(f, "broken {why}"),
        }
    }
}

/// What a client sent, fragments put together.
pub(crate) enum Message {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Vec<u8>),
}

pub(crate) struct Connection {
    stream: Stream,
    /// Received, not yet understood.
    bytes: Vec<u8>,
    /// The fragments of a message that is still coming.
    partial: Option<(OpCode, Vec<u8>)>,
    recorder: Recorder,
    stop: Arc<AtomicBool>,
    expires: Instant,
}

impl Connection {
    pub(crate) fn new(stream: Stream, recorder: Recorder, stop: Arc<AtomicBool>) -> Self {
        Self { stream, bytes: Vec::new(), partial: None, recorder, stop, expires: Instant::now() + LIFE }
    }

    /// Lets the connection live as long as its client and the server: for the echo, which people talk to as well.
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

    /// From here on, what happens is recorded there.
    pub(crate) fn record_into(&mut self, recorder: Recorder) {
        self.recorder = recorder;
    }

    /// The upgrade request; `Broken` when it is none.
    pub(crate) fn request(&mut self) -> Result<Request, End> {
        loop {
            if let Some(request) = Request::take(&mut self.bytes).map_err(End::Broken)? {
                return Ok(request);
            }
            if self.bytes.len() > MAX_HEAD {
                return Err(End::Broken("a request head without end".to_owned()));
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

    /// The next message or control frame if it is here already.
    pub(crate) fn message_now(&mut self) -> Result<Option<Message>, End> {
        self.read_now()?;
        self.take_message()
    }

    /// Nobody checks that it is UTF-8: an echo gives back what came.
    pub(crate) fn send_text(&mut self, text: impl AsRef<[u8]>) -> Result<(), End> {
        self.send(OpCode::Data(Data::Text), text.as_ref())
    }

    pub(crate) fn send_binary(&mut self, bytes: &[u8]) -> Result<(), End> {
        self.send(OpCode::Data(Data::Binary), bytes)
    }

    pub(crate) fn send_control(&mut self, control: Control, payload: &[u8]) -> Result<(), End> {
        self.send(OpCode::Control(control), payload)
    }

    fn send(&mut self, opcode: OpCode, payload: &[u8]) -> Result<(), End> {
        self.write(&frame::encode(opcode, true, payload))
    }

    /// Sends a close frame and reads on until the client's.
    pub(crate) fn close(&mut self, code: Option<u16>, reason: &str) -> Result<(), End> {
        self.send_control(Control::Close, &frame::close_payload(code, reason))?;
        while !matches!(self.message()?, Message::Close(_)) {}
        Ok(())
    }

    /// Writes all of it, as long as that takes.
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

    /// Sends nothing and reads nothing for a while.
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

    /// The connection lives no longer than this from now on.
    pub(crate) fn expire_in(&mut self, time: Duration) {
        self.expires = self.expires.min(Instant::now() + time);
    }

    /// Neither sends nor reads until the client has ended TCP.
    pub(crate) fn stall(&mut self) -> End {
        loop {
            // Peeking shows an end only while nothing else waits to be read; a reset shows always.
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

    /// Ends TCP so that nothing that was sent gets lost: this direction first, then what the client still has to say.
    pub(crate) fn leave(mut self) {
        self.expire_in(FAREWELL);
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
        while let Some(frame) = Frame::take(&mut self.bytes).map_err(End::Broken)? {
            self.record(mask_line(frame.mask));
            let message = self.understand(frame)?;
            if let Some(message) = message {
                self.record(message_line(&message));
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    fn understand(&mut self, frame: Frame) -> Result<Option<Message>, End> {
        let (opcode, payload) = match (frame.opcode, self.partial.take()) {
            (OpCode::Control(control), partial) => {
                self.partial = partial;
                return control_message(control, frame.payload).map(Some);
            }
            (OpCode::Data(Data::Continue), Some((opcode, mut payload))) => {
                payload.extend_from_slice(&frame.payload);
                (opcode, payload)
            }
            (OpCode::Data(Data::Continue), None) => {
                return Err(End::Broken("a continuation of nothing".to_owned()));
            }
            (opcode, None) => (opcode, frame.payload),
            (_, Some(_)) => return Err(End::Broken("a message inside a message".to_owned())),
        };
        if !frame.is_final {
            self.partial = Some((opcode, payload));
            return Ok(None);
        }
        Ok(Some(match opcode {
            OpCode::Data(Data::Text) => Message::Text(payload),
            _ => Message::Binary(payload),
        }))
    }

    /// Waits until more bytes are here.
    fn read(&mut self) -> Result<(), End> {
        loop {
            match self.read_once() {
                Ok(()) => return Ok(()),
                Err(error) => self.wait_on(error)?,
            }
        }
    }

    /// Takes what has arrived, without waiting.
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

    /// A time-out is fine while the connection may live; every other error ends it.
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

fn control_message(control: Control, payload: Vec<u8>) -> Result<Message, End> {
    match control {
        Control::Close => Ok(Message::Close(payload)),
        Control::Ping => Ok(Message::Ping(payload)),
        Control::Pong => Ok(Message::Pong(payload)),
        Control::Reserved(code) => Err(End::Broken(format!("reserved opcode {code}"))),
    }
}

fn mask_line(mask: Option<[u8; 4]>) -> String {
    match mask {
        Some(mask) => format!("frame masked=yes mask={}", hex(&mask)),
        None => "frame masked=no".to_owned(),
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
