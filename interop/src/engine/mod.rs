//! A running engine, from where a scenario stands: what it is asked, what it tells, and what it complains about.

mod control;
mod log;
mod place;

use std::collections::VecDeque;
use std::fmt::Write;

use serde_json::{Value, json};

use crate::Failure;
use crate::waiting::{eventually, until};
use control::{Control, Message};
pub use place::Place;
use place::Process;

/// An engine with the agent in it. It is stopped when this is dropped.
pub struct Engine {
    control: Control,
    process: Process,
    version: String,
    events: VecDeque<Event>,
    /// What the log must complain about in this scenario, and what it may, as parts of lines.
    expected_errors: Vec<String>,
    allowed_errors: Vec<String>,
    /// What was asked and told in this scenario, for when it fails.
    story: String,
}

/// Something that the agent told: its name, and what is known about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub name: String,
    pub about: Value,
}

impl Engine {
    /// Starts one. It takes a while until it is [`ready`](Self::ready).
    pub fn start(place: &Place) -> Result<Self, Failure> {
        let (listener, port) = control::listen()?;
        let process = place.start(port)?;
        Ok(Self {
            control: Control::new(listener),
            process,
            version: String::new(),
            events: VecDeque::new(),
            expected_errors: Vec::new(),
            allowed_errors: Vec::new(),
            story: String::new(),
        })
    }

    /// Waits until the agent can be asked.
    pub fn ready(&mut self) -> Result<(), Failure> {
        if self.version.is_empty() {
            let Self { control, process, .. } = self;
            let connected = eventually("the engine starts", || match control.accept() {
                Ok(connected) => (connected || !process.is_running()).then_some(Ok(connected)),
                Err(error) => Some(Err(error)),
            })?;
            if !connected {
                return Err(format!("the engine ended at once:\n{}", process.log().text()).into());
            }
            self.version = self.ask("hello", json!({})).as_str().unwrap_or("unknown").to_owned();
        }
        Ok(())
    }

    /// As the engine spells it: `4.6.3.stable.…`.
    pub fn version(&self) -> &str {
        &self.version
    }

    pub fn is_running(&mut self) -> bool {
        self.process.is_running()
    }

    /// Has the agent do something, and gives its answer.
    #[track_caller]
    pub fn ask(&mut self, command: &str, about: Value) -> Value {
        self.say(&[(command, about)]);
        self.answer(command)
    }

    /// Has the agent do several things in one frame, and gives its answers.
    #[track_caller]
    pub fn ask_together(&mut self, commands: &[(&str, Value)]) -> Vec<Value> {
        self.say(commands);
        commands.iter().map(|(command, _)| self.answer(command)).collect()
    }

    /// Has the agent do something whose answer is one of Godot's error codes, and it must be `OK`.
    #[track_caller]
    pub fn ask_ok(&mut self, command: &str, about: Value) {
        let answer = self.ask(command, about);
        assert_eq!(answer, 0, "{command}: Godot's error");
    }

    /// The next event of this name, if it is here already. Others stay.
    pub fn event_if_any(&mut self, name: &str) -> Option<Value> {
        while let Some(message) = self.read() {
            assert!(matches!(message, Message::Event(_)), "nothing was asked, yet {message:?} was answered");
        }
        let at = self.events.iter().position(|event| event.name == name)?;
        self.events.remove(at).map(|event| event.about)
    }

    /// Waits for the next event of this name. Others stay.
    #[track_caller]
    pub fn event(&mut self, name: &str) -> Value {
        self.event_while(name, || {})
    }

    /// As [`event`](Self::event), and polls something of ours meanwhile.
    #[track_caller]
    pub fn event_while(&mut self, name: &str, mut meanwhile: impl FnMut()) -> Value {
        eventually(&format!("the engine tells `{name}`"), || {
            meanwhile();
            self.event_if_any(name)
        })
    }

    /// What was told and not taken yet, after everything that the engine does in two frames.
    #[track_caller]
    pub fn events_left(&mut self) -> Vec<Event> {
        self.ask("settle", json!({}));
        self.events.drain(..).collect()
    }

    /// The log must have a line with this in it. Whatever else the engine complains about fails the scenario.
    pub fn expect_error(&mut self, part: &str) {
        self.expected_errors.push(part.to_owned());
    }

    /// The log may have lines with this in them.
    pub fn allow_error(&mut self, part: &str) {
        self.allowed_errors.push(part.to_owned());
    }

    /// Ends the engine as nothing can defend against. The system closes its sockets.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Makes it as good as new, and fails if it complained about something unexpected. One that was killed stays dead.
    #[track_caller]
    pub fn reset(&mut self) {
        let log = self.process.log().clone();
        if self.process.is_running() {
            let marker = log.next_marker();
            self.ask("reset", json!({ "marker": marker }));
            until("the end of the engine's log", || log.has(&marker));
            for part in &self.expected_errors {
                assert!(log.has_part(part), "the engine never complained: {part}");
            }
        }
        let known: Vec<String> =
            self.expected_errors.drain(..).chain(self.allowed_errors.drain(..)).collect();
        let complaints = log.complaints(&known);
        assert!(complaints.is_empty(), "the engine complained:\n{}", complaints.join("\n"));
        log.clear();
        self.events.clear();
        self.story.clear();
    }

    /// Everything that is known about this scenario.
    pub fn account(&mut self) -> String {
        while self.control.read().map(|message| self.note(&message)).is_some() {}
        format!("{}---- its log ----\n{}", self.story, self.process.log().text())
    }

    #[track_caller]
    fn say(&mut self, commands: &[(&str, Value)]) {
        let mut lines = String::new();
        for (command, about) in commands {
            let mut line = about.clone();
            line["do"] = (*command).into();
            lines += &format!("{line}\n");
        }
        self.story += &lines;
        self.control.send(&lines);
    }

    #[track_caller]
    fn answer(&mut self, command: &str) -> Value {
        eventually(&format!("the engine's answer to `{command}`"), || {
            assert!(self.process.is_running(), "the engine ended at `{command}`");
            match self.read()? {
                Message::Answer(answer) => Some(answer),
                Message::PacketError(why) => panic!("{command}: {why}"),
                Message::Event(_) => None,
            }
        })
    }

    /// The next message; events are kept too.
    fn read(&mut self) -> Option<Message> {
        let message = self.control.read()?;
        self.note(&message);
        if let Message::Event(event) = &message {
            self.events.push_back(event.clone());
        }
        Some(message)
    }

    fn note(&mut self, message: &Message) {
        // A string takes everything.
        let _ = writeln!(self.story, "< {message:?}");
    }
}
