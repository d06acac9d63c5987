//! The chat without a window: the tests run the frames that are requested of egui, as eframe does, and count them.

use std::{
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

use eframe::{
    App, Frame,
    egui::{Event, FullOutput, Modifiers, PointerButton, Pos2, RawInput, Rect, Shape, Vec2},
};
use websocket_peer::{CloseCode, PeerKey, ServerEvent, ServerOptions, WebSocketServer};

use super::*;

const PATIENCE: Duration = Duration::from_secs(60);

/// A cursor that blinks is drawn three times in it.
const SILENCE: Duration = Duration::from_millis(1500);

/// The number of times that a measurement is repeated: the heartbeat of a connection, each 20 s, is a reason for a frame, too.
const TRIES: usize = 4;

const SIZE: Vec2 = Vec2::new(600.0, 400.0);

/// A server, and a chat that is connected to it.
struct Test {
    server: WebSocketServer,
    client: Option<PeerKey>,
    received: Vec<String>,
    chat: Box<Chat>,
    ctx: Context,
    /// The delays of the requested frames.
    requests: Receiver<Duration>,
    next_frame: Option<Instant>,
    started: Instant,
    frames: usize,
    /// The texts that the last frame drew.
    texts: Vec<String>,
}

impl Test {
    fn start() -> Self {
        let options = ServerOptions::default().connection(PeerOptions::for_server().protocols(["demo-chat"]));
        let server = WebSocketServer::bind("127.0.0.1:0", options).expect("a free port");
        let url = format!("ws://{}", server.local_addr().expect("an address"));
        let ctx = Context::default();
        let (sender, requests) = channel();
        ctx.set_request_repaint_callback(move |info| {
            // It fails only at the end of a test.
            let _ = sender.send(info.delay);
        });
        let chat = Chat::connect(Some(url), ctx.clone()).expect("a valid URL");
        let started = Instant::now();
        let mut test = Self {
            server,
            client: None,
            received: Vec::new(),
            chat,
            ctx,
            requests,
            next_frame: None,
            started,
            frames: 0,
            texts: Vec::new(),
        };
        test.frame(Vec::new());
        test.until(|test| test.client.is_some() && test.chat.peer.state() == ReadyState::Open);
        test
    }

    fn client(&self) -> PeerKey {
        self.client.expect("the chat has connected")
    }

    fn frame(&mut self, events: Vec<Event>) {
        let screen_rect = Some(Rect::from_min_size(Pos2::ZERO, SIZE));
        let time = Some(self.started.elapsed().as_secs_f64());
        let input = RawInput { screen_rect, time, events, ..RawInput::default() };
        let mut frame = Frame::_new_kittest();
        let output = self.ctx.run_ui(input, |ui| {
            let ctx = ui.ctx().clone();
            self.chat.logic(&ctx, &mut frame);
            self.chat.ui(ui, &mut frame);
        });
        self.texts = texts(&output);
        output.drop_without_applying_deltas();
        self.frames += 1;
    }

    /// Lets the server work, and runs a frame if one is due.
    fn step(&mut self) {
        self.server.poll();
        while let Some(event) = self.server.next_event() {
            match event {
                ServerEvent::Opened(client) => self.client = Some(client),
                ServerEvent::Packet(_, packet) => {
                    self.received.push(packet.as_text().expect("text").to_owned())
                }
                _ => {}
            }
        }
        if let Ok(delay) = self.requests.recv_timeout(Duration::from_millis(5)) {
            let at = Instant::now().checked_add(delay);
            self.next_frame = self.next_frame.into_iter().chain(at).min();
        }
        if self.next_frame.is_some_and(|at| at <= Instant::now()) {
            self.next_frame = None;
            self.frame(Vec::new());
        }
    }

    /// Runs only the requested frames until the condition holds.
    #[track_caller]
    fn until(&mut self, condition: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !condition(self) {
            assert!(start.elapsed() < PATIENCE, "waited {PATIENCE:?}; drawn: {:?}", self.texts);
            self.step();
        }
    }

    /// Returns the number of frames in a time in which neither the server nor the person does anything, and `true` if one more
    /// is planned.
    fn silence(&mut self) -> (usize, bool) {
        let (start, frames) = (Instant::now(), self.frames);
        while start.elapsed() < SILENCE {
            self.step();
        }
        (self.frames - frames, self.next_frame.is_some())
    }

    #[track_caller]
    fn is_silent(&mut self) {
        let silences: Vec<_> =
            (0..TRIES).map(|_| self.silence()).take_while(|&silence| silence != (0, false)).collect();
        assert!(silences.len() < TRIES, "frames without a reason: {silences:?}");
    }

    fn shows(&self, text: &str) -> bool {
        self.texts.iter().any(|drawn| drawn == text)
    }

    /// Clicks into the field at the bottom.
    fn click(&mut self) {
        let pos = Pos2::new(SIZE.x / 2.0, SIZE.y - 15.0);
        for pressed in [true, false] {
            let button = PointerButton::Primary;
            self.frame(vec![Event::PointerButton { pos, button, pressed, modifiers: Modifiers::NONE }]);
        }
    }

    /// Types a line, and presses Enter.
    fn type_line(&mut self, line: &str) {
        let key = Key::Enter;
        let pressed =
            Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers: Modifiers::NONE };
        self.frame(vec![Event::Text(line.to_owned())]);
        self.frame(vec![pressed]);
    }
}

/// Returns the texts of a frame.
fn texts(output: &FullOutput) -> Vec<String> {
    fn add(shape: &Shape, texts: &mut Vec<String>) {
        match shape {
            Shape::Text(text) => texts.push(text.galley.text().to_owned()),
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| add(shape, texts)),
            _ => {}
        }
    }
    let mut texts = Vec::new();
    output.shapes.iter().for_each(|clipped| add(&clipped.shape, &mut texts));
    texts
}

#[test]
fn nothing_is_drawn_while_nothing_happens_and_a_line_wakes_the_chat() {
    let mut test = Test::start();
    test.is_silent();
    let mut counts = Vec::new();
    for number in 0..TRIES {
        let line = format!("[2] Says: {number}");
        let frames = test.frames;
        test.server.send_text(test.client(), &line).expect("an open client");
        test.until(|test| test.shows(&line));
        test.is_silent();
        counts.push(test.frames - frames);
    }
    // egui runs two frames for each request.
    assert_eq!(counts.iter().min(), Some(&2), "{counts:?}");
}

#[test]
fn a_typed_line_is_sent_and_the_field_keeps_the_focus_without_a_frame() {
    let mut test = Test::start();
    test.click();
    test.type_line("hello");
    test.type_line("again");
    test.until(|test| test.shows("me: hello") && test.shows("me: again") && test.received.len() == 2);
    assert_eq!(test.received, ["hello", "again"]);
    assert!(test.ctx.egui_wants_keyboard_input(), "the field has the focus");
    test.is_silent();
}

#[test]
fn lines_are_bounded_and_have_no_control_characters() {
    let mut test = Test::start();
    for number in 0..2 * MAX_LINES {
        test.server.send_text(test.client(), &format!("a\n\u{1b}{number}")).expect("an open client");
    }
    let last = format!("a  {}", 2 * MAX_LINES - 1);
    test.until(|test| test.shows(&last));
    assert_eq!(test.chat.lines.len(), MAX_LINES);
    test.server.send(test.client(), &[0xff]).expect("an open client");
    test.until(|test| test.shows("(a packet without text)"));
}

#[test]
fn the_end_is_shown_with_its_reason() {
    let mut test = Test::start();
    let code = CloseCode::application::<4000>();
    test.server.close_with(test.client(), code, "too fast").expect("an open client");
    test.until(|test| test.texts.iter().any(|text| text.contains("too fast")));
    test.is_silent();
    test.click();
    test.type_line("hello");
    assert!(test.chat.input.is_empty() && test.chat.lines.is_empty(), "the field is disabled");
}
